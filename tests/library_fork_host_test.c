// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * In a child of fork(2) the parent's rings are refused, and its chains are idle. (What
 * the kernel sees of that is in library_fork_test.c.)
 */
#include "fake_ring.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "child.h"

static struct fake f;

/* Every call that takes a ring. */
static void expect_all_refused(struct spawnpol_ring *ring,
			       struct spawnpol_chain *c)
{
	struct io_uring_cqe cqe = { .user_data = (uint64_t)TAG << 48 };
	struct spawnpol_outcome out;
	unsigned int tail = f.uring.sq.sqe_tail;

	EXPECT_EQ(spawnpol_submit(ring, &c, 1), -ESTALE);
	EXPECT_EQ(spawnpol_queue(ring, &c, 1), -ESTALE);
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -ESTALE);
	EXPECT_EQ(spawnpol_handle_cqe(ring, &cqe, &out), -ESTALE);
	EXPECT_EQ(spawnpol_cancel(ring, c), -ESTALE);
	EXPECT_EQ(spawnpol_ring_register(ring, 0, NULL, 0), -ESTALE);
	EXPECT_EQ(spawnpol_ring_attach(ring, 0, NULL), -ESTALE);
	EXPECT_EQ(spawnpol_ring_fd(ring), -ESTALE);
	EXPECT_EQ(f.uring.sq.sqe_tail, tail);
}

/* The ring, and a chain in flight on it, as a child of fork finds them. */
static void child_of(struct spawnpol_ring *ring, struct spawnpol_chain *c)
{
	expect_all_refused(ring, c);
	EXPECT_EQ(spawnpol_chain_setsid(c), 0);
	EXPECT_EQ(spawnpol_chain_reset(c), 0);
	EXPECT_EQ(spawnpol_chain_program(c, "/bin/false"), 0);
	spawnpol_ring_close(ring);
	/* a ring of its own takes it */
	CHECK_OK(fake_wrap(&f));
	queue(&f, c);
	EXPECT_EQ(spawnpol_chain_free(c), -EBUSY);
}

/* What the parent has in flight stays so and ends. */
static void parent_of(struct spawnpol_chain *c)
{
	struct spawnpol_outcome out;

	EXPECT_EQ(spawnpol_chain_free(c), -EBUSY);
	EXPECT_EQ(cqe(&f, c, INDEX_CLONE, 77, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(cqe(&f, c, INDEX_STEP, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pid, 77);
	EXPECT_EQ(spawnpol_chain_free(c), 0);
	spawnpol_ring_close(f.ring);
}

static struct spawnpol_chain *start(void)
{
	struct spawnpol_chain *c = new_chain("/bin/true");

	fake_init(&f);
	queue(&f, c);
	return c;
}

TEST(a_child_of_fork)
{
	struct spawnpol_chain *c = start();
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		child_of(f.ring, c);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	parent_of(c);
}

/* No handler of pthread_atfork(3) runs there. */
TEST(a_child_of_a_bare_clone)
{
	struct spawnpol_chain *c = start();
	pid_t pid = CHECK_SYS(syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0));

	if (!pid) {
		child_of(f.ring, c);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	parent_of(c);
}

/* Rings that parent and child make afterwards are not taken for each other's. */
TEST(a_child_of_a_child)
{
	struct spawnpol_chain *c = start();
	struct spawnpol_ring *first = f.ring;
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		CHECK_OK(fake_wrap(&f));
		pid = CHECK_SYS(fork());
		if (!pid) {
			expect_all_refused(first, c);
			expect_all_refused(f.ring, c);
			_exit(0);
		}
		EXPECT_EQ(wait_exit(pid), 0);
		expect_all_refused(first, c);
		CHECK_OK(spawnpol_chain_reset(c));
		CHECK_OK(spawnpol_chain_program(c, "/bin/true"));
		queue(&f, c);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	parent_of(c);
}

/* --- forks while another thread is within a call --------------------------------- */

static void *hold_locks(void *arg)
{
	struct spawnpol_ring *ring = arg;

	pthread_mutex_lock(&ring->lock);
	pthread_mutex_lock(&ring->collecting);
	return NULL;
}

/* Locks that the child has a copy of are held by nobody there, for ever. */
TEST(a_child_made_while_the_ring_is_locked)
{
	struct spawnpol_chain *c = start();
	pthread_t thread;
	pid_t pid;

	CHECK_EQ(pthread_create(&thread, NULL, hold_locks, f.ring), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	pid = CHECK_SYS(fork());
	if (!pid) {
		child_of(f.ring, c);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
}

static void *open_a_ring(void *arg)
{
	return (void *)(long)fake_wrap(arg);
}

/* The first rings of a process, made at the same time, are all its own. */
TEST(rings_that_threads_make_at_once)
{
	enum { NR = 8 };
	static struct fake fakes[NR];
	pthread_t threads[NR];
	void *err;

	for (int i = 0; i < NR; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, open_a_ring,
					&fakes[i]), 0);
	for (int i = 0; i < NR; i++) {
		CHECK_EQ(pthread_join(threads[i], &err), 0);
		CHECK_EQ((long)err, 0);
	}
	for (int i = 0; i < NR; i++) {
		struct spawnpol_chain *c = new_chain("/bin/true");

		queue(&fakes[i], c);
		for (int j = 0; j < i; j++)
			EXPECT_NE(fakes[i].ring->id, fakes[j].ring->id);
	}
}
