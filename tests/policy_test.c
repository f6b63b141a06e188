// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default policy on the engine: what a launcher sees. All of its decisions
 * are in policy_host_test.c; here are those that real files can provoke.
 */
#include "child.h"
#include "policy.h"
#include "ring.h"
#include "spawn_policy.h"

#include <bpf/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Status of the program that must not be found. */
#define WRONG 99

struct setup {
	struct tring ring;
	struct tpolicy policy;
	struct spawn_policy_config config;
};

static struct setup s;
TPOLICY_PRELOAD("bpf/spawn_policy")

/* The working directory and directories "1" to "4" of the search. */
static void make_directories(void)
{
	char name[2] = "1";

	for (; *name <= '4'; name[0]++) {
		CHECK_SYS(mkdir(in_dir(name), 0755));
		strcpy(s.config.dirs[*name - '1'], in_dir(name));
	}
	s.config.nr_dirs = 4;
	s.config.version = SPAWN_POLICY_CONFIG_VERSION;
	CHECK_SYS(chdir(tap_dir()));
}

/* A program DIR/NAME; what it is called with is its status. */
static const char *program(const char *path, mode_t mode)
{
	copy_file(helper("exit_with"), in_dir(path), mode);
	return in_dir(path);
}

static void retry_on(int error, uint32_t count, uint64_t delay_ns)
{
	s.config.retries[s.config.nr_retries++] = (struct spawn_policy_retry){
		.error = error, .count = count, .delay_ns = delay_ns,
	};
}

static void on(uint32_t opcode, uint32_t cmd, int error, uint32_t verdict)
{
	s.config.on[s.config.nr_on++] = (struct spawn_policy_on){
		.opcode = opcode, .cmd = cmd, .error = error, .verdict = verdict,
	};
}

/* A ring under the default policy with the configuration made so far. */
static void begin(void)
{
	uint32_t key = 0;

	tring_init(&s.ring, 0);
	tpolicy_load(&s.policy, "bpf/spawn_policy");
	/* what the test before remembered is another configuration's */
	s.config.generation = getpid();
	CHECK_OK(bpf_map_update_elem(
		tpolicy_map(&s.policy, SPAWN_POLICY_CONFIG_MAP), &key,
		&s.config, BPF_ANY));
	tpolicy_attach(&s.policy, tring_fd(&s.ring), 0);
}

static uint64_t verdicts(enum bpf_iouring_verdict verdict)
{
	return tpolicy_info(&s.policy).verdicts[verdict];
}

static struct io_uring_sqe *queue_exec(const char *name, const char *status)
{
	static char *argv[8][3];
	static unsigned int turn;
	char **args = argv[turn++ % 8];

	args[0] = (char *)name;
	args[1] = (char *)status;
	return q_exec(&s.ring, name, args);
}

/* Spawn a program called with "7": its status, or EXEC's error. */
static int spawn(const char *name)
{
	int res;

	tring_forget(&s.ring);
	q_clone(&s.ring);
	queue_exec(name, "7");
	tring_submit(&s.ring);
	CHECK_GT(tring_res(&s.ring, CLONE), 0);
	res = tring_res(&s.ring, 0);
	tring_total(&s.ring, 2);
	if (!res)
		return wait_exit(tring_res(&s.ring, CLONE));
	check_gone(tring_res(&s.ring, CLONE));
	check_no_children();
	return res;
}

/* --- searching ------------------------------------------------------------------ */

TEST(bare_name_in_the_fourth_directory)
{
	make_directories();
	program("4/prog", 0755);
	write_file(in_dir("prog"), "#!/bin/false\n", 0755);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4);
}

TEST(name_that_is_nowhere)
{
	make_directories();
	program("prog", 0755); /* in the working directory */
	begin();
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4);
	CHECK_EQ(verdicts(IORING_VERDICT_CONTINUE), 1);
}

TEST(without_directories_nothing_is_tried)
{
	make_directories();
	program("prog", 0755);
	s.config.nr_dirs = 0;
	begin();
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
}

TEST(remembered_directory_is_tried_first_and_for_a_while)
{
	make_directories();
	program("4/prog", 0755);
	s.config.remember_ns = 1000000000ULL * tap_slowness();
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4);
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 5);
	/* earlier in the PATH: seen once the memory has ended */
	write_file(in_dir("1/prog"), "#!/bin/false\n", 0755);
	sleep_ms(s.config.remember_ns / 1000000);
	CHECK_EQ(spawn("prog"), 1);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 6);
}

TEST(memory_that_is_wrong_costs_a_search)
{
	make_directories();
	program("4/prog", 0755);
	s.config.remember_ns = 3600000000000ULL;
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_SYS(rename(in_dir("4/prog"), in_dir("2/prog")));
	CHECK_EQ(spawn("prog"), 7);
	/* 4 to find it, the wrong one, 1 and 2 */
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4 + 3);
	CHECK_SYS(unlink(in_dir("2/prog")));
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 7 + 5);
}

TEST(working_directory_by_name)
{
	make_directories();
	program("prog", 0755);
	strcpy(s.config.dirs[3], ".");
	begin();
	CHECK_EQ(spawn("prog"), 7);
}

TEST(names_with_a_slash_are_not_searched)
{
	make_directories();
	program("1/prog", 0755);
	begin();
	CHECK_EQ(spawn("./prog"), -ENOENT);
	CHECK_EQ(spawn("1/prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
}

TEST(names_in_an_open_directory_are_not_searched)
{
	int dir;

	make_directories();
	program("1/prog", 0755);
	begin();
	dir = CHECK_SYS(open(in_dir("2"), O_PATH | O_CLOEXEC));
	q_clone(&s.ring);
	queue_exec("prog", "7")->fd = dir;
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
}

/* That is how libspawnpol keeps a bare name from being executed as it is. */
TEST(names_without_any_directory_are_searched)
{
	make_directories();
	program("1/prog", 0755);
	begin();
	q_clone(&s.ring);
	queue_exec("prog", "7")->fd = -1;
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 7);
}

TEST(long_names)
{
	char bare[301], path[304];

	make_directories();
	memset(bare, 'n', 300);
	bare[300] = 0;
	begin();
	CHECK_EQ(spawn(bare), -ENAMETOOLONG);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
	snprintf(path, sizeof(path), "./%s", bare);
	memset(path + 100, '/', 100);
	CHECK_EQ(spawn(path), -ENOENT);
}

TEST(eacces_is_remembered)
{
	make_directories();
	program("2/prog", 0644);
	begin();
	CHECK_EQ(spawn("prog"), -EACCES);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 4);
	program("4/prog", 0755);
	CHECK_EQ(spawn("prog"), 7);
}

TEST(enotdir_goes_on)
{
	make_directories();
	strcpy(s.config.dirs[0], program("file", 0755));
	program("2/prog", 0755);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 2);
}

TEST(loop_of_links_stops_the_search_unless_posix)
{
	make_directories();
	CHECK_SYS(symlink("prog", in_dir("1/prog")));
	program("2/prog", 0755);
	begin();
	CHECK_EQ(spawn("prog"), -ELOOP);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
	tpolicy_free(&s.policy);

	s.config.errors = SPAWN_POLICY_ERRORS_POSIX;
	begin();
	CHECK_EQ(spawn("prog"), 7);
}

TEST(chains_search_at_the_same_time)
{
	unsigned int i;

	make_directories();
	program("2/b", 0755);
	program("4/d", 0755);
	begin();
	for (i = 0; i < 24; i++) {
		q_clone(&s.ring);
		queue_exec(i % 2 ? "b" : "d", i % 2 ? "2" : "4");
	}
	tring_submit(&s.ring);
	for (i = 0; i < 24; i++) {
		CHECK_EQ(tring_res(&s.ring, CHAIN(i)), 0);
		CHECK_EQ(wait_exit(tring_res(&s.ring, CHAIN(i) + CLONE)),
			 i % 2 ? 2 : 4);
	}
}

TEST(two_programs_in_one_chain)
{
	make_directories();
	program("3/second", 0755);
	begin();
	q_clone(&s.ring);
	hardlink(queue_exec("first", "1"));
	queue_exec("second", "2");
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 2);
}

TEST(two_programs_without_directories)
{
	make_directories();
	s.config.nr_dirs = 0;
	program("1/second", 0755);
	begin();
	q_clone(&s.ring);
	hardlink(queue_exec("first", "1"));
	queue_exec("1/second", "2");
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 2);
}

/* --- retrying ------------------------------------------------------------------- */

/* Another process keeps the file open for writing, for so long (0: for ever). */
static pid_t keep_busy(const char *path, unsigned int ms)
{
	pid_t pid;
	int fds[2];
	char byte;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(open(path, O_WRONLY));
		CHECK_EQ(write(fds[1], "", 1), 1);
		if (ms)
			sleep_ms(ms);
		else
			pause();
		_exit(0);
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
	writer = keep_busy(program("4/prog", 0755), 100);
	CHECK_EQ(spawn("prog"), 7);
	CHECK_GT(verdicts(IORING_VERDICT_SUBMIT), 4);
	CHECK_EQ(wait_exit(writer), 0);
}

TEST(busy_program_for_too_long)
{
	double start;
	pid_t writer;

	make_directories();
	retry_on(ETXTBSY, 3, 20 * 1000 * 1000);
	begin();
	writer = keep_busy(program("4/prog", 0755), 0);
	q_clone(&s.ring);
	queue_exec("prog", "7");
	start = now();
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ETXTBSY);
	CHECK_GE((now() - start) * 1000, 60);
	/* each directory once, then the fourth three times more */
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 7);

	tring_forget(&s.ring);
	q_clone(&s.ring);
	queue_exec(in_dir("4/prog"), "7");
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ETXTBSY);
	CHECK_EQ(verdicts(IORING_VERDICT_RETRY), 3);
	CHECK_SYS(kill(writer, SIGKILL));
	CHECK_EQ(wait_exit(writer), -SIGKILL);
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
	/* even where link rules would go on */
	hardlink(q_open_at(&s.ring, 1, "/nonexistent/log", O_WRONLY));
	q_exit(&s.ring, WRONG);
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), -ECANCELED);
	check_gone(tring_res(&s.ring, CLONE));
	check_no_children();
	CHECK_EQ(verdicts(IORING_VERDICT_ABORT), 1);
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
