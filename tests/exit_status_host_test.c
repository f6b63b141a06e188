// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ends of programs as outcomes, from CQEs that are made up. */
#include "fake_ring.h"

#include <signal.h>
#include <sys/wait.h>

#define OP_WAITID 50

static struct fake f;

static struct spawnpol_chain *waiting_chain(void)
{
	struct spawnpol_chain *c = new_chain("/bin/true");

	CHECK_OK(spawnpol_chain_exit_status(c, true));
	fake_init(&f);
	queue(&f, c);
	return c;
}

/* Its program runs as process 77. */
static struct spawnpol_chain *running_chain(void)
{
	struct spawnpol_chain *c = waiting_chain();
	struct spawnpol_outcome out;

	CHECK_EQ(cqe(&f, c, INDEX_CLONE, 77, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, INDEX_STEP, 0, &out), SPAWNPOL_CQE_OUTCOME);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	CHECK_EQ(out.pid, 77);
	return c;
}

/* As the kernel fills it in. */
static void ends(struct spawnpol_chain *c, int code, int status)
{
	siginfo_t *info = (siginfo_t *)(uintptr_t)f.sqes[2].addr2;

	CHECK(info == &c->exit);
	info->si_pid = 77;
	info->si_code = code;
	info->si_status = status;
}

static struct spawnpol_outcome end_of(struct spawnpol_chain *c, int res)
{
	struct spawnpol_outcome out;

	CHECK_EQ(cqe(&f, c, INDEX_EXIT, res, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	EXPECT_EQ(out.pid, 77);
	EXPECT_EQ(out.pidfd, -1);
	EXPECT(out.chain == c);
	return out;
}

TEST(the_request_waits_for_the_program)
{
	struct spawnpol_chain *c = running_chain();
	const struct io_uring_sqe *sqe = &f.sqes[2];

	CHECK_EQ(f.uring.sq.sqe_tail, 3u);
	EXPECT_EQ(sqe->opcode, OP_WAITID);
	EXPECT_EQ(sqe->len, (unsigned int)P_PID);
	EXPECT_EQ(sqe->fd, 77);
	EXPECT_EQ(sqe->file_index, (unsigned int)WEXITED);
	EXPECT_EQ(sqe->flags, 0);
	/* until then the chain is in flight */
	EXPECT_EQ(spawnpol_chain_free(c), -EBUSY);
	EXPECT_EQ(spawnpol_queue(f.ring, &c, 1), -EBUSY);
	ends(c, CLD_EXITED, 3);
	end_of(c, 0);
	EXPECT_EQ(spawnpol_chain_free(c), 0);
}

TEST(statuses_are_those_of_waitpid)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;
	char text[64];

	c = running_chain();
	ends(c, CLD_EXITED, 3);
	out = end_of(c, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT(WIFEXITED(out.status) && WEXITSTATUS(out.status) == 3);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "exited with 3");

	c = running_chain();
	ends(c, CLD_KILLED, SIGTERM);
	out = end_of(c, 0);
	EXPECT(WIFSIGNALED(out.status) && WTERMSIG(out.status) == SIGTERM);
	EXPECT(!WCOREDUMP(out.status));
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "killed by signal 15");

	c = running_chain();
	ends(c, CLD_DUMPED, SIGSEGV);
	out = end_of(c, 0);
	EXPECT(WIFSIGNALED(out.status) && WTERMSIG(out.status) == SIGSEGV);
	EXPECT(WCOREDUMP(out.status));
}

/* An error is believed the second time: the first can be that of a thread's end. */
static struct spawnpol_outcome end_with(int error)
{
	struct spawnpol_chain *c = running_chain();
	struct spawnpol_outcome out;

	EXPECT_EQ(cqe(&f, c, INDEX_EXIT, -EFAULT, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(f.uring.sq.sqe_tail, 4u);
	EXPECT_EQ(f.sqes[3].opcode, OP_WAITID);
	EXPECT_EQ(f.ring->pending, 1u);
	return end_of(c, error);
}

TEST(ends_that_nobody_can_wait_for)
{
	struct spawnpol_outcome out;

	out = end_with(-ECHILD);
	EXPECT_EQ(out.error, -ECHILD);
	EXPECT_EQ(out.status, 0);
	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_EXIT);
	out = end_with(-ECANCELED);
	EXPECT_EQ(out.error, -ECANCELED);
	/* the request was made a NOP: nothing was filled in */
	out = end_of(running_chain(), 0);
	EXPECT_EQ(out.error, -ECANCELED);
}

TEST(launches_that_fail_have_no_end)
{
	struct spawnpol_chain *c = waiting_chain();
	struct spawnpol_outcome out;

	CHECK_EQ(cqe(&f, c, INDEX_CLONE, 77, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(cqe(&f, c, INDEX_STEP, -ENOENT, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.error, -ENOENT);
	EXPECT_EQ(f.uring.sq.sqe_tail, 2u);
	EXPECT_EQ(f.ring->outcomes, 0u);
	EXPECT_EQ(f.ring->pending, 0u);
	EXPECT_EQ(spawnpol_chain_free(c), 0);
}

TEST(what_is_to_come_is_counted)
{
	struct spawnpol_chain *c = waiting_chain();
	struct spawnpol_outcome out;

	EXPECT_EQ(f.ring->outcomes, 2u);
	EXPECT_EQ(f.ring->pending, 2u);
	cqe(&f, c, INDEX_CLONE, 77, &out);
	cqe(&f, c, INDEX_STEP, 0, &out);
	EXPECT_EQ(f.ring->outcomes, 1u);
	EXPECT_EQ(f.ring->pending, 1u);
	end_of(c, 0);
	EXPECT_EQ(f.ring->outcomes, 0u);
	EXPECT_EQ(f.ring->pending, 0u);
}

/* Fill the SQ, whose kernel takes nothing (there is none). */
static void fill_sq(void)
{
	while (io_uring_get_sqe(&f.uring))
		;
}

static void empty_sq(void)
{
	f.head = f.tail = f.uring.sq.sqe_head = f.uring.sq.sqe_tail;
}

TEST(a_full_queue_delays_the_request)
{
	struct spawnpol_chain *c = waiting_chain();
	struct spawnpol_outcome out;
	unsigned int tail;

	cqe(&f, c, INDEX_CLONE, 77, &out);
	fill_sq();
	tail = f.uring.sq.sqe_tail;
	CHECK_EQ(cqe(&f, c, INDEX_STEP, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(f.uring.sq.sqe_tail, tail);
	EXPECT_EQ(spawnpol_chain_free(c), -EBUSY);
	empty_sq();
	/* with the next call of whatever kind */
	CHECK_EQ(spawnpol_queue(f.ring, &c, 0), 0);
	EXPECT_EQ(f.uring.sq.sqe_tail, tail + 1);
	EXPECT_EQ(f.sqes[tail % ENTRIES].opcode, OP_WAITID);
}

TEST(a_delayed_request_can_be_cancelled)
{
	struct spawnpol_chain *c = waiting_chain();
	struct spawnpol_outcome out;
	unsigned int tail;

	cqe(&f, c, INDEX_CLONE, 77, &out);
	fill_sq();
	cqe(&f, c, INDEX_STEP, 0, &out);
	EXPECT_EQ(spawnpol_cancel(f.ring, c), -EAGAIN);
	empty_sq();
	tail = f.uring.sq.sqe_tail;
	spawnpol_cancel(f.ring, c);
	EXPECT_EQ(f.sqes[tail % ENTRIES].opcode, IORING_OP_NOP);
	EXPECT_EQ(f.sqes[tail % ENTRIES].user_data,
		  (uint64_t)TAG << 48 | (uintptr_t)c | INDEX_EXIT);
	out = end_of(c, 0);
	EXPECT_EQ(out.error, -ECANCELED);
}
