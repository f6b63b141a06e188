// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of operations in the tool, on a kernel that numbers them in its own way.
 * The parts of the tool are included whole, being no library.
 */
#include "tap.h"

#include <stdarg.h>

#include "tool/names.c"
#include "common/parse.c"
#include "tool/policy_options.c"
#include "common/suggest.c"

static struct io_uring_spawn_query kernel = {
	.op_clone = 80, .op_exec = 81, .op_child = 82,
};

const struct io_uring_spawn_query *kernel_query(void)
{
	return &kernel;
}

int budgets_check_rules(struct tool *t, const struct spawn_policy_config *config)
{
	(void)t;
	(void)config;
	return 0;
}

int misuse(struct tool *t, const char *fmt, ...)
{
	(void)t;
	(void)fmt;
	return -EINVAL;
}

void advise(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->problem.remedy, sizeof(t->problem.remedy), fmt, ap);
	va_end(ap);
}

TEST(steps_are_named_by_the_numbers_of_the_kernel)
{
	EXPECT_STR(step_name(80, 0), "clone");
	EXPECT_STR(step_name(81, 0), "exec");
	EXPECT_STR(step_name(82, IORING_CHILD_CHDIR), "chdir");
	EXPECT_STR(step_name(82, IORING_CHILD_SETNS), "setns");
	EXPECT_STR(step_name(82, 255), "op 82");
	EXPECT_STR(step_name(IORING_OP_OPENAT, 0), "openat");
	EXPECT_STR(step_name(NAME_ANY_OP, 0), "any");
	EXPECT_STR(step_name(59, 0), "op 59");
	EXPECT_STR(step_name(60, IORING_CHILD_CHDIR), "op 60");
	/* none of the numbers that stand for names is one of the kernel's */
	EXPECT_STR(step_name(OP_EXEC, 0), "op 257");

	kernel.op_exec = 59;
	EXPECT_STR(step_name(59, 0), "exec");
	EXPECT_STR(step_name(81, 0), "op 81");
}

TEST(a_kernel_without_the_operations_has_no_names_for_them)
{
	kernel = (struct io_uring_spawn_query){ 0 };
	EXPECT_STR(step_name(IORING_OP_NOP, 0), "nop");
	EXPECT_STR(step_name(81, 0), "op 81");
}

/* The rules, before and after the kernel is known. */
TEST(rules_have_the_numbers_of_the_kernel)
{
	static struct tool t = { .set.on = { .nr = 5, .text = {
		"exec:ENOENT=skip", "chdir:any=abort", "openat:ENOENT=retry",
		"any:EIO=continue", "nop:any=skip" } } };
	static const uint32_t numbers[] = { 81, 82, IORING_OP_OPENAT,
					    SPAWN_POLICY_ANY, IORING_OP_NOP };
	static struct spawn_policy_config config;

	CHECK_OK(policy_options_read(&t, "/bin", &config));
	CHECK_EQ(config.nr_on, 5);
	EXPECT_EQ(config.on[0].opcode, OP_EXEC);
	EXPECT_EQ(config.on[1].opcode, OP_CHILD);
	policy_options_number(&config);
	for (size_t i = 0; i < COUNT(numbers); i++)
		EXPECT_EQ(config.on[i].opcode, numbers[i]);
	EXPECT_EQ(config.on[0].cmd, SPAWN_POLICY_ANY);
	EXPECT_EQ(config.on[1].cmd, IORING_CHILD_CHDIR);

	t.set.on.text[0] = "clone:any=skip";
	EXPECT_EQ(policy_options_read(&t, "/bin", &config), -EINVAL);
}

/* Each name leads to a number, and that to the name. */
TEST(names_of_steps_and_their_numbers_agree)
{
	static struct tool t;
	uint32_t opcode, cmd;
	const char *name;
	unsigned int n;

	kernel = (struct io_uring_spawn_query) { .op_clone = 80, .op_exec = 81,
						 .op_child = 82 };
	for (n = 0; (name = step_nth(n)); n++) {
		DIAG("%s", name);
		CHECK_OK(step_number(&t, name, &opcode, &cmd));
		EXPECT_STR(step_name(step_opcode(opcode), cmd), name);
	}
	EXPECT_GE(n, 50u);
	CHECK_OK(step_number(&t, "clone", &opcode, &cmd));
	EXPECT_EQ(opcode, OP_CLONE);
	/* cloexec, install and so on are names of the library only */
	EXPECT_EQ(step_number(&t, "cloexec", &opcode, &cmd), -EINVAL);
	EXPECT_EQ(step_number(&t, "request", &opcode, &cmd), -EINVAL);
}

TEST(wrong_names_are_answered_with_the_valid_ones)
{
	static struct tool t;
	uint32_t mask;

	EXPECT_EQ(verdict_number(&t, "maybe"), -EINVAL);
	EXPECT_STR(t.problem.remedy, "one of continue, retry, skip, submit, abort, pass");
	EXPECT_EQ(event_mask(&t, "done,never", &mask), -EINVAL);
	EXPECT_STR(t.problem.remedy,
		   "one of failed, staged, before-step, before-exec, done, clone, miss, execed");
}
