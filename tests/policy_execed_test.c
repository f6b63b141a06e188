// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_POLICY_EXECED: policies learn that the program has been executed (O4). */
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

static void check_exit(int status)
{
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), status);
	tring_total(&r, 1);
}

static const struct bpf_iouring_ctx *last_run(void)
{
	return &tprog_run(&p, p.engine->runs - 1)->ctx;
}

TEST(O4_a_policy_learns_of_the_program)
{
	tprog_start(&r, &p, IORING_POLICY_EXECED);
	whole_exit(&w, 3);
	whole_step(&w, IORING_CHILD_SETSID);
	check_exit(3);
	CHECK_EQ(p.engine->runs, 1);
	EXPECT_EQ(last_run()->event, IORING_POLICY_EXECED);
	EXPECT_EQ(last_run()->step, 1);
	EXPECT_EQ(last_run()->attempt, 1);
	EXPECT_EQ(last_run()->res, 0);
	EXPECT_EQ(last_run()->search_offset, -1);
	/* in the program's own process */
	EXPECT_EQ(tprog_run(&p, 0)->tgid, (unsigned int)last_run()->pid);

	/* of a chain of links as well */
	tprog_reset(&p);
	whole_exit(&w, 4);
	q_clone(&r);
	q_exec(&r, w.argv[0], w.argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 4);
	EXPECT_EQ(p.engine->runs, 1);
}

TEST(O4_who_has_not_asked_is_not_told)
{
	tprog_start(&r, &p, IORING_POLICY_DONE);
	whole_exit(&w, 3);
	check_exit(3);
	EXPECT_EQ(p.engine->runs, 0);
}

TEST(O4_there_is_no_program_to_tell_of)
{
	tprog_start(&r, &p, IORING_POLICY_EXECED);
	whole_init(&w, "/nonexistent");
	EXPECT_EQ(whole_run(&r, &w)->res, -ENOENT);
	CHECK_EQ(p.engine->runs, 1);
	EXPECT_EQ(last_run()->event, IORING_POLICY_FAILED);
	whole_is_gone();
}

/* What it returns changes nothing, whatever it is. */
TEST(O4_nothing_can_be_decided_any_more)
{
	struct engine_rule *rule;
	unsigned int verdict;

	tprog_start(&r, &p, IORING_POLICY_EXECED);
	for (verdict = 0; verdict <= IORING_VERDICT_PASS; verdict++) {
		tprog_reset(&p);
		rule = tprog_rule(&p, IORING_POLICY_EXECED, ENGINE_ANY_STEP, verdict);
		rule_stage_text(rule, ENGINE_STAGE_EXEC, "/bin/false");
		rule->sets_result = 1;
		rule->result = -EXDEV;
		rule->delay_ns = 1000000000000;
		whole_exit(&w, 5);
		check_exit(5);
		CHECK_EQ(p.engine->runs, 1);
		EXPECT_EQ(tprog_run(&p, 0)->staged[0], -E2BIG);
		EXPECT_EQ(tprog_run(&p, 0)->result, -EINVAL);
		EXPECT_EQ(tprog_run(&p, 0)->delay, -ETOOMANYREFS);
	}
}

/* A link to a directory with a program that exits with 6: short enough for a rule. */
static void make_short(const char *link)
{
	char *dir = in_dir("six");

	CHECK_SYS(mkdir(dir, 0755));
	write_file(format("%s/prog", dir), "#!/bin/sh\nexit 6\n", 0755);
	CHECK_SYS(symlink(dir, link));
}

TEST(O4_where_a_search_has_found_it)
{
	struct engine_rule *rule;

	make_short("/tmp/execed_6");
	tprog_start(&r, &p, IORING_POLICY_BEFORE_EXEC | IORING_POLICY_EXECED);
	whole_init(&w, "prog");
	w.arg.search = (uintptr_t)"/a:/b:/tmp/execed_6:/c";
	check_exit(6);
	EXPECT_EQ(last_run()->event, IORING_POLICY_EXECED);
	EXPECT_EQ(last_run()->search_offset, 6);
	EXPECT_EQ(last_run()->attempt, 3);
	EXPECT_HAS(tprog_run(&p, 1)->path, "/tmp/execed_6/prog");

	/* one that a policy has staged, of the end of a list */
	tprog_reset(&p);
	rule = tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_SEARCH, "/a:/tmp/execed_6");
	whole_init(&w, "prog");
	check_exit(6);
	CHECK_EQ(p.engine->runs, 2);
	EXPECT_EQ(last_run()->event, IORING_POLICY_EXECED);
	EXPECT_EQ(last_run()->search_offset, 3);
	unlink("/tmp/execed_6");
}
