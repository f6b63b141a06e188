// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default policy retries, takes the shell and decides about steps by its
 * rules, on the engine: what a launcher sees. (Searches: policy_search_test.c.)
 */
#include "child.h"
#include "default_policy.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

DEFAULT_POLICY

/* --- retrying ------------------------------------------------------------------- */

/* Another process keeps the file open for writing, until it is killed. */
static pid_t keep_busy(const char *path)
{
	pid_t pid;
	int fds[2];
	char byte;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(open(path, O_WRONLY));
		CHECK_EQ(write(fds[1], "", 1), 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
	return pid;
}

TEST(busy_program_is_waited_for)
{
	pid_t writer;

	make_directories();
	retry_on(ETXTBSY, 900, 10 * 1000 * 1000);
	program("1/other", 0755);
	begin();
	writer = keep_busy(program("4/prog", 0755));
	q_clone(&s.ring);
	queue_exec("prog", "7");
	tring_submit(&s.ring);
	/* the search, then the fourth directory twice more */
	while (verdicts(IORING_VERDICT_SUBMIT) < 3) {
		CHECK(!tring_has(&s.ring, 0));
		sleep_ms(1);
	}
	CHECK_SYS(kill(writer, SIGKILL));
	CHECK_EQ(wait_exit(writer), -SIGKILL);
	CHECK_EQ(tring_res(&s.ring, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 7);
}

TEST(busy_program_for_too_long)
{
	double start;
	pid_t writer;

	make_directories();
	retry_on(ETXTBSY, 3, 20 * 1000 * 1000);
	begin();
	writer = keep_busy(program("4/prog", 0755));
	q_clone(&s.ring);
	queue_exec("prog", "7");
	start = now();
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ETXTBSY);
	CHECK_GE((now() - start) * 1000, 60);
	/* the search, then the fourth directory three times more */
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4);

	tring_forget(&s.ring);
	q_clone(&s.ring);
	queue_exec(in_dir("4/prog"), "7");
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ETXTBSY);
	CHECK_EQ(verdicts(IORING_VERDICT_RETRY), 3);
	CHECK_SYS(kill(writer, SIGKILL));
	CHECK_EQ(wait_exit(writer), -SIGKILL);
}

/* A retry rule counts for CLONE, too (P14); nothing else does. */
TEST(no_room_for_a_child_is_waited_for)
{
	static const char group[] = "/sys/fs/cgroup/policy_rules_test";
	const char *max = format("%s/pids.max", group);

	make_directories();
	program("1/prog", 0755);
	retry_on(EAGAIN, 3, 10 * 1000 * 1000);
	on(SPAWN_POLICY_ANY, SPAWN_POLICY_ANY, 0, IORING_VERDICT_SKIP);
	begin();
	mkdir(group, 0755);
	write_file(format("%s/cgroup.procs", group), "0", 0);
	write_file(max, "1", 0);
	q_clone(&s.ring);
	queue_exec("prog", "7");
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, CLONE), -EAGAIN);
	CHECK_EQ(verdicts(IORING_VERDICT_RETRY), 3);
	CHECK_EQ(verdicts(IORING_VERDICT_CONTINUE), 1);
	write_file(max, "2", 0);
	CHECK_EQ(spawn("prog"), 7);
	write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	CHECK_SYS(rmdir(group));
}

TEST(setup_step_is_retried)
{
	make_directories();
	retry_on(EAGAIN, 2, 0);
	begin();
	q_clone(&s.ring);
	q_result(&s.ring, -EAGAIN);
	q_exit(&s.ring, 0);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -EAGAIN);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
	CHECK_EQ(verdicts(IORING_VERDICT_RETRY), 2);
	CHECK_EQ(verdicts(IORING_VERDICT_ABORT), 1);
}

TEST(endless_retries_end_at_the_budget)
{
	make_directories();
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_RETRY);
	begin();
	CHECK_EQ(spawn("prog"), -ETOOMANYREFS);
	CHECK_EQ(tpolicy_info(&s.policy).exhausted, 1);
}

/* --- the shell ------------------------------------------------------------------ */

TEST(script_without_interpreter)
{
	make_directories();
	write_file(in_dir("3/script"), "exit $1\n", 0755);
	begin();
	CHECK_EQ(spawn("script"), -ENOEXEC);
	tpolicy_free(&s.policy);

	strcpy(s.config.shell, "/bin/sh");
	begin();
	CHECK_EQ(spawn("script"), 7);
	CHECK_EQ(spawn("3/script"), 7);
	CHECK_EQ(spawn("nothing"), -ENOENT);
	/* as execvp(3) goes on if there is no shell */
	strcpy(s.config.shell, "/nonexistent");
	tpolicy_free(&s.policy);
	begin();
	program("4/script", 0755);
	CHECK_EQ(spawn("script"), 7);
}

TEST(missing_shell)
{
	make_directories();
	write_file(in_dir("3/script"), "exit $1\n", 0755);
	strcpy(s.config.shell, "/nonexistent");
	begin();
	CHECK_EQ(spawn("3/script"), -ENOENT);
	CHECK_EQ(spawn("script"), -ENOENT);
}

/* --- setup steps ------------------------------------------------------------------ */

TEST(failed_redirection_aborts)
{
	make_directories();
	begin();
	q_clone(&s.ring);
	q_open_at(&s.ring, 1, "/nonexistent/log", O_WRONLY);
	q_exit(&s.ring, WRONG);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
	check_gone(tring_res(&s.ring, CLONE));
	check_no_children();
	CHECK_EQ(verdicts(IORING_VERDICT_ABORT), 1);
}

/* Unless the launcher says of the step that it may fail, and no rule says otherwise. */
TEST(a_step_that_may_fail_does_not_abort)
{
	make_directories();
	on(IORING_OP_NOP, SPAWN_POLICY_ANY, EIO, IORING_VERDICT_ABORT);
	begin();
	q_clone(&s.ring);
	hardlink(q_open_at(&s.ring, 1, "/nonexistent/log", O_WRONLY));
	q_exit(&s.ring, 4);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 4);

	tring_forget(&s.ring);
	q_clone(&s.ring);
	hardlink(q_result(&s.ring, -EIO));
	q_exit(&s.ring, WRONG);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -EIO);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
}

TEST(rules_decide_about_steps)
{
	make_directories();
	on(IORING_OP_NOP, SPAWN_POLICY_ANY, EIO, IORING_VERDICT_SKIP);
	on(SPAWNPOL_OP_CHILD, IORING_CHILD_SETPGID, 0, IORING_VERDICT_ABORT);
	on(SPAWNPOL_OP_CHILD, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_CONTINUE);
	begin();
	q_clone(&s.ring);
	q_result(&s.ring, -EIO);
	hardlink(q_open_at(&s.ring, 1, "/nonexistent/log", O_WRONLY));
	q_exit(&s.ring, 3);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), 0);
	CHECK_EQ(tring_res(&s.ring, 1), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 2), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 3);

	/* continue leaves it to the link, which is a plain one here */
	tring_forget(&s.ring);
	q_clone(&s.ring);
	q_open_at(&s.ring, 1, "/nonexistent/log", O_WRONLY);
	q_exit(&s.ring, WRONG);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
}

TEST(rules_decide_about_the_outcome_of_a_search)
{
	make_directories();
	program("2/prog", 0755);
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_ABORT);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	tring_forget(&s.ring);
	q_clone(&s.ring);
	hardlink(queue_exec("nothing", "1"));
	q_exit(&s.ring, WRONG);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
}

TEST(nothing_fails_nothing_runs)
{
	make_directories();
	program("1/prog", 0755);
	begin();
	q_clone(&s.ring);
	q_nop(&s.ring);
	q_exit(&s.ring, 5);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 5);
	/* before the EXEC, to look at its name */
	CHECK_EQ(tpolicy_info(&s.policy).runs, 1);
}
