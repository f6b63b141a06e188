// SPDX-License-Identifier: LGPL-2.1-or-later
/* Accepted programs decide about real chains. */
#include "program.h"

#include "child.h"
#include "../lib/program.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/wait.h>

#define MAX_STEPS 7
#define NR_RINGS 6

/* SQEs by their place: CLONE, then its steps. */
struct chain {
	struct tring *ring;
	uint64_t first; /* user_data of CLONE */
	unsigned int nr;
	bool whole; /* one SPAWN, and no steps */
	bool is_exec[MAX_STEPS + 1];
	bool seen[MAX_STEPS + 1];
	int res[MAX_STEPS + 1];
	unsigned int nr_seen;
};

static struct tring rings[NR_RINGS];
static uint64_t next_user_data = 1ULL << 45;

/* Programs and links that have been closed. */
static struct {
	uint32_t id;
	bool is_link;
} closed[256];
static unsigned int nr_closed;

static double deadline(void)
{
	return now() + tap_patience();
}

void chains_begin(void)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		tring_init(&rings[i], tring_kinds[i % tring_nr_kinds].flags);
}

/* --- attaching ------------------------------------------------------------------ */

static const uint32_t all_events = IORING_POLICY_BEFORE_STEP |
				   IORING_POLICY_BEFORE_EXEC |
				   IORING_POLICY_DONE | IORING_POLICY_CLONE |
				   IORING_POLICY_EXECED | IORING_POLICY_MISS;

/* With budgets that a program which retries for ever uses up soon. */
static int attach_somehow(struct tring *r, int prog, uint32_t slot)
{
	struct spawnpol_link_create attr = {
		.prog_fd = prog,
		.target_fd = tring_fd(r),
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.slot = slot,
		.events = random_word() & all_events,
		.max_issues = 1 + below(32),
		.max_staged = below(9),
		.max_delay_ns = 1 + below(3000000),
	};
	struct io_uring_attach_bpf same = {
		.prog_fd = prog,
		.slot = slot,
		.events = attr.events,
		.max_issues = attr.max_issues,
		.max_staged = attr.max_staged,
		.max_delay_ns = attr.max_delay_ns,
	};
	int link;

	if (percent(50))
		link = bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
	else
		link = tring_register(r, SPAWNPOL_ATTACH_BPF, &same, 1);
	if (link < 0)
		violation("the program cannot be attached: %d", link);
	return link;
}

/* After the last chain: each run has come to one verdict. */
static void check_link(int link)
{
	struct spawnpol_link_info info = link_info(link);
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i <= IORING_VERDICT_PASS; i++) {
		sum += info.verdicts[i];
		counts.verdicts[i] += info.verdicts[i];
	}
	if (sum != info.runs)
		violation("%llu runs, but %llu verdicts",
			  (unsigned long long)info.runs,
			  (unsigned long long)sum);
	counts.failures += info.failures;
	counts.exhausted += info.exhausted;
}

static void note_closed(uint32_t id, bool is_link)
{
	closed[nr_closed].id = id;
	closed[nr_closed++].is_link = is_link;
}

static uint32_t prog_id(int prog)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	CHECK_OK(bpf_obj_get_info_by_fd(prog, &info, &size));
	return info.id;
}

/* --- chains ----------------------------------------------------------------------- */

static void link_somehow(struct io_uring_sqe *sqe)
{
	if (percent(40))
		hardlink(sqe);
}

static struct io_uring_sqe *queue_step(struct tring *r)
{
	switch (below(6)) {
	case 0:
		return q_fail(r);
	case 1:
		return q_result(r, -1 - (int)below(130));
	case 2:
		return q_nop(r);
	case 3:
		return q_open_at(r, 20, "missing", O_RDONLY);
	case 4:
		return q_child(r, IORING_CHILD_SETSID);
	default:
		return q_child(r, 1000);
	}
}

static struct io_uring_sqe *queue_exec(struct tring *r)
{
	static const char *const paths[] = {
		"quit",	  "quit", "quit",      "missing", "missing",
		"noexec", "text", "directory", "script",  "missing/quit"
	};
	static char *argv[] = { "program", "argument", NULL };
	struct io_uring_sqe *sqe = q_exec(r, ONE_OF(paths), argv);

	if (percent(20))
		sqe->ioprio = IORING_EXEC_SEARCH;
	return sqe;
}

static void add(struct chain *c, struct io_uring_sqe *sqe)
{
	c->is_exec[c->nr] = sqe->opcode == SPAWNPOL_OP_EXEC;
	sqe->user_data = c->first + c->nr++;
}

static void queue_chain(struct chain *c, uint32_t slot)
{
	struct io_uring_sqe *clone = q_clone(c->ring), *step;
	unsigned int steps = below(4);

	clone->file_index = slot;
	clone->off = random_long();
	add(c, clone);
	while (steps--) {
		step = queue_step(c->ring);
		link_somehow(step);
		add(c, step);
	}
	do {
		step = queue_exec(c->ring);
		link_somehow(step);
		add(c, step);
	} while (percent(25) && c->nr <= MAX_STEPS);
}

static void take(struct chain *c, const struct program *p,
		 const struct io_uring_cqe *cqe)
{
	uint64_t at = cqe->user_data - c->first;

	if (!p->trusted)
		check_no_addresses("a CQE", cqe, 16);
	if (cqe->flags & SPAWNPOL_CQE_F_STAGED)
		return;
	if (at >= c->nr)
		violation("a CQE of no request: user_data %#llx res %d",
			  (unsigned long long)cqe->user_data, cqe->res);
	if (c->seen[at])
		violation("request %llu of the chain has a second CQE: %d, %d",
			  (unsigned long long)at, c->res[at], cqe->res);
	c->seen[at] = true;
	c->res[at] = cqe->res;
	c->nr_seen++;
}

static void reap(struct chain *c, const struct program *p)
{
	struct io_uring_cqe *cqe;

	while (io_uring_peek_cqe(&c->ring->uring, &cqe) == 0 && cqe) {
		take(c, p, cqe);
		io_uring_cqe_seen(&c->ring->uring, cqe);
	}
}

static void wait_chain(struct chain *c, const struct program *p)
{
	struct __kernel_timespec ts = { .tv_nsec = 50 * 1000 * 1000 };
	double until = deadline();
	struct io_uring_cqe *cqe;

	for (;;) {
		reap(c, p);
		if (c->nr_seen == c->nr)
			return;
		if (now() > until)
			violation("%u CQEs of %u requests", c->nr_seen, c->nr);
		io_uring_wait_cqe_timeout(&c->ring->uring, &cqe, &ts);
	}
}

/* The child became a program, which ends at once whatever it was made to be. */
static void wait_program(pid_t pid)
{
	double until = deadline();
	int status, ret;

	while ((ret = waitpid(pid, &status, WNOHANG | __WALL)) == 0) {
		if (now() > until)
			violation("program %d does not end", pid);
		sleep_ms(1);
	}
	if (ret != pid)
		violation("program %d is not there to be waited for", pid);
	counts.programs_run++;
}

static void wait_gone(pid_t pid)
{
	double until = deadline();

	while (!is_gone(pid)) {
		if (now() > until)
			violation("child %d, no program, is still there", pid);
		sleep_ms(1);
	}
}

/* Which child has failed, nobody is told: chains_check_left() sees those. */
static void check_whole(const struct chain *c)
{
	if (c->res[0] > 0)
		wait_program(c->res[0]);
	else if (!c->res[0])
		violation("SPAWN is 0");
}

static void check_chain(const struct chain *c)
{
	unsigned int i, programs = 0;

	if (c->whole) {
		check_whole(c);
		return;
	}
	for (i = 1; i < c->nr; i++) {
		programs += c->is_exec[i] && !c->res[i];
		if (c->is_exec[i] && c->res[i] > 0)
			violation("EXEC is %d", c->res[i]);
		if (c->res[0] < 0 && c->res[i] >= 0)
			violation("CLONE is %d, but step %u is %d", c->res[0],
				  i - 1, c->res[i]);
	}
	if (programs > 1)
		violation("%u programs in one child", programs);
	if (programs)
		wait_program(c->res[0]);
	else if (c->res[0] > 0)
		wait_gone(c->res[0]);
	else if (!c->res[0])
		violation("CLONE is 0");
}

static int run_chain(struct tring *r, const struct program *p, uint32_t slot,
		     int link)
{
	struct chain c = { .ring = r,
			   .first = next_user_data,
			   .whole = percent(35) };
	bool no_children = percent(15);
	int ret;

	next_user_data += 1000;
	if (c.whole)
		add(&c, queue_whole(r, slot));
	else
		queue_chain(&c, slot);
	if (no_children)
		world_allow_children(false);
	ret = tring_try_submit(r);
	/* of what an SQ thread has taken already, liburing does not know */
	if (ret != (int)c.nr &&
	    (ret < 0 || !(r->uring.flags & IORING_SETUP_SQPOLL)))
		violation("submitting %u requests: %d", c.nr, ret);
	if (percent(10)) {
		close(link);
		link = -1;
	}
	if (no_children && percent(50))
		world_allow_children(true);
	wait_chain(&c, p);
	if (no_children)
		world_allow_children(true);
	check_chain(&c);
	reap(&c, p); /* what should not be there */
	counts.chains++;
	return link;
}

void chains_run(const struct program *p, int prog)
{
	uint32_t slot = percent(50) ? 0 : below(IORING_SPAWN_SLOTS), id;
	struct tring *r = &ONE_OF(rings);
	unsigned int times = 1 + below(3);
	int link = attach_somehow(r, prog, slot);

	/* all but this program is closed by now */
	if (nr_closed + 2 > sizeof(closed) / sizeof(closed[0]))
		chains_check_left();
	id = link_info(link).id;
	while (times-- && link >= 0)
		link = run_chain(r, p, slot, link);
	if (link >= 0) {
		check_link(link);
		close(link);
	}
	note_closed(id, true);
	note_closed(prog_id(prog), false);
}

/* --- what is left ---------------------------------------------------------------- */

static bool is_there(uint32_t id, bool is_link)
{
	int fd =
		is_link ? bpf_link_get_fd_by_id(id) : bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void check_no_child(void)
{
	double until = deadline();
	int ret;

	while ((ret = waitpid(-1, NULL, WNOHANG | __WALL)) == 0) {
		if (now() > until)
			violation("a child is left");
		sleep_ms(1);
	}
	if (ret > 0)
		violation("child %d is left to be waited for", ret);
}

void chains_check_left(void)
{
	double until = deadline();

	check_no_child();
	while (nr_closed) {
		if (!is_there(closed[nr_closed - 1].id,
			      closed[nr_closed - 1].is_link)) {
			nr_closed--;
			continue;
		}
		if (now() > until)
			violation("%s %u is left",
				  closed[nr_closed - 1].is_link ? "link"
								: "program",
				  closed[nr_closed - 1].id);
		sleep_ms(10);
	}
}
