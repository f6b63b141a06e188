// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A seccomp filter that kills or traps ends the child of a chain in EXEC or in a
 * command as it ends who makes the call. The child has the launcher's memory: no
 * core is dumped and no handler runs, and the launcher goes on (K3).
 */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

static const struct {
	const char *name;
	uint32_t action;
} deadly[] = {
	{ "kill process", SECCOMP_RET_KILL_PROCESS },
	{ "kill thread", SECCOMP_RET_KILL_THREAD },
	{ "trap", SECCOMP_RET_TRAP },
};
#define NR_DEADLY (sizeof(deadly) / sizeof(deadly[0]))

/* Run it in a process of its own, with each of these. */
static void with_each(void (*run)(uint32_t action))
{
	unsigned int i;

	for (i = 0; i < NR_DEADLY; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			DIAG("%s", deadly[i].name);
			run(deadly[i].action);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

/* The child was killed in this step, and nothing came after it. */
static void expect_killed(unsigned int step, unsigned int last)
{
	tring_total(&r, last + 2);
	for (; step <= last; step++)
		EXPECT_EQ(tring_res(&r, step), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	check_no_children();
	EXPECT_EQ(sigchlds(), 0U);
}

/* --- the chain ------------------------------------------------------------------------ */

static void kill_in_command(uint32_t action)
{
	count_sigchld();
	tring_init(&r, 0);
	filter_call(SYS_setsid, action);
	q_clone(&r);
	q_nop(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_mkdir(&r, in_dir("after"));
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(1, 3);
	EXPECT_EQ(tring_res(&r, 0), 0);
	CHECK_SYS_ERR(access(in_dir("after"), F_OK), ENOENT);
}

TEST(K3_a_filter_that_kills_ends_the_child_in_a_command)
{
	with_each(kill_in_command);
}

static void kill_in_exec(uint32_t action)
{
	count_sigchld();
	tring_init(&r, 0);
	filter_call(SYS_execveat, action);
	q_clone(&r);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(1, 1);
	EXPECT_EQ(tring_res(&r, 0), 0);
}

TEST(K3_a_filter_that_kills_ends_the_child_in_exec)
{
	with_each(kill_in_exec);
}

/* No hard link holds for who is dead. */
static void kill_in_search(uint32_t action)
{
	count_sigchld();
	tring_init(&r, 0);
	filter_call(SYS_execveat, action);
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent", NULL));
	hardlink(q_exit(&r, 0));
	hardlink(q_mkdir(&r, in_dir("after")));
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(0, 3);
	CHECK_SYS_ERR(access(in_dir("after"), F_OK), ENOENT);
}

TEST(K3_a_filter_that_kills_ends_a_search)
{
	with_each(kill_in_search);
}

TEST(K3_a_filter_that_kills_does_so_on_every_kind_of_ring)
{
	unsigned int i;

	count_sigchld();
	filter_call(SYS_setsid, SECCOMP_RET_KILL_PROCESS);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_child(&r, IORING_CHILD_SETSID);
		q_exit(&r, 0);
		tring_submit(&r);
		expect_killed(0, 1);
		tring_exit(&r);
	}
}

/* What comes after is spawned as ever. */
TEST(K3_a_launcher_goes_on_after_its_child_was_killed)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_setsid, SECCOMP_RET_KILL_PROCESS);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	q_clone(&r);
	q_exit(&r, 7);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ECANCELED);
	CHECK_EQ(tring_res(&r, CHAIN(1)), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CHAIN(1) + CLONE)), 7);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	CHECK_EQ(exec, 0);
}

/* A filter that a step has set, of which the launcher knows nothing. */
static void kill_by_own_filter(uint32_t action)
{
	struct io_uring_sqe *sqe;
	struct filter f;

	count_sigchld();
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_SET_SECCOMP;
	sqe->addr = SECCOMP_MODE_FILTER;
	sqe->off =
		(uintptr_t)filter_of(&f, SYS_execveat, 0, SYS_execveat, action);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(2, 2);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), 0);
}

TEST(K3_a_filter_that_a_step_has_set_kills)
{
	with_each(kill_by_own_filter);
}

/* --- signals -------------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void on_sigsys(int signo)
{
	(void)signo;
	handled++;
}

static void kill_handled(uint32_t action)
{
	struct sigaction handle = { .sa_handler = on_sigsys };

	CHECK_SYS(sigaction(SIGSYS, &handle, NULL));
	kill_in_command(action);
	EXPECT_EQ(handled, 0);
}

static void kill_ignored(uint32_t action)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	CHECK_SYS(sigaction(SIGSYS, &ignore, NULL));
	kill_in_command(action);
}

static void kill_blocked(uint32_t action)
{
	sigset_t all;

	sigfillset(&all);
	CHECK_SYS(sigprocmask(SIG_SETMASK, &all, NULL));
	kill_in_command(action);
	CHECK_SYS(sigpending(&all));
	EXPECT_EQ(sigismember(&all, SIGSYS), 0);
}

TEST(K3_no_handler_of_the_launcher_runs_for_a_killed_child)
{
	with_each(kill_handled);
}

TEST(K3_a_child_cannot_ignore_a_filter_that_kills)
{
	with_each(kill_ignored);
	with_each(kill_blocked);
}

/* --- core dumps ----------------------------------------------------------------------- */

static unsigned int files_here(void)
{
	DIR *dir = CHECK_PTR(opendir("."));
	struct dirent *entry;
	unsigned int count = 0;

	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Who makes the call himself leaves his memory there. */
static void check_core_of_call(uint32_t action)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		filter_call(SYS_setsid, action);
		syscall(SYS_setsid);
		_exit(1);
	}
	CHECK_EQ(wait_exit(pid), -SIGSYS);
	if (!files_here())
		SKIP("cores are dumped elsewhere, or not at all");
}

static void kill_without_core(uint32_t action)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (action == SECCOMP_RET_KILL_THREAD)
		return; /* SECCOMP_RET_KILL_PROCESS, for a single thread */
	CHECK_SYS(setrlimit(RLIMIT_CORE, &unlimited));
	CHECK_SYS(mkdir(in_dir(format("call%x", action)), 0700));
	CHECK_SYS(chdir(in_dir(format("call%x", action))));
	check_core_of_call(action);
	CHECK_SYS(mkdir(in_dir(format("step%x", action)), 0700));
	CHECK_SYS(chdir(in_dir(format("step%x", action))));
	tring_init(&r, 0);
	filter_call(SYS_execveat, action);
	q_clone(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(0, 0);
	EXPECT_EQ(files_here(), 0U);
}

TEST(K3_a_killed_child_dumps_no_core)
{
	with_each(kill_without_core);
}

/* --- policies ------------------------------------------------------------------------- */

static void kill_with_policy(uint32_t action)
{
	tprog_start(&r, &p, IORING_POLICY_DONE);
	count_sigchld();
	filter_call(SYS_setsid, action);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	tring_submit(&r);
	expect_killed(0, 1);
	EXPECT_EQ(p.engine->runs, 0U);
	tprog_free(&p);
}

TEST(K3_no_policy_runs_for_a_killed_child)
{
	with_each(kill_with_policy);
}

/* A retry, a skip, or others of its requests do not bring it back. */
static void kill_staged(uint32_t action)
{
	tprog_start(&r, &p, 0);
	tprog_rule(&p, IORING_POLICY_STAGED, 0, IORING_VERDICT_RETRY);
	rule_stage_text(
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT),
		ENGINE_STAGE_EXEC, helper("exit_with"));
	count_sigchld();
	/* of the policy's path only */
	filter_word(SYS_execveat, ARG_HIGH(1), ~0U, action);
	q_clone(&r);
	q_exit(&r, 6)->addr = (uintptr_t) "/missing/exit_with";
	tring_submit(&r);
	expect_killed(0, 0);
	EXPECT_EQ(p.engine->runs, 1U);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -ENOENT);
	tprog_free(&p);
}

TEST(K3_a_filter_that_kills_ends_the_child_in_what_a_policy_stages)
{
	with_each(kill_staged);
}
