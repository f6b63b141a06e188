// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: looking for the program along a list, as execvp(3) does (O3). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;
static struct tprog p;
TPROG_PRELOAD

/* A program "prog" in a new directory of this test; the directory. */
static char *dir_with(const char *name, const char *text, mode_t mode)
{
	char *dir = in_dir(name);

	CHECK_SYS(mkdir(dir, 0755));
	if (text)
		write_file(format("%s/prog", dir), text, mode);
	return dir;
}

static char *exits(const char *name, int status)
{
	return dir_with(name, format("#!/bin/sh\nexit %d\n", status), 0755);
}

static void look_for(const char *name, const char *list)
{
	whole_init(&w, name);
	whole_report(&w);
	w.arg.search = (uintptr_t)list;
}

static unsigned int check_exits(int status)
{
	return whole_exits(&r, &w, status);
}

static void check_fails(int error, const char *path)
{
	whole_fails(&r, &w, error, path);
}

TEST(O3_the_first_that_is_there)
{
	char *three = exits("three", 3), *four = exits("four", 4);

	tring_init(&r, 0);
	look_for("prog", format("/nonexistent:%s:%s", three, four));
	EXPECT_EQ(check_exits(3), 2);
	look_for("prog", format("%s:%s", four, three));
	EXPECT_EQ(check_exits(4), 1);
}

TEST(O3_none_is_there)
{
	tring_init(&r, 0);
	look_for("prog", "/nonexistent:/proc/self/comm:/usr");
	check_fails(-ENOENT, "/usr/prog");
	look_for("prog", "/usr:/proc/self/comm");
	check_fails(-ENOTDIR, "/proc/self/comm/prog");
}

TEST(O3_one_that_cannot_be_executed_is_remembered)
{
	char *denied = dir_with("denied", "", 0644), *five = exits("five", 5);

	tring_init(&r, 0);
	look_for("prog", format("/nonexistent:%s:/usr", denied));
	check_fails(-EACCES, format("%s/prog", denied));
	look_for("prog", format("%s:%s", denied, five));
	check_exits(5);
}

TEST(O3_other_errors_end_it)
{
	char *loop = in_dir("loop"), *six = exits("six", 6);

	CHECK_SYS(mkdir(loop, 0755));
	CHECK_SYS(symlink("prog", format("%s/prog", loop)));
	tring_init(&r, 0);
	look_for("prog", format("%s:%s", loop, six));
	check_fails(-ELOOP, format("%s/prog", loop));
}

TEST(O3_a_file_without_a_format)
{
	char *text = dir_with("text", "exit $1\n", 0755), *six = exits("six", 6);

	tring_init(&r, 0);
	look_for("prog", format("%s:%s", text, six));
	check_fails(-ENOEXEC, format("%s/prog", text));
	w.arg.shell = (uintptr_t)"/bin/sh";
	w.argv[1] = "9";
	check_exits(9);
	/* with a slash, too */
	whole_init(&w, format("%s/prog", text));
	w.arg.shell = (uintptr_t)"/bin/sh";
	w.argv[1] = "10";
	check_exits(10);
	w.arg.shell = (uintptr_t)"/nonexistent";
	EXPECT_EQ(whole_run(&r, &w)->res, -ENOENT);
	whole_is_gone();
}

TEST(O3_empty_and_relative_elements_are_of_the_child)
{
	char *seven = exits("seven", 7);

	exits("sub", 8);
	tring_init(&r, 0);
	look_for("prog", ":/nonexistent");
	whole_step(&w, IORING_CHILD_CHDIR)->addr = (uintptr_t)seven;
	w.steps[0].fd = AT_FDCWD;
	check_exits(7);
	w.arg.search = (uintptr_t)"/nonexistent:";
	check_exits(7);
	w.arg.search = (uintptr_t)"/nonexistent::/usr";
	check_exits(7);
	w.arg.search = (uintptr_t)"../sub:/usr";
	check_exits(8);
	w.arg.search = (uintptr_t)"/usr";
	check_fails(-ENOENT, "/usr/prog");
}

TEST(O3_a_name_with_a_slash_is_not_looked_for)
{
	char *nine = exits("nine", 9);

	tring_init(&r, 0);
	look_for(format("%s/prog", nine), "/usr");
	check_exits(9);
	look_for("usr/prog", nine);
	check_fails(-ENOENT, "usr/prog");
}

TEST(O3_candidates_that_are_too_long)
{
	static char list[5000];
	char *two = exits("two", 2);

	memset(list, '/', 4094);
	sprintf(list + 4094, ":%s", two);
	tring_init(&r, 0);
	look_for("prog", list);
	EXPECT_EQ(whole_run(&r, &w)->res, -ENAMETOOLONG);
	whole_is_gone();
}

TEST(O3_a_list_as_long_as_a_programs_environment_can_have_it)
{
	static char list[131072];
	char *one = exits("one", 1);
	size_t len = strlen(one);

	/* where nothing is found sooner than in a directory of the host */
	CHECK_SYS(chdir(in_dir(".")));
	memset(list, ':', sizeof(list));
	list[0] = '/';
	strcpy(list + sizeof(list) - 1 - len, one);
	tring_init(&r, 0);
	look_for("prog", list);
	w.arg.report = 0;
	check_exits(1);
}

/* --- under a policy (O4) ---------------------------------------------------------- */

TEST(O4_a_policy_is_asked_once_at_the_end)
{
	tprog_start(&r, &p, 0);
	look_for("prog", "/a:/b:/c");
	check_fails(-ENOENT, "/c/prog");
	EXPECT_EQ(p.engine->runs, 1);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.event, IORING_POLICY_FAILED);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.attempt, 3);
	EXPECT_STR(tprog_run(&p, 0)->name, "prog");
	EXPECT_STR(tprog_run(&p, 0)->path, "/c/prog");
}

TEST(O4_a_policy_that_asks_for_each_miss)
{
	char *six = exits("six", 6);
	unsigned int i;

	tprog_start(&r, &p, IORING_POLICY_MISS);
	look_for("prog", "/a:/b:/c");
	check_fails(-ENOENT, "/c/prog");
	CHECK_EQ(p.engine->runs, 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(tprog_run(&p, i)->ctx.event, i < 2 ?
			  IORING_POLICY_MISS : IORING_POLICY_FAILED);
		EXPECT_EQ(tprog_run(&p, i)->ctx.attempt, i + 1);
	}
	EXPECT_STR(tprog_run(&p, 1)->path, "/b/prog");
	tprog_reset(&p);
	look_for("prog", format("/a:/b:%s", six));
	check_exits(6);
	CHECK_EQ(p.engine->runs, 2);
}

TEST(O4_verdicts_on_a_miss)
{
	char *six = exits("six", 6);
	struct engine_rule *rule;

	tprog_start(&r, &p, IORING_POLICY_MISS);
	look_for("prog", format("/a:/b:%s", six));
	rule = tprog_rule(&p, IORING_POLICY_MISS, 0, IORING_VERDICT_ABORT);
	rule->sets_result = 1;
	rule->result = -EXDEV;
	EXPECT_EQ(whole_run(&r, &w)->res, -EXDEV);
	whole_is_gone();

	/* from the beginning: /a, /a, /b, and the one that is there */
	tprog_reset(&p);
	tprog_rule(&p, IORING_POLICY_MISS, 0, IORING_VERDICT_RETRY)->below = 2;
	check_exits(6);
	CHECK_EQ(p.engine->runs, 3);
	EXPECT_STR(tprog_run(&p, 1)->path, "/a/prog");
	EXPECT_STR(tprog_run(&p, 2)->path, "/b/prog");

	tprog_reset(&p);
	rule = tprog_rule(&p, IORING_POLICY_MISS, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, helper("exit_with"));
	w.argv[1] = "11";
	check_exits(11);
	CHECK_EQ(p.engine->runs, 1);
}

TEST(O4_a_staged_search)
{
	char *denied = dir_with("d", "", 0644), *six = exits("six", 6);
	struct engine_rule *rule;

	/* paths that fit into a rule */
	CHECK_SYS(symlink(denied, "/tmp/whole_search_d"));
	CHECK_SYS(symlink(six, "/tmp/whole_search_6"));
	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/b:/tmp/whole_search_6");
	whole_init(&w, "prog");
	check_exits(6);
	EXPECT_EQ(p.engine->runs, 1);

	tprog_reset(&p);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/tmp/whole_search_d:/b");
	whole_report(&w);
	check_fails(-EACCES, "/tmp/whole_search_d/prog");
	CHECK_EQ(p.engine->runs, 2);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, IORING_POLICY_STAGED);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EACCES);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.attempt, 3);

	/* in a chain of links as well */
	tprog_reset(&p);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/tmp/whole_search_6");
	tring_forget(&r);
	q_clone(&r);
	q_exec(&r, "prog", w.argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 6);
	unlink("/tmp/whole_search_d");
	unlink("/tmp/whole_search_6");
}

/* "sub/prog" that exits with this status, in a new directory. */
static char *exits_below(const char *name, int status)
{
	char *dir = in_dir(name);

	CHECK_SYS(mkdir(dir, 0755));
	CHECK_SYS(mkdir(format("%s/sub", dir), 0755));
	write_file(format("%s/sub/prog", dir), format("#!/bin/sh\nexit %d\n", status),
		   0755);
	return dir;
}

/* With a slash it is not looked for, and found where the EXEC itself would find it. */
TEST(O4_a_staged_search_of_a_path_at_an_open_directory)
{
	int dir = CHECK_SYS(open(exits_below("open", 4), O_RDONLY | O_DIRECTORY));
	struct engine_rule *rule;

	CHECK_SYS(chdir(exits_below("here", 5)));
	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/b");
	w.argv[0] = (char *)"prog";
	w.argv[1] = NULL;
	q_clone(&r);
	q_exec(&r, "sub/prog", w.argv)->fd = dir;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 4);
	close(dir);
}
