/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One command of IORING_OP_CHILD in a chain, on the ring "r" of the test:
 *
 *	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_UMASK, .off = 027), 022);
 *	EXPECT_STR(shown(&s, "Umask"), "0027");
 */
#ifndef SPAWNPOL_TESTS_STEP_H
#define SPAWNPOL_TESTS_STEP_H

#include "child.h"

/*
 * Fields of an SQE; returns the step's result. Behind it, the helper "show" is
 * executed if s is not NULL.
 */
#define CHILD_RESULT(s, ...)                                                   \
	child_step(&r, (struct io_uring_sqe){ __VA_ARGS__ }, s)
int child_step(struct tring *r, struct io_uring_sqe want, struct shown *s);

#endif
