// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it watches the memory of the whole system.
 *
 * Where and when programs of IORING_OP_BPF run, and who pays for them (A2, A6).
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/group.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define GROUP "actor_task_test"

/* --- the task ----------------------------------------------------------------------- */

struct thread {
	pthread_t id;
	pid_t tid;
	uint64_t user_data;
	volatile int go, done;
};

static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;

/* Submits a program, and stays until it is told to go. */
static void *submit(void *arg)
{
	struct thread *t = arg;

	t->tid = gettid();
	pthread_mutex_lock(&ring_lock);
	q_actor(&r, t->user_data);
	tring_submit(&r);
	pthread_mutex_unlock(&ring_lock);
	t->done = 1;
	while (!t->go)
		sleep_ms(1);
	return NULL;
}

static void start_thread(struct thread *t, uint64_t user_data)
{
	memset(t, 0, sizeof(*t));
	t->user_data = user_data;
	CHECK_EQ(pthread_create(&t->id, NULL, submit, t), 0);
}

static void end_thread(struct thread *t)
{
	t->go = 1;
	CHECK_EQ(pthread_join(t->id, NULL), 0);
}

/* In the thread that has submitted it, wherever what it stages ends. */
TEST(A2_a_program_runs_in_the_submitters_thread)
{
	struct thread t;
	unsigned int i;
	char byte;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], &byte, 1)->flags =
		IOSQE_ASYNC;
	sqe_on(actor_sqe(&a, actor_on(&a, CQE, 1, WAIT), IORING_OP_READ, 2),
	       fds[0], &byte, 1);
	start_thread(&t, ACTOR);
	actor_wait_runs(&r, &a, 1);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	actor_wait_runs(&r, &a, 2);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	CHECK_EQ(a.script->runs, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(actor_run(&a, i)->tid, t.tid);
		EXPECT_EQ(actor_run(&a, i)->tgid, getpid());
	}
	end_thread(&t);
}

/* The end of that thread is a cancel; others go on. */
TEST(A4_the_end_of_the_submitters_thread)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 };
	struct thread t;

	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	start_thread(&t, ACTOR);
	q_actor(&r, ACTOR + 1);
	tring_submit(&r);
	actor_wait_runs(&r, &a, 2);
	end_thread(&t);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	tring_none(&r, ACTOR + 1, 20);
	/* it is not run where its task is no more */
	EXPECT_EQ(actor_times(&a, CANCEL, SCRIPT_ANY), 0);
}

/* Two threads, two programs that are busy: on one ring never at once. */
TEST(A2_runs_do_not_overlap, .timeout = 120)
{
	struct script_rule *rule;
	struct thread t[2];
	unsigned int i;

	actor_begin(&r, &a, 0);
	actor_starts(&a, IORING_OP_NOP, 1);
	rule = actor_when(&a, 1, SCRIPT_OK, WAIT);
	rule->times = 20000 / tap_slowness();
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	a.script->linger = 500;
	for (i = 0; i < 2; i++)
		start_thread(&t[i], ACTOR + i);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(tring_res(&r, ACTOR + i), 0);
		end_thread(&t[i]);
	}
	EXPECT_GE(a.script->runs, rule->times);
	EXPECT_EQ(a.script->overlaps, 0);
}

/* --- when ------------------------------------------------------------------------------- */

/* As all completions of such a ring: while the launcher waits for them. */
TEST(A2_deferred_task_work)
{
	actor_begin(&r, &a,
		    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	actor_starts(&a, IORING_OP_NOP, 1);
	actor_go(&r);
	sleep_ms(50);
	EXPECT_EQ(a.script->runs, 0);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(a.script->runs, 2);
}

/* On others it goes on while the launcher does something else. */
TEST(A2_no_help_is_needed)
{
	double until = now() + tap_patience();
	struct __kernel_timespec soon = { .tv_nsec = 5000000 };
	unsigned int kind;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		if (tring_kinds[kind].flags & (IORING_SETUP_DEFER_TASKRUN |
					       IORING_SETUP_COOP_TASKRUN))
			continue;
		DIAG("%s", tring_kinds[kind].name);
		actor_begin(&r, &a, tring_kinds[kind].flags);
		sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &soon, 1);
		actor_go(&r);
		while (a.script->runs < 2 && now() < until)
			;
		EXPECT_EQ(a.script->runs, 2);
		EXPECT_EQ(tring_res(&r, ACTOR), 0);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* A run of one program ends before the next request of the launcher is looked at. */
TEST(A2_not_inside_the_issue_of_a_request)
{
	unsigned int i;

	actor_begin(&r, &a, 0);
	actor_starts(&a, IORING_OP_NOP, 1);
	for (i = 0; i < 50; i++) {
		q_actor(&r, ACTOR + i);
		q_alone(&r, IORING_OP_NOP, OTHER + i);
	}
	tring_submit(&r);
	for (i = 0; i < 50; i++) {
		EXPECT_EQ(tring_res(&r, ACTOR + i), 0);
		EXPECT_EQ(tring_res(&r, OTHER + i), 0);
	}
	/* the launcher's NOPs were all issued by the system call, before any run */
	for (i = 0; i < 50; i++)
		EXPECT_LT(r.seen[i].user_data, ACTOR);
	EXPECT_EQ(a.script->overlaps, 0);
}

/* --- rights ------------------------------------------------------------------------------ */

/* With an SQ thread those of the ring's creator, as for the launcher's requests. */
TEST(A3_rights_with_an_sq_thread)
{
	const char *path = in_dir("secret");

	write_file(path, "x", 0600);
	actor_begin(&r, &a, IORING_SETUP_SQPOLL);
	become_ordinary();
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 1), AT_FDCWD, path, 0);
	actor_ends_with(&a, 1);
	EXPECT_GE(actor_result(&r), 0);
}

/* Each ring has its creator's, also if another ring's SQ thread, with others, serves it. */
TEST(A3_rights_with_a_shared_sq_thread)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ,
		.sq_thread_idle = 50,
	};
	const char *path = in_dir("secret");
	struct tring roots;

	write_file(path, "x", 0600);
	CHECK_SYS(chmod(tap_dir(), 0755));
	tring_init(&roots, IORING_SETUP_SQPOLL);
	actor_load(&a);
	become_ordinary();
	params.wq_fd = tring_fd(&roots);
	CHECK_OK(io_uring_queue_init_params(8, &r.uring, &params));
	actor_attach(&r, &a);
	actor_attach(&roots, &a);
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 1), AT_FDCWD, path, 0);
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), -EACCES);
	EXPECT_GE(actor_result(&roots), 0);
}

/* What the program follows was given a buffer. */
TEST(A1_flags_of_what_it_follows)
{
	static char bufs[2][16];
	struct io_uring_sqe *sqe;
	int fds[2];

	make_pipe(fds);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	actor_begin(&r, &a, 0);
	sqe = q_alone(&r, IORING_OP_PROVIDE_BUFFERS, OTHER);
	sqe_on(sqe, 2, bufs, sizeof(bufs[0]))->off = 7;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	sqe = sqe_on(q_alone(&r, IORING_OP_READ, OTHER + 1), fds[0], NULL, 1);
	sqe->flags = IOSQE_IO_LINK | IOSQE_BUFFER_SELECT;
	q_actor(&r, ACTOR);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(actor_run(&a, 0)->ctx.res, 1);
	EXPECT_EQ(actor_run(&a, 0)->ctx.cqe_flags,
		  tring_cqe(&r, OTHER + 1)->flags);
	EXPECT(actor_run(&a, 0)->ctx.cqe_flags & IORING_CQE_F_BUFFER);
}

/* --- memory ------------------------------------------------------------------------------ */

#define MANY 200

static struct __kernel_timespec hour = { .tv_sec = 3600 };

static long charged(void)
{
	return group_get(GROUP, "memory.current", NULL);
}

/* Many programs with all that they can ask for. */
static void charge(void)
{
	struct io_uring_attach_bpf attr = { .max_staged = 1024,
					    .state_size = 4096 };
	long before, growth, end;
	double until;
	int i;

	tring_init(&r, 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	before = charged();
	for (i = 0; i < MANY; i++)
		q_actor(&r, ACTOR + i);
	tring_submit(&r);
	actor_wait_runs(&r, &a, MANY);
	growth = charged() - before;
	DIAG("%d programs: %ld bytes each", MANY, growth / MANY);
	EXPECT_GE(growth, MANY * (4096 + 2048L * 32));
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), MANY);
	until = now() + tap_patience();
	while ((end = charged()) > before + growth / 2 && now() < until)
		sleep_ms(10);
	EXPECT_LE(end, before + growth / 2);
}

TEST(A6_memory_is_charged_to_the_submitter)
{
	pid_t pid;

	group_make(GROUP);
	pid = CHECK_SYS(fork());
	if (!pid) {
		group_enter(GROUP);
		charge();
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	group_remove(GROUP);
}
