// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default policy searches, on the engine: what a launcher sees. All of its
 * decisions are in policy_host_test.c; here are those that real files can provoke.
 */
#include "child.h"
#include "default_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

DEFAULT_POLICY

/* O4: all directories are one request of the kernel's, for which the policy runs once. */
TEST(bare_name_in_the_fourth_directory)
{
	make_directories();
	program("4/prog", 0755);
	write_file(in_dir("prog"), "#!/bin/false\n", 0755);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
	CHECK_EQ(tpolicy_info(&s.policy).runs, 1);
	CHECK_EQ(tpolicy_info(&s.policy).staged, 1);
}

TEST(name_that_is_nowhere)
{
	make_directories();
	program("prog", 0755); /* in the working directory */
	begin();
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
	CHECK_EQ(verdicts(IORING_VERDICT_CONTINUE), 1);
}

TEST(without_directories_nothing_is_tried)
{
	make_directories();
	program("prog", 0755);
	s.config.dirs_size = 0;
	begin();
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
}

/* Which program runs tells which directory was tried; two runs: before it and once it runs. */
TEST(remembered_directory_is_tried_first)
{
	make_directories();
	program("4/prog", 0755);
	s.config.remember_ns = 3600000000000ULL;
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(tpolicy_info(&s.policy).runs, 2);
	/* earlier in the PATH: not seen */
	write_file(in_dir("1/prog"), "#!/bin/false\n", 0755);
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 2);
	CHECK_EQ(tpolicy_info(&s.policy).runs, 4);
}

TEST(nothing_is_remembered_by_a_policy_that_is_not_told)
{
	make_directories();
	program("4/prog", 0755);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	write_file(in_dir("1/prog"), "#!/bin/false\n", 0755);
	CHECK_EQ(spawn("prog"), 1);
	CHECK_EQ(tpolicy_info(&s.policy).runs, 2);
}

TEST(remembered_directory_is_forgotten_after_a_while)
{
	make_directories();
	program("4/prog", 0755);
	s.config.remember_ns = 200000000;
	begin();
	CHECK_EQ(spawn("prog"), 7);
	/* earlier in the PATH: seen once the memory has ended */
	write_file(in_dir("1/prog"), "#!/bin/false\n", 0755);
	sleep_ms(s.config.remember_ns / 1000000);
	CHECK_EQ(spawn("prog"), 1);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 2);
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
	/* to find it, the wrong one, to find it */
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1 + 2);
	CHECK_SYS(unlink(in_dir("2/prog")));
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 3 + 2);
	/* forgotten */
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 5 + 1);
}

TEST(scripts_without_interpreter_are_remembered)
{
	make_directories();
	write_file(in_dir("4/script"), "exit $1\n", 0755);
	s.config.remember_ns = 3600000000000ULL;
	strcpy(s.config.shell, "/bin/sh");
	begin();
	CHECK_EQ(spawn("script"), 7);
	write_file(in_dir("1/script"), "#!/bin/false\n", 0755);
	CHECK_EQ(spawn("script"), 7);
}

TEST(working_directory_by_name)
{
	make_directories();
	program("prog", 0755);
	search_in(".");
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

/* What the launcher itself searches for is not searched for again. */
TEST(candidates_of_the_launchers_own_search)
{
	make_directories();
	program("1/prog", 0755);
	write_file(in_dir("prog"), "#!/bin/false\n", 0755);
	write_file(in_dir("denied"), "", 0644);
	program("1/denied", 0755);
	begin();
	q_clone(&s.ring);
	queue_exec("missing", "7")->ioprio = IORING_EXEC_SEARCH;
	queue_exec("denied", "7")->ioprio = IORING_EXEC_SEARCH;
	queue_exec("prog", "7")->ioprio = IORING_EXEC_SEARCH;
	tring_submit(&s.ring);
	CHECK_EQ(tring_res(&s.ring, 0), -ENOENT);
	CHECK_EQ(tring_res(&s.ring, 1), -EACCES);
	CHECK_EQ(tring_res(&s.ring, 2), 0);
	/* the one in the working directory, and not 1/prog */
	CHECK_EQ(wait_exit(tring_res(&s.ring, CLONE)), 1);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 0);
}

/* As environment modules make them: many directories, and long ones. */
TEST(many_and_long_directories)
{
	char *last = NULL;

	make_directories();
	for (int i = 0; i < 300; i++) {
		last = format("%s/%0100d/%0100d/%0100d", tap_dir(), i, i, i);
		search_in(last);
	}
	CHECK_GT(strlen(last), 300);
	begin();
	CHECK_EQ(spawn("prog"), -ENOENT);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
	CHECK_EQ(system(format("mkdir -p %s", last)), 0);
	copy_file(helper("exit_with"), format("%s/prog", last), 0755);
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 2);
	tpolicy_free(&s.policy);

	/* by steps: one request for each */
	s.config.errors = SPAWN_POLICY_ERRORS_POSIX;
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 304);
}

TEST(directories_that_leave_no_room_for_a_name)
{
	char *longest = format("/%0*d", SPAWN_POLICY_PATH_SIZE - 6, 0);

	make_directories();
	for (int i = 0; i < 10; i++)
		search_in(longest);
	search_in(in_dir("5"));
	CHECK_SYS(mkdir(in_dir("5"), 0755));
	program("5/prog", 0755);
	begin();
	CHECK_EQ(spawn("prog"), -ENAMETOOLONG);
	tpolicy_free(&s.policy);

	s.config.errors = SPAWN_POLICY_ERRORS_POSIX;
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 15);
}

TEST(eacces_is_remembered)
{
	make_directories();
	program("2/prog", 0644);
	begin();
	CHECK_EQ(spawn("prog"), -EACCES);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
	program("4/prog", 0755);
	CHECK_EQ(spawn("prog"), 7);
}

TEST(enotdir_goes_on)
{
	make_directories();
	s.config.dirs_size = 0;
	search_in(program("file", 0755));
	search_in(in_dir("2"));
	program("2/prog", 0755);
	begin();
	CHECK_EQ(spawn("prog"), 7);
	CHECK_EQ(verdicts(IORING_VERDICT_SUBMIT), 1);
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
	s.config.dirs_size = 0;
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
