// SPDX-License-Identifier: LGPL-2.1-or-later
/* Events at points, drawing lots, counting. */
#include "matrix.h"

#include "child.h"
#include "program.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#define ROUNDS 4 /* of a combination, on the production kernel */
#define MAX_POINTS 32
#define MAX_EVENTS 64
#define MAX_IDS 65536

/* --- what is counted, over all tests ------------------------------------------ */

struct tally {
	unsigned int events, combinations, rounds, whole, followed, open;
	unsigned int kept, kept_links, made_by_links;
	unsigned int at[MAX_POINTS], execed[MAX_POINTS];
	/* the round that ended an event's test early */
	char last[MAX_EVENTS][256];
};

static struct tally *tally;
static pid_t harness;

__attribute__((constructor)) static void prepare(void)
{
	harness = getpid();
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		abort();
	/* who needs the policy and does not have it tries again, and tells */
	libbpf_set_print(NULL);
	if (tap_in_vm())
		load_program(&common);
}

/* Tests have ended, with what they print shown or not: this always is. */
__attribute__((destructor)) static void show_tally(void)
{
	unsigned int i;

	if (getpid() != harness || !tally->rounds)
		return;
	for (i = 0; i < tally->events; i++) {
		if (tally->last[i][0])
			printf("# lifetime: ended at %s\n", tally->last[i]);
	}
	for (i = 0; i < nr_points; i++)
		printf("# lifetime: %5u rounds, %5u programs: %s\n",
		       tally->at[i], tally->execed[i], points[i].name);
	printf("# lifetime: %u events at %u points, %u combinations, %u rounds, %u of them SPAWNs, %u with a request linked to it, %u in open directories, %u in a kept child, %u of these by links, %u in one made by links\n",
	       tally->events, nr_points, tally->combinations, tally->rounds,
	       tally->whole, tally->followed, tally->open, tally->kept,
	       tally->kept_links, tally->made_by_links);
}

/* --- lots ----------------------------------------------------------------------- */

static struct round round_;

static unsigned int number_of(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value ? (unsigned int)strtoul(value, NULL, 0) : otherwise;
}

static unsigned int lot(struct round *r, unsigned int below)
{
	return (unsigned int)rand_r(&r->seed) % below;
}

/* Naps of very different lengths, and often none. */
static unsigned int draw_nap(struct round *r)
{
	static const unsigned int most[] = { 1, 50, 500, 3000 };

	return lot(r, most[lot(r, 4)] * tap_slowness());
}

/* Whether all the threads involved can do with a ring of this kind. */
static bool suits(struct round *r, const struct tring_kind *kind)
{
	bool single = kind->flags & IORING_SETUP_SINGLE_ISSUER;
	bool defers = kind->flags & IORING_SETUP_DEFER_TASKRUN;

	if (r->event->shares_ring || (r->event->cancels && !r->by_submitter))
		return !single;
	/* where completions are the work of who is gone, nobody posts them */
	return !(r->event->leaves && defers);
}

static const struct tring_kind *draw_kind(struct round *r)
{
	const struct tring_kind *kind;

	do {
		kind = &tring_kinds[lot(r, tring_nr_kinds)];
	} while (!suits(r, kind));
	return kind;
}

static void draw_whole(struct round *r)
{
	bool opens = r->event->opens;

	r->whole = opens || (lot(r, 2) && !r->point->links_only);
	r->followed = lot(r, 3) == 0 && r->whole;
	r->searches = opens || (lot(r, 2) && r->whole);
	r->open = opens || (lot(r, 2) && r->searches);
	r->has_time = lot(r, 2) && r->whole;
}

static void draw_kept(struct round *r)
{
	/* where it is there, and is not hit before the chain is in it */
	r->in_kept = lot(r, 10) < 5 && r->point->place != NO_CHILD &&
		     !(r->event->hits_child && r->point->place == UNISSUED);
	r->made_by_links = lot(r, 2) && r->in_kept;
}

static void draw(struct round *r)
{
	const struct point *point = r->point;
	bool free = !point->in_submitter && point->place != UNISSUED;

	draw_whole(r);
	draw_kept(r);
	r->list = lot(r, 2);
	r->racing = lot(r, 3) == 0 && !r->event->releases;
	r->by_submitter = free && lot(r, 2);
	r->kind = draw_kind(r);
	r->apart = point->in_submitter || lot(r, 2);
	r->neighbours = lot(r, 4);
	r->nap = draw_nap(r);
	r->release_nap = draw_nap(r);
	r->deadline.tv_nsec = 1000 * (1000 + lot(r, 15000 * tap_slowness()));
}

/* --- rounds ---------------------------------------------------------------------- */

/* Ids of what a test's rounds have made. */
static struct ids {
	unsigned int nr;
	uint32_t link[MAX_IDS], program[MAX_IDS];
} ids;

static void describe(const struct round *r, unsigned int seed, char *text)
{
	snprintf(text, sizeof(tally->last[0]),
		 "%s, %s: LIFETIME_SEED=%u, %s ring%s%s%s%s%s%s%s%s%s%s%s, neighbours %u, naps %u and %u us",
		 r->event->name, r->point->name, seed, r->kind->name,
		 r->whole ? ", SPAWN" : "", r->followed ? ", followed" : "",
		 r->in_kept ? ", kept" : "", r->made_by_links ? " by links" : "",
		 r->searches ? ", search" : "",
		 r->open ? ", open" : "", r->has_time ? ", hour" : "",
		 r->list ? ", list" : "", r->racing ? ", racing" : "",
		 r->by_submitter ? ", by submitter" : "",
		 r->apart ? ", apart" : "", r->neighbours, r->nap,
		 r->release_nap);
}

static void one_round(const struct event *event, unsigned int point,
		      unsigned int seed, char *last)
{
	struct round *r = &round_;

	r->event = event;
	r->point = &points[point];
	r->seed = seed;
	draw(r);
	describe(r, seed, last);
	round_run(r);
	*last = '\0';

	tally->rounds++;
	tally->at[point]++;
	tally->whole += r->whole;
	tally->followed += r->followed;
	tally->open += r->open;
	tally->kept += r->in_kept;
	tally->kept_links += r->in_kept && !r->whole;
	tally->made_by_links += r->made_by_links;
	tally->execed[point] += r->share->execed;
	if (ids.nr < MAX_IDS) {
		ids.link[ids.nr] = r->share->link;
		ids.program[ids.nr++] = r->share->program;
	}
}

static int load_verdict(int verdict)
{
	return CHECK_OK(load_returning(verdict, SPAWNPOL_BPF_IOURING_SPAWN,
				       BPF_F_SLEEPABLE));
}

static void set_up(void)
{
	round_.share = shared_memory(sizeof(struct share));
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	mkdir(CHILD_GROUP, 0755);
	mkdir(SUBMITTER_GROUP, 0755);
	round_.child_group =
		CHECK_SYS(open(CHILD_GROUP, O_DIRECTORY | O_CLOEXEC));
	round_.fifo = in_dir("fifo");
	CHECK_SYS(mkfifo(round_.fifo, 0600));
	round_.other_program = load_verdict(IORING_VERDICT_CONTINUE);
	round_.passing[0] = load_verdict(IORING_VERDICT_PASS);
	round_.passing[1] = load_verdict(IORING_VERDICT_PASS);
	if (!common.life)
		CHECK_OK(load_program(&common));
}

static bool exists(int cmd, uint32_t id)
{
	union bpf_attr attr = { .prog_id = id };
	int fd = bpf_call(cmd, &attr, sizeof(attr));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Links and programs are gone with their rounds, in whatever order. */
static void check_ids(void)
{
	uint32_t shared = program_id(common.fd);
	unsigned int i;

	for (i = 0; i < ids.nr; i++) {
		if (ids.link[i] &&
		    !WAIT(!exists(BPF_LINK_GET_FD_BY_ID, ids.link[i])))
			FAIL("link %u stays", ids.link[i]);
		if (ids.program[i] != shared && ids.program[i] &&
		    !WAIT(!exists(BPF_PROG_GET_FD_BY_ID, ids.program[i])))
			FAIL("program %u stays", ids.program[i]);
	}
}

void matrix_run(const struct event *event)
{
	unsigned int seed =
		number_of("LIFETIME_SEED", (unsigned int)time(NULL));
	unsigned int most = ROUNDS, point, i;
	const char *only = getenv("LIFETIME_POINT");
	char *last = tally->last[tally->events++];

	if (tap_slowness() > 1)
		most = 1;
	most *= number_of("LIFETIME_ROUNDS", 1);
	DIAG("LIFETIME_SEED=%u", seed);
	set_up();
	for (point = 0; point < nr_points; point++) {
		if (only && !strstr(points[point].name, only))
			continue;
		if (event->opens && points[point].links_only)
			continue;
		tally->combinations++;
		for (i = 0; i < most; i++)
			one_round(event, point, seed++, last);
	}
	check_ids();
	CHECK(WAIT(!rmdir(CHILD_GROUP)));
	CHECK(WAIT(!rmdir(SUBMITTER_GROUP)));
}
