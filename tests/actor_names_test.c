// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests of a program, of another one and of the launcher are apart, though they have
 * the same user_data: who searches, finds those of its own (A4).
 */
#include "lib/actor.h"
#include "lib/child.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define BY_OP (1U << 5)		/* IORING_ASYNC_CANCEL_OP */
#define VICTIM (OTHER + 1)
#define TRIGGER 50
#define SEARCH 51

/* --- requests that wait ----------------------------------------------------------------- */

static struct __kernel_timespec hour = { .tv_sec = 3600 };
static int fds[2], sk[2];
static char buf[8];
static uint32_t word;
static pid_t child;

static void fill_read(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, fds[0], buf, 1);
}

static void fill_worker(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, fds[0], buf, 1)->flags |= IOSQE_ASYNC;
}

static void fill_poll(struct io_uring_sqe *sqe)
{
	sqe->fd = fds[0];
	sqe->poll32_events = POLLIN;
}

static void fill_timeout(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, -1, &hour, 1);
}

static void fill_futex(struct io_uring_sqe *sqe)
{
	sqe->addr = (uintptr_t)&word;
	sqe->addr3 = ~0U;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
}

static void fill_waitid(struct io_uring_sqe *sqe)
{
	sqe->len = P_PID;
	sqe->fd = child;
	sqe->file_index = WEXITED;
}

static void fill_recv(struct io_uring_sqe *sqe)
{
	sqe_on(sqe, sk[0], buf, 1);
}

static const struct waiting {
	const char *name;
	unsigned int op;
	void (*fill)(struct io_uring_sqe *sqe);
	const int *fd; /* that it can be found by */
	bool by_op;    /* it can be found by its operation */
} kinds[] = {
	{ "read", IORING_OP_READ, fill_read, &fds[0], true },
	{ "read by a worker", IORING_OP_READ, fill_worker, &fds[0], true },
	{ "poll", IORING_OP_POLL_ADD, fill_poll, &fds[0], true },
	{ "timeout", IORING_OP_TIMEOUT, fill_timeout, NULL, true },
	{ "futex", OP_FUTEX_WAIT, fill_futex, NULL, false },
	{ "waitid", OP_WAITID, fill_waitid, NULL, false },
	{ "recv", IORING_OP_RECV, fill_recv, &sk[0], true },
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- searches ------------------------------------------------------------------------ */

static const struct search {
	const char *name;
	unsigned int flags;
	bool other_program; /* the launcher's finds programs with it, too */
} searches[] = {
	{ "user_data", 0, false },
	{ "user_data, all", IORING_ASYNC_CANCEL_ALL, false },
	{ "fd", IORING_ASYNC_CANCEL_FD, false },
	{ "fd, all", IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL, false },
	{ "operation", BY_OP, false },
	{ "operation, all", BY_OP | IORING_ASYNC_CANCEL_ALL, false },
	{ "any", IORING_ASYNC_CANCEL_ANY, true },
};
#define NR_SEARCHES (sizeof(searches) / sizeof(searches[0]))

static void fill_search(struct io_uring_sqe *sqe, const struct search *search,
			const struct waiting *kind)
{
	sqe->cancel_flags = search->flags;
	if (search->flags & IORING_ASYNC_CANCEL_FD)
		sqe->fd = *kind->fd;
	else if (search->flags & BY_OP)
		sqe->len = kind->op;
	else
		sqe->addr = VICTIM;
}

/* A number with these, else 0; a worker may be at it already. */
static void check_found(const struct search *search, const struct waiting *kind,
			int res)
{
	/* what has no operation to be found by is counted in any case */
	bool counts = !kind->by_op;

	if (search->flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY))
		EXPECT_EQ(res, 1);
	else if (res != -EALREADY)
		EXPECT_EQ(res, counts ? 1 : 0);
}

static void check_cancelled(int res)
{
	if (res != -EINTR)
		EXPECT_EQ(res, -ECANCELED);
}

/* --- two programs and the launcher have one each ---------------------------------------- */

static int trigger[2][2];

static void script_for(unsigned int nr, const struct waiting *kind,
		       const struct search *search)
{
	struct script_rule *rule = actor_on(&a, START, SCRIPT_ANY, WAIT);

	rule->user_data = ACTOR + nr;
	kind->fill(actor_sqe(&a, rule, kind->op, VICTIM));
	sqe_on(actor_sqe(&a, rule, IORING_OP_READ, TRIGGER), trigger[nr][0],
	       buf, 1)->flags = 0;
	rule = actor_on(&a, CQE, TRIGGER, WAIT);
	rule->user_data = ACTOR + nr;
	fill_search(actor_sqe(&a, rule, IORING_OP_ASYNC_CANCEL, SEARCH), search,
		    kind);
}

static void begin(unsigned int flags, const struct waiting *kind,
		  const struct search *search)
{
	unsigned int i;

	make_pipe(fds);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk));
	child = CHECK_SYS(fork());
	if (!child) {
		pause();
		_exit(0);
	}
	actor_begin(&r, &a, flags);
	for (i = 0; i < 2; i++) {
		make_pipe(trigger[i]);
		script_for(i, kind, search);
		q_actor(&r, ACTOR + i);
	}
	kind->fill(q_alone(&r, kind->op, VICTIM));
	tring_submit(&r);
	actor_wait_runs(&r, &a, 2);
	actor_idle(&r, 10);
}

static void finish(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		close(fds[i]);
		close(sk[i]);
		close(trigger[i][0]);
		close(trigger[i][1]);
	}
	kill(child, SIGKILL);
	tring_exit(&r);
	wait_exit(child);
	actor_free(&a);
}

static void check_apart(unsigned int flags, const struct waiting *kind,
			const struct search *search)
{
	unsigned int victims;

	DIAG("%s by %s, ring %#x", kind->name, search->name, flags);
	begin(flags, kind, search);
	/* the first program's search */
	CHECK_EQ(write(trigger[0][1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	check_found(search, kind, actor_told(&a, SEARCH, 0)->ctx.res);
	CHECK_EQ(actor_times(&a, CQE, VICTIM), 1);
	check_cancelled(actor_told(&a, VICTIM, 0)->ctx.res);
	EXPECT_EQ(actor_told(&a, VICTIM, 0)->ctx.user_data, ACTOR);
	EXPECT(!tring_has(&r, VICTIM));
	/* the launcher's */
	fill_search(q_alone(&r, IORING_OP_ASYNC_CANCEL, OTHER), search, kind);
	tring_submit(&r);
	if (search->other_program)
		EXPECT_EQ(tring_res(&r, OTHER), 2);
	else
		check_found(search, kind, tring_res(&r, OTHER));
	check_cancelled(tring_res(&r, VICTIM));
	victims = search->other_program ? 2 : 1;
	if (!search->other_program) {
		actor_idle(&r, 5);
		EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 0);
		EXPECT_EQ(actor_times(&a, CQE, VICTIM), victims);
		CHECK_EQ(write(trigger[1][1], "x", 1), 1);
		EXPECT_EQ(tring_res(&r, ACTOR + 1), 0);
	} else {
		EXPECT_EQ(tring_res(&r, ACTOR + 1), -ECANCELED);
	}
	EXPECT_EQ(actor_times(&a, CQE, VICTIM), 2);
	tring_total(&r, 4);
	finish();
}

static void each_search(unsigned int flags)
{
	unsigned int kind, search;

	for (kind = 0; kind < NR_KINDS; kind++) {
		for (search = 0; search < NR_SEARCHES; search++) {
			unsigned int by = searches[search].flags;

			if ((by & IORING_ASYNC_CANCEL_FD && !kinds[kind].fd) ||
			    (by & BY_OP && !kinds[kind].by_op))
				continue;
			check_apart(flags, &kinds[kind], &searches[search]);
		}
	}
}

TEST(A4_cancels_find_what_is_their_own)
{
	each_search(0);
}

TEST(A4_cancels_find_what_is_their_own_with_deferred_task_work)
{
	each_search(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

TEST(A4_cancels_find_what_is_their_own_with_an_sq_thread)
{
	each_search(IORING_SETUP_SQPOLL);
}

/* Each finds nothing where only the others have one. */
TEST(A4_cancels_find_nothing_of_others)
{
	unsigned int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		DIAG("%s", kinds[kind].name);
		begin(0, &kinds[kind], &searches[0]);
		q_cancel(&r, VICTIM, 0, OTHER);
		tring_submit(&r);
		check_cancelled(tring_res(&r, VICTIM));
		q_cancel(&r, VICTIM, IORING_ASYNC_CANCEL_ALL, OTHER + 2);
		q_cancel(&r, VICTIM, 0, OTHER + 3);
		q_cancel(&r, TRIGGER, 0, OTHER + 4);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, OTHER + 2), 0);
		EXPECT_EQ(tring_res(&r, OTHER + 3), -ENOENT);
		EXPECT_EQ(tring_res(&r, OTHER + 4), -ENOENT);
		EXPECT_EQ(actor_times(&a, CQE, SCRIPT_ANY), 0);
		finish();
	}
}

static int sync_cancel(uint64_t addr, unsigned int flags)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = addr,
		.fd = -1,
		.flags = flags,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};

	return tring_register(&r, IORING_REGISTER_SYNC_CANCEL, &reg, 1);
}

TEST(A4_synchronous_cancels)
{
	unsigned int kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		DIAG("%s", kinds[kind].name);
		begin(0, &kinds[kind], &searches[0]);
		EXPECT_GE(sync_cancel(VICTIM, 0), 0);
		check_cancelled(tring_res(&r, VICTIM));
		EXPECT_EQ(sync_cancel(VICTIM, 0), -ENOENT);
		EXPECT_EQ(actor_times(&a, CQE, SCRIPT_ANY), 0);
		/* a program itself can be found */
		EXPECT_GE(sync_cancel(ACTOR, 0), 0);
		EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
		EXPECT_EQ(actor_times(&a, CQE, VICTIM), 1);
		finish();
	}
}

/* --- others that search ------------------------------------------------------------------ */

/* The program has one of op; the launcher removes by rm what is not its own. */
static void launcher_removes(unsigned int op, unsigned int rm, unsigned int flags)
{
	const struct waiting *kind = op == IORING_OP_TIMEOUT ? &kinds[3]
							     : &kinds[2];
	struct io_uring_sqe *sqe;

	begin(0, kind, &searches[0]);
	q_cancel(&r, VICTIM, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, VICTIM), -ECANCELED);
	sqe = q_alone(&r, rm, OTHER + 2);
	sqe->addr = VICTIM;
	sqe->rw_flags = rm == IORING_OP_TIMEOUT_REMOVE ? flags : 0;
	sqe->len = rm == IORING_OP_POLL_REMOVE ? flags : 0;
	sqe->off = flags && rm == IORING_OP_TIMEOUT_REMOVE ? (uintptr_t)&hour : 0;
	if (flags && rm == IORING_OP_POLL_REMOVE)
		sqe->poll32_events = POLLOUT;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER + 2), -ENOENT);
	EXPECT_EQ(actor_times(&a, CQE, SCRIPT_ANY), 0);
	finish();
}

TEST(A4_removals_of_the_launcher)
{
	launcher_removes(IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE, 0);
	launcher_removes(IORING_OP_TIMEOUT, IORING_OP_TIMEOUT_REMOVE,
			 IORING_TIMEOUT_UPDATE);
	launcher_removes(IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE, 0);
	launcher_removes(IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE,
			 IORING_POLL_UPDATE_EVENTS);
}

/* Launcher and program have one each; the program removes its own, then finds none. */
static void program_removes(const struct waiting *kind, unsigned int rm)
{
	struct script_rule *rule;

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	kind->fill(q_alone(&r, kind->op, VICTIM));
	kind->fill(actor_starts(&a, kind->op, VICTIM));
	actor_starts(&a, rm, 1)->addr = VICTIM;
	rule = actor_on(&a, CQE, 1, WAIT);
	actor_sqe(&a, rule, rm, 2)->addr = VICTIM;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, 0);
	EXPECT_EQ(actor_told(&a, VICTIM, 0)->ctx.res, -ECANCELED);
	EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, -ENOENT);
	EXPECT(!tring_has(&r, VICTIM));
	tring_exit(&r);
	actor_free(&a);
}

TEST(A4_removals_of_a_program)
{
	program_removes(&kinds[2], IORING_OP_POLL_REMOVE);
	program_removes(&kinds[3], IORING_OP_TIMEOUT_REMOVE);
}

/* A timeout's time is changed: by its own, and by nobody else. */
TEST(A4_updates_of_a_program)
{
	struct __kernel_timespec soon = { .tv_nsec = 10000000 };
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, 0);
	fill_timeout(q_alone(&r, IORING_OP_TIMEOUT, VICTIM));
	fill_timeout(actor_starts(&a, IORING_OP_TIMEOUT, VICTIM));
	sqe = actor_starts(&a, IORING_OP_TIMEOUT_REMOVE, 1);
	sqe->addr = VICTIM;
	sqe->off = (uintptr_t)&soon;
	sqe->timeout_flags = IORING_TIMEOUT_UPDATE;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, 0);
	EXPECT_EQ(actor_told(&a, VICTIM, 0)->ctx.res, -ETIME);
	EXPECT(!tring_has(&r, VICTIM));
}

/* A linked timeout ends the request that it is linked to, and no other of its name. */
TEST(A4_linked_timeouts_of_a_program)
{
	struct __kernel_timespec soon = { .tv_nsec = 10000000 };

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	fill_read(q_alone(&r, IORING_OP_READ, VICTIM));
	fill_read(actor_starts(&a, IORING_OP_READ, VICTIM));
	fill_read(actor_links(&a, IORING_OP_READ, VICTIM));
	sqe_on(actor_starts(&a, IORING_OP_LINK_TIMEOUT, 2), -1, &soon, 1);
	actor_ends_with(&a, VICTIM);
	EXPECT_EQ(actor_result(&r), -ECANCELED);
	EXPECT_EQ(actor_times(&a, CQE, VICTIM), 1);
	EXPECT(!tring_has(&r, VICTIM));
}

/* The launcher cancels an actor by its user_data, which is no tag of that. */
TEST(A4_a_program_does_not_find_itself)
{
	actor_begin(&r, &a, 0);
	actor_starts(&a, IORING_OP_ASYNC_CANCEL, 1)->addr = ACTOR;
	actor_starts(&a, IORING_OP_ASYNC_CANCEL, 2)->cancel_flags =
		IORING_ASYNC_CANCEL_ANY;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, -ENOENT);
	EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, 0);
	EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 0);
}
