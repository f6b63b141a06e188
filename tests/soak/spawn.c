// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A thread that spawns: it keeps chains and actors of every kind in flight on its rings,
 * and accounts for each SQE by its CQE and for each child by its end.
 */
#include "actor.h"
#include "chain.h"
#include "soak.h"

#include "child.h"
#include "dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct spawner {
	unsigned int first_ring;
	unsigned int random;
	uint64_t generation;
	uint64_t quota;
	unsigned int turn;
	struct chain chains[RINGS_EACH][IN_FLIGHT];
	struct actor actors[RINGS_EACH][ACTORS_EACH];
};

static struct spawner spawners[THREADS];

static unsigned int some(struct spawner *s, unsigned int limit)
{
	return rand_r(&s->random) % limit;
}

/* --- chains --------------------------------------------------------------------- */

/* Most of them succeed, as in life. */
static enum kind some_kind(struct spawner *s)
{
	unsigned int n = some(s, 100);

	if (n < 12)
		return KEPT + n / 4;
	if (n < 28)
		return DIRECT;
	if (n < 83)
		return SEARCH + (n - 28) / 11;
	return FAIL_STEP + n % (NR_KINDS - FAIL_STEP);
}

static unsigned int some_slot(struct spawner *s, const struct chain *c)
{
	if (c->kind == POLICY)
		return SEARCH_SLOT;
	if (c->loose)
		return some(s, LOOSE_SLOTS);
	return LOOSE_SLOTS + some(s, SEARCH_SLOT - LOOSE_SLOTS);
}

static void register_lists(struct tring *r)
{
	/* what is not there is left out, of the second it is all but this */
	CHECK_EQ(dirs_set(r, OPEN_LIST, soak.list), 2);
	CHECK_EQ(dirs_set(r, OPEN_NOWHERE, soak.nowhere), 1);
	COUNT(lists);
}

static void start(struct spawner *s, unsigned int ring, unsigned int place)
{
	struct tring *r = &soak.rings[s->first_ring + ring];
	struct chain *c = &s->chains[ring][place];

	*c = (struct chain){
		.busy = true,
		.kind = some_kind(s),
		.loose = some(s, 3) == 0,
		.whole = some(s, 2),
		.searches = some(s, 2),
		.opens = some(s, 2),
		.first = ++s->generation << 8 | place << 4,
		.until = now() + soak_patience(),
	};
	/* those in flight go on with what they have */
	if (c->opens && some(s, 4) == 0)
		register_lists(r);
	/* a policy may have another opinion of a step that fails */
	if (c->kind == KEPT_FAILS)
		c->loose = false;
	if (is_kept(c))
		c->whole = true;
	chain_queue(c, r, some_slot(s, c));
	if (c->kind == CANCELLED && some(s, 2))
		chain_cancel(c, r);
	s->quota--;
	COUNT(spawns);
}

/* Together with a chain, so that both are submitted at once. */
static void start_actor(struct spawner *s, unsigned int ring)
{
	unsigned int place = some(s, ACTORS_EACH);
	struct actor *a = &s->actors[ring][place];

	if (!a->busy && !a->cancelling)
		actor_start(a, &soak.rings[s->first_ring + ring],
			    ++s->generation << 8 | place << 4, &s->random);
}

/* --- how they end --------------------------------------------------------------- */

static void wait_for(const struct chain *c, pid_t pid)
{
	siginfo_t info = { 0 };
	int ret;

	if (sabotage_once(SABOTAGE_CHILD))
		return;
	do {
		if (c->kind == PIDFD)
			ret = waitid(P_PIDFD, c->pidfd, &info, WEXITED);
		else
			ret = waitid(P_PID, pid, &info, WEXITED);
	} while (ret && errno == EINTR);
	if (ret || info.si_pid != pid || info.si_code != CLD_EXITED ||
	    info.si_status) {
		complain("program %d: waitid is %d, code %d, status %d", pid,
			 ret, info.si_code, info.si_status);
		COUNT(left);
	}
	COUNT(programs);
}

/* Its pid may be another's by then; that one ends soon, too. */
static void see_gone(pid_t pid)
{
	double until = now() + soak_patience();

	while (!is_gone(pid)) {
		if (now() > until) {
			complain("child %d has failed and is still there", pid);
			COUNT(left);
			return;
		}
		sleep_ms(1);
	}
}

static void see_pidfd(struct chain *c)
{
	struct pollfd end = { .fd = c->pidfd, .events = POLLIN };

	if (c->kind != PIDFD || c->pidfd < 0)
		return;
	while (poll(&end, 1, 1000 * (int)soak_patience()) < 0 && errno == EINTR)
		;
	if (!(end.revents & POLLIN)) {
		complain("a child has ended, but not for its pidfd");
		COUNT(left);
	}
	close(c->pidfd);
}

static void show(const struct chain *c, const char *why)
{
	unsigned int i;

	complain("%s: kind %d, %s, %s policies, %u requests, %u CQEs", why,
		 c->kind, c->whole ? "a SPAWN" : "links",
		 c->loose ? "any" : "known", c->nr, c->nr_seen);
	for (i = 0; i < c->nr; i++)
		complain("  request %u: %s %d", i, c->seen[i] ? "CQE" : "none",
			 c->res[i]);
}

/* Where no policy interferes, it is known what must become of a chain. */
static void check_known(const struct chain *c, bool is_program)
{
	if (c->loose && c->kind != POLICY)
		return;
	if (is_program == (c->kind < FAIL_STEP))
		return;
	show(c, "another end than expected");
	COUNT(lost);
}

static unsigned int count_programs(const struct chain *c)
{
	unsigned int i, programs = 0;

	if (is_kept(c))
		return c->program && c->res[c->program] > 0;
	for (i = 1; i < c->nr; i++)
		programs += c->is_exec[i] && !c->res[i];
	return programs + (c->whole && c->res[0] > 0);
}

/* Step by step, where no policy says otherwise. */
static void check_kept(const struct chain *c)
{
	bool fine = true;

	if (c->kind == KEPT_FAILS && c->nr > 1)
		fine = c->res[1] == -EBADF;
	if (c->kind == COPIED && c->nr > 2)
		fine = c->res[2] == 0;
	if (fine)
		return;
	show(c, "a kept child that does something else");
	COUNT(lost);
}

static void finish(struct chain *c)
{
	unsigned int programs = count_programs(c);

	if (programs > 1 || (programs && c->res[0] <= 0)) {
		show(c, "a chain of nonsense");
		COUNT(lost);
	}
	check_kept(c);
	check_known(c, programs);
	if (programs)
		wait_for(c, c->res[c->program]);
	else if (c->kind == CANCELLED || c->kind == LATE)
		COUNT(cancelled);
	else
		COUNT(failed);
	if (!programs && c->res[0] > 0 && !is_kept(c))
		see_gone(c->res[0]);
	see_pidfd(c);
	c->busy = false;
}

/* --- CQEs ------------------------------------------------------------------------- */

static void odd_cqe(const struct io_uring_cqe *cqe)
{
	complain("a CQE that nobody waits for: user_data %#llx, res %d, "
		 "flags %#x",
		 (unsigned long long)cqe->user_data, cqe->res, cqe->flags);
	COUNT(lost);
}

static void take(struct chain *c, struct tring *r, const struct io_uring_cqe *cqe)
{
	unsigned int at = cqe->user_data & 15;

	if (!c->busy || (cqe->user_data & ~15ULL) != c->first) {
		odd_cqe(cqe);
	} else if (at == CANCEL && c->cancelling) {
		c->cancelling = false;
		c->cancel_at = now() + (cqe->res ? 0.01 : soak_patience());
	} else if (at >= c->nr || c->seen[at]) {
		odd_cqe(cqe);
	} else {
		c->seen[at] = true;
		c->res[at] = cqe->res;
		c->nr_seen++;
		/* late, but not lost */
		if (c->given_up)
			__atomic_sub_fetch(&soak.lost, 1, __ATOMIC_RELAXED);
	}
	if (c->busy && !c->cancelling && c->nr_seen == c->nr && !chain_go_on(c, r))
		finish(c);
}

static void take_actor(struct spawner *s, unsigned int ring,
		       const struct io_uring_cqe *cqe)
{
	unsigned int place = cqe->user_data >> 4 & 3;

	if (place >= ACTORS_EACH || !actor_take(&s->actors[ring][place], cqe))
		odd_cqe(cqe);
}

static bool reap(struct spawner *s, unsigned int ring)
{
	struct tring *r = &soak.rings[s->first_ring + ring];
	struct io_uring_cqe *cqe, copy;
	bool any = false;

	while (io_uring_peek_cqe(&r->uring, &cqe) == 0 && cqe) {
		copy = (struct io_uring_cqe){
			.user_data = cqe->user_data,
			.res = cqe->res,
			.flags = cqe->flags,
		};
		io_uring_cqe_seen(&r->uring, cqe);
		any = true;
		if (copy.user_data & ACTOR_MARK)
			take_actor(s, ring, &copy);
		else if (!sabotage_once(SABOTAGE_CQE))
			take(&s->chains[ring][copy.user_data >> 4 & 3], r,
			     &copy);
	}
	return any;
}

static void give_up(struct chain *c, unsigned int ring_kind)
{
	show(c, "CQEs do not come");
	complain("  on a ring of kind %s", tring_kinds[ring_kind].name);
	__atomic_add_fetch(&soak.lost, c->nr - c->nr_seen, __ATOMIC_RELAXED);
	c->given_up = true;
}

/* --- the thread ------------------------------------------------------------------- */

/* Chains of a ring, those that are late aside. */
static unsigned int in_flight(struct spawner *s, unsigned int ring)
{
	struct tring *r = &soak.rings[s->first_ring + ring];
	unsigned int place, nr = 0;
	double time = now();
	struct chain *c;

	for (place = 0; place < IN_FLIGHT; place++) {
		c = &s->chains[ring][place];
		if (!c->busy || c->given_up)
			continue;
		nr++;
		if (time > c->until)
			give_up(c, soak.kinds[s->first_ring + ring]);
		else if (c->kind == CANCELLED && !c->cancelling &&
			 time > c->cancel_at)
			chain_cancel(c, r);
	}
	return nr;
}

static bool actors_in_flight(struct spawner *s, unsigned int ring)
{
	const char *kind = tring_kinds[soak.kinds[s->first_ring + ring]].name;
	struct tring *r = &soak.rings[s->first_ring + ring];
	bool any = false;
	unsigned int i;

	for (i = 0; i < ACTORS_EACH; i++)
		any |= actor_look(&s->actors[ring][i], r, kind);
	return any;
}

static void fill(struct spawner *s, unsigned int ring)
{
	unsigned int place;

	for (place = 0; place < IN_FLIGHT && s->quota; place++) {
		if (s->chains[ring][place].busy)
			continue;
		start(s, ring, place);
		start_actor(s, ring);
	}
}

static void wait_a_little(struct tring *r)
{
	struct __kernel_timespec ts = { .tv_nsec = 5000000 };
	struct io_uring_cqe *cqe;

	io_uring_wait_cqe_timeout(&r->uring, &cqe, &ts);
}

/* Ring by ring: new chains, then what has come of the others. */
static bool turn(struct spawner *s)
{
	bool busy = false, any = false;
	struct tring *r;
	unsigned int ring;

	for (ring = 0; ring < RINGS_EACH; ring++) {
		r = &soak.rings[s->first_ring + ring];
		fill(s, ring);
		busy |= in_flight(s, ring);
		busy |= actors_in_flight(s, ring);
		tring_submit(r);
		/* on some rings there are no CQEs unless one asks for them */
		if (r->uring.flags & IORING_SETUP_DEFER_TASKRUN)
			io_uring_get_events(&r->uring);
		any |= reap(s, ring);
	}
	ring = s->turn++ % RINGS_EACH;
	if (busy && !any)
		wait_a_little(&soak.rings[s->first_ring + ring]);
	return busy || s->quota;
}

/*
 * Not given back, if that is asked for: for each spawn a pipe, whose 64 places take the
 * kernel 4 KiB, and for ten a page.
 */
static void waste(uint64_t spawns)
{
	int ends[2];
	char *page;

	for (; soak.sabotage == SABOTAGE_MEMORY && spawns; spawns--) {
		make_pipe(ends);
		CHECK_SYS(fcntl(ends[0], F_SETPIPE_SZ, 64 * 4096));
		if (spawns % 10)
			continue;
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(page != MAP_FAILED);
		*page = 1;
	}
}

/* Its sizes are those of a burst. A ring's thread is the one that submits to it. */
static void open_ring(unsigned int number)
{
	unsigned int kind = number % tring_nr_kinds;
	struct io_uring_params params = {
		.flags = tring_kinds[kind].flags,
		.sq_thread_idle = 1,
	};
	struct tring *r = &soak.rings[number];

	soak.kinds[number] = kind;
	CHECK_OK(io_uring_queue_init_params(64, &r->uring, &params));
	policies_attach_search(number);
	programs_attach_known(number);
	register_lists(r);
}

void *spawn_thread(void *number)
{
	unsigned int n = (uintptr_t)number, phase = 0, i;
	struct spawner *s = &spawners[n];
	uint64_t quota;

	s->first_ring = n * RINGS_EACH;
	s->random = soak.seed + n;
	for (i = 0; i < RINGS_EACH; i++)
		open_ring(s->first_ring + i);
	for (;;) {
		COUNT(idle);
		while (GET(phase) == phase)
			sleep_ms(5);
		phase++;
		quota = s->quota = GET(quota);
		if (!quota)
			break;
		while (turn(s))
			;
		waste(quota);
	}
	for (i = 0; i < RINGS_EACH; i++)
		tring_exit(&soak.rings[s->first_ring + i]);
	return NULL;
}
