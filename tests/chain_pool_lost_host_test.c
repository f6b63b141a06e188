// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C5: pools on a ring that no kernel knows: children that are gone, stale, refused or given
 * back, and what becomes of the chains that have taken them.
 */
#include "fake_pool.h"

TEST(C5_a_child_that_is_gone_is_made_up_for)
{
	struct spawnpol_outcome out;

	begin_hit();
	CHECK_EQ(answer(taken(), -ESRCH, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().gone, 1u);
	EXPECT_EQ(stats().misses, 1u);
	CHECK_EQ(nr_queued(), 1u);
	EXPECT_EQ(said(&fake.sqes[next % ENTRIES])->nr_steps, 3u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pid, 55);
	EXPECT_EQ(stats().hits, 0u);
	EXPECT_EQ(nr_queued(), 1u);
}

/* A chain whose child is gone, and that cannot be submitted again before a link has ended. */
static void begin_lost_in_link(void)
{
	const struct io_uring_sqe *sqe;
	struct spawnpol_outcome out;
	struct io_uring_sqe *nop;

	begin_hit();
	sqe = taken();
	nop = io_uring_get_sqe(&fake.uring);
	io_uring_prep_nop(nop);
	nop->flags = IOSQE_IO_LINK;
	CHECK_EQ(answer(sqe, -ESRCH, 0, &out), SPAWNPOL_CQE_TAKEN);
}

/* Who takes a pool's child must not be put into the caller's link. */
TEST(C5_again_after_the_callers_link)
{
	begin_lost_in_link();
	EXPECT_EQ(nr_queued(), 1u);
	EXPECT_EQ(spawnpol_pool_fill(pool), -EINPROGRESS);
	taken();
	CHECK_EQ(spawnpol_queue(fake.ring, NULL, 0), 0);
	EXPECT_EQ(said(taken())->nr_steps, 3u);
}

TEST(C5_a_child_that_is_stale_takes_the_others_along)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin(3);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 3);
	for (int i = 1; i <= 3; i++)
		make(i);
	queue(&fake, c);
	CHECK_EQ(answer(taken(), -ESTALE, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().stale, 3u);
	EXPECT_EQ(stats().waiting, 0u);
	EXPECT_EQ(fake_kernel.cancelled, 3u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(nr_queued(), 2u);
}

TEST(C5_a_chain_that_the_kernel_does_not_take_gives_its_child_back)
{
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	/* there is no such ring */
	EXPECT_EQ(spawnpol_submit(fake.ring, &c, 1), -EBADF);
	EXPECT_EQ(stats().waiting, 1u);
	queue(&fake, c);
	EXPECT_EQ(said(taken())->child, 9u);
}

TEST(C4_a_copy_that_fails_for_want_of_room_does_not_end_the_first)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin_with(prefix_for_copies(), 1, SPAWNPOL_POOL_COPY);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	make(1);
	make(2);
	queue(&fake, c);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	fake_kernel.cancelled = 0;
	CHECK_EQ(answer(taken(), -EAGAIN, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(fake_kernel.cancelled, 0u);
	EXPECT_EQ(stats().stale, 0u);
	EXPECT_EQ(stats().failed, 1u);
}

TEST(C5_a_launch_that_is_refused_leaves_no_child)
{
	struct spawnpol_outcome out;

	begin_hit();
	fake_kernel.cancelled = 0;
	/* a descriptor of its list is not open: the child has heard nothing of it */
	CHECK_EQ(answer(taken(), -EBADF, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(fake_kernel.cancelled, 1u);
	EXPECT_EQ(stats().hits, 0u);
	EXPECT_EQ(stats().waiting, 0u);
}

TEST(C5_the_path_of_an_outcome_outlives_the_pool)
{
	struct spawnpol_chain *c, *p = new_chain(NULL);
	const struct io_uring_sqe *sqe;
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_chain_chdir(p, "/nonexistent-directory"));
	begin_with(p, 1, 0);
	c = chain();
	queue(&fake, c);
	sqe = taken();
	spawnpol_pool_close(pool);
	CHECK_EQ(answer(sqe, -ENOENT, 1, &out), SPAWNPOL_CQE_OUTCOME);
	CHECK_STR(out.path, "/nonexistent-directory");
	CHECK_OK(spawnpol_chain_free(c));
}

/* A descriptor that the kernel has installed for the chain's child. */
static int given_pidfd(struct spawnpol_chain *c)
{
	c->pidfd = CHECK_SYS(dup(0));
	return c->pidfd;
}

TEST(C5_the_pidfd_of_a_child_that_died_is_closed)
{
	struct spawnpol_chain *c;
	struct spawnpol_outcome out;
	int fd;

	begin(1);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	c = chain();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	queue(&fake, c);
	fd = given_pidfd(c);
	CHECK_EQ(answer(taken(), -ESRCH, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(fcntl(fd, F_GETFD), -1);
	/* a new child's has been withdrawn, and the number can be another file's by now */
	fd = given_pidfd(c);
	CHECK_EQ(answer(taken(), -EAGAIN, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pidfd, -1);
	EXPECT_EQ(fcntl(fd, F_GETFD), 0);
	CHECK_SYS(close(fd));
}

/* The launch has been given up, or its ring is being closed, when the kernel says this. */
static void canceled(int error, bool given_up)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	c = begin_hit();
	if (given_up)
		spawnpol_cancel(fake.ring, c);
	else
		fake.ring->closing = true;
	CHECK_EQ(answer(taken(), error, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.error, -ECANCELED);
	EXPECT_EQ(stats().hits, 0u);
}

TEST(C5_canceled_while_its_child_was_lost)
{
	for (int given_up = 0; given_up < 2; given_up++) {
		canceled(-ESTALE, given_up);
		canceled(-ESRCH, given_up);
		canceled(-EBUSY, given_up);
	}
}

/* Again, when there is a place in the SQ: too late for a ring that is being closed. */
TEST(C5_nothing_is_launched_by_a_ring_that_is_being_closed)
{
	struct spawnpol_outcome out;
	const struct io_uring_sqe *sqe;

	begin_lost_in_link();
	taken();
	fake.ring->closing = true;
	CHECK_EQ(spawnpol_queue(fake.ring, NULL, 0), 0);
	sqe = taken();
	EXPECT_EQ(sqe->opcode, IORING_OP_NOP);
	CHECK_EQ(answer(sqe, 0, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.error, -ECANCELED);
}

/* The kernel counts a child until it is gone, which takes a moment. */
TEST(C5_children_that_were_stale_still_count)
{
	struct spawnpol_outcome out;

	begin(2);
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	make(1);
	make(2);
	queue(&fake, chain());
	CHECK_EQ(answer(taken(), -ESTALE, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().stale, 2u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	CHECK_EQ(nr_queued(), 2u);
	/* it is asked for once more, for each that was ended */
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(answer(taken(), -EAGAIN, 0, &out), SPAWNPOL_CQE_TAKEN);
		EXPECT_EQ(nr_queued(), 2u);
		EXPECT_EQ(stats().making, 2u);
		EXPECT_EQ(stats().failed, 0u);
	}
	CHECK_EQ(answer(taken(), -EAGAIN, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().failed, 1u);
	EXPECT_EQ(stats().error, -EAGAIN);
	make(3);
	EXPECT_EQ(stats().waiting, 1u);
	EXPECT_EQ(nr_queued(), 0u);
}
