// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * IORING_OP_SPAWN on rings with IORING_REGISTER_RESTRICTIONS: each step and the
 * program count as the requests that they stand in for (O3, S4).
 */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/whole.h"

static struct tring r;
static struct whole w;

static const struct io_uring_restriction ops[] = {
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_SPAWN },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_EXEC },
	{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_CHILD },
};

/* A ring on which these are allowed, and these flags. */
static void start(unsigned int flags, unsigned int nr,
		  const struct io_uring_restriction *allowed)
{
	struct io_uring_restriction rules[4];
	int fd = 0;

	memcpy(rules, allowed, nr * sizeof(*rules));
	rules[nr] = (struct io_uring_restriction){
		.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		.sqe_flags = flags,
	};
	tring_init(&r, IORING_SETUP_R_DISABLED);
	CHECK_OK(tring_register(&r, IORING_REGISTER_FILES, &fd, 1));
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules, nr + 1));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	whole_exit(&w, 4);
}

/* It runs, or is refused and nothing is started. */
static void check(bool runs)
{
	q_whole(&r, &w);
	tring_submit(&r);
	if (runs) {
		EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 4);
	} else {
		EXPECT_EQ(tring_res(&r, WHOLE), -EACCES);
		whole_is_gone();
	}
	tring_exit(&r);
}

TEST(O3_restrictions)
{
	unsigned int nr, first;

	for (first = 0; first < 3; first++) {
		for (nr = 0; nr <= 3 - first; nr++) {
			DIAG("%u from %u on", nr, first);
			start(0, nr, ops + first);
			whole_step(&w, IORING_CHILD_SETSID);
			check(nr == 3);
		}
	}
	/* without steps, CHILD is not asked for */
	start(0, 2, ops);
	check(true);
}

/* What says of a step what a flag of an SQE says counts as that flag. */
TEST(O3_restrictions_of_flags)
{
	start(0, 3, ops);
	whole_step(&w, IORING_CHILD_DUP)->off = 7;
	w.steps[0].flags = IORING_SPAWN_STEP_FIXED;
	check(false);
	start(IOSQE_FIXED_FILE, 3, ops);
	whole_step(&w, IORING_CHILD_DUP)->off = 7;
	w.steps[0].flags = IORING_SPAWN_STEP_FIXED;
	check(true);

	start(IOSQE_FIXED_FILE, 3, ops);
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	check(false);
	start(IOSQE_IO_HARDLINK, 3, ops);
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	check(true);
}
