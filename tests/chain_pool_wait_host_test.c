// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C5: pools on a ring that no kernel knows, whose CQEs the library takes itself: what
 * spawnpol_pool_wait() does with those that are not of the pool.
 */
#include "fake_pool.h"

/* The kernel has taken all of the SQ, and nothing is to be submitted. */
static void all_taken(void)
{
	next = fake.head = fake.uring.sq.sqe_tail;
	fake.ring->to_submit = false;
}

/* A pool that is making its only child, on a ring of the library's own. */
static uint64_t begin_making(void)
{
	uint64_t user_data;

	begin(1);
	fake.ring->wrapped = false;
	/* there is no such ring */
	CHECK_EQ(spawnpol_pool_fill(pool), -EBADF);
	CHECK_EQ(stats().making, 1u);
	user_data = fake.sqes[0].user_data;
	all_taken();
	return user_data;
}

static void collect(struct spawnpol_outcome *out)
{
	CHECK_EQ(spawnpol_collect(fake.ring, out, 1, 1, 0), 1);
}

TEST(A1_an_actor_ends_while_a_pool_is_waited_for)
{
	const uint64_t child = begin_making();
	struct spawnpol_outcome out;
	struct spawnpol_actor *actor;

	fake.ring->query.op_bpf = 84;
	CHECK_OK(spawnpol_actor_new(&actor, NULL));
	CHECK_OK(spawnpol_actor_queue(fake.ring, actor, 0, NULL));
	fake_post(&fake, fake.sqes[1].user_data, 12);
	all_taken();
	fake_post(&fake, child, 9);
	EXPECT_EQ(spawnpol_pool_wait(pool), 1);
	EXPECT_EQ(spawnpol_actor_free(actor), -EBUSY);
	collect(&out);
	EXPECT_EQ(out.actor, actor);
	EXPECT_EQ(out.result, 12);
	CHECK_OK(spawnpol_actor_free(actor));
}

TEST(C5_a_launch_ends_while_a_pool_is_waited_for)
{
	const uint64_t child = begin_making();
	struct spawnpol_chain *c = new_chain("/bin/x");
	struct spawnpol_outcome out;

	queue(&fake, c);
	fake_post(&fake, fake.sqes[1].user_data, 55);
	all_taken();
	fake_post(&fake, child, 9);
	EXPECT_EQ(spawnpol_pool_wait(pool), 1);
	EXPECT_EQ(spawnpol_chain_free(c), -EBUSY);
	collect(&out);
	EXPECT_EQ(out.chain, c);
	EXPECT_EQ(out.pid, 55);
	CHECK_OK(spawnpol_chain_free(c));
}
