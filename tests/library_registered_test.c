// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings without a descriptor. */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
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

static struct spawnpol_ring *registered_of(unsigned int entries, unsigned int flags)
{
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open_registered(&ring, entries, flags));
	return ring;
}

/* With that many launches both queues go round. */
static void use_up(unsigned int entries, unsigned int flags)
{
	unsigned int before = nr_descriptors();
	struct spawnpol_ring *ring = registered_of(entries, flags);
	struct spawnpol_chain *chain = shell("exit 5");
	struct spawnpol_outcome out;

	DIAG("%u entries, ring flags %#x", entries, flags);
	CHECK_EQ(nr_descriptors(), before);
	CHECK_EQ(spawnpol_ring_fd(ring), -EBADF);
	for (unsigned int i = 0; i < entries; i++) {
		out = launch_on(ring, chain);
		CHECK_EQ(out.error, 0);
		CHECK_EQ(wait_exit(out.pid), 5);
	}
	CHECK_EQ(run(ring, chain), 5);
	CHECK_EQ(nr_descriptors(), before);
	CHECK_EQ(hidden_ring_maps(), 0);
}

TEST(registered_rings_work_without_a_descriptor, .timeout = 120)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		use_up(16, kinds[i]);
}

/* The second is of several pages. */
TEST(registered_rings_of_the_sizes_that_are_used, .timeout = 120)
{
	use_up(64, kinds[1]);
	use_up(256, kinds[1]);
}

/* Chains that fill the SQ at once, to its last entry. */
TEST(registered_rings_are_as_large_as_asked)
{
	struct spawnpol_ring *ring = registered_of(200, 0);
	struct spawnpol_chain *chains[128];
	struct spawnpol_outcome out;

	for (int i = 0; i < 128; i++)
		chains[i] = chain_of("/bin/true");
	CHECK_EQ(spawnpol_queue(ring, chains, 128), 128);
	CHECK_EQ(spawnpol_submit(ring, NULL, 0), 0);
	for (int i = 0; i < 128; i++) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		CHECK_EQ(out.error, 0);
		CHECK_EQ(wait_exit(out.pid), 0);
		CHECK_OK(spawnpol_chain_free(out.chain));
	}
	spawnpol_ring_close(ring);
}

/* As spawnpol_ring_open() has it, which adds IORING_SETUP_CLAMP. */
TEST(registered_rings_are_no_larger_than_the_largest)
{
	CHECK_EQ(run(registered_of(~0U, 0), shell("exit 6")), 6);
	CHECK_EQ(hidden_ring_maps(), 0);
}

TEST(registered_rings_are_not_locked_memory)
{
	struct rlimit none = { 0, 0 };

	become_ordinary();
	CHECK_SYS(setrlimit(RLIMIT_MEMLOCK, &none));
	CHECK_EQ(run(registered_of(64, 0), shell("exit 5")), 5);
	CHECK_EQ(run(registered_of(256, 0), shell("exit 6")), 6);
}

TEST(registered_rings_need_no_free_descriptor)
{
	struct rlimit none = { 0, 1024 };
	struct spawnpol_ring *ring;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &none));
	CHECK_EQ(spawnpol_ring_open(&ring, 8, 0), -EMFILE);
	ring = registered_of(8, 0);
	spawnpol_ring_close(ring);
}

TEST(flags_that_do_not_go_with_registered_rings)
{
	static const unsigned int flags[] = {
		IORING_SETUP_IOPOLL, IORING_SETUP_CQSIZE,
		IORING_SETUP_ATTACH_WQ, IORING_SETUP_R_DISABLED,
		1U << 16 /* NO_SQARRAY */, 1U << 31,
	};
	struct spawnpol_ring *ring;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		EXPECT_EQ(spawnpol_ring_open_registered(&ring, 8, flags[i]),
			  -EINVAL);
	EXPECT_EQ(spawnpol_ring_open_registered(&ring, 0, 0), -EINVAL);
	CHECK_EQ(hidden_ring_maps(), 0);
}

/* --- what other threads see of them --------------------------------------------- */

static atomic_bool enough;
static atomic_uint made;

static void *make_rings(void *arg)
{
	(void)arg;
	while (!enough) {
		spawnpol_ring_close(registered_of(8, 0));
		made++;
	}
	return NULL;
}

/* No malloc: this is a child of a process with threads. */
static bool has_ring(void)
{
	char path[32], target[64];
	ssize_t len;

	for (int fd = 0; fd < 32; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (strstr(target, "io_uring"))
			return true;
	}
	return false;
}

TEST(registered_rings_are_not_seen_while_they_are_made, .timeout = 120)
{
	unsigned int moved = 0, seen = 0, turns = 0;
	pthread_t thread;
	int lowest, fd;
	pid_t pid;

	lowest = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	close(lowest);
	CHECK_EQ(pthread_create(&thread, NULL, make_rings, NULL), 0);
	for (; turns < 150 || made < 150; turns++) {
		for (int i = 0; i < 50; i++) {
			fd = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
			moved += fd != lowest;
			close(fd);
		}
		pid = CHECK_SYS(fork());
		if (!pid)
			_exit(has_ring());
		seen += wait_exit(pid);
	}
	enough = true;
	CHECK_EQ(pthread_join(thread, NULL), 0);
	DIAG("%u rings, %u children", made, turns);
	EXPECT_EQ(moved, 0);
	EXPECT_EQ(seen, 0);
}

/* --- their end ------------------------------------------------------------------- */


/* A thread can have 16: that many more only if closing gives the places back. */
TEST(registered_rings_are_closed)
{
	struct spawnpol_ring *rings[17];

	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 16; i++)
			rings[i] = registered_of(4, 0);
		CHECK_EQ(spawnpol_ring_open_registered(&rings[16], 4, 0), -EBUSY);
		CHECK_GT(hidden_ring_maps(), 0);
		for (int i = 0; i < 16; i++)
			spawnpol_ring_close(rings[i]);
		CHECK_EQ(hidden_ring_maps(), 0);
	}
}

TEST(registered_rings_end_a_chain_in_flight)
{
	struct spawnpol_ring *ring = registered_of(8, 0);
	struct spawnpol_chain *chain = chain_of("/bin/true");
	const char *fifo = in_dir("fifo");

	CHECK_SYS(mkfifo(fifo, 0600));
	CHECK_OK(spawnpol_chain_open(chain, 0, fifo, O_RDONLY, 0));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	check_none_stays();
}

#define STACK_SIZE (256 * 1024)

/* On the same stack, a thread has the pthread_t of the one before. */
static pthread_t do_in_thread(void *(*function)(void *), void *arg)
{
	static _Alignas(4096) char stack[STACK_SIZE];
	pthread_attr_t attr;
	pthread_t thread;

	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setstack(&attr, stack, sizeof(stack)), 0);
	CHECK_EQ(pthread_create(&thread, &attr, function, arg), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	return thread;
}

static void *open_ring(void *arg)
{
	*(struct spawnpol_ring **)arg = registered_of(8, 0);
	return NULL;
}

/* In the place where the kernel had the other's ring, this thread has one of its own. */
static void *use_ring_of_another(void *arg)
{
	struct spawnpol_ring *own = registered_of(8, 0), *ring = arg;
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), -EEXIST);
	CHECK_EQ(spawnpol_queue(ring, &chain, 1), -EEXIST);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), -EEXIST);
	CHECK_EQ(spawnpol_ring_wait(ring, 0, NULL), -EEXIST);
	spawnpol_ring_close(ring);
	CHECK_EQ(run(own, chain), 0);
	return NULL;
}

TEST(registered_rings_are_not_those_of_a_later_thread)
{
	struct spawnpol_ring *ring;
	pthread_t first, second;

	first = do_in_thread(open_ring, &ring);
	second = do_in_thread(use_ring_of_another, ring);
	CHECK(pthread_equal(first, second));
}

TEST(registered_rings_are_not_in_children_of_fork)
{
	struct spawnpol_ring *ring = registered_of(8, 0);
	pid_t pid;

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
TEST(registered_rings_are_not_in_copies_with_the_same_id)
{
	struct spawnpol_ring *ring;
	pid_t pid;

	CHECK_SYS(unshare(CLONE_NEWPID));
	pid = CHECK_SYS(fork());
	if (!pid) {
		ring = registered_of(8, 0);
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
