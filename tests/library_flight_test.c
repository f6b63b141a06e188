// SPDX-License-Identifier: LGPL-2.1-or-later
/* Many launches, waiting, deadlines, cancelling, threads, wrapped rings. */
#include "tap.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch.h"

/* Its child blocks in step 1 until somebody opens the fifo. */
static struct spawnpol_chain *blocked_chain(void)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	const char *fifo = in_dir("fifo");

	if (mkfifo(fifo, 0600))
		CHECK_EQ(errno, EEXIST);
	CHECK_OK(spawnpol_chain_setsid(chain));
	CHECK_OK(spawnpol_chain_open(chain, 0, fifo, O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_pidfd(chain, true));
	return chain;
}

/* It stays open: the child may not have come so far yet. */
static void release(void)
{
	CHECK_SYS(open(in_dir("fifo"), O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

/* --- many ------------------------------------------------------------------------ */

/* More chains than the SQ, the CQ and a system call hold. */
static void launch_many(unsigned int flags)
{
	enum { NR = 50 };
	struct spawnpol_ring *ring = ring_of(8, flags);
	struct spawnpol_chain *chains[NR];
	struct spawnpol_outcome out[NR];
	bool seen[NR] = { };

	for (long i = 0; i < NR; i++) {
		chains[i] = chain_of(i % 2 ? "/bin/true" : "/no/program");
		CHECK_OK(spawnpol_chain_user(chains[i], (void *)i));
		CHECK_OK(spawnpol_chain_chdir(chains[i], "/"));
	}
	CHECK_EQ(spawnpol_submit(ring, chains, NR), (int)NR);
	CHECK_EQ(spawnpol_collect(ring, out, NR, NR, LONG), (int)NR);
	for (int i = 0; i < NR; i++) {
		long which = (long)out[i].user;

		CHECK(!seen[which]);
		seen[which] = true;
		CHECK_EQ(out[i].chain, chains[which]);
		CHECK_EQ(out[i].step, 1);
		CHECK_EQ(out[i].error, which % 2 ? 0 : -ENOENT);
		if (!out[i].error)
			CHECK_EQ(wait_exit(out[i].pid), 0);
		CHECK_OK(spawnpol_chain_free(out[i].chain));
	}
	check_none_stays();
	CHECK_EQ(spawnpol_collect(ring, out, 1, 1, -1), -ECHILD);
	spawnpol_ring_close(ring);
}

TEST(many_at_once, .timeout = 120) { launch_many(0); }
TEST(many_at_once_deferred, .timeout = 120)
{
	launch_many(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}
TEST(many_at_once_sqpoll, .timeout = 120) { launch_many(IORING_SETUP_SQPOLL); }

TEST(a_chain_can_be_used_again)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out;

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		CHECK_EQ(out.error, 0);
		CHECK_EQ(wait_exit(out.pid), 0);
	}
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(too_long_for_the_ring)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_ring *ring = ring_of(4, 0);

	for (int i = 0; i < 3; i++)
		CHECK_OK(spawnpol_chain_setsid(chain));
	CHECK_OK(spawnpol_ring_use_links(ring, true));
	CHECK_EQ(spawnpol_ring_nr_sqes(ring, chain), 5);
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), -E2BIG);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(O5_none_is_too_long_as_one_request)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_ring *ring = ring_of(1, 0);

	CHECK_OK(spawnpol_ring_use_links(ring, false));
	if (!spawnpol_ring_uses_spawn(ring))
		SKIP("the kernel has no IORING_OP_SPAWN");
	for (int i = 1; i < SPAWNPOL_MAX_STEPS; i++)
		CHECK_OK(spawnpol_chain_umask(chain, 022));
	CHECK_EQ(spawnpol_ring_nr_sqes(ring, chain), 1);
	CHECK_EQ(run(ring, chain), 0);
}

/* --- waiting ------------------------------------------------------------------------ */

static void waits(unsigned int flags)
{
	struct spawnpol_ring *ring = ring_of(8, flags);
	struct spawnpol_chain *chain = blocked_chain();
	struct spawnpol_outcome out;
	double begin = now();

	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	CHECK_EQ(spawnpol_collect(ring, &out, 0, 0, 0), -EINVAL);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 2, 0), -EINVAL);
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), -EBUSY);
	CHECK_EQ(spawnpol_chain_free(chain), -EBUSY);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 200), 0);
	CHECK_GE((int)((now() - begin) * 1000), 199);
	release();
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(wait_exit(out.pid), 0);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(collect_waits_as_told) { waits(0); }
TEST(collect_waits_as_told_deferred)
{
	waits(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}

/* Again and again, for one to come when it waits. */
static void on_alarm(int sig)
{
	(void)sig;
}

TEST(a_signal_ends_the_wait)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct spawnpol_chain *chain = blocked_chain();
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out;

	sigaction(SIGALRM, &action, NULL);
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	ualarm(100000, 100000);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), -EINTR);
	ualarm(0, 0);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

/* --- ending early ------------------------------------------------------------------- */

/*
 * Milliseconds until something ends a chain. The first are enough for its child to
 * come to step 1, which blocks, but where the machine has much else to do: then the
 * chain is tried with more.
 */
#define FIRST_MS 100
#define LAST_MS 100000

TEST(deadline)
{
	struct spawnpol_chain *chain = blocked_chain();
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out;
	unsigned int ms = FIRST_MS;

	do {
		CHECK_LT(ms, LAST_MS);
		CHECK_OK(spawnpol_chain_deadline(chain, 1000000ULL * ms));
		CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		CHECK_EQ(out.error, -ETIME);
		ms *= 4;
	} while (out.step != 1);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_OPEN);
	CHECK_EQ(out.pidfd, -1);
	check_none_stays();
	spawnpol_chain_free(chain);

	/* one that is not needed */
	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_deadline(chain, 1000000000ULL * LONG));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(wait_exit(out.pid), 0);
	spawnpol_ring_close(ring);
}

static void cancels(unsigned int flags)
{
	struct spawnpol_chain *chain = blocked_chain();
	struct spawnpol_ring *ring = ring_of(8, flags);
	struct spawnpol_outcome out;
	unsigned int ms = FIRST_MS;

	CHECK_EQ(spawnpol_cancel(ring, chain), -ENOENT);
	do {
		CHECK_LT(ms, LAST_MS);
		CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, ms), 0);
		CHECK_OK(spawnpol_cancel(ring, chain));
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		CHECK_EQ(out.error, -ECANCELED);
		ms *= 4;
	} while (out.step != 1);
	CHECK_EQ(out.pidfd, -1);
	check_none_stays();
	CHECK_EQ(spawnpol_cancel(ring, chain), -ENOENT);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(cancelling) { cancels(0); }
TEST(cancelling_deferred)
{
	cancels(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}
TEST(cancelling_sqpoll) { cancels(IORING_SETUP_SQPOLL); }

static void closes(unsigned int flags)
{
	struct spawnpol_chain *chains[3];
	struct spawnpol_ring *ring = ring_of(32, flags);
	int before = CHECK_SYS(dup(0));

	for (int i = 0; i < 3; i++)
		chains[i] = blocked_chain();
	CHECK_EQ(spawnpol_submit(ring, chains, 3), 3);
	spawnpol_ring_close(ring);
	for (int i = 0; i < 3; i++)
		CHECK_OK(spawnpol_chain_free(chains[i]));
	check_none_stays();
	/* neither a pidfd nor the ring is left */
	CHECK_LE(CHECK_SYS(dup(0)), before + 1);
}

TEST(closing_a_ring_ends_what_is_in_flight) { closes(0); }
TEST(closing_a_ring_ends_what_is_in_flight_deferred)
{
	closes(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
}
TEST(closing_a_ring_ends_what_is_in_flight_sqpoll)
{
	closes(IORING_SETUP_SQPOLL);
}

static void drops(unsigned int flags)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");
	struct spawnpol_ring *ring = ring_of(8, flags);

	CHECK_OK(spawnpol_chain_open(chain, 5, in_dir("f"), O_CREAT, 0600));
	CHECK_EQ(spawnpol_queue(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_chain_free(chain), -EBUSY);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	CHECK_SYS_ERR(access(in_dir("f"), F_OK), ENOENT);
	check_none_stays();
}

TEST(closing_a_ring_drops_what_was_only_queued) { drops(0); }
TEST(closing_a_ring_drops_what_was_only_queued_sqpoll)
{
	drops(IORING_SETUP_SQPOLL);
}

TEST(queued_chains_go_with_the_next_submission)
{
	struct spawnpol_chain *chains[2] = { chain_of("/bin/true"),
					     chain_of("/bin/true") };
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out[2];

	CHECK_EQ(spawnpol_queue(ring, &chains[0], 1), 1);
	CHECK_EQ(spawnpol_submit(ring, &chains[1], 1), 1);
	CHECK_EQ(spawnpol_collect(ring, out, 2, 2, LONG), 2);
	CHECK_EQ(wait_exit(out[0].pid), 0);
	CHECK_EQ(wait_exit(out[1].pid), 0);
	spawnpol_ring_close(ring);
}

TEST(closing_a_ring_leaves_programs_alone)
{
	struct spawnpol_chain *chain = chain_of("/bin/sh");
	char *argv[] = { "sh", "-c", "read a; exit 6", NULL };
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out;
	int pipe_fds[2];

	make_pipe(pipe_fds);
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_OK(spawnpol_chain_dup(chain, pipe_fds[0], 0));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_EQ(out.error, 0);
	spawnpol_ring_close(ring);
	CHECK_SYS(write(pipe_fds[1], "x\n", 2));
	CHECK_EQ(wait_exit(out.pid), 6);
}

/* --- threads --------------------------------------------------------------------------- */

enum { THREADS = 4, EACH = 25 };

static struct spawnpol_ring *shared;
static pthread_barrier_t all_ended;
static int ended;

static void end(const struct spawnpol_outcome *out)
{
	if (!out->error)
		CHECK_EQ(wait_exit(out->pid), 0);
	else
		CHECK_EQ(out->error, -ENOENT);
	CHECK_OK(spawnpol_chain_free(out->chain));
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
}

/* Submits its own, collects whosever. */
static void *work(void *arg)
{
	struct spawnpol_outcome out;

	(void)arg;
	for (int i = 0; i < EACH; i++) {
		struct spawnpol_chain *chain =
			chain_of(i % 2 ? "/bin/true" : "/no/program");

		CHECK_EQ(spawnpol_submit(shared, &chain, 1), 1);
		/* another thread may have got the last one */
		if (spawnpol_collect(shared, &out, 1, 1, LONG) == 1)
			end(&out);
	}
	while (spawnpol_collect(shared, &out, 1, 1, LONG) == 1)
		end(&out);
	/* a thread's exit would cancel what it has submitted */
	pthread_barrier_wait(&all_ended);
	return NULL;
}

TEST(threads_share_a_ring, .timeout = 120)
{
	pthread_t threads[THREADS];

	pthread_barrier_init(&all_ended, NULL, THREADS);
	shared = ring_of(16, 0);
	for (int i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, work, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(ended, THREADS * EACH);
	check_none_stays();
	spawnpol_ring_close(shared);
}

/* --- wrapped rings ------------------------------------------------------------------------ */

/* The caller's requests and two chains, queued in turn: what they take is as told. */
static void wraps(bool links)
{
	struct spawnpol_chain *chains[2] = { chain_of("/bin/true"),
					     chain_of("/no/program") };
	int outcomes = 0, foreign = 0, sqes = 2, cqes = 0, ret;
	struct spawnpol_outcome out;
	struct io_uring_cqe *cqe;
	struct spawnpol_ring *ring;
	struct io_uring uring;

	CHECK_OK(io_uring_queue_init(16, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 0x1234));
	CHECK_EQ(spawnpol_ring_fd(ring), uring.ring_fd);
	CHECK_OK(spawnpol_ring_use_links(ring, links));
	for (int i = 0; i < 2; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

		io_uring_prep_nop(sqe);
		sqe->user_data = i;
		sqes += spawnpol_ring_nr_sqes(ring, chains[i]);
		CHECK_EQ(spawnpol_queue(ring, &chains[i], 1), 1);
	}
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -EOPNOTSUPP);
	CHECK_EQ(sqes, spawnpol_ring_uses_spawn(ring) ? 4 : 6);
	CHECK_EQ(io_uring_submit(&uring), sqes);
	while (outcomes < 2) {
		CHECK_OK(io_uring_wait_cqe(&uring, &cqe));
		cqes++;
		ret = spawnpol_handle_cqe(ring, cqe, &out);
		if (ret == SPAWNPOL_CQE_FOREIGN) {
			CHECK_LT(cqe->user_data, 2u);
			foreign++;
		}
		io_uring_cqe_seen(&uring, cqe);
		if (ret != SPAWNPOL_CQE_OUTCOME)
			continue;
		CHECK_EQ(out.error, out.chain == chains[0] ? 0 : -ENOENT);
		if (!out.error)
			CHECK_EQ(wait_exit(out.pid), 0);
		outcomes++;
	}
	CHECK_EQ(foreign, 2);
	CHECK_EQ(cqes, sqes);
	spawnpol_ring_close(ring);
	/* still the caller's */
	CHECK_EQ(io_uring_submit(&uring), 0);
	io_uring_queue_exit(&uring);
}

TEST(a_ring_of_ones_own) { wraps(true); }
TEST(O5_a_ring_of_ones_own_with_chains_of_one_request) { wraps(false); }

TEST(a_ring_that_cannot_be_wrapped)
{
	struct spawnpol_ring *ring;
	struct io_uring uring;

	CHECK_OK(io_uring_queue_init(4, &uring, IORING_SETUP_IOPOLL));
	CHECK_EQ(spawnpol_ring_wrap(&ring, &uring, 1), -EINVAL);
	io_uring_queue_exit(&uring);
	CHECK_EQ(spawnpol_ring_open(&ring, 4, 1U << 31), -EINVAL);
}
