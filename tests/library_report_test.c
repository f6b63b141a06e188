// SPDX-License-Identifier: LGPL-2.1-or-later
/* An outcome's text names what has been tried, a policy's candidate included (U5). */
#include "child.h"
#include "launch.h"
#include "program.h"

#include <string.h>

static struct tprog p;
TPROG_PRELOAD

static struct spawnpol_ring *ring;

static void set_up(uint32_t events)
{
	ring = ring_of(32, 0);
	tprog_load(&p);
	CHECK_OK(attach_by_ring(spawnpol_ring_fd(ring), p.fd, 0, events));
}

static void stage_exec(uint32_t event, int res, const char *path)
{
	struct engine_rule *rule = tprog_rule(&p, event, 0,
					      IORING_VERDICT_SUBMIT);

	rule->res = res;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, path);
}

static void stage_open(const char *path)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .fd = AT_FDCWD,
				    .off = 7,
				    .len = IORING_CHILD_OPEN };
	struct engine_rule *rule = tprog_rule(&p, IORING_POLICY_FAILED, 0,
					      IORING_VERDICT_SUBMIT);

	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, ENGINE_STAGE_CHILD, path);
}

static const char *text_of(const struct spawnpol_outcome *out)
{
	static char text[1024];

	spawnpol_outcome_text(out, text, sizeof(text));
	return text;
}

TEST(the_candidate_of_a_policy_is_named)
{
	struct spawnpol_outcome out;

	set_up(IORING_POLICY_BEFORE_EXEC);
	stage_exec(IORING_POLICY_BEFORE_EXEC, 0, "/nonexistent/prog");
	out = launch_on(ring, chain_of("prog"));
	CHECK_EQ(out.error, -ENOENT);
	EXPECT_HAS(text_of(&out), "exec /nonexistent/prog: ");
}

TEST(the_candidate_with_the_outcomes_error_is_named)
{
	struct engine_rule *rule;
	struct spawnpol_outcome out;
	char *denied = in_dir("d");

	write_file(denied, "x", 0644);
	set_up(IORING_POLICY_BEFORE_EXEC);
	stage_exec(IORING_POLICY_BEFORE_EXEC, 0, denied);
	stage_exec(IORING_POLICY_STAGED, -EACCES, "/nonexistent/prog");
	rule = tprog_rule(&p, IORING_POLICY_STAGED, 0, IORING_VERDICT_CONTINUE);
	rule->sets_result = 1;
	rule->result = -EACCES;
	out = launch_on(ring, chain_of("prog"));
	CHECK_EQ(out.error, -EACCES);
	EXPECT_HAS(text_of(&out), format("exec %s: ", denied));
}

TEST(what_was_tried_in_place_of_a_step_is_added)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_outcome out;

	set_up(0);
	stage_open("/nonexistent/log");
	CHECK_OK(spawnpol_chain_dup(chain, 99, 7));
	out = launch_on(ring, chain);
	CHECK_EQ(out.error, -ENOENT);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_DUP);
	EXPECT_HAS(text_of(&out), "dup 99 as 7 (the policy tried /nonexistent/log): ");
}

/* A chain that is submitted anew tells nothing of its first failure. */
TEST(a_report_is_of_its_own_submission)
{
	struct spawnpol_chain *chain = chain_of("/nonexistent/own");
	struct spawnpol_outcome out;

	set_up(0);
	stage_exec(IORING_POLICY_FAILED, 0, "/nonexistent/candidate");
	out = launch_on(ring, chain);
	EXPECT_HAS(text_of(&out), "exec /nonexistent/candidate: ");
	tprog_reset(&p);
	out = launch_on(ring, chain);
	EXPECT_HAS(text_of(&out), "exec /nonexistent/own: ");
}
