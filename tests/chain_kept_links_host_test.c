// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C1, C4: chains for kept children that are links, on a ring that no kernel knows: what
 * CLONE is told, what ends the links, and what outcomes tell of the child.
 */
#include "fake_ring.h"

enum { CLONE_FLAGS = IORING_CLONE_FILES | IORING_CLONE_REPORT | IORING_CLONE_KEEP |
		     IORING_CLONE_CHILD | IORING_CLONE_COPY };

static struct fake fake;
static struct spawnpol_outcome out;

static void begin(void)
{
	fake_kernel.query.op_spawn = 83;
	fake_kernel.query.max_spawn = 512 << 10;
	fake_kernel.query.sqe_clone_flags = CLONE_FLAGS;
	fake_init(&fake);
}

/* One action that SPAWN does not have. */
static struct spawnpol_chain *kept(int in, int of, bool keep)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_close(c, 5));
	CHECK_OK(spawnpol_chain_in_child(c, in));
	if (of)
		CHECK_OK(spawnpol_chain_copy_of(c, of));
	CHECK_OK(spawnpol_chain_keep(c, keep));
	return c;
}

static struct spawnpol_chain *with_program(struct spawnpol_chain *c)
{
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	return c;
}

/* Its SQEs: CLONE, the action, and the program or a NOP. */
static const struct io_uring_sqe *queued(struct spawnpol_chain *c)
{
	const struct io_uring_sqe *sqe;

	fake.uring.sq.sqe_head = fake.uring.sq.sqe_tail = fake.head = fake.tail = 0;
	CHECK_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 3);
	queue(&fake, c);
	CHECK_EQ(fake.uring.sq.sqe_tail, 3);
	sqe = fake.sqes;
	EXPECT_EQ(sqe[0].opcode, FAKE_CLONE);
	EXPECT_EQ(sqe[1].flags, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
	EXPECT_EQ(sqe[2].flags, 0);
	return sqe;
}

static const struct io_uring_clone_kept *told(const struct io_uring_sqe *sqe)
{
	CHECK_EQ(sqe->len, sizeof(struct io_uring_clone_kept));
	return (void *)(uintptr_t)sqe->addr;
}

static void taken(struct spawnpol_chain *c, int index, int res)
{
	CHECK_EQ(cqe(&fake, c, index, res, &out), SPAWNPOL_CQE_TAKEN);
}

static void ended(struct spawnpol_chain *c, int res)
{
	CHECK_EQ(cqe(&fake, c, INDEX_STEP + 1, res, &out), SPAWNPOL_CQE_OUTCOME);
}

TEST(C1_links_that_keep_a_new_child)
{
	struct spawnpol_chain *c = kept(0, 0, true);
	const struct io_uring_sqe *sqe;

	begin();
	CHECK_OK(spawnpol_chain_keep_time(c, 77));
	sqe = queued(c);
	EXPECT_EQ(sqe->rw_flags,
		  IORING_CLONE_KEEP | IORING_CLONE_FILES | IORING_CLONE_REPORT);
	EXPECT_EQ(told(sqe)->child, 0u);
	EXPECT_EQ(told(sqe)->keep_ns, 77u);
	EXPECT_EQ(told(sqe)->clone_args, 0u);
	EXPECT_EQ(sqe[2].opcode, IORING_OP_NOP);
	taken(c, INDEX_CLONE, 9);
	c->told.report.pid = 123;
	c->told.report.end = IORING_END_KEPT;
	ended(c, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.child, 9);
	EXPECT_EQ(out.pid, 123);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
	EXPECT_EQ(out.step, -1);
}

TEST(C1_links_in_a_child)
{
	struct spawnpol_chain *c = with_program(kept(9, 0, true));
	const struct io_uring_sqe *sqe;
	const struct clone_args *args;

	begin();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	sqe = queued(c);
	EXPECT_EQ(sqe->rw_flags,
		  IORING_CLONE_KEEP | IORING_CLONE_CHILD | IORING_CLONE_REPORT);
	EXPECT_EQ(told(sqe)->child, 9u);
	args = (void *)(uintptr_t)told(sqe)->clone_args;
	EXPECT_EQ(told(sqe)->clone_args_size, sizeof(*args));
	EXPECT_EQ(args->flags, (uint64_t)CLONE_PIDFD);
	EXPECT_EQ(args->exit_signal, 0u);
	EXPECT_EQ(args->pidfd, (uintptr_t)&c->pidfd);
	EXPECT_EQ(sqe[2].opcode, FAKE_EXEC);
	taken(c, INDEX_CLONE, 9);
	c->told.report.pid = 55;
	ended(c, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.child, 0);
	EXPECT_EQ(out.pid, 55);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);

	/* without: it ends, and CLONE tells the pid */
	c = kept(9, 0, false);
	EXPECT_EQ(queued(c)->rw_flags, IORING_CLONE_CHILD | IORING_CLONE_REPORT);
	taken(c, INDEX_CLONE, 55);
	c->told.report.end = IORING_END_NO_EXEC;
	ended(c, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.child, 0);
	EXPECT_EQ(out.pid, 55);
}

TEST(C4_links_in_a_copy)
{
	struct spawnpol_chain *c = kept(0, 9, true);
	const struct io_uring_sqe *sqe;

	begin();
	sqe = queued(c);
	EXPECT_EQ(sqe->rw_flags,
		  IORING_CLONE_KEEP | IORING_CLONE_COPY | IORING_CLONE_REPORT);
	EXPECT_EQ(told(sqe)->child, 9u);
	EXPECT_EQ(told(sqe)->clone_args, 0u);
	taken(c, INDEX_CLONE, 10);
	c->told.report.end = IORING_END_KEPT;
	ended(c, 0);
	EXPECT_EQ(out.child, 10);
	sqe = queued(with_program(kept(0, 9, false)));
	EXPECT_EQ(sqe->rw_flags, IORING_CLONE_COPY | IORING_CLONE_REPORT);
}

/* The kernel refuses more, as a request. */
TEST(C1_as_many_actions_as_there_can_be)
{
	struct spawnpol_chain *c = kept(0, 0, true);

	begin();
	for (unsigned int i = 1; i < SPAWNPOL_MAX_STEPS; i++)
		CHECK_OK(spawnpol_chain_close(c, 5));
	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, c), -E2BIG);
	EXPECT_EQ(spawnpol_queue(fake.ring, &c, 1), -E2BIG);
}

/* Links in child 9 that have failed at their action: is it there afterwards? */
static int after(bool keep, int error, enum io_uring_spawn_end end)
{
	struct spawnpol_chain *c = with_program(kept(9, 0, keep));

	queued(c);
	taken(c, INDEX_CLONE, keep ? 9 : 55);
	c->told.report.end = end;
	c->told.report.pid = 55;
	taken(c, INDEX_STEP, error);
	ended(c, -ECANCELED);
	EXPECT_EQ(out.error, error);
	EXPECT_EQ(out.step, 0);
	EXPECT_EQ(out.pid, 55);
	return out.child;
}

static int after_refusal(bool keep, int error)
{
	struct spawnpol_chain *c = kept(9, 0, keep);

	queued(c);
	taken(c, INDEX_CLONE, error);
	ended(c, -ECANCELED);
	EXPECT_EQ(out.error, error);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
	EXPECT_EQ(out.step, -1);
	return out.child;
}

TEST(C1_which_child_is_there_after_links_have_failed)
{
	begin();
	EXPECT_EQ(after(true, -EPERM, IORING_END_STEP), 9);
	/* that is the step's own */
	EXPECT_EQ(after(true, -ESRCH, IORING_END_STEP), 9);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_VERDICT), 9);
	EXPECT_EQ(after(false, -EPERM, IORING_END_STEP), 0);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_CANCEL), 0);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_KILLED), 0);
	/* refused: as it was, if it was there */
	EXPECT_EQ(after_refusal(false, -ESTALE), 9);
	EXPECT_EQ(after_refusal(true, -EBUSY), 9);
	EXPECT_EQ(after_refusal(true, -ESRCH), 0);
}

/* Between the last action and its waiting. */
TEST(C1_links_that_are_cancelled_at_their_end)
{
	struct spawnpol_chain *c = kept(0, 0, true);

	begin();
	queued(c);
	taken(c, INDEX_CLONE, 9);
	c->told.report.end = IORING_END_CANCEL;
	c->told.report.pid = 55;
	ended(c, -ECANCELED);
	EXPECT_EQ(out.error, -ECANCELED);
	EXPECT_EQ(out.child, 0);
	EXPECT_EQ(out.step, -1);
}

TEST(C1_a_deadline_of_links)
{
	struct spawnpol_chain *c = kept(9, 0, true);
	unsigned int i;

	begin();
	CHECK_OK(spawnpol_chain_deadline(c, 1000));
	/* before it has come to the child, and in that */
	for (i = 0; i < 2; i++) {
		queue(&fake, c);
		taken(c, INDEX_CLONE, i ? 9 : -ECANCELED);
		c->told.report.pid = i ? 55 : 0;
		c->told.report.end = i ? IORING_END_DEADLINE : 0;
		taken(c, INDEX_STEP + 1, -ECANCELED);
		CHECK_EQ(cqe(&fake, c, INDEX_DEADLINE, -ETIME, &out),
			 SPAWNPOL_CQE_OUTCOME);
		EXPECT_EQ(out.error, -ETIME);
		EXPECT_EQ(out.child, i ? 0 : 9);
	}
}

/* The descriptor that links have when CLONE has failed. */
static int pidfd_of_refused(struct spawnpol_chain *c, int error)
{
	int fd = CHECK_SYS(dup(0));

	begin();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	queued(c);
	c->pidfd = fd;
	taken(c, INDEX_CLONE, error);
	ended(c, -ECANCELED);
	EXPECT_EQ(out.error, error);
	EXPECT_EQ(out.pidfd, -1);
	return fd;
}

/* The kernel takes a descriptor back that it has told of: it can be another's by now. */
TEST(C1_a_pidfd_that_links_have_not_got_is_not_closed)
{
	CHECK_SYS(fcntl(pidfd_of_refused(kept(0, 0, true), -EAGAIN), F_GETFD));
}

/* That of a kept child is there before the child can do anything, and die. */
TEST(C1_the_pidfd_of_a_child_that_died_before_its_links_is_closed)
{
	EXPECT_EQ(fcntl(pidfd_of_refused(kept(9, 0, true), -ESRCH), F_GETFD), -1);
}
