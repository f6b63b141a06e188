// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child of fork(2) does its parent's rings no harm: whatever it calls, the parent's
 * launches go on and their outcomes are the parent's.
 */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

enum how { OWN, REGISTERED, WRAPPED };

static const struct kind {
	const char *name;
	enum how how;
	unsigned int flags;
} kinds[] = {
	{ "own", OWN, 0 },
	{ "own, DEFER_TASKRUN", OWN,
	  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
	{ "own, SQPOLL", OWN, IORING_SETUP_SQPOLL },
	{ "registered", REGISTERED, 0 },
	{ "registered, DEFER_TASKRUN", REGISTERED,
	  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
	{ "wrapped", WRAPPED, 0 },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct io_uring uring;

static struct spawnpol_ring *open_kind(const struct kind *kind)
{
	struct spawnpol_ring *ring;

	DIAG("%s", kind->name);
	switch (kind->how) {
	case OWN:
		return ring_of(8, kind->flags);
	case REGISTERED:
		CHECK_OK(spawnpol_ring_open_registered(&ring, 8, kind->flags));
		return ring;
	default:
		CHECK_OK(io_uring_queue_init(8, &uring, kind->flags));
		CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 7));
		return ring;
	}
}

static void close_kind(const struct kind *kind, struct spawnpol_ring *ring)
{
	spawnpol_ring_close(ring);
	if (kind->how == WRAPPED)
		io_uring_queue_exit(&uring);
}

/* Its child blocks until somebody opens the fifo. */
static struct spawnpol_chain *blocked_chain(void)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");

	if (mkfifo(in_dir("fifo"), 0600))
		CHECK_EQ(errno, EEXIST);
	CHECK_OK(spawnpol_chain_open(chain, 0, in_dir("fifo"), O_RDONLY, 0));
	return chain;
}

static struct spawnpol_outcome outcome_of(const struct kind *kind,
					  struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;
	struct io_uring_cqe *cqe;
	int ret = 0;

	if (kind->how != WRAPPED) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		return out;
	}
	while (ret != SPAWNPOL_CQE_OUTCOME) {
		CHECK_OK(io_uring_wait_cqe(&uring, &cqe));
		ret = spawnpol_handle_cqe(ring, cqe, &out);
		io_uring_cqe_seen(&uring, cqe);
	}
	return out;
}

/* In the child: everything is refused, and the chain is the child's own. */
static void use_everything(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_cqe cqe = { .user_data = 7ULL << 48 };
	struct spawnpol_outcome out;

	EXPECT_EQ(spawnpol_submit(ring, &chain, 1), -ESTALE);
	EXPECT_EQ(spawnpol_queue(ring, &chain, 1), -ESTALE);
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -ESTALE);
	EXPECT_EQ(spawnpol_handle_cqe(ring, &cqe, &out), -ESTALE);
	EXPECT_EQ(spawnpol_cancel(ring, chain), -ESTALE);
	EXPECT_EQ(spawnpol_ring_fd(ring), -ESTALE);
	spawnpol_ring_close(ring);
	EXPECT_EQ(spawnpol_chain_free(chain), 0);
	EXPECT_EQ(run(ring_of(8, 0), shell("exit 4")), 4);
}

/* With a launch in flight; the child is made by fork(2), or without its handlers. */
static void fork_in_flight(const struct kind *kind, bool bare)
{
	struct spawnpol_ring *ring = open_kind(kind);
	struct spawnpol_chain *chain = blocked_chain();
	struct spawnpol_outcome out;
	pid_t pid;
	int fd;

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	pid = CHECK_SYS(bare ? _Fork() : fork());
	if (!pid) {
		use_everything(ring, chain);
		_exit(9);
	}
	CHECK_EQ(wait_exit(pid), 9);
	CHECK_EQ(spawnpol_chain_free(chain), -EBUSY);
	fd = CHECK_SYS(open(in_dir("fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC));
	out = outcome_of(kind, ring);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.chain, chain);
	CHECK_EQ(wait_exit(out.pid), 0);
	close(fd);
	/* and again */
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	fd = CHECK_SYS(open(in_dir("fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC));
	out = outcome_of(kind, ring);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(wait_exit(out.pid), 0);
	close(fd);
	CHECK_OK(spawnpol_chain_free(chain));
	close_kind(kind, ring);
}

TEST(children_of_fork_leave_launches_alone, .timeout = 120)
{
	for (size_t i = 0; i < NR_KINDS; i++)
		fork_in_flight(&kinds[i], false);
}

TEST(children_of_a_fork_without_handlers_do_so, .timeout = 120)
{
	for (size_t i = 0; i < NR_KINDS; i++)
		fork_in_flight(&kinds[i], true);
}

/* What the child closes is its own. */
TEST(children_of_fork_close_their_copy_of_the_descriptor)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int fd = spawnpol_ring_fd(ring);
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		spawnpol_ring_close(ring);
		CHECK_SYS_ERR(fcntl(fd, F_GETFD), EBADF);
		_exit(9);
	}
	CHECK_EQ(wait_exit(pid), 9);
	CHECK_SYS(fcntl(fd, F_GETFD));
	CHECK_EQ(run(ring, shell("exit 5")), 5);
}

/* A daemon's child has closed everything, and opened something of its own. */
TEST(children_of_fork_close_nothing_else)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int fd = spawnpol_ring_fd(ring);
	pid_t pid;

	pid = CHECK_SYS(fork());
	if (!pid) {
		int file = CHECK_SYS(open("/dev/null", O_RDONLY));

		CHECK_EQ(dup2(file, fd), fd);
		spawnpol_ring_close(ring);
		CHECK_SYS(fcntl(fd, F_GETFD));
		_exit(9);
	}
	CHECK_EQ(wait_exit(pid), 9);
	CHECK_EQ(run(ring, shell("exit 5")), 5);
}

/* --- threads -------------------------------------------------------------------------- */

static void *use_from_thread(void *ring)
{
	struct spawnpol_chain *chain = shell("exit 4");
	struct spawnpol_outcome out;

	EXPECT_EQ(spawnpol_submit(ring, &chain, 1), -EEXIST);
	EXPECT_EQ(spawnpol_queue(ring, &chain, 1), -EEXIST);
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -EEXIST);
	EXPECT_EQ(spawnpol_cancel(ring, chain), -EEXIST);
	EXPECT_EQ(spawnpol_ring_attach(ring, 0, NULL), -EEXIST);
	CHECK_OK(spawnpol_chain_free(chain));
	return NULL;
}

/* It has a registered ring of its own, under the same index. */
static void *use_with_own_ring(void *ring)
{
	struct spawnpol_ring *own;

	CHECK_OK(spawnpol_ring_open_registered(&own, 8, 0));
	use_from_thread(ring);
	CHECK_EQ(run(own, shell("exit 6")), 6);
	return NULL;
}

TEST(registered_rings_are_refused_to_other_threads)
{
	struct spawnpol_ring *ring;
	pthread_t thread;

	CHECK_OK(spawnpol_ring_open_registered(&ring, 8, 0));
	CHECK_EQ(pthread_create(&thread, NULL, use_from_thread, ring), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pthread_create(&thread, NULL, use_with_own_ring, ring), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(run(ring, shell("exit 5")), 5);
}

/* --- while threads launch --------------------------------------------------------------- */

static void *launch_on_and_on(void *arg)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = chain_of("/bin/true");

	for (int i = 0; i < *(int *)arg; i++) {
		struct spawnpol_outcome out = launch_on(ring, chain);

		CHECK_EQ(out.error, 0);
		CHECK_EQ(wait_exit(out.pid), 0);
	}
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	return NULL;
}

TEST(forks_while_threads_launch, .timeout = 240)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = chain_of("/bin/true");
	pthread_t threads[3];
	int rounds = 40;

	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, launch_on_and_on,
					&rounds), 0);
	for (int i = 0; i < rounds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			EXPECT_EQ(spawnpol_submit(ring, &chain, 1), -ESTALE);
			spawnpol_ring_close(ring);
			_exit(9);
		}
		CHECK_EQ(wait_exit(pid), 9);
	}
	for (int i = 0; i < 3; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_OK(spawnpol_chain_free(chain));
	CHECK_EQ(run(ring, shell("exit 5")), 5);
}
