// SPDX-License-Identifier: LGPL-2.1-or-later
/* What policies can see of a file that could not be executed (U8). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <elf.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED

/* EXEC of a file, which fails with this, and what was seen of it. */
static const struct engine_run *exec_fails(const char *path, int res)
{
	static char *argv[] = { "x", NULL };

	tprog_again(&r, &p);
	q_clone(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), res);
	CHECK_EQ(tprog_run(&p, 0)->ctx.event, FAILED);
	return tprog_run(&p, 0);
}

TEST(U8_a_file_of_no_known_format)
{
	const struct engine_run *run;
	char *path = in_dir("file");

	tprog_start(&r, &p, 0);
	write_file(path, "echo hello\n", 0755);
	run = exec_fails(path, -ENOEXEC);
	EXPECT_EQ(run->head_len, strlen("echo hello\n"));
	EXPECT(!memcmp(run->head, "echo hello\n", strlen("echo hello\n")));
}

TEST(U8_a_program_of_another_architecture)
{
	Elf64_Ehdr elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
	};
	const struct engine_run *run;
	char *path = in_dir("arm");
	Elf64_Ehdr seen;
	int fd;

	fd = CHECK_SYS(open(path, O_CREAT | O_WRONLY, 0755));
	CHECK_EQ(write(fd, &elf, sizeof(elf)), sizeof(elf));
	CHECK_SYS(ftruncate(fd, 4096));
	close(fd);
	tprog_start(&r, &p, 0);
	run = exec_fails(path, -ENOEXEC);
	CHECK_EQ(run->head_len, ENGINE_TEXT);
	memcpy(&seen, run->head, sizeof(seen));
	EXPECT_EQ(seen.e_machine, EM_AARCH64);
}

/* The file's own, though what failed is its interpreter. */
TEST(U8_a_script_whose_interpreter_is_missing_or_no_program)
{
	char *script = in_dir("script"), *interp = in_dir("interp");
	const struct engine_run *run;
	char *text;

	tprog_start(&r, &p, 0);
	text = format("#!%s\n", interp);
	write_file(script, text, 0755);
	run = exec_fails(script, -ENOENT);
	EXPECT_GT(run->head_len, 2);
	EXPECT(!memcmp(run->head, text, run->head_len));

	write_file(interp, "no program\n", 0755);
	run = exec_fails(script, -ENOEXEC);
	EXPECT_GT(run->head_len, 2);
	EXPECT(!memcmp(run->head, text, run->head_len));
}

TEST(U8_a_file_that_was_not_read)
{
	char *path = in_dir("file");

	tprog_start(&r, &p, 0);
	EXPECT_EQ(exec_fails("/nonexistent/x", -ENOENT)->head_len, -ENOENT);
	write_file(path, "x", 0644);
	EXPECT_EQ(exec_fails(path, -EACCES)->head_len, -ENOENT);
	write_file(path, "", 0755);
	CHECK_SYS(chmod(path, 0755));
	CHECK_SYS(truncate(path, 0));
	EXPECT_EQ(exec_fails(path, -ENOEXEC)->head_len, -ENOENT);
}

/* --- what the child may read --------------------------------------------------- */

TEST(U8_a_file_that_the_child_may_not_read)
{
	char *path = in_dir("file");
	const struct engine_run *run;
	int i;

	CHECK_SYS(chmod(in_dir("."), 0755));
	write_file(path, "secret\n", 0711);
	tprog_start(&r, &p, 0);
	EXPECT_EQ(exec_fails(path, -ENOEXEC)->head_len, strlen("secret\n"));
	become_ordinary();
	run = exec_fails(path, -ENOEXEC);
	EXPECT_EQ(run->head_len, -EACCES);
	for (i = 0; i < ENGINE_TEXT; i++)
		CHECK_EQ(run->head[i], 0);
}

/* To Landlock, executing a file is reading it: nothing is read of it. */
TEST(U8_a_file_that_the_childs_domain_may_not_read)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE,
	};
	static char *argv[] = { "x", NULL };
	char *path = in_dir("file");
	int ruleset;

	write_file(path, "secret\n", 0755);
	tprog_start(&r, &p, 0);
	ruleset = CHECK_SYS(syscall(SYS_landlock_create_ruleset, &rules,
				    sizeof(rules), 0));
	tprog_again(&r, &p);
	q_clone(&r);
	q_child(&r, IORING_CHILD_LANDLOCK)->fd = ruleset;
	q_exec(&r, path, argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -EACCES);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.step, 1);
	EXPECT_EQ(tprog_run(&p, 0)->head_len, -ENOENT);
}

/* --- which EXEC it is of --------------------------------------------------------- */

static void stage_exec(uint32_t event, uint32_t below, const char *path)
{
	struct engine_rule *rule = tprog_rule(&p, event, 0,
					      IORING_VERDICT_SUBMIT);

	rule->below = below;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, path);
}

TEST(U8_it_is_that_of_the_last_exec)
{
	char *path = in_dir("file"), *argv[] = { "x", NULL };

	write_file(path, "echo\n", 0755);
	tprog_start(&r, &p, IORING_POLICY_DONE);
	stage_exec(FAILED, 0, path);
	stage_exec(STAGED, 3, "/nonexistent/x");
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent/first", argv));
	hardlink(q_fail(&r));
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), -ENOENT);
	/* the step's own, then the staged ones */
	EXPECT_EQ(tprog_run(&p, 0)->head_len, -ENOENT);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -ENOEXEC);
	EXPECT_EQ(tprog_run(&p, 1)->head_len, strlen("echo\n"));
	EXPECT_EQ(tprog_run(&p, 2)->ctx.res, -ENOENT);
	EXPECT_EQ(tprog_run(&p, 2)->head_len, -ENOENT);
}

TEST(U8_the_next_step_has_none_of_the_last_ones)
{
	char *path = in_dir("file"), *argv[] = { "x", NULL };

	write_file(path, "echo\n", 0755);
	tprog_start(&r, &p, 0);
	q_clone(&r);
	hardlink(q_exec(&r, path, argv));
	q_fail(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), -ENOENT);
	EXPECT_EQ(tprog_run(&p, 0)->head_len, strlen("echo\n"));
	EXPECT_EQ(tprog_run(&p, 1)->ctx.step, 1);
	EXPECT_EQ(tprog_run(&p, 1)->head_len, -ENOENT);
}

/* --- what it is good for ---------------------------------------------------------- */

/* A file that names no interpreter is run by the shell: by what it is, not by a guess. */
TEST(U8_a_policy_can_decide_by_it)
{
	char *path = in_dir("file"), *argv[] = { "x", NULL };
	struct engine_rule *rule;

	write_file(path, "exit 9\n", 0755);
	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule->head = 'e';
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	q_clone(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 9);
}
