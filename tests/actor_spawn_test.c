// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs of IORING_OP_BPF that start other programs (A3, A2). */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/kept.h"
#include "lib/whole.h"

#include <signal.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD
static struct whole w;

#define SPAWN 1
#define REAP 2

static void each_kind(void (*test)(unsigned int flags))
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		test(tring_kinds[i].flags);
		tring_exit(&r);
		actor_free(&a);
	}
}

static void fill_spawn(struct io_uring_sqe *sqe, struct whole *whole)
{
	sqe->addr = (uintptr_t)&whole->arg;
	sqe->len = sizeof(whole->arg);
}

/* Wait for the child that the completion has told of. */
static void reap_after(uint64_t tag)
{
	struct script_rule *rule = actor_when(&a, tag, SCRIPT_OK, WAIT);
	struct io_uring_sqe *sqe = actor_sqe(&a, rule, OP_WAITID, REAP);

	sqe->len = P_PID;
	sqe->file_index = WEXITED | __WALL;
	rule->fd_from_res = 1;
}

/* --- whole spawns ---------------------------------------------------------------------- */

static void spawn_and_wait(unsigned int flags)
{
	const struct script_run *run;
	pid_t pid;

	actor_begin(&r, &a, flags);
	whole_exit(&w, 7);
	fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	reap_after(SPAWN);
	EXPECT_EQ(actor_result(&r), 0);
	run = actor_told(&a, SPAWN, 0);
	pid = CHECK_OK(run->ctx.res);
	EXPECT_EQ(run->ctx.opcode, SPAWNPOL_OP_SPAWN);
	EXPECT_EQ(run->ctx.cqe_flags >> IORING_SPAWN_STEP_SHIFT, 1);
	EXPECT_EQ(actor_times(&a, CQE, SPAWN), 1);
	run = actor_told(&a, REAP, 0);
	EXPECT_EQ(run->ctx.res, 0);
	EXPECT_EQ(run->ctx.wait_pid, pid);
	EXPECT_EQ(run->ctx.wait_status, 7);
	EXPECT_EQ(run->ctx.wait_code, CLD_EXITED);
	tring_total(&r, 1);
	check_no_children();
}

TEST(A3_spawn_and_wait)
{
	each_kind(spawn_and_wait);
}

static void spawn_that_fails(unsigned int flags)
{
	const struct script_run *run;

	actor_begin(&r, &a, flags);
	whole_exit(&w, 7);
	whole_step(&w, IORING_CHILD_SETSID);
	whole_fail(&w);
	whole_report(&w);
	fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	actor_ends_with(&a, SPAWN);
	EXPECT_EQ(actor_result(&r), -EBADF);
	run = actor_told(&a, SPAWN, 0);
	EXPECT_EQ(run->ctx.cqe_flags >> IORING_SPAWN_STEP_SHIFT, 2);
	EXPECT_EQ(w.told.report.end, IORING_END_STEP);
	EXPECT_EQ(w.told.report.error, -EBADF);
	EXPECT_EQ(a.script->runs, 2);
	whole_is_gone();
}

TEST(A3_a_spawn_that_fails)
{
	each_kind(spawn_that_fails);
}

/* As many at once as may be in flight; each one that ends is followed by another. */
static void jobs(unsigned int flags)
{
	struct script_rule *rule;
	unsigned int i, nr = 40;

	actor_begin(&r, &a, flags);
	whole_exit(&w, 3);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 10;
	fill_spawn(actor_sqe(&a, rule, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	reap_after(SPAWN);
	rule = actor_on(&a, CQE, REAP, WAIT);
	rule->times = nr - 10;
	fill_spawn(actor_sqe(&a, rule, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_times(&a, CQE, SPAWN), nr);
	EXPECT_EQ(actor_times(&a, CQE, REAP), nr);
	for (i = 0; i < nr; i++) {
		EXPECT_GT(actor_told(&a, SPAWN, i)->ctx.res, 0);
		EXPECT_EQ(actor_told(&a, REAP, i)->ctx.wait_status, 3);
	}
	tring_total(&r, 1);
	check_no_children();
}

TEST(A3_many_spawns_at_once)
{
	each_kind(jobs);
}

/* A link of SPAWN, as in the SQ ring. */
TEST(A3_what_is_linked_to_a_spawn)
{
	actor_begin(&r, &a, 0);
	whole_exit(&w, 0);
	fill_spawn(actor_links(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	actor_starts(&a, IORING_OP_NOP, 5);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_GT(actor_told(&a, SPAWN, 0)->ctx.res, 0);
	EXPECT_EQ(actor_told(&a, 5, 0)->ctx.res, 0);
	EXPECT_EQ(wait_exit(-1), 0);
	whole_init(&w, "/nonexistent");
	actor_again(&r, &a);
	fill_spawn(actor_links(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	actor_starts(&a, IORING_OP_NOP, 5);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, SPAWN, 0)->ctx.res, -ENOENT);
	EXPECT_EQ(actor_told(&a, 5, 0)->ctx.res, -ECANCELED);
	whole_is_gone();
}

/* --- chains of CLONE ------------------------------------------------------------------- */

static char *argv[] = { "exit_with", "9", NULL };

/* CLONE, this step, EXEC; tags 10, 11 and 12. */
static struct io_uring_sqe *stage_chain(unsigned int op)
{
	struct io_uring_sqe *step, *sqe;

	actor_links(&a, SPAWNPOL_OP_CLONE, 10);
	step = actor_links(&a, op, 11);
	sqe = actor_starts(&a, SPAWNPOL_OP_EXEC, 12);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)helper("exit_with");
	sqe->addr2 = (uintptr_t)argv;
	sqe->addr3 = (uintptr_t)environ;
	return step;
}

static void clone_chain(unsigned int flags)
{
	pid_t pid;

	actor_begin(&r, &a, flags);
	stage_chain(SPAWNPOL_OP_CHILD)->len = IORING_CHILD_SETSID;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(a.script->runs, 4);
	pid = actor_told(&a, 10, 0)->ctx.res;
	CHECK_GT(pid, 0);
	EXPECT_EQ(actor_told(&a, 10, 0)->ctx.opcode, SPAWNPOL_OP_CLONE);
	EXPECT_EQ(actor_told(&a, 11, 0)->ctx.res, pid);
	EXPECT_EQ(actor_told(&a, 12, 0)->ctx.res, 0);
	EXPECT_EQ(wait_exit(pid), 9);
	tring_total(&r, 1);
}

TEST(A3_a_chain_of_clone)
{
	each_kind(clone_chain);
}

static void clone_chain_fails(unsigned int flags)
{
	actor_begin(&r, &a, flags);
	stage_chain(SPAWNPOL_OP_CHILD)->len = IORING_CHILD_FCHDIR;
	((struct io_uring_sqe *)a.script->sqes[1])->fd = 987;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(a.script->runs, 4);
	EXPECT_GT(actor_told(&a, 10, 0)->ctx.res, 0);
	EXPECT_EQ(actor_told(&a, 11, 0)->ctx.res, -EBADF);
	EXPECT_EQ(actor_told(&a, 12, 0)->ctx.res, -ECANCELED);
	whole_is_gone();
}

TEST(A3_a_chain_of_clone_that_fails)
{
	each_kind(clone_chain_fails);
}

TEST(A3_a_deadline_of_a_chain)
{
	struct __kernel_timespec soon = { .tv_nsec = 30000000 };
	struct io_uring_sqe *sqe;
	char byte;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	actor_links(&a, SPAWNPOL_OP_CLONE, 10);
	sqe_on(actor_links(&a, IORING_OP_LINK_TIMEOUT, 13), -1, &soon, 1);
	sqe_on(actor_links(&a, IORING_OP_READ, 11), fds[0], &byte, 1);
	sqe = actor_starts(&a, SPAWNPOL_OP_EXEC, 12);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)helper("exit_with");
	sqe->addr2 = (uintptr_t)argv;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_GT(actor_told(&a, 10, 0)->ctx.res, 0);
	EXPECT_EQ(actor_told(&a, 13, 0)->ctx.res, -ETIME);
	EXPECT_EQ(actor_told(&a, 11, 0)->ctx.res, -ECANCELED);
	EXPECT_EQ(actor_told(&a, 12, 0)->ctx.res, -ECANCELED);
	EXPECT_EQ(a.script->runs, 5);
	whole_is_gone();
}

/* --- the policies of the ring ----------------------------------------------------------- */

TEST(A3_policies_apply_to_what_is_staged)
{
	unsigned int chain;
	struct tprog p;

	for (chain = 0; chain < 2; chain++) {
		actor_begin(&r, &a, 0);
		tprog_load(&p);
		attach(&r, &p, 0, 0);
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SKIP);
		whole_exit(&w, 9);
		whole_fail(&w);
		if (chain) {
			stage_chain(SPAWNPOL_OP_CHILD)->len = IORING_CHILD_FCHDIR;
			((struct io_uring_sqe *)a.script->sqes[1])->fd = 987;
		} else {
			fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, 10), &w);
		}
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(p.engine->runs, 1);
		EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -EBADF);
		EXPECT_EQ(wait_exit(CHECK_OK(actor_told(&a, 10, 0)->ctx.res)), 9);
		if (chain)
			EXPECT_EQ(actor_told(&a, 11, 0)->ctx.res, 0);
		tring_exit(&r);
		tprog_free(&p);
		actor_free(&a);
	}
}

TEST(A3_a_staged_chain_can_insist_on_a_policy)
{
	actor_begin(&r, &a, 0);
	whole_exit(&w, 9);
	w.arg.flags = IORING_SPAWN_NEED_POLICY;
	fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	actor_ends_with(&a, SPAWN);
	EXPECT_EQ(actor_result(&r), -ENOLINK);
}

/* CQEs that a policy asks for are the launcher's. */
TEST(A3_what_a_policy_posts_goes_to_the_ring)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP,
				    .user_data = OTHER + 44 };
	struct engine_rule *rule;
	struct tprog p;

	actor_begin(&r, &a, 0);
	tprog_load(&p);
	attach(&r, &p, 0, 0);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	rule->post = 1;
	tprog_rule(&p, IORING_POLICY_STAGED, 0, IORING_VERDICT_SKIP);
	whole_exit(&w, 9);
	whole_fail(&w);
	fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, SPAWN), &w);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(actor_told(&a, SPAWN, 0)->ctx.res)), 9);
	EXPECT_EQ(tring_cqe(&r, OTHER + 44)->flags, SPAWNPOL_CQE_F_STAGED);
	EXPECT_EQ(a.script->runs, 2);
	tring_total(&r, 2);
}

/* --- kept children ---------------------------------------------------------------------- */

static int spawn_by_program(struct whole *whole)
{
	actor_again(&r, &a);
	fill_spawn(actor_starts(&a, SPAWNPOL_OP_SPAWN, SPAWN), whole);
	actor_ends_with(&a, SPAWN);
	return actor_result(&r);
}

static void kept(unsigned int flags)
{
	pid_t pid, copy;
	int number;

	actor_begin(&r, &a, flags);
	kept_new(&w);
	whole_report(&w);
	number = CHECK_OK(spawn_by_program(&w));
	CHECK_GT(number, 0);
	pid = w.told.report.pid;
	check_kept(&r, number, pid, "waiting");
	whole_exit(&w, 4);
	kept_copy(&w, number);
	copy = CHECK_OK(spawn_by_program(&w));
	EXPECT_EQ(wait_exit(copy), 4);
	whole_exit(&w, 5);
	kept_in(&w, number);
	EXPECT_EQ(spawn_by_program(&w), pid);
	EXPECT_EQ(wait_exit(pid), 5);
	check_kept_gone(&r, number);
}

TEST(A3_children_that_wait)
{
	each_kind(kept);
}
