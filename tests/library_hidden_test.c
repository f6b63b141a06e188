// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings without a descriptor. */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned int kinds[] = {
	0,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SQPOLL,
	IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
};

static unsigned int nr_descriptors(void)
{
	unsigned int nr = 0;

	for (int fd = 0; fd < 1024; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

TEST(hidden_rings_work_without_a_descriptor)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		unsigned int before = nr_descriptors();
		struct spawnpol_ring *ring = ring_of(16, kinds[i]);
		struct spawnpol_chain *chain = shell("exit 5");
		struct spawnpol_outcome out;

		DIAG("ring flags %#x", kinds[i]);
		CHECK_EQ(nr_descriptors(), before + 1);
		CHECK_OK(spawnpol_ring_hide(ring));
		CHECK_OK(spawnpol_ring_hide(ring));
		CHECK_EQ(nr_descriptors(), before);
		CHECK_EQ(spawnpol_ring_fd(ring), -EBADF);
		out = launch_on(ring, chain);
		CHECK_EQ(out.error, 0);
		CHECK_EQ(wait_exit(out.pid), 5);
		CHECK_EQ(run(ring, chain), 5);
		CHECK_EQ(nr_descriptors(), before);
	}
}

/* A thread can have 16: that many more only if closing gives the places back. */
TEST(hidden_rings_are_closed)
{
	struct spawnpol_ring *rings[17];

	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 16; i++) {
			rings[i] = ring_of(4, 0);
			CHECK_OK(spawnpol_ring_hide(rings[i]));
		}
		rings[16] = ring_of(4, 0);
		CHECK_EQ(spawnpol_ring_hide(rings[16]), -EBUSY);
		/* it has stayed as it was */
		CHECK_GE(spawnpol_ring_fd(rings[16]), 0);
		CHECK_EQ(run(rings[16], shell("exit 3")), 3);
		for (int i = 0; i < 16; i++)
			spawnpol_ring_close(rings[i]);
	}
}

TEST(hidden_rings_end_a_chain_in_flight)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = chain_of("/bin/true");
	const char *fifo = in_dir("fifo");

	CHECK_SYS(mkfifo(fifo, 0600));
	CHECK_OK(spawnpol_chain_open(chain, 0, fifo, O_RDONLY, 0));
	CHECK_OK(spawnpol_ring_hide(ring));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	check_none_stays();
}

TEST(hidden_rings_are_not_in_children_of_fork)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	pid_t pid;

	CHECK_OK(spawnpol_ring_hide(ring));
	pid = CHECK_SYS(fork());
	if (!pid) {
		spawnpol_ring_close(ring);
		CHECK_EQ(run(ring_of(8, 0), shell("exit 4")), 4);
		_exit(9);
	}
	CHECK_EQ(wait_exit(pid), 9);
	CHECK_EQ(run(ring, shell("exit 5")), 5);
}

/* Both are the first process of their pid namespaces. */
TEST(hidden_rings_are_not_in_copies_with_the_same_id)
{
	struct spawnpol_ring *ring;
	pid_t pid;

	CHECK_SYS(unshare(CLONE_NEWPID));
	pid = CHECK_SYS(fork());
	if (!pid) {
		ring = ring_of(8, 0);
		CHECK_OK(spawnpol_ring_hide(ring));
		CHECK_SYS(unshare(CLONE_NEWPID));
		pid = CHECK_SYS(fork());
		if (!pid) {
			CHECK_EQ(getpid(), 1);
			spawnpol_ring_close(ring);
			_exit(9);
		}
		CHECK_EQ(getpid(), 1);
		_exit(wait_exit(pid));
	}
	CHECK_EQ(wait_exit(pid), 9);
}

TEST(wrapped_rings_cannot_be_hidden)
{
	struct spawnpol_ring *ring;
	struct io_uring uring;

	CHECK_OK(io_uring_queue_init(8, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 7));
	CHECK_EQ(spawnpol_ring_hide(ring), -EOPNOTSUPP);
	CHECK_EQ(spawnpol_ring_fd(ring), uring.ring_fd);
	spawnpol_ring_close(ring);
	io_uring_queue_exit(&uring);
}
