// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actors that post to a CQ ring that has overflowed (A6). */
#include "lib/actor.h"
#include "lib/child.h"

#include <unistd.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

static char byte;
static int fds[2];

/* The CQ ring has room again, but what has overflowed comes first. */
TEST(A6_posting_after_an_overflow)
{
	double until = now() + tap_patience();
	struct script_rule *rule;
	unsigned int i;

	make_pipe(fds);
	CHECK_EQ(tring_try_init(&r, 2, 0), 0);
	CHECK_EQ(r.uring.cq.ring_entries, 4);
	actor_load(&a);
	actor_attach(&r, &a);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], &byte, 1);
	rule = actor_on(&a, CQE, 1, END);
	rule->posts = 1;
	rule->post_user_data = OTHER + 100;
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 6; i++) {
		q_alone(&r, IORING_OP_NOP, OTHER + i);
		tring_submit(&r);
	}
	/* without a system call that would put the others there */
	io_uring_cq_advance(&r.uring, 4);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	while (__atomic_load_n(&a.script->done, __ATOMIC_ACQUIRE) < 2) {
		CHECK_LT(now(), until);
		usleep(100);
	}
	EXPECT_EQ(actor_run(&a, 1)->posted, 0);
	EXPECT_EQ(actor_run(&a, 1)->post_error, -ENOBUFS);
	EXPECT_EQ(tring_res(&r, OTHER + 4), 0);
	EXPECT_EQ(tring_res(&r, OTHER + 5), 0);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	tring_total(&r, 3);
}
