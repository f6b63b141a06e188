// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel functions of policies (P7). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED
#define STAGED IORING_POLICY_STAGED

/* A chain of one EXEC of this path; show's report if it worked. */
static int exec_under_policy(const char *path, struct shown *s)
{
	q_clone(&r);
	q_show(&r, s)->addr = (uintptr_t)path;
	tring_submit(&r);
	tring_total(&r, 2);
	if (tring_res(&r, 0) == 0) {
		shown_read(s);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
	return tring_res(&r, 0);
}

static const char *helper_dir(void)
{
	static char dir[4096];

	snprintf(dir, sizeof(dir), "%s", helper("show"));
	*strrchr(dir, '/') = '\0';
	return dir;
}

/* Paths that fit into a rule, whatever the build directory's name. */
static char *short_dir(void)
{
	char *link = in_dir("h");

	symlink(helper_dir(), link);
	return link;
}

TEST(P7_stage_exec_takes_the_chains_arguments)
{
	struct engine_rule *rule;
	struct shown s;
	char path[64];

	tprog_start(&r, &p, 0);
	snprintf(path, sizeof(path), "%s/show", short_dir());
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, path);
	CHECK_EQ(exec_under_policy("/nonexistent/x", &s), 0);
	EXPECT_STR(shown(&s, "arg0"), "show");
	EXPECT_EQ(shown_number(&s, "argc"), 2);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], 0);
	EXPECT_EQ(p.engine->runs, 1);
}

/* Staged at another step, it stands in for the EXEC at hand all the same. */
TEST(P7_stage_exec_at_a_step_before_the_exec)
{
	struct engine_rule *rule;
	struct shown s;
	char path[64];

	tprog_start(&r, &p, 0);
	snprintf(path, sizeof(path), "%s/show", short_dir());
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, path);
	rule->post = 1;
	q_clone(&r);
	q_fail(&r);
	q_nop(&r);
	q_show(&r, &s)->addr = (uintptr_t) "/nonexistent";
	q_nop(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 3), -ECANCELED);
	tring_total(&r, 5);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "argc"), 2);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(P7_stage_exec_dir_joins_directory_and_name)
{
	struct engine_rule *rule;
	struct shown s;

	tprog_start(&r, &p, 0);
	CHECK_SYS(chdir("/"));
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, short_dir());
	CHECK_EQ(exec_under_policy("show", &s), 0);
	EXPECT_STR(tprog_run(&p, 0)->name, "show");
	EXPECT_EQ(tprog_run(&p, 0)->name_len, 4);
}

TEST(P7_stage_exec_interp_runs_a_script_as_execvp_does)
{
	char *script = in_dir("script");
	struct engine_rule *rule;
	struct shown s;
	char interp[64];

	write_file(script, "no magic\n", 0755);
	tprog_start(&r, &p, 0);
	snprintf(interp, sizeof(interp), "%s/show", short_dir());
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule->res = -ENOEXEC;
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, interp);
	/* show writes to the descriptor in argv[1], which is the script now. */
	q_clone(&r);
	q_show(&r, &s)->addr = (uintptr_t)script;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	wait_exit(tring_res(&r, CLONE));
	close(s.to);
	close(s.from);

	/* A real one: a script without a first line, by /bin/sh. */
	write_file(script, "exit $(($1 + $#))\n", 0755);
	tprog_again(&r, &p);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule->res = -ENOEXEC;
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	q_clone(&r);
	q_exec(&r, script, (char *[]){ "x", "40", "2", NULL });
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 42);
}

/* The interpreter gets the path that was tried last, staged ones included. */
TEST(P7_stage_exec_interp_after_a_search)
{
	char *script = in_dir("script");
	struct engine_rule *rule;
	char *argv[] = { "x", "3", NULL };

	write_file(script, "test -f \"$0\" && exit $1\n", 0755);
	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, tap_dir());
	rule = tprog_rule(&p, STAGED, 0, IORING_VERDICT_SUBMIT);
	rule->res = -ENOEXEC;
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	CHECK_SYS(chdir("/"));
	q_clone(&r);
	q_exec(&r, "script", argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
}

/* An earlier EXEC's path is not the one that this EXEC tried last. */
TEST(P7_stage_exec_interp_before_anything_was_tried)
{
	char *script = in_dir("script");
	char *argv[] = { "x", "4", NULL };
	struct engine_rule *rule;

	write_file(script, "exit $1\n", 0755);
	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 1,
			  IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent", argv));
	q_exec(&r, script, argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
}

/* Nor is what a policy tried for an earlier step. */
TEST(P7_stage_exec_interp_after_another_steps_tries)
{
	char *script = in_dir("script");
	char *argv[] = { "x", "5", NULL };
	struct engine_rule *rule;

	write_file(script, "exit $1\n", 0755);
	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "/nonexistent/too");
	rule = tprog_rule(&p, FAILED, 1, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent", argv));
	q_dup(&r, 1000, 5);
	q_exec(&r, script, argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
}

TEST(P7_a_child_request_with_the_programs_path)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .fd = AT_FDCWD,
				    .len = IORING_CHILD_CHDIR };
	struct engine_rule *rule;
	struct shown s;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, ENGINE_STAGE_CHILD, "/proc");
	q_clone(&r);
	q_fail(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&s);
	EXPECT_STR(shown(&s, "cwd"), "/proc");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(P7_staging_an_exec_where_there_is_none)
{
	struct engine_rule *rule;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "/bin/true");
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], -ENOENT);
	EXPECT_EQ(tprog_run(&p, 0)->name_len, -ENOENT);
}

TEST(P7_empty_and_long_texts_are_refused)
{
	char *argv[] = { "x", NULL };
	char *name = malloc(4096);
	struct engine_rule *rule;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE);
	rule_stage_text(rule, ENGINE_STAGE_EXEC, "");
	q_clone(&r);
	q_exec(&r, "/nonexistent", argv);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], -EINVAL);

	/* No NUL inside the size. */
	tprog_again(&r, &p);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE);
	rule->stage = ENGINE_STAGE_EXEC;
	rule->count = 1;
	memset(rule->text, 'a', sizeof(rule->text));
	q_clone(&r);
	q_exec(&r, "/nonexistent", argv);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], -EINVAL);

	/* Directory and name together are longer than a path can be. */
	tprog_again(&r, &p);
	memset(name, 'b', 4095);
	name[4095] = '\0';
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, "/dir");
	q_clone(&r);
	q_exec(&r, name, argv);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tprog_run(&p, 0)->staged[0], -ENAMETOOLONG);
	EXPECT_EQ(tprog_run(&p, 0)->name_len, -ENAMETOOLONG);
}

TEST(P7_staged_requests_stop_at_the_first_failure)
{
	struct io_uring_sqe close99 = { .opcode = IORING_OP_CLOSE, .fd = 99 };

	tprog_start(&r, &p, 0);
	rule_stage_sqe(tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT),
		       &close99, 4);
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EBADF);
	/* The step's own request and one of the staged. */
	EXPECT_EQ(tprog_run(&p, 1)->ctx.attempt, 2);
}

TEST(P7_set_result_is_what_user_space_sees)
{
	static const struct {
		uint32_t verdict;
		int result, ret;
	} cases[] = {
		{ IORING_VERDICT_CONTINUE, -EXDEV, 0 },
		{ IORING_VERDICT_ABORT, -EXDEV, 0 },
		{ IORING_VERDICT_SKIP, 5, 0 },
		{ IORING_VERDICT_CONTINUE, -4096, -EINVAL },
		{ IORING_VERDICT_CONTINUE, -4095, 0 },
	};
	struct engine_rule *rule;
	unsigned int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tprog_again(&r, &p);
		rule = tprog_rule(&p, FAILED, 0, cases[i].verdict);
		rule->sets_result = 1;
		rule->result = cases[i].result;
		q_clone(&r);
		q_fail(&r);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0),
			  cases[i].ret ? -ENOENT : cases[i].result);
		EXPECT_EQ(tprog_run(&p, 0)->result, cases[i].ret);
	}
}

TEST(P7_an_exec_cannot_be_made_to_look_successful)
{
	static const int results[] = { 0, 1, 4711 };
	char *argv[] = { "x", NULL };
	struct engine_rule *rule;
	unsigned int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < 3; i++) {
		tprog_again(&r, &p);
		rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SKIP);
		rule->sets_result = 1;
		rule->result = results[i];
		q_clone(&r);
		q_exec(&r, "/nonexistent", argv);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), -ENOENT);
		EXPECT_EQ(tprog_run(&p, 0)->result, -EINVAL);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
	}
}

/* CONTINUE with a result that is no error mends the step. */
TEST(P7_a_result_decides_about_the_link)
{
	struct engine_rule *rule;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_CONTINUE);
	rule->sets_result = 1;
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 6);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 6);
}

TEST(P7_staged_requests_post_cqes_if_wanted)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP,
				    .user_data = OTHER };
	struct engine_rule *rule;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	rule->post = 1;
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(tring_cqe(&r, OTHER)->flags, SPAWNPOL_CQE_F_STAGED);
	EXPECT_EQ(tring_cqe(&r, 0)->flags, 0);
	tring_total(&r, 4);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* A file, and what it is read into and written from. */
struct transfer {
	int fd;
	char vectored[2][4];
	char fixed[8];
	struct iovec vec[2];
};

static void stage_transfer(struct transfer *t, uint32_t event, uint32_t below,
			   uint8_t opcode, uint64_t off)
{
	bool fixed = opcode == IORING_OP_READ_FIXED ||
		     opcode == IORING_OP_WRITE_FIXED;
	struct io_uring_sqe sqe = {
		.opcode = opcode,
		.fd = t->fd,
		.addr = fixed ? (uintptr_t)t->fixed : (uintptr_t)t->vec,
		.len = fixed ? sizeof(t->fixed) : 2,
		.off = off,
		.user_data = OTHER + opcode,
	};
	struct engine_rule *rule =
		tprog_rule(&p, event, 0, IORING_VERDICT_SUBMIT);

	rule->below = below;
	rule->post = 1;
	rule_stage_sqe(rule, &sqe, 1);
}

static void check_transfer(struct transfer *t, const char *path)
{
	EXPECT_EQ(tring_res(&r, OTHER + IORING_OP_READV), 8);
	EXPECT_EQ(tring_res(&r, OTHER + IORING_OP_READ_FIXED), 8);
	EXPECT_EQ(tring_res(&r, OTHER + IORING_OP_WRITEV), 8);
	EXPECT_EQ(tring_res(&r, OTHER + IORING_OP_WRITE_FIXED), 8);
	EXPECT_EQ(memcmp(t->vectored, "abcdefgh", 8), 0);
	EXPECT_EQ(memcmp(t->fixed, "ijklmnop", 8), 0);
	EXPECT_STR(read_file(path), "abcdefghijklmnopabcdefghijklmnop");
}

/* More than once: what is kept for the next request is used, too. */
TEST(P7_staged_requests_use_vectors_and_registered_buffers)
{
	char *path = in_dir("file");
	struct transfer t = { .vec = { { t.vectored[0], 4 },
				       { t.vectored[1], 4 } } };
	struct iovec fixed = { t.fixed, sizeof(t.fixed) };
	unsigned int i;

	tprog_start(&r, &p, 0);
	CHECK_OK(io_uring_register_buffers(&r.uring, &fixed, 1));
	for (i = 0; i < 3; i++) {
		tprog_again(&r, &p);
		memset(t.vectored, 0, sizeof(t.vectored));
		memset(t.fixed, 0, sizeof(t.fixed));
		write_file(path, "abcdefghijklmnop", 0600);
		t.fd = CHECK_SYS(open(path, O_RDWR));
		stage_transfer(&t, FAILED, 0, IORING_OP_READV, 0);
		stage_transfer(&t, STAGED, 3, IORING_OP_READ_FIXED, 8);
		stage_transfer(&t, STAGED, 4, IORING_OP_WRITEV, 16);
		stage_transfer(&t, STAGED, 5, IORING_OP_WRITE_FIXED, 24);
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		check_transfer(&t, path);
		close(t.fd);
	}
}
