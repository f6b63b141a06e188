// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * A SPAWN fails at each place in turn where memory or user space can be missing, when it
 * is prepared and started by the submitter, and when the child runs it: it has its one
 * CQE with an error that is defined, nothing is left, what it says of the end is all of
 * it or nothing, and the same SPAWN works the next moment (O1, O2, O3, O6).
 *
 * Whether the child met with its fault before it was a program, that tells by its exit
 * status: see fault_exec_test.c. What leaks shows in the scan for leaks that ends a run
 * of the debug kernel.
 */
#include "armed.h"
#include "lib/child.h"
#include "lib/dirs.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT
#define HOUR (3600 * 1000000000ULL)
/* The first step, which waits; the others follow; the last one is the program. */
#define WAITS 0

static struct tring r;
static struct whole w;
static struct tprog p;
TPROG_PRELOAD

static char *fifo, *list;

struct variant {
	const char *name;
	unsigned int ring_flags;
	void (*program)(void);
	bool plain;	     /* nothing but the program */
	bool sq_thread;	     /* is what fails, not the submitter */
	unsigned int stride; /* 0: none */
	int error;	     /* one more that it may fail with */
};

/* --- what is spawned --------------------------------------------------------------- */

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[3];
} files = { .head.nr = 3,
	    /* the highest number wants a larger table */
	    .files = { { .source = 1, .number = 300 },
		       { .source = 0,
			 .number = 7,
			 .flags = IORING_CLONE_FILE_FIXED },
		       { .source = 2, .number = 2 } } };

static void add_steps(void)
{
	struct io_uring_spawn_step *step;

	whole_wait_for(&w, fifo)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	step = whole_step(&w, IORING_CHILD_OPEN);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"/dev/null";
	step->off = 61;
	step = whole_step(&w, IORING_CHILD_CHDIR);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"/tmp/../tmp";
	step = whole_step(&w, IORING_CHILD_DUP);
	step->flags = IORING_SPAWN_STEP_FIXED;
	step->off = 60;
}

static void at_its_path(void)
{
	whole_init(&w, in_dir("armed"));
}

/* Neither of the first two has it. */
static void by_a_search(void)
{
	whole_init(&w, "armed");
	w.arg.search = (uintptr_t)list;
}

/* The same directories, open. */
static void by_open_directories(void)
{
	whole_init(&w, "armed");
	w.arg.flags = IORING_SPAWN_REGISTERED;
}

/* What is found has no format: the shell is what tells. */
static void by_the_shell(void)
{
	whole_init(&w, "formless");
	w.arg.search = (uintptr_t)list;
	w.arg.shell = (uintptr_t)in_dir("armed");
}

/* Its fields as @v has them. Pointers stay valid. */
static void make(const struct variant *v)
{
	static char *small_environ[] = { "A=b", NULL };

	v->program();
	w.arg.envp = (uintptr_t)small_environ;
	w.pidfd = -1;
	if (v->plain)
		return;
	add_steps();
	whole_pidfd(&w);
	whole_report(&w);
	w.arg.flags |= IORING_SPAWN_FILES;
	w.arg.files = (uintptr_t)&files;
	w.arg.timeout_ns = HOUR;
}

/* A number that was told is of a descriptor, or that was taken back. */
static void close_pidfd(void)
{
	char *path = format("/proc/self/fd/%d", w.pidfd), target[64] = "";

	if (w.pidfd >= 0 && readlink(path, target, sizeof(target) - 1) > 0 &&
	    !strcmp(target, "anon_inode:[pidfd]"))
		close(w.pidfd);
	free(path);
}

static void begin(const struct variant *v)
{
	int file = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));

	fault_prepare();
	fifo = in_dir("fifo");
	CHECK_SYS(mkfifo(fifo, 0600));
	copy_file(helper("armed"), in_dir("armed"), 0755);
	write_file(in_dir("formless"), "no format\n", 0755);
	list = format("/nonexistent:/dev/null:%s", tap_dir());
	tring_init(&r, v->ring_flags);
	CHECK_EQ(dirs_set(&r, 0, format("/dev:%s", list)), 2);
	CHECK_OK(io_uring_register_files(&r.uring, &file, 1));
	close(file);
}

/* --- what comes of it ------------------------------------------------------------------ */

/*
 * As in execve(2), no page for an argument is -E2BIG, and no memory for a program's
 * headers is -ENOEXEC.
 */
static void check_error(struct fault_walk *walk, const struct variant *v)
{
	const int errors[] = { NO_MEMORY_OR_COPY, -E2BIG, -ENOEXEC, v->error, 0 };
	const struct tring_cqe *cqe = tring_cqe(&r, WHOLE);
	unsigned int step = whole_step_of(cqe);

	fault_check(walk, "SPAWN", cqe->res, errors);
	if (cqe->res < 0 && step != WHOLE_NO_CHILD)
		CHECK_LE(step, w.arg.nr_steps);
}

/* Whoever finds a report written finds all of it. */
static void check_report(struct fault_walk *walk)
{
	const struct io_uring_spawn_report *report = &w.told.report;
	const struct tring_cqe *cqe = tring_cqe(&r, WHOLE);

	if (!w.arg.report || !report->end)
		return;
	if (cqe->res > 0)
		FAIL("fault %u of %s: a report of a program", walk->nth,
		     walk->name);
	CHECK_EQ(report->error, cqe->res);
	/* what was refused before there was a child is told by the report alone */
	if (whole_step_of(cqe) == WHOLE_NO_CHILD)
		CHECK_EQ(report->attempt, 0);
	else
		CHECK_EQ(report->step, whole_step_of(cqe));
	if (report->path_len)
		CHECK_EQ(report->path_len, strlen(w.told.path));
}

static void settle_and_check(struct fault_walk *walk, const struct variant *v,
			     int status)
{
	if ((status == NO_PROGRAM) != (tring_res(&r, WHOLE) < 0))
		FAIL("fault %u of %s: SPAWN is %d, the program's status %d",
		     walk->nth, walk->name, tring_res(&r, WHOLE), status);
	check_error(walk, v);
	check_report(walk);
	close_pidfd();
}

/* Without a fault it works, and without who waits. */
static void again(struct fault_walk *walk, const struct variant *v)
{
	int go = CHECK_SYS(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	int status;

	tring_forget(&r);
	make(v);
	q_whole(&r, &w);
	tring_submit(&r);
	status = fault_settle_whole(walk, &r);
	if (status != DISARMED)
		FAIL("after fault %u of %s: SPAWN is %d, the program's status %d",
		     walk->nth, walk->name, tring_res(&r, WHOLE), status);
	close(go);
	settle_and_check(walk, v, status);
}

/* --- faults of the submitter -------------------------------------------------------------- */

static pid_t sq_thread(void)
{
	pid_t tid = atoi(
		line_of(read_file(format("/proc/self/fdinfo/%d", tring_fd(&r))),
			"SqThread"));

	CHECK_GT(tid, 0);
	return tid;
}

static void fault_sq_thread(struct fault_walk *walk)
{
	walk->fd = fault_open(getpid(), sq_thread());
	fault_arm(walk->fd, walk->nth);
	tring_try_submit(&r);
	while (io_uring_sq_ready(&r.uring))
		sched_yield();
	fault_res(walk, &r, WHOLE);
	fault_end(walk);
}

/*
 * With an SQ thread, the child is made in this thread's task work, whatever it does
 * then: here, what cannot fail itself.
 */
static void fault_submitter(struct fault_walk *walk, const struct variant *v)
{
	static const int errors[] = { NO_MEMORY_OR_COPY, -EAGAIN, -EINTR, 0 };
	double until = now() + tap_patience();
	int taken;

	fault_begin(walk);
	taken = tring_try_submit(&r);
	while (v->ring_flags & IORING_SETUP_SQPOLL && !io_uring_cq_ready(&r.uring)) {
		if (now() > until)
			FAIL("no CQE");
		sched_yield();
	}
	fault_end(walk);
	fault_check(walk, "io_uring_enter", taken, errors);
}

static void run_submitter(struct fault_walk *walk, const struct variant *v)
{
	int go = CHECK_SYS(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	int status;

	tring_forget(&r);
	make(v);
	q_whole(&r, &w);
	if (v->sq_thread)
		fault_sq_thread(walk);
	else
		fault_submitter(walk, v);
	status = fault_settle_whole(walk, &r);
	if (status != NO_PROGRAM)
		CHECK_EQ(status, DISARMED);
	/* the fault was none of the child's */
	else
		CHECK_EQ(whole_step_of(tring_cqe(&r, WHOLE)),
			 WHOLE_NO_CHILD);
	close(go);
	settle_and_check(walk, v, status);
}

static void walk_submitter(const struct variant *v)
{
	struct fault_walk walk = { .name = v->name };

	begin(v);
	again(&walk, v);
	walk = fault_walk(v->name, v->stride ?: 1);
	while (fault_next(&walk)) {
		run_submitter(&walk, v);
		again(&walk, v);
	}
	CHECK_GT(walk.injected * walk.stride, 10);
	tring_exit(&r);
}

/* SUBMITTER("its name", .field = value ...) */
#define SUBMITTER(name_, ...)                                                  \
	walk_submitter(&(const struct variant){ .name = name_,                 \
						##__VA_ARGS__ })

TEST(O1_faults_of_a_spawn_that_is_prepared, .timeout = 100)
{
	SUBMITTER("SPAWN", .program = by_a_search);
}

TEST(O1_faults_of_a_spawn_in_open_directories, .timeout = 100)
{
	SUBMITTER("SPAWN in open directories", .program = by_open_directories,
		  .stride = 2);
}

TEST(O1_faults_of_a_spawn_with_a_shell, .timeout = 100)
{
	SUBMITTER("SPAWN with a shell", .program = by_the_shell, .stride = 3);
}

TEST(O1_faults_of_a_spawn_of_nothing_but_a_program, .timeout = 60)
{
	SUBMITTER("SPAWN of a program", .program = at_its_path, .plain = true);
}

TEST(O1_faults_of_a_spawn_whose_submitter_defers_work, .timeout = 100)
{
	SUBMITTER("SPAWN, DEFER_TASKRUN", .program = by_a_search,
		  .ring_flags = IORING_SETUP_SINGLE_ISSUER |
				IORING_SETUP_DEFER_TASKRUN,
		  .stride = 3);
}

TEST(O1_faults_of_an_sq_thread_that_takes_a_spawn, .timeout = 100)
{
	SUBMITTER("SPAWN, the SQ thread", .program = by_a_search,
		  .ring_flags = IORING_SETUP_SQPOLL,
		  .sq_thread = true);
}

TEST(O1_faults_of_who_starts_a_spawn_for_an_sq_thread, .timeout = 100)
{
	SUBMITTER("SPAWN for an SQ thread", .program = by_a_search,
		  .ring_flags = IORING_SETUP_SQPOLL, .stride = 3);
}

/* --- faults of the child ------------------------------------------------------------------- */

static pid_t wait_for_child(void)
{
	double until = now() + tap_patience();
	pid_t pid;

	while (!(pid = whole_child(&w))) {
		if (now() > until)
			FAIL("there is no child");
		sched_yield();
	}
	return pid;
}

static int run_child(struct fault_walk *walk, const struct variant *v)
{
	int status, go;

	tring_forget(&r);
	if (p.engine)
		p.engine->runs = 0;
	make(v);
	q_whole(&r, &w);
	tring_submit(&r);
	fault_blocked(wait_for_child(), walk->nth);
	go = CHECK_SYS(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	status = fault_settle_whole(walk, &r);
	close(go);
	return status;
}

static void walk_child(const struct variant *v)
{
	struct fault_walk walk = { .name = v->name };
	int status;

	again(&walk, v);
	walk = fault_walk(v->name, v->stride ?: 1);
	while (fault_next(&walk)) {
		status = run_child(&walk, v);
		walk.happened = status != ARMED;
		if (status != ARMED && status != NO_PROGRAM)
			CHECK_EQ(status, DISARMED);
		/* all that can fail is a step or the program */
		CHECK_NE(whole_step_of(tring_cqe(&r, WHOLE)),
			 WHOLE_NO_CHILD);
		settle_and_check(&walk, v, status);
		again(&walk, v);
	}
	CHECK_GT(walk.injected * walk.stride, 20);
	tring_exit(&r);
}

#define CHILD(name_, ...)                                                      \
	do {                                                                   \
		const struct variant v_ = { .name = name_, ##__VA_ARGS__ };    \
		begin(&v_);                                                    \
		walk_child(&v_);                                               \
	} while (0)

TEST(O3_faults_of_steps_and_a_search, .timeout = 100)
{
	CHILD("SPAWN's child", .program = by_a_search);
}

TEST(O3_faults_of_a_search_in_open_directories, .timeout = 100)
{
	CHILD("SPAWN's child, open directories", .program = by_open_directories);
}

TEST(O3_faults_of_steps_and_a_program, .timeout = 100)
{
	CHILD("SPAWN's child, no search", .program = at_its_path, .stride = 3);
}

TEST(O3_faults_of_a_search_and_a_shell, .timeout = 100)
{
	CHILD("SPAWN's child, with a shell", .program = by_the_shell,
	      .stride = 2);
}

TEST(O2_faults_of_a_child_whose_cqe_is_the_submitters_work, .timeout = 100)
{
	CHILD("SPAWN's child, DEFER_TASKRUN",
	      .ring_flags = IORING_SETUP_SINGLE_ISSUER |
			    IORING_SETUP_DEFER_TASKRUN,
	      .program = by_a_search, .stride = 3);
}

TEST(O2_faults_of_a_child_of_an_sq_threads_ring, .timeout = 100)
{
	CHILD("SPAWN's child, SQPOLL", .ring_flags = IORING_SETUP_SQPOLL,
	      .program = by_a_search, .stride = 3);
}

/* -EBADRQC: the policy wanted something staged that was not */
static void walk_with_policy(const char *name, void (*program)(void), int event)
{
	const struct variant v = { .name = name,
				   .program = program,
				   .stride = 3,
				   .error = -EBADRQC };
	int link;

	begin(&v);
	link = attach(&r, &p, 0, event);
	walk_child(&v);
	close(link);
}

/* Asked at every candidate, it begins the search again once. */
TEST(O4_faults_of_a_search_that_a_policy_repeats, .timeout = 100)
{
	tprog_load(&p);
	tprog_rule(&p, IORING_POLICY_MISS, ENGINE_ANY_STEP,
		   IORING_VERDICT_RETRY)->below = 2;
	walk_with_policy("SPAWN's child, retried", by_a_search,
			 IORING_POLICY_MISS);
}

static void by_its_name(void)
{
	whole_init(&w, "armed");
}

TEST(O4_faults_of_a_staged_search, .timeout = 100)
{
	struct engine_rule *rule;

	tprog_load(&p);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, ENGINE_ANY_STEP,
			  IORING_VERDICT_SUBMIT);
	/* a path that fits into a rule */
	unlink("/tmp/fault_whole");
	CHECK_SYS(symlink(tap_dir(), "/tmp/fault_whole"));
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/b:/tmp/fault_whole");
	walk_with_policy("SPAWN's child, a staged search", by_its_name,
			 IORING_POLICY_BEFORE_EXEC);
	CHECK_SYS(unlink("/tmp/fault_whole"));
}
