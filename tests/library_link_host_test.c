// SPDX-License-Identifier: LGPL-2.1-or-later
/* A link that the caller of a wrapped ring has begun, and the library's requests. */
#include "fake_ring.h"

#define OP_WAITID 50

static struct fake f;

/* A request of the caller's. */
static void put_nop(unsigned int flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&f.uring);

	CHECK(sqe);
	io_uring_prep_nop(sqe);
	sqe->flags = flags;
	sqe->user_data = 1;
}

static unsigned int nr_queued(void)
{
	return f.uring.sq.sqe_tail - f.head;
}

static const struct io_uring_sqe *last(void)
{
	return &f.sqes[(f.uring.sq.sqe_tail - 1) % ENTRIES];
}

static void take_all(void)
{
	f.head = f.uring.sq.sqe_tail;
}

/* A chain that is in flight, and waits for the end of its program. */
static struct spawnpol_chain *in_flight(void)
{
	struct spawnpol_chain *c = new_chain("/bin/true");

	CHECK_OK(spawnpol_chain_exit_status(c, true));
	queue(&f, c);
	take_all();
	return c;
}

static void launch_ends(struct spawnpol_chain *c)
{
	struct spawnpol_outcome out;

	CHECK_EQ(cqe(&f, c, INDEX_CLONE, 1234, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, INDEX_STEP, 0, &out), SPAWNPOL_CQE_OUTCOME);
}

static const unsigned int links[] = { IOSQE_IO_LINK, IOSQE_IO_HARDLINK };

TEST(nothing_is_put_into_a_link)
{
	struct spawnpol_chain *flying, *c = new_chain("/bin/true");

	fake_init(&f);
	flying = in_flight();
	for (int i = 0; i < 2; i++) {
		put_nop(links[i]);
		CHECK_EQ(spawnpol_queue(f.ring, &c, 1), -EINPROGRESS);
		CHECK_EQ(spawnpol_submit(f.ring, &c, 1), -EINPROGRESS);
		CHECK_EQ(spawnpol_cancel(f.ring, flying), -EINPROGRESS);
		CHECK_EQ(nr_queued(), 1);
		CHECK_OK(spawnpol_chain_error(c));
		take_all();
	}
	queue(&f, c);
}

TEST(a_wait_does_not_become_part_of_a_link)
{
	struct spawnpol_chain *c;

	fake_init(&f);
	c = in_flight();
	put_nop(IOSQE_IO_LINK);
	launch_ends(c);
	CHECK_EQ(nr_queued(), 1);
	CHECK_EQ(spawnpol_queue(f.ring, NULL, 0), 0);
	CHECK_EQ(nr_queued(), 1);
	put_nop(0);
	CHECK_EQ(spawnpol_queue(f.ring, NULL, 0), 0);
	CHECK_EQ(nr_queued(), 3);
	CHECK_EQ(last()->opcode, OP_WAITID);
	CHECK_EQ(last()->fd, 1234);
	CHECK_EQ(spawnpol_queue(f.ring, NULL, 0), 0);
	CHECK_EQ(nr_queued(), 3);
}

/* Nor is the link submitted half-finished, to make room. */
TEST(a_full_queue_with_an_open_link)
{
	struct spawnpol_chain *c;

	fake_init(&f);
	c = in_flight();
	for (int i = 0; i < ENTRIES; i++)
		put_nop(IOSQE_IO_LINK);
	launch_ends(c);
	CHECK_EQ(f.tail, 0);
	CHECK_EQ(nr_queued(), ENTRIES);
	/* where submission ends, so does the link */
	take_all();
	CHECK_EQ(spawnpol_queue(f.ring, NULL, 0), 0);
	CHECK_EQ(nr_queued(), 1);
	CHECK_EQ(last()->opcode, OP_WAITID);
}

/* Without a link all is as before. */
TEST(a_wait_follows_other_requests)
{
	struct spawnpol_chain *c;

	fake_init(&f);
	c = in_flight();
	put_nop(IOSQE_IO_LINK);
	put_nop(0);
	launch_ends(c);
	CHECK_EQ(nr_queued(), 3);
	CHECK_EQ(last()->opcode, OP_WAITID);
}
