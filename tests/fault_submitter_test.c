// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * What the submitter does for CLONE, and the SQ thread, fails at each place in
 * turn where memory or user space can be missing: every SQE still gets its one
 * CQE, nothing is left, and the same chain works the next moment (S5, S11).
 * What leaks shows in the scan for leaks that ends a run of the debug kernel.
 */
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* CLONE, a CHILD with a path, EXEC. */
#define STEPS 2
#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT

static const int submit_errors[] = { NO_MEMORY_OR_COPY, -EAGAIN, -EINTR, 0 };
static const int prep_errors[] = { NO_MEMORY_OR_COPY, -ECANCELED, 0 };
/* Steps that were submitted without their CLONE are no steps. */
static const int torn_errors[] = { NO_MEMORY_OR_COPY, -ECANCELED, -EINVAL, 0 };

static struct clone_args args;

struct variant {
	const char *name;
	unsigned int ring_flags;
	void (*queue_clone)(void);
	unsigned int others; /* requests that are no steps */
	bool sq_thread;	     /* is what fails, not the submitter */
	unsigned int stride; /* 0: none */
	int error;	     /* one more that CLONE may fail with */
	/* what it makes has many errors of its own */
	bool any_error;
	/* after each chain that a fault was in */
	void (*check)(void);
};

static void q_plain(void)
{
	q_clone(&r);
}

/* With arguments, which are to be filled by who calls this. */
static struct clone_args *q_args(uint64_t flags)
{
	args = (struct clone_args){ .flags = flags, .exit_signal = SIGCHLD };
	q_clone3(&r, &args);
	return &args;
}

static int pidfd;

static void q_pidfd(void)
{
	q_args(CLONE_PIDFD)->pidfd = (uintptr_t)&pidfd;
	pidfd = -1;
}

static int cgroup;

static void q_cgroup(void)
{
	q_args(CLONE_INTO_CGROUP)->cgroup = cgroup;
}

static void q_set_tid(void)
{
	static pid_t tid;

	tid = tid ?: unused_pid();
	q_args(0)->set_tid = (uintptr_t)&tid;
	args.set_tid_size = 1;
}

static void q_namespaces(void)
{
	q_args(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
	       CLONE_NEWCGROUP);
}

static void q_user_namespace(void)
{
	q_args(CLONE_NEWUSER);
}

static void q_net_namespace(void)
{
	q_args(CLONE_NEWNET);
}

static void q_deadline(void)
{
	static struct __kernel_timespec ts = { .tv_sec = 1000 };

	q_clone(&r);
	q_timeout(&r, &ts)->user_data = OTHER;
	r.steps = 0;
}

/* The highest number wants a larger table. */
static void q_files(void)
{
	static const struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file files[3];
	} list = { .head.nr = 3,
		   .files = { { .source = 1, .number = 300 },
			      { .source = 0,
				.number = 7,
				.flags = IORING_CLONE_FILE_FIXED },
			      { .source = 2, .number = 2 } } };
	struct io_uring_sqe *sqe = q_clone(&r);

	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
}

static void q_policy(void)
{
	q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
	p.engine->runs = 0;
}

static void queue(const struct variant *v)
{
	static char *argv[] = { "quit", NULL };

	tring_forget(&r);
	v->queue_clone();
	q_open_at(&r, 61, "/dev/null", O_RDONLY);
	q_exec_small(&r, in_dir("quit"), argv);
}

static void begin(const struct variant *v)
{
	int file = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));

	fault_prepare();
	copy_file(helper("quit"), in_dir("quit"), 0755);
	tring_init(&r, v->ring_flags);
	CHECK_OK(io_uring_register_files(&r.uring, &file, 1));
	close(file);
}

/* The chain was taken whole, or refused whole. */
static void check_whole(struct fault_walk *w, const struct variant *v)
{
	int res = tring_res(&r, CLONE);
	const int clone_errors[] = { NO_MEMORY_OR_COPY,
				     v->any_error ? res : v->error, 0 };
	bool has_reason = false;
	unsigned int i;

	for (i = 0; i < STEPS; i++) {
		fault_check(w, "a step", tring_res(&r, i), prep_errors);
		if (res > 0)
			CHECK_GE(tring_res(&r, i), 0);
		else
			CHECK_LT(tring_res(&r, i), 0);
		has_reason |= tring_res(&r, i) != -ECANCELED;
	}
	for (i = 0; i < v->others; i++)
		has_reason |= tring_res(&r, OTHER + i) != -ECANCELED;
	if (has_reason && res < 0)
		CHECK_EQ(res, -ECANCELED);
	else
		fault_check(w, "CLONE", res, clone_errors);
}

/* Its parts may have been submitted one by one. */
static void check_torn(struct fault_walk *w)
{
	unsigned int i;

	fault_check(w, "CLONE, torn", tring_res(&r, CLONE), torn_errors);
	for (i = 0; i < STEPS; i++)
		fault_check(w, "a step, torn", tring_res(&r, i), torn_errors);
}

/* Wait for it all, and see that what it has made is gone. */
static void settle(struct fault_walk *w, const struct variant *v)
{
	int status = fault_settle(w, &r, STEPS, v->others);

	if (status != NO_PROGRAM)
		CHECK_EQ(status, 0);
	if (tring_res(&r, STEPS - 1) == 0)
		CHECK_EQ(status, 0);
	if (v->queue_clone == q_pidfd && tring_res(&r, CLONE) > 0)
		close(pidfd);
}

/* Without a fault it works. */
static void again(struct fault_walk *w, const struct variant *v)
{
	queue(v);
	tring_submit(&r);
	settle(w, v);
	if (tring_res(&r, STEPS - 1))
		FAIL("after fault %u of %s: %d, %d, %d", w->nth, w->name,
		     tring_res(&r, CLONE), tring_res(&r, 0), tring_res(&r, 1));
}

/* The SQ thread's number, as the ring's fdinfo tells it. */
static pid_t sq_thread(void)
{
	pid_t tid = atoi(
		line_of(read_file(format("/proc/self/fdinfo/%d", tring_fd(&r))),
			"SqThread"));

	CHECK_GT(tid, 0);
	return tid;
}

/* The SQ thread takes what it is given some time. */
static void fault_sq_thread(struct fault_walk *w, const struct variant *v)
{
	w->fd = fault_open(getpid(), sq_thread());
	fault_arm(w->fd, w->nth);
	tring_try_submit(&r);
	settle(w, v);
	fault_end(w);
	check_torn(w);
}

/*
 * With an SQ thread, CLONE is this thread's task work, whatever it does then:
 * here, what cannot fail itself.
 */
static void wait_for_clone(void)
{
	double until = now() + tap_patience();

	while (!io_uring_cq_ready(&r.uring)) {
		if (now() > until)
			FAIL("no CQE");
		sched_yield();
	}
}

static void fault_submitter(struct fault_walk *w, const struct variant *v)
{
	int taken;

	fault_begin(w);
	taken = tring_try_submit(&r);
	if (v->ring_flags & IORING_SETUP_SQPOLL)
		wait_for_clone();
	fault_end(w);
	fault_check(w, "io_uring_enter", taken, submit_errors);
	settle(w, v);
	if (taken == (int)(1 + STEPS + v->others))
		check_whole(w, v);
	else
		check_torn(w);
}

static void walk(const struct variant *v)
{
	struct fault_walk w = { .name = v->name };

	again(&w, v);
	w = fault_walk(v->name, v->stride ?: 1);
	while (fault_next(&w)) {
		queue(v);
		if (v->sq_thread)
			fault_sq_thread(&w, v);
		else
			fault_submitter(&w, v);
		if (v->check)
			v->check();
		again(&w, v);
	}
	CHECK_GT(w.injected, 0);
	tring_exit(&r);
}

/* WALK("its name", .field = value ...) */
#define WALK(name_, ...)                                                       \
	do {                                                                   \
		const struct variant v_ = { .name = name_, ##__VA_ARGS__ };    \
		begin(&v_);                                                    \
		walk(&v_);                                                     \
	} while (0)

#define WHOLE IORING_SETUP_SUBMIT_ALL

TEST(S11_faults_of_the_submitter, .timeout = 60)
{
	WALK("CLONE, torn", .queue_clone = q_plain);
}

TEST(S11_faults_of_the_submitter_of_whole_chains, .timeout = 60)
{
	WALK("CLONE", .ring_flags = WHOLE, .queue_clone = q_plain);
}

TEST(S11_faults_of_the_submitter_who_defers_work, .timeout = 60)
{
	WALK("CLONE, DEFER_TASKRUN",
	     .ring_flags = WHOLE | IORING_SETUP_SINGLE_ISSUER |
			   IORING_SETUP_DEFER_TASKRUN,
	     .queue_clone = q_plain);
}

TEST(S2_faults_with_a_pidfd, .timeout = 60)
{
	WALK("CLONE with a pidfd", .ring_flags = WHOLE, .queue_clone = q_pidfd);
}

TEST(S2_faults_with_a_cgroup, .timeout = 60)
{
	const char *path = "/sys/fs/cgroup/spawn_fault_test";

	CHECK_SYS(mkdir(path, 0755));
	cgroup = CHECK_SYS(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	WALK("CLONE into a cgroup", .ring_flags = WHOLE,
	     .queue_clone = q_cgroup);
	CHECK_SYS(rmdir(path));
}

TEST(S2_faults_with_a_chosen_pid, .timeout = 60)
{
	WALK("CLONE with set_tid", .ring_flags = WHOLE,
	     .queue_clone = q_set_tid);
}

TEST(S2_faults_with_namespaces, .timeout = 60)
{
	WALK("CLONE with namespaces", .ring_flags = WHOLE,
	     .queue_clone = q_namespaces, .stride = 3);
}

TEST(S2_faults_with_a_user_namespace, .timeout = 60)
{
	WALK("CLONE with a user namespace", .ring_flags = WHOLE,
	     .queue_clone = q_user_namespace, .error = -EAGAIN);
}

/*
 * The network says -EAFNOSUPPORT when it has no memory for a netlink socket,
 * and -ENFILE for another, to clone3(2), too.
 */
TEST(S2_faults_with_a_net_namespace, .timeout = 60)
{
	WALK("CLONE with a net namespace", .ring_flags = WHOLE,
	     .queue_clone = q_net_namespace, .stride = 20, .any_error = true);
}

TEST(S20_faults_with_files, .timeout = 60)
{
	WALK("CLONE with files", .ring_flags = WHOLE, .queue_clone = q_files);
}

TEST(S11_faults_with_a_deadline, .timeout = 60)
{
	WALK("CLONE with a deadline", .ring_flags = WHOLE,
	     .queue_clone = q_deadline, .others = 1);
}

TEST(S10_faults_of_the_sq_thread, .timeout = 60)
{
	WALK("CLONE, the SQ thread", .ring_flags = WHOLE | IORING_SETUP_SQPOLL,
	     .queue_clone = q_plain, .sq_thread = true);
}

TEST(S10_faults_of_the_submitter_for_an_sq_thread, .timeout = 60)
{
	WALK("CLONE for an SQ thread",
	     .ring_flags = WHOLE | IORING_SETUP_SQPOLL, .queue_clone = q_plain);
}

/* What it is asked about and lets pass is the result. */
static void check_asked(void)
{
	if (p.engine->runs) {
		CHECK_EQ(p.engine->runs, 1);
		CHECK_EQ(tprog_run(&p, 0)->ctx.res, tring_res(&r, CLONE));
	}
}

/* What it is asked about works the second time. */
static void check_retried(void)
{
	if (p.engine->runs) {
		CHECK_EQ(p.engine->runs, 1);
		CHECK_GT(tring_res(&r, CLONE), 0);
	}
}

static void walk_with_policy(const struct variant *v, uint32_t verdict)
{
	int link;

	begin(v);
	tprog_load(&p);
	tprog_rule(&p, IORING_POLICY_CLONE, ENGINE_ANY_STEP, verdict);
	link = attach(&r, &p, 0, IORING_POLICY_CLONE);
	walk(v);
	close(link);
}

TEST(P9_faults_under_a_policy_that_is_asked, .timeout = 60)
{
	const struct variant v = { .name = "CLONE under a policy",
				   .ring_flags = WHOLE,
				   .queue_clone = q_policy,
				   .check = check_asked };

	walk_with_policy(&v, IORING_VERDICT_CONTINUE);
}

TEST(P9_faults_under_a_policy_that_retries, .timeout = 60)
{
	const struct variant v = { .name = "CLONE under a policy that retries",
				   .ring_flags = WHOLE,
				   .queue_clone = q_policy,
				   .check = check_retried };

	walk_with_policy(&v, IORING_VERDICT_RETRY);
}
