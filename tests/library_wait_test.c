// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpol_ring_wait(): sleeping for outcomes, and signals meanwhile. */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFERRED (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

/* Its child blocks until somebody opens the fifo. */
static struct spawnpol_chain *submit_blocked(struct spawnpol_ring *ring)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");

	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	CHECK_OK(spawnpol_chain_open(chain, 0, in_dir("fifo"), O_RDONLY, 0));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	return chain;
}

static void release(int sig)
{
	(void)sig;
	/* it stays open: the child may not have come so far yet */
	open(in_dir("fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

/* As programs without spawnpol_collect()'s own waiting do. */
static void collect_by_waiting(struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;
	int ret;

	do {
		CHECK_EQ(spawnpol_ring_wait(ring, -1, NULL), 1);
		ret = spawnpol_collect(ring, &out, 1, 0, 0);
		CHECK_GE(ret, 0);
	} while (!ret);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(wait_exit(out.pid), 0);
	CHECK_OK(spawnpol_chain_free(out.chain));
	CHECK_EQ(spawnpol_ring_wait(ring, -1, NULL), -ECHILD);
}

static void wait_on(struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_ring_wait(ring, 0, NULL), -ECHILD);
	submit_blocked(ring);
	/* CLONE's CQE may have come, but no outcome */
	while (spawnpol_ring_wait(ring, 50, NULL))
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	release(0);
	collect_by_waiting(ring);
	spawnpol_ring_close(ring);
}

TEST(waiting) { wait_on(ring_of(8, 0)); }
TEST(waiting_on_a_deferred_ring) { wait_on(ring_of(8, DEFERRED)); }

TEST(waiting_on_a_registered_ring)
{
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open_registered(&ring, 8, DEFERRED));
	wait_on(ring);
}

TEST(wrapped_rings_are_waited_for_by_their_owners)
{
	struct spawnpol_ring *ring;
	struct io_uring uring;

	CHECK_OK(io_uring_queue_init(8, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 7));
	CHECK_EQ(spawnpol_ring_wait(ring, 0, NULL), -EOPNOTSUPP);
	spawnpol_ring_close(ring);
	io_uring_queue_exit(&uring);
}

/* --- signals ------------------------------------------------------------------------- */

static void block_alarm(void)
{
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	CHECK_SYS(sigprocmask(SIG_BLOCK, &alarm, NULL));
}

static int wait_with_alarm(struct spawnpol_ring *ring)
{
	sigset_t none;

	sigemptyset(&none);
	return spawnpol_ring_wait(ring, -1, &none);
}

/* It is pending before the wait, and handled in it, not before it. */
static void wait_for_signal(struct spawnpol_ring *ring)
{
	sigset_t now;
	int ret;

	block_alarm();
	CHECK(signal(SIGALRM, release) != SIG_ERR);
	submit_blocked(ring);
	raise(SIGALRM);
	/* it can be CLONE's CQE that ends the first wait */
	while ((ret = wait_with_alarm(ring)) == 1) {
		struct spawnpol_outcome out;

		CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	}
	CHECK_EQ(ret, -EINTR);
	CHECK_SYS(sigprocmask(SIG_BLOCK, NULL, &now));
	CHECK_EQ(sigismember(&now, SIGALRM), 1);
	collect_by_waiting(ring);
	spawnpol_ring_close(ring);
}

TEST(signals_are_delivered_in_the_wait) { wait_for_signal(ring_of(8, 0)); }
TEST(signals_are_delivered_in_the_wait_deferred)
{
	wait_for_signal(ring_of(8, DEFERRED));
}

static sigjmp_buf elsewhere;

static void leave(int sig)
{
	siglongjmp(elsewhere, sig);
}

TEST(handlers_may_leave_the_wait)
{
	struct spawnpol_ring *ring = ring_of(8, DEFERRED);
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;

	block_alarm();
	CHECK(signal(SIGALRM, leave) != SIG_ERR);
	chain = submit_blocked(ring);
	if (!sigsetjmp(elsewhere, 1)) {
		raise(SIGALRM);
		while (wait_with_alarm(ring) == 1)
			CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
		FAIL("the handler has returned");
	}
	CHECK_OK(spawnpol_cancel(ring, chain));
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_EQ(out.error, -ECANCELED);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
	check_none_stays();
}

static struct spawnpol_ring *shared;
static volatile pid_t copy = -1;

static void fork_and_release(int sig)
{
	copy = fork();
	if (copy)
		release(sig);
}

/* The child comes out of a wait on a ring that it has not. */
TEST(handlers_may_fork)
{
	int ret;

	shared = ring_of(8, DEFERRED);
	block_alarm();
	CHECK(signal(SIGALRM, fork_and_release) != SIG_ERR);
	submit_blocked(shared);
	raise(SIGALRM);
	while ((ret = wait_with_alarm(shared)) == 1) {
		struct spawnpol_outcome out;

		CHECK_EQ(spawnpol_collect(shared, &out, 1, 0, 0), 0);
	}
	CHECK_EQ(ret, -EINTR);
	if (!copy) {
		CHECK_EQ(spawnpol_ring_wait(shared, -1, NULL), -ESTALE);
		spawnpol_ring_close(shared);
		_exit(0);
	}
	CHECK_EQ(wait_exit(copy), 0);
	collect_by_waiting(shared);
	spawnpol_ring_close(shared);
}
