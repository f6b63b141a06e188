// SPDX-License-Identifier: GPL-2.0
/*
 * Children that wait between chains, by CLONE and the requests linked to it: made,
 * used, copied, and ended. SPAWN has to do with the same ones.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <sys/stat.h>

#include "../kselftest_harness.h"
#include "ring.h"

#define KEEP	IORING_CLONE_KEEP
#define CHILD	IORING_CLONE_CHILD
#define COPY	IORING_CLONE_COPY

FIXTURE(kept)
{
	struct ring ring;
	struct io_uring_clone_kept kept;
	int number;		/* of the child that waits */
};

FIXTURE_VARIANT(kept)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(kept, plain) {
	.flags = 0,
};

FIXTURE_VARIANT_ADD(kept, defer_taskrun) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(kept, sqpoll) {
	.flags = IORING_SETUP_SQPOLL,
};

/* A CLONE that names a child, or makes one. */
static void queue_clone(struct ring *ring, struct io_uring_clone_kept *kept,
			unsigned int flags, int number)
{
	struct io_uring_sqe *sqe = ring_clone(ring);

	memset(kept, 0, sizeof(*kept));
	kept->child = number;
	sqe->clone_flags = flags;
	sqe->addr = (uintptr_t)kept;
	sqe->len = sizeof(*kept);
}

/* A last step, which tells the umask that there was. */
static struct io_uring_sqe *queue_umask(struct ring *ring, int mask)
{
	struct io_uring_sqe *sqe = ring_child(ring, IORING_CHILD_UMASK, 0, NULL, mask);

	sqe->flags = 0;
	return sqe;
}

/* Result of the request that many before the last one. */
static int result(struct ring *ring, unsigned int before)
{
	return ring->res[ring->queued - 1 - before];
}

/* What the first chain here makes, is there in each test. */
FIXTURE_SETUP(kept)
{
	struct ring *ring = &self->ring;
	int ret;

	ret = ring_open(ring, variant->flags);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel has no IORING_OP_CLONE");
	ASSERT_EQ(0, ret);

	umask(0);
	queue_clone(ring, &self->kept, KEEP | IORING_CLONE_FILES, 0);
	queue_umask(ring, 011);
	ASSERT_EQ(0, ring_wait_all(ring));
	self->number = result(ring, 1);
	ASSERT_GT(self->number, 0);
	ASSERT_EQ(0, result(ring, 0));
}

FIXTURE_TEARDOWN(kept)
{
}

TEST_F(kept, used)
{
	struct ring *ring = &self->ring;

	/* what a step has set stays, and the number as well */
	queue_clone(ring, &self->kept, CHILD | KEEP, self->number);
	queue_umask(ring, 022);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(self->number, result(ring, 1));
	EXPECT_EQ(011, result(ring, 0));

	/* a program */
	queue_clone(ring, &self->kept, CHILD, self->number);
	ring_exec_sh(ring, "[ $(umask) = 0022 ] && exit 7");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, result(ring, 0));
	ASSERT_GT(result(ring, 1), 0);
	EXPECT_EQ(7, exit_status(result(ring, 1)));

	queue_clone(ring, &self->kept, CHILD, self->number);
	queue_umask(ring, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ESRCH, result(ring, 1));
	EXPECT_EQ(-ECANCELED, result(ring, 0));
}

/* It is there afterwards, for the launcher to decide. */
TEST_F(kept, failed_step)
{
	struct ring *ring = &self->ring;

	queue_clone(ring, &self->kept, CHILD | KEEP, self->number);
	ring_open_missing(ring);
	queue_umask(ring, 022);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(self->number, result(ring, 2));
	EXPECT_EQ(-ENOENT, result(ring, 1));
	EXPECT_EQ(-ECANCELED, result(ring, 0));

	queue_clone(ring, &self->kept, CHILD, self->number);
	ring_exec_sh(ring, "[ $(umask) = 0011 ] && exit 7");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(7, exit_status(result(ring, 1)));
}

TEST_F(kept, copied)
{
	struct ring *ring = &self->ring;
	int copy;

	queue_clone(ring, &self->kept, COPY, self->number);
	ring_exec_sh(ring, "[ $(umask) = 0011 ] && exit 7");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(7, exit_status(result(ring, 1)));

	queue_clone(ring, &self->kept, COPY | KEEP, self->number);
	queue_umask(ring, 022);
	ASSERT_EQ(0, ring_wait_all(ring));
	copy = result(ring, 1);
	ASSERT_GT(copy, 0);
	EXPECT_NE(self->number, copy);
	EXPECT_EQ(011, result(ring, 0));

	/* the one is not the other */
	queue_clone(ring, &self->kept, CHILD | KEEP, self->number);
	queue_umask(ring, 033);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(011, result(ring, 0));
	queue_clone(ring, &self->kept, CHILD | KEEP, copy);
	queue_umask(ring, 033);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(022, result(ring, 0));
}

/* Without KEEP it ends, by links that execute nothing, and by a SPAWN that says no more. */
TEST_F(kept, ended)
{
	struct io_uring_spawn spawn = { .flags = IORING_SPAWN_CHILD };
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;

	queue_clone(ring, &self->kept, COPY | KEEP, self->number);
	queue_umask(ring, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	spawn.child = result(ring, 1);

	queue_clone(ring, &self->kept, CHILD, self->number);
	queue_umask(ring, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_GT(result(ring, 1), 0);
	EXPECT_EQ(011, result(ring, 0));

	sqe = ring_sqe(ring, IORING_OP_SPAWN, 0);
	sqe->addr = (uintptr_t)&spawn;
	sqe->len = sizeof(spawn);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, result(ring, 0));

	queue_clone(ring, &self->kept, CHILD | KEEP, self->number);
	queue_umask(ring, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ESRCH, result(ring, 1));
}

TEST_F(kept, refused)
{
	static const struct {
		unsigned int flags;
		int number, error;
	} tests[] = {
		{ CHILD | COPY, 1, -EINVAL },
		{ CHILD, 0, -EINVAL },
		{ KEEP | IORING_CLONE_FILES, 1, -EINVAL },
		{ KEEP, 0, -EINVAL },
		{ CHILD | KEEP, INT_MAX, -ESRCH },
		{ COPY | KEEP, INT_MAX, -ESRCH },
	};
	struct ring *ring = &self->ring;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		queue_clone(ring, &self->kept, tests[i].flags, tests[i].number);
		queue_umask(ring, 0);
		ASSERT_EQ(0, ring_wait_all(ring));
		EXPECT_EQ(tests[i].error, result(ring, 1));
		EXPECT_EQ(-ECANCELED, result(ring, 0));
	}
}

TEST_HARNESS_MAIN
