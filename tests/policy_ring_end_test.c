// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The end of a ring is the end of its chains, not that of their policies alone:
 * no step runs that the policy would not have let run (S15, P2).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdlib.h>
#include <sys/wait.h>

#define ROUNDS 100
#define NOPS 100

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* How many programs there have been. */
static unsigned int reap(void)
{
	unsigned int nr = 0;

	while (waitpid(-1, NULL, __WALL) > 0)
		nr++;
	CHECK_EQ(errno, ECHILD);
	return nr;
}

/* No program may start, and none does while the ring is there. */
static void refuse_programs(struct tring *ring)
{
	attach(ring, &p, 0, IORING_POLICY_BEFORE_EXEC);
	tprog_rule(&p, IORING_POLICY_BEFORE_EXEC, ENGINE_ANY_STEP,
		   IORING_VERDICT_ABORT);
}

TEST(S15_a_closed_ring_does_not_leave_chains_without_their_policy,
     .timeout = 120)
{
	unsigned int i, n, rounds = ROUNDS / tap_slowness(), programs = 0;

	tprog_load(&p);
	srand(1);
	for (i = 0; i < rounds; i++) {
		tprog_reset(&p);
		tring_init(&r, 0);
		refuse_programs(&r);
		q_clone(&r);
		for (n = 0; n < NOPS; n++)
			q_nop(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_GT(tring_res(&r, CLONE), 0);
		usleep(rand() % 300 * tap_slowness());
		tring_exit(&r);
		programs += reap();
	}
	DIAG("%u programs in %u rounds", programs, rounds);
	CHECK_EQ(programs, 0);
}

/* CLONE's turn can come when its ring is on the way out. */
TEST(S15_a_closed_ring_starts_no_chain_without_its_policy, .timeout = 120)
{
	unsigned int i, rounds = ROUNDS / tap_slowness(), programs = 0;
	struct io_uring_sqe *first;
	struct blocker block;

	tprog_load(&p);
	srand(1);
	for (i = 0; i < rounds; i++) {
		tprog_reset(&p);
		tring_init(&r, 0);
		refuse_programs(&r);
		first = q_block(&r, &block);
		first->user_data = OTHER;
		q_clone(&r);
		first->flags |= IOSQE_IO_LINK;
		q_exit(&r, 0);
		tring_submit(&r);
		if (rand() % 2) {
			blocker_release(&block);
			usleep(rand() % 50 * tap_slowness());
			tring_exit(&r);
		} else {
			tring_exit(&r);
			usleep(rand() % 50 * tap_slowness());
			blocker_release(&block);
		}
		usleep(rand() % 300 * tap_slowness());
		programs += reap();
		close(block.fds[0]);
		close(block.fds[1]);
	}
	DIAG("%u programs in %u rounds", programs, rounds);
	CHECK_EQ(programs, 0);
}
