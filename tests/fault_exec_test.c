// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * EXEC in the child, what a policy does about it, and the posting of CQEs fail
 * at each place in turn where memory or user space can be missing (S10, S11).
 *
 * A child begins with no fault to come, so it is given one while it blocks in
 * its first step. Whether it met with it before it was a program, the program
 * tells by its exit status.
 */
#include "armed.h"
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT
#define POSTED (OTHER + 50)

static const int read_errors[] = { -EFAULT, 0 };

static struct blocker blocker;
static char *argv[] = { "armed", NULL };

struct variant {
	const char *name;
	unsigned int ring_flags;
	void (*queue)(void); /* steps behind the one that blocks */
	unsigned int steps;  /* so many; 0: 1, the EXEC */
	unsigned int posted; /* CQEs of staged requests */
	unsigned int stride; /* 0: none */
	int error;	     /* one more that EXEC may fail with */
	/* after each chain that a fault was in */
	void (*check)(void);
};

static void queue(const struct variant *v)
{
	tring_forget(&r);
	if (p.engine)
		p.engine->runs = 0;
	q_clone(&r);
	hardlink(q_block(&r, &blocker));
	v->queue();
}

static unsigned int last_step(const struct variant *v)
{
	return v->steps ?: 1;
}

static unsigned int count_posted(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < r.nr_seen; i++)
		count += r.seen[i].user_data == POSTED;
	return count;
}

static int run(struct fault_walk *w, const struct variant *v, unsigned int nth)
{
	int status;

	queue(v);
	tring_submit(&r);
	if (nth)
		fault_blocked(CHECK_OK(fault_res(w, &r, CLONE)), nth);
	blocker_release(&blocker);
	status = fault_settle(w, &r, 1 + last_step(v), 0);
	close(blocker.fds[0]);
	close(blocker.fds[1]);
	if ((status == NO_PROGRAM) != (tring_res(&r, last_step(v)) < 0))
		FAIL("fault %u of %s: EXEC is %d, the program's status %d",
		     w->nth, w->name, tring_res(&r, last_step(v)), status);
	return status;
}

static void again(struct fault_walk *w, const struct variant *v)
{
	int status = run(w, v, 0);

	if (status != DISARMED)
		FAIL("after fault %u of %s: EXEC is %d, the program's status %d",
		     w->nth, w->name, tring_res(&r, last_step(v)), status);
	CHECK_EQ(count_posted(), v->posted);
}

/*
 * As in execve(2), no page for an argument is -E2BIG, and no memory for a
 * program's headers is -ENOEXEC.
 */
static void check_exec(struct fault_walk *w, const struct variant *v)
{
	const int errors[] = { NO_MEMORY_OR_COPY, -E2BIG, -ENOEXEC, v->error,
			       0 };

	fault_check(w, "EXEC", tring_res(&r, last_step(v)), errors);
}

static void walk(const struct variant *v)
{
	struct fault_walk w = { .name = v->name };
	int status;

	again(&w, v);
	w = fault_walk(v->name, v->stride ?: 1);
	while (fault_next(&w)) {
		status = run(&w, v, w.nth);
		w.happened = status != ARMED;
		if (status != ARMED && status != NO_PROGRAM)
			CHECK_EQ(status, DISARMED);
		fault_check(&w, "READ", tring_res(&r, 0), read_errors);
		check_exec(&w, v);
		CHECK_LE(count_posted(), v->posted);
		if (v->check)
			v->check();
		again(&w, v);
	}
	CHECK_GT(w.injected * w.stride, 20);
	tring_exit(&r);
}

static void begin(const struct variant *v)
{
	fault_prepare();
	copy_file(helper("armed"), in_dir("armed"), 0755);
	tring_init(&r, v->ring_flags);
}

#define WALK(name_, ...)                                                       \
	do {                                                                   \
		const struct variant v_ = { .name = name_, ##__VA_ARGS__ };    \
		begin(&v_);                                                    \
		walk(&v_);                                                     \
	} while (0)

/* --- without a policy ------------------------------------------------------- */

static void q_direct(void)
{
	q_exec_small(&r, in_dir("armed"), argv);
}

static void q_search(void)
{
	q_exec_small(&r, "/nonexistent/armed", argv)->ioprio =
		IORING_EXEC_SEARCH;
	q_exec_small(&r, in_dir("armed"), argv)->ioprio = IORING_EXEC_SEARCH;
}

static void q_script(void)
{
	q_exec_small(&r, in_dir("script"), argv);
}

TEST(S11_faults_of_exec, .timeout = 60)
{
	WALK("EXEC", .queue = q_direct);
}

TEST(S11_faults_of_exec_whose_cqe_is_the_submitters_work, .timeout = 60)
{
	WALK("EXEC, DEFER_TASKRUN",
	     .ring_flags =
		     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	     .queue = q_direct, .stride = 3);
}

TEST(S7_faults_of_a_search, .timeout = 60)
{
	WALK("EXEC, search", .queue = q_search, .steps = 2, .stride = 3,
	     .error = -ECANCELED);
}

TEST(S11_faults_of_a_script, .timeout = 60)
{
	write_file(in_dir("script"), format("#!%s\n", in_dir("armed")), 0755);
	WALK("EXEC, script", .queue = q_script, .stride = 3);
}

/* --- with one --------------------------------------------------------------- */

static void walk_with_policy(const struct variant *v, uint32_t events)
{
	int link = attach(&r, &p, 0, events);

	walk(v);
	close(link);
}

/* -EBADRQC: the policy wanted something staged that was not */
#define WALK_WITH_POLICY(name_, ...)                                           \
	do {                                                                   \
		const struct variant v_ = { .name = name_,                     \
					    .stride = 3,                       \
					    .error = -EBADRQC,                 \
					    ##__VA_ARGS__ };                   \
		walk_with_policy(&v_, 0);                                      \
	} while (0)

static void begin_with_policy(void)
{
	begin(&(const struct variant){ 0 });
	tprog_load(&p);
}

static struct engine_rule *when_failed(uint32_t verdict)
{
	return tprog_rule(&p, IORING_POLICY_FAILED, 1, verdict);
}

static void q_elsewhere(void)
{
	q_exec_small(&r, "/nonexistent/armed", argv);
}

/* A name without a directory. */
static void q_name(void)
{
	q_exec_small(&r, "armed", argv);
}

TEST(P7_faults_of_a_staged_exec, .timeout = 60)
{
	begin_with_policy();
	rule_stage_text(when_failed(IORING_VERDICT_SUBMIT), ENGINE_STAGE_EXEC,
			in_dir("armed"));
	WALK_WITH_POLICY("EXEC, staged", .queue = q_elsewhere);
}

TEST(P7_faults_of_a_staged_exec_dir, .timeout = 60)
{
	begin_with_policy();
	rule_stage_text(when_failed(IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC_DIR, tap_dir());
	WALK_WITH_POLICY("EXEC, staged in a directory", .queue = q_name);
}

TEST(P7_faults_of_a_staged_interpreter, .timeout = 60)
{
	begin_with_policy();
	write_file(in_dir("script"), "no first line", 0755);
	rule_stage_text(when_failed(IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC_INTERP, in_dir("armed"));
	WALK_WITH_POLICY("EXEC, staged with an interpreter", .queue = q_script);
}

/*
 * When EXEC (the first attempt) has failed, run the EXEC that is staged here;
 * what is staged before that makes the later attempts.
 */
static void stage_exec_after(unsigned int others)
{
	struct engine_rule *rule =
		tprog_rule(&p, IORING_POLICY_STAGED, 1, IORING_VERDICT_SUBMIT);

	rule->below = 1 + others + 1;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, in_dir("armed"));
}

TEST(P7_faults_of_staged_requests_that_are_posted, .timeout = 60)
{
	static const char path[] = "/dev/null";
	struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT,
				    .fd = AT_FDCWD,
				    .addr = (uintptr_t)path,
				    .open_flags = O_RDONLY | O_CLOEXEC,
				    .user_data = POSTED };
	struct engine_rule *rule;

	begin_with_policy();
	rule = when_failed(IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 2);
	rule->post = 1;
	stage_exec_after(2);
	WALK_WITH_POLICY("EXEC behind posted requests", .queue = q_elsewhere,
			 .posted = 2);
}

TEST(P7_faults_of_a_staged_path, .timeout = 60)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .len = IORING_CHILD_CHDIR,
				    .fd = AT_FDCWD,
				    .user_data = POSTED };
	struct engine_rule *rule;

	begin_with_policy();
	rule = when_failed(IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, ENGINE_STAGE_CHILD, "/tmp");
	rule->post = 1;
	stage_exec_after(1);
	WALK_WITH_POLICY("EXEC behind a staged CHILD", .queue = q_elsewhere,
			 .posted = 1);
}

/* What the policy was told of works the second time, if EXEC could return. */
static void check_retried(void)
{
	if (p.engine->runs)
		CHECK_EQ(tring_res(&r, 1), 0);
}

TEST(P6_faults_that_are_retried, .timeout = 60)
{
	begin_with_policy();
	when_failed(IORING_VERDICT_RETRY);
	WALK_WITH_POLICY("EXEC, retried", .queue = q_direct,
			 .check = check_retried);
}
