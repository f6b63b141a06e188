// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The default policy's decisions, without a kernel, so that errors come into
 * play that no test can provoke at will (ESTALE, ENODEV, ETIMEDOUT).
 * policy_search_test.c and policy_rules_test.c do the same on the real engine.
 */
#include "policy_sim.h"

/* --- searching ------------------------------------------------------------------ */

TEST(bare_name_is_found_in_the_fourth_directory)
{
	path_is("/1", "/2", "/3", "/4");
	FILE_IS("/4/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x /4/x ");
}

TEST(first_match_counts)
{
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/1/x", 0);
	FILE_IS("/2/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x ");
}

TEST(name_nowhere_is_enoent)
{
	path_is("/1", "/2", "/3", "/4");
	FILE_IS("x", 0); /* in the working directory */
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	CHECK_STR(story, "/1/x /2/x /3/x /4/x ");
}

TEST(no_directories_nothing_tried)
{
	FILE_IS("x", 0);
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
	CHECK_STR(story, "");
	chain.flags |= IORING_POLICY_F_HARDLINK;
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_SKIP);
	CHECK_STR(story, "");
}

TEST(names_with_a_slash_are_not_searched)
{
	static const char *names[] = { "./x", "/x", "a/x", "x/", NULL };

	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/1/x", 0);
	for (int i = 0; names[i]; i++) {
		CHECK_EQ(exec_step(names[i]), -ENOENT);
		EXPECT_EQ(strncmp(story, names[i], strlen(names[i])), 0);
		EXPECT_EQ(chain.attempt, 1);
	}
}

TEST(empty_name_is_left_alone)
{
	path_is("/1", NULL, NULL, NULL);
	FILE_IS("", 0); /* AT_EMPTY_PATH */
	CHECK_EQ(exec_step(""), 0);
	CHECK_STR(story, " ");
}

TEST(name_in_an_open_directory_is_left_alone)
{
	path_is("/1", NULL, NULL, NULL);
	FILE_IS("x", 0); /* in the directory */
	chain.flags |= IORING_POLICY_F_EXEC_AT;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "x ");
}

TEST(long_names)
{
	char bare[400], path[400];

	memset(bare, 'n', sizeof(bare) - 1);
	bare[sizeof(bare) - 1] = 0;
	memcpy(path, bare, sizeof(bare));
	path[100] = '/';
	path_is("/1", NULL, NULL, NULL);
	CHECK_EQ(exec_step(bare), -ENAMETOOLONG);
	CHECK_STR(story, "");
	FILE_IS(path, 0);
	CHECK_EQ(exec_step(path), 0);
	CHECK_EQ(chain.attempt, 1);
}

/* The candidate in the first of two directories fails with this error. */
static bool goes_on(int error)
{
	nr_files = 0;
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/1/x", -error);
	FILE_IS("/2/x", 0);
	if (!exec_step("x"))
		return true;
	CHECK_EQ(chain.res, -error);
	CHECK_STR(story, "/1/x ");
	return false;
}

TEST(which_errors_let_the_search_go_on)
{
	static const struct {
		int error;
		bool glibc, posix;
	} table[] = {
		{ ENOENT, true, true },	  { ENOTDIR, true, true },
		{ EACCES, true, true },	  { ESTALE, true, false },
		{ ENODEV, true, false },  { ETIMEDOUT, true, false },
		{ ELOOP, false, true },	  { ENAMETOOLONG, false, true },
		{ EPERM, false, false },  { EIO, false, false },
		{ ENOMEM, false, false }, { ETXTBSY, false, false },
		{ E2BIG, false, false },  { ENOEXEC, false, false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		DIAG("%s", tap_errname(table[i].error));
		setup.errors = SPAWN_POLICY_ERRORS_GLIBC;
		EXPECT_EQ(goes_on(table[i].error), table[i].glibc);
		setup.errors = SPAWN_POLICY_ERRORS_POSIX;
		EXPECT_EQ(goes_on(table[i].error), table[i].posix);
	}
}

TEST(eacces_is_remembered)
{
	path_is("/1", "/2", "/3", NULL);
	FILE_IS("/2/x", -EACCES);
	CHECK_EQ(exec_step("x"), -EACCES);
	CHECK_STR(story, "/1/x /2/x /3/x ");
	/* ... unless the search stops for another reason */
	FILE_IS("/3/x", -EIO);
	CHECK_EQ(exec_step("x"), -EIO);
}

TEST(last_error_is_reported_without_eacces)
{
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/2/x", -ENOTDIR);
	CHECK_EQ(exec_step("x"), -ENOTDIR);
}

TEST(each_step_searches_anew)
{
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/1/x", -EACCES);
	FILE_IS("/2/y", 0);
	CHECK_EQ(exec_step("x"), -EACCES);
	same_chain = true;
	chain.step = 1;
	CHECK_EQ(exec_step("z"), -ENOENT);
	CHECK_STR(story, "/1/z /2/z ");
	chain.step = 2;
	CHECK_EQ(exec_step("y"), 0);
}

TEST(all_directories_are_searched)
{
	char dir[12];

	for (int i = 0; i < 900; i++) {
		sprintf(dir, "/%d", i);
		add_dir(dir);
	}
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_EQ(chain.attempt, 900);
	FILE_IS("/899/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(chain.attempt, 900);
}

/* Add a directory of so many bytes that no other is like. */
static const char *long_dir(size_t len)
{
	static int nr;
	static char dir[PATH_MAX + 1];

	memset(dir, 'd', len);
	dir[0] = '/';
	dir[1 + nr++ % 100] = 'D';
	dir[len] = '\0';
	add_dir(dir);
	return dir;
}

/* As long a PATH as a program can be given, in as long directories as there can be. */
TEST(path_of_full_length)
{
	char *path;

	for (int i = 0; i < SPAWN_POLICY_DIRS_SIZE / PATH_MAX; i++)
		CHECK(asprintf(&path, "%s/x", long_dir(PATH_MAX - 3)) > 0);
	CHECK_EQ(spawn_policy_add_dir(&setup, path, PATH_MAX - 1), -E2BIG);
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_EQ(chain.attempt, SPAWN_POLICY_DIRS_SIZE / PATH_MAX);
	FILE_IS(path, 0);
	CHECK_EQ(exec_step("x"), 0);
}

TEST(directories_that_are_no_path_are_left_out)
{
	path_is("/1", "", NULL, NULL);
	long_dir(PATH_MAX);
	add_dir("/2");
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "/1/x /2/x ");
}

TEST(candidates_whose_paths_are_too_long)
{
	int nr;

	path_is("/1", NULL, NULL, NULL);
	long_dir(PATH_MAX - 2);
	FILE_IS("/2/x", 0);
	add_dir("/2");
	/* execvp(3) has this error from execve(2) */
	CHECK_EQ(exec_step("x"), -ENAMETOOLONG);
	CHECK_STR(story, "/1/x ");
	setup.errors = SPAWN_POLICY_ERRORS_POSIX;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x ");

	/* as many as there is room for */
	path_is("/1", NULL, NULL, NULL);
	for (nr = 0; setup.dirs_size + PATH_MAX < SPAWN_POLICY_DIRS_SIZE; nr++)
		long_dir(PATH_MAX - 2);
	add_dir("/2");
	CHECK_GT(nr, 30);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x ");
	setup.dirs_size -= strlen(":/2");
	CHECK_EQ(exec_step("x"), -ENAMETOOLONG);
}

TEST(candidates_of_the_launchers_own_search_are_left_alone)
{
	path_is("/1", NULL, NULL, NULL);
	FILE_IS("/1/x", 0);
	FILE_IS("x", -EACCES, 0); /* in the working directory */
	chain.flags |= IORING_POLICY_F_SEARCH;
	CHECK_EQ(exec_step("x"), -EACCES);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	CHECK_STR(story, "x ");
	retry_on(EACCES, 1, 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "x x ");
}

/* O4: as many requests, and runs of the policy, whatever the number of directories. */
TEST(a_search_is_one_request)
{
	path_is("/1", "/2", "/3", "/4");
	FILE_IS("/4/x", 0);
	retry_on(ETXTBSY, 3, 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(nr_staged, 1);
	CHECK_EQ(chain.attempt, 4);
	CHECK_EQ(exec_step("y"), -ENOENT);
	CHECK_EQ(nr_staged, 1);
}

/* By another rule than the kernel's, or with a retry where that goes on. */
TEST(a_search_that_the_policy_has_to_follow_is_many_requests)
{
	path_is("/1", "/2", "/3", "/4");
	FILE_IS("/4/x", 0);
	setup.errors = SPAWN_POLICY_ERRORS_POSIX;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(nr_staged, 4);
	setup.errors = SPAWN_POLICY_ERRORS_GLIBC;
	retry_on(ETXTBSY, 3, 0);
	retry_on(ENODEV, 3, 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(nr_staged, 4);
	CHECK_STR(story, "/1/x /2/x /3/x /4/x ");
}

TEST(directories_have_no_colons)
{
	CHECK_EQ(spawn_policy_add_dir(&setup, "/a:/b", 5), -EINVAL);
	CHECK_EQ(setup.dirs_size, 0);
}

/* --- retrying ------------------------------------------------------------------- */

TEST(busy_candidate_is_tried_again_in_its_directory)
{
	path_is("/1", "/2", "/3", "/4");
	retry_on(ETXTBSY, 5, 1000);
	FILE_IS("/4/x", -ETXTBSY, -ETXTBSY, 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x /4/x /4/x /4/x ");
	CHECK_EQ(total_delay, 2000);
}

TEST(search_goes_on_after_a_candidate_that_was_busy)
{
	path_is("/1", "/2", "/3", "/4");
	retry_on(ETXTBSY, 5, 0);
	FILE_IS("/2/x", -ETXTBSY, -ENOENT);
	FILE_IS("/4/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /2/x /3/x /4/x ");
	files[1].results[0] = -EACCES;
	CHECK_EQ(exec_step("x"), -EACCES);
}

TEST(retries_are_bounded)
{
	retry_on(ETXTBSY, 3, 10);
	FILE_IS("/bin/x", -ETXTBSY);
	CHECK_EQ(exec_step("/bin/x"), -ETXTBSY);
	CHECK_EQ(chain.attempt, 4);
	CHECK_EQ(total_delay, 30);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
}

TEST(rules_count_on_their_own)
{
	retry_on(EAGAIN, 1, 0);
	retry_on(ENOMEM, 2, 0);
	FILE_IS("/x", -ENOMEM, -EAGAIN, -ENOMEM, -EAGAIN);
	CHECK_EQ(exec_step("/x"), -EAGAIN);
	CHECK_EQ(chain.attempt, 4);
}

TEST(retries_come_before_the_next_directory)
{
	path_is("/1", "/2", NULL, NULL);
	retry_on(ESTALE, 2, 0);
	FILE_IS("/1/x", -ESTALE);
	FILE_IS("/2/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /1/x /1/x /2/x ");
}

TEST(setup_steps_are_retried_too)
{
	retry_on(EAGAIN, 2, 0);
	CHECK_EQ(setup_step(IORING_OP_OPENAT, 0, -EAGAIN), -EAGAIN);
	CHECK_EQ(chain.attempt, 3);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}

TEST(what_cannot_be_issued_twice_is_not)
{
	retry_on(EAGAIN, 2, 0);
	begin(IORING_OP_SPLICE, NULL);
	own_result = -EAGAIN;
	chain.flags &= ~IORING_POLICY_F_CAN_RETRY;
	issue_own(setup_own);
	CHECK_EQ(run_step(setup_own), -EAGAIN);
	CHECK_EQ(chain.attempt, 1);
}

/* --- the shell ------------------------------------------------------------------ */

TEST(script_without_interpreter_goes_to_the_shell)
{
	strcpy(setup.shell, "/bin/sh");
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/2/x", -ENOEXEC);
	FILE_IS("/bin/sh", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x (/2/x) /bin/sh ");
	FILE_IS("/3/x", -ENOEXEC);
	CHECK_EQ(exec_step("/3/x"), 0);
	CHECK_STR(story, "/3/x (/3/x) /bin/sh ");
}

TEST(no_shell_unless_asked_for)
{
	FILE_IS("/3/x", -ENOEXEC);
	CHECK_EQ(exec_step("/3/x"), -ENOEXEC);
	CHECK_STR(story, "/3/x ");
}

TEST(shell_that_is_no_program_ends_it)
{
	strcpy(setup.shell, "/sh");
	path_is("/1", "/2", NULL, NULL);
	FILE_IS("/1/x", -ENOEXEC);
	FILE_IS("/sh", -ENOEXEC);
	CHECK_EQ(exec_step("x"), -ENOEXEC);
	CHECK_STR(story, "/1/x (/1/x) /sh ");
}

/* As execvp(3) goes on. */
TEST(search_goes_on_after_a_shell_that_is_not_there)
{
	strcpy(setup.shell, "/sh");
	path_is("/1", "/2", "/3", "/4");
	FILE_IS("/2/x", -ENOEXEC);
	FILE_IS("/4/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x (/2/x) /sh /3/x /4/x ");
}

TEST(busy_shell_means_the_script_again)
{
	strcpy(setup.shell, "/sh");
	path_is("/1", "/2", NULL, NULL);
	retry_on(ETXTBSY, 2, 0);
	FILE_IS("/2/x", -ENOEXEC);
	FILE_IS("/sh", -ETXTBSY, 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x (/2/x) /sh /2/x (/2/x) /sh ");
	CHECK_EQ(exec_step("/2/x"), 0);
	CHECK_STR(story, "/2/x (/2/x) /sh /2/x (/2/x) /sh ");
}

/* --- rules ---------------------------------------------------------------------- */

TEST(failed_setup_aborts)
{
	CHECK_EQ(setup_step(IORING_OP_OPENAT, 0, -ENOENT), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
	CHECK_EQ(setup_step(IORING_OP_READ, 0, 3), 3); /* short */
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}

TEST(a_step_that_may_fail_does_not_abort)
{
	chain.flags |= IORING_POLICY_F_HARDLINK;
	CHECK_EQ(setup_step(IORING_OP_OPENAT, 0, -ENOENT), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	CHECK_EQ(setup_step(IORING_OP_READ, 0, 3), 3); /* short */
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	on(SPAWN_POLICY_ANY, SPAWN_POLICY_ANY, 0, IORING_VERDICT_ABORT);
	CHECK_EQ(setup_step(IORING_OP_OPENAT, 0, -ENOENT), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}

TEST(rules_give_the_verdict)
{
	on(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR, ENOENT, IORING_VERDICT_SKIP);
	on(SPAWNPOL_OP_CHILD, SPAWN_POLICY_ANY, EBADF, IORING_VERDICT_CONTINUE);
	on(IORING_OP_READ, SPAWN_POLICY_ANY, 0, IORING_VERDICT_CONTINUE);

	setup_step(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR, -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_SKIP);
	setup_step(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR, -EACCES);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
	setup_step(SPAWNPOL_OP_CHILD, IORING_CHILD_DUP, -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
	setup_step(SPAWNPOL_OP_CHILD, IORING_CHILD_DUP, -EBADF);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	setup_step(IORING_OP_READ, 0, -EIO);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	setup_step(IORING_OP_READ, 0, 3);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
	setup_step(IORING_OP_WRITE, 0, -EIO);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}

TEST(first_rule_that_fits_counts)
{
	on(SPAWN_POLICY_ANY, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_CONTINUE);
	on(IORING_OP_OPENAT, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_SKIP);
	setup_step(IORING_OP_OPENAT, 0, -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_CONTINUE);
}

TEST(rules_for_exec_look_at_the_outcome_of_the_search)
{
	path_is("/1", "/2", NULL, NULL);
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, ENOENT, IORING_VERDICT_SKIP);
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, 0, IORING_VERDICT_ABORT);
	FILE_IS("/2/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(exec_step("y"), -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_SKIP);
	FILE_IS("/1/z", -EACCES);
	CHECK_EQ(exec_step("z"), -EACCES);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}

TEST(retry_by_rule_searches_from_the_start)
{
	path_is("/1", "/2", NULL, NULL);
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, EIO, IORING_VERDICT_RETRY);
	FILE_IS("/1/x", -EACCES, -ENOENT);
	FILE_IS("/2/x", -EIO, -ENOENT);
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "/1/x /2/x /1/x /2/x ");
}

TEST(rule_cannot_bring_the_working_directory_in)
{
	FILE_IS("x", 0);
	on(SPAWNPOL_OP_EXEC, SPAWN_POLICY_ANY, 0, IORING_VERDICT_RETRY);
	CHECK_EQ(exec_step("x"), -ENOENT);
	setup.on[0].verdict = IORING_VERDICT_CONTINUE;
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "");
}

TEST(nonsense_in_a_rule_is_no_verdict)
{
	on(SPAWN_POLICY_ANY, SPAWN_POLICY_ANY, 0, IORING_VERDICT_SUBMIT);
	setup_step(IORING_OP_OPENAT, 0, -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
	setup.on[0].verdict = 77;
	setup_step(IORING_OP_OPENAT, 0, -ENOENT);
	CHECK_EQ(verdict, IORING_VERDICT_ABORT);
}
