// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C1, C4: chains that are for kept children, on a ring that no kernel knows: what the one
 * request says, what is refused, and what outcomes tell of the child.
 */
#include "fake_ring.h"

enum { SPAWN_FLAGS = IORING_SPAWN_FILES | IORING_SPAWN_KEEP | IORING_SPAWN_CHILD |
		     IORING_SPAWN_COPY };

static struct fake fake;

static void begin(void)
{
	fake_kernel.query.op_spawn = 83;
	fake_kernel.query.max_spawn = 512 << 10;
	fake_kernel.query.spawn_flags = SPAWN_FLAGS;
	fake_init(&fake);
}

static struct spawnpol_chain *kept(int in, int of, bool keep)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_setsid(c));
	if (in)
		CHECK_OK(spawnpol_chain_in_child(c, in));
	if (of)
		CHECK_OK(spawnpol_chain_copy_of(c, of));
	CHECK_OK(spawnpol_chain_keep(c, keep));
	return c;
}

static const struct io_uring_spawn *queued(struct spawnpol_chain *c)
{
	const struct io_uring_sqe *sqe = &fake.sqes[fake.uring.sq.sqe_tail % ENTRIES];

	CHECK_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 1);
	queue(&fake, c);
	return (void *)(uintptr_t)sqe->addr;
}

static struct spawnpol_outcome ended(struct spawnpol_chain *c, int res, unsigned int said)
{
	struct spawnpol_outcome out;

	CHECK_EQ(cqe_flags(&fake, c, INDEX_CLONE, res, said << IORING_SPAWN_STEP_SHIFT,
			   &out), SPAWNPOL_CQE_OUTCOME);
	return out;
}

TEST(C1_a_chain_that_keeps_a_new_child)
{
	const struct io_uring_spawn *arg;
	struct spawnpol_outcome out;
	struct spawnpol_chain *c = kept(0, 0, true);

	begin();
	CHECK_OK(spawnpol_chain_keep_time(c, 77));
	arg = queued(c);
	EXPECT_EQ(arg->flags, IORING_SPAWN_KEEP | IORING_SPAWN_FILES);
	EXPECT_EQ(arg->child, 0u);
	EXPECT_EQ(arg->keep_ns, 77u);
	EXPECT_EQ(arg->nr_steps, 1u);
	EXPECT_EQ(arg->path, 0u);
	EXPECT_EQ(arg->dfd, 0);
	EXPECT_EQ(arg->argv, 0u);
	EXPECT_EQ(arg->envp, 0u);
	c->told.report.pid = 123;
	out = ended(c, 9, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.child, 9);
	EXPECT_EQ(out.pid, 123);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
	EXPECT_EQ(out.step, -1);
}

TEST(C1_a_chain_in_a_child)
{
	const struct io_uring_spawn *arg;
	const struct clone_args *args;
	struct spawnpol_chain *c = kept(9, 0, true);

	begin();
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	arg = queued(c);
	EXPECT_EQ(arg->flags, IORING_SPAWN_KEEP | IORING_SPAWN_CHILD);
	EXPECT_EQ(arg->child, 9u);
	EXPECT_EQ(arg->keep_ns, 0u);
	EXPECT_STR((char *)(uintptr_t)arg->path, "/bin/x");
	/* SIGCHLD, too, would be more than can be asked for */
	args = (void *)(uintptr_t)arg->clone_args;
	EXPECT_EQ(args->flags, (uint64_t)CLONE_PIDFD);
	EXPECT_EQ(args->exit_signal, 0u);
	EXPECT_EQ(args->pidfd, (uintptr_t)&c->pidfd);
	EXPECT_EQ(ended(c, 55, 1).pid, 55);
	/* without: it ends, whatever comes */
	arg = queued(kept(9, 0, false));
	EXPECT_EQ(arg->flags, IORING_SPAWN_CHILD);
	EXPECT_EQ(arg->clone_args, 0u);
}

TEST(C4_a_chain_in_a_copy)
{
	struct spawnpol_chain *c = kept(0, 9, true);
	const struct io_uring_spawn *arg;

	begin();
	arg = queued(c);
	EXPECT_EQ(arg->flags, IORING_SPAWN_KEEP | IORING_SPAWN_COPY);
	EXPECT_EQ(arg->child, 9u);
	EXPECT_EQ(ended(c, 10, 0).child, 10);
	/* the last call counts */
	CHECK_OK(spawnpol_chain_in_child(c, 4));
	EXPECT_EQ(queued(c)->flags, IORING_SPAWN_KEEP | IORING_SPAWN_CHILD);
	ended(c, 4, 0);
	/* nothing is left in one that is used again */
	CHECK_OK(spawnpol_chain_reset(c));
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	arg = queued(c);
	EXPECT_EQ(arg->flags, 0u);
	EXPECT_EQ(arg->child, 0u);
}

static void refused(struct spawnpol_chain *c, int error)
{
	unsigned int before = fake.uring.sq.sqe_tail;

	EXPECT_EQ(spawnpol_queue(fake.ring, &c, 1), error);
	EXPECT_EQ(fake.uring.sq.sqe_tail, before);
	CHECK_OK(spawnpol_chain_error(c));
	CHECK_OK(spawnpol_chain_free(c));
}

static struct spawnpol_chain *with_program(struct spawnpol_chain *c)
{
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	return c;
}

TEST(C1_chains_that_make_no_sense)
{
	struct spawnpol_chain *c;

	begin();
	refused(kept(0, 0, false), -EINVAL);
	refused(kept(0, 9, false), -EINVAL);
	refused(with_program(kept(0, 0, true)), -EINVAL);
	refused(with_program(kept(0, 9, true)), -EINVAL);
	c = kept(9, 0, true);
	CHECK_OK(spawnpol_chain_namespaces(c, CLONE_NEWNS));
	refused(c, -EINVAL);
	c = kept(0, 9, true);
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	refused(c, -EINVAL);
	c = kept(0, 0, true);
	EXPECT_EQ(spawnpol_chain_in_child(c, -1), -EINVAL);
	EXPECT_EQ(spawnpol_chain_error(c), -EINVAL);
	EXPECT_EQ(spawnpol_child_run(fake.ring, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(spawnpol_child_copy(fake.ring, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(spawnpol_child_end(fake.ring, -1), -EINVAL);
}

/* Links do where CLONE has it: chain_kept_links_host_test. */
TEST(C1_links_and_other_kernels_keep_no_children)
{
	struct spawnpol_chain *c = kept(0, 0, true);

	begin();
	CHECK_OK(spawnpol_chain_close(c, 5));
	refused(c, -EOPNOTSUPP);
	CHECK_OK(spawnpol_ring_use_links(fake.ring, true));
	refused(kept(0, 0, true), -EOPNOTSUPP);
	/* its end is the owner's to collect */
	EXPECT_EQ(spawnpol_child_new(fake.ring, NULL, NULL), -EOPNOTSUPP);
	fake_kernel.query.spawn_flags = IORING_SPAWN_FILES;
	fake_init(&fake);
	refused(kept(0, 0, true), -EOPNOTSUPP);
	refused(kept(9, 0, false), -EOPNOTSUPP);
	refused(with_program(kept(0, 9, false)), -EOPNOTSUPP);
}

/* A chain in child 9 that has failed: is that there afterwards? */
static int after(bool keep, int error, enum io_uring_spawn_end end, bool begun)
{
	struct spawnpol_chain *c = with_program(kept(9, 0, keep));
	struct spawnpol_outcome out;

	queued(c);
	c->told.report.end = end;
	c->told.report.pid = begun ? 55 : 0;
	out = ended(c, error, begun);
	EXPECT_EQ(out.error, error);
	EXPECT_EQ(out.kind, begun ? SPAWNPOL_KIND_SETSID : SPAWNPOL_KIND_CLONE);
	return out.child;
}

TEST(C1_which_child_is_there_after_a_failure)
{
	begin();
	EXPECT_EQ(after(true, -EPERM, IORING_END_STEP, true), 9);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_VERDICT, true), 9);
	/* of a step: TCSETPGRP has it, for one */
	EXPECT_EQ(after(true, -ESRCH, IORING_END_STEP, true), 9);
	EXPECT_EQ(after(false, -EPERM, IORING_END_STEP, true), 0);
	EXPECT_EQ(after(true, -ETIME, IORING_END_DEADLINE, true), 0);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_CANCEL, true), 0);
	EXPECT_EQ(after(true, -ECANCELED, IORING_END_KILLED, true), 0);
	/* EXEC's point of no return: no report is written */
	EXPECT_EQ(after(true, -EIO, 0, true), 0);
	/* refused before: as it was, if it was there */
	EXPECT_EQ(after(false, -ESTALE, 0, false), 9);
	EXPECT_EQ(after(true, -EBUSY, 0, false), 9);
	EXPECT_EQ(after(true, -ESRCH, 0, false), 0);
}

TEST(C1_outcomes_of_kept_children_in_words)
{
	struct spawnpol_chain *c = kept(9, 0, true);
	struct spawnpol_outcome out;
	char text[256];

	begin();
	queued(c);
	out = ended(c, 9, 0);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "waiting as child 9");
	queued(c);
	out = ended(c, -ESTALE, 0);
	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_CHILD);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "kept child 9: the launcher has changed");
	CHECK_OK(spawnpol_chain_keep(c, false));
	queued(c);
	out = ended(c, 0, 0);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "ended");
}

/* The steps of a call without a chain are none, and its outcome has no chain. */
TEST(C1_outcomes_without_a_chain_in_words)
{
	struct spawnpol_outcome out = { .pidfd = -1, .step = -1, .error = -ESRCH };
	char text[256];

	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_CHILD);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "no kept child of the ring");
	EXPECT(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -EOPNOTSUPP).remedy);
	EXPECT(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -EINVAL).remedy);
	/* what it does not have of its own */
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -ETIME).text, "deadline");
	out.error = 0;
	out.child = 9;
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "waiting as child 9");
}

/* What the calls return that is about the ring, and not about a child. */
TEST(C1_advice_about_the_ring_of_a_child)
{
	struct spawnpol_advice advice;

	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -ESTALE).text, "forked");
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -EEXIST).text, "another thread");
	/* it can also be said of a new child */
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -EEXIST).text, "chosen pid");
	advice = spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -E2BIG);
	EXPECT_HAS(advice.text, "too many steps");
	EXPECT(advice.remedy);
	/* links can keep children: C1_links_that_keep_a_new_child */
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_CHILD, -EOPNOTSUPP).text, "links");
}

/* The descriptor that the chain has when its launch has failed without a child. */
static int pidfd_of_refused(struct spawnpol_chain *c, int error)
{
	int fd = CHECK_SYS(dup(0));

	begin();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	queued(c);
	c->pidfd = fd;
	EXPECT_EQ(ended(c, error, 0).pidfd, -1);
	return fd;
}

/* The kernel takes a descriptor back that it has told of: it can be another's by now. */
TEST(C1_a_pidfd_that_was_withdrawn_is_not_closed)
{
	CHECK_SYS(fcntl(pidfd_of_refused(kept(0, 0, true), -EAGAIN), F_GETFD));
}

/* That of a kept child is there before the child can do anything, and die. */
TEST(C1_the_pidfd_of_a_child_that_died_is_closed)
{
	EXPECT_EQ(fcntl(pidfd_of_refused(kept(9, 0, true), -ESRCH), F_GETFD), -1);
}
