// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chains are started in the order of their submission, as soon as they can be,
 * whatever becomes of the rest of the submission (K1).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <sys/wait.h>

static struct tring r;

/* --- order ---------------------------------------------------------------- */

#define MANY 20

static unsigned int place_of(uint64_t user_data)
{
	unsigned int i;

	for (i = 0; i < r.nr_seen; i++) {
		if (r.seen[i].user_data == user_data)
			return i;
	}
	FAIL("no CQE for user_data %llu", (unsigned long long)user_data);
}

/* Numbers of processes go up, but begin again once. */
static void check_order(void)
{
	unsigned int i, late = 0, falls = 0;

	for (i = 1; i < MANY; i++) {
		late += place_of(CHAIN(i - 1) + CLONE) >
			place_of(CHAIN(i) + CLONE);
		falls += tring_res(&r, CHAIN(i - 1) + CLONE) >
			 tring_res(&r, CHAIN(i) + CLONE);
	}
	EXPECT_EQ(late, 0);
	EXPECT_LE(falls, 1);
}

TEST(K1_chains_of_one_submission_start_in_their_order)
{
	unsigned int i, nr;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		for (nr = 0; nr < MANY; nr++) {
			q_clone(&r);
			q_nop(&r);
		}
		tring_submit(&r);
		tring_total(&r, 2 * MANY);
		check_order();
		tring_exit(&r);
	}
}

static bool has_thread(unsigned int ring_flags)
{
	return ring_flags & IORING_SETUP_SQPOLL;
}

/* The kernel stops taking requests at the first that is wrong. */
TEST(K1_an_error_in_a_submission_does_not_stop_those_before_it)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_exit(&r, 3);
		q_clone(&r);
		q_exit(&r, 4);
		q_alone(&r, 255, OTHER);
		q_clone(&r);
		q_exit(&r, 5);
		tring_end(&r);
		if (has_thread(tring_kinds[i].flags))
			CHECK_EQ(tring_try_submit(&r), 7);
		else
			CHECK_EQ(tring_try_submit(&r), 5);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
		CHECK_EQ(wait_exit(tring_res(&r, CHAIN(1) + CLONE)), 4);
		EXPECT_EQ(tring_res(&r, OTHER), -EINVAL);
		tring_submit(&r);
		CHECK_EQ(wait_exit(tring_res(&r, CHAIN(2) + CLONE)), 5);
		tring_total(&r, 7);
		tring_exit(&r);
	}
}

/* --- after other requests ------------------------------------------------- */

/* CLONE, and what comes after it, runs when this request has ended. */
static void q_clone_after(struct io_uring_sqe *first)
{
	q_clone(&r);
	first->flags |= IOSQE_IO_LINK;
}

/* A process that writes a byte when this one sleeps. */
static pid_t write_later(int fd)
{
	pid_t waiting = getpid(), pid = CHECK_SYS(fork());

	if (pid)
		return pid;
	wait_blocked(waiting);
	CHECK_EQ(write(fd, "x", 1), 1);
	_exit(0);
}

/* In one call that submits and waits, nothing else starts what is to be waited for. */
static void check_waits_for(unsigned int count)
{
	struct __kernel_timespec ts = { .tv_sec = tap_patience() };
	struct io_uring_cqe *cqe;

	tring_end(&r);
	do {
		CHECK_OK(io_uring_submit_and_wait_timeout(&r.uring, &cqe, count,
							  &ts, NULL));
	} while (io_uring_cq_ready(&r.uring) < count);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 6);
	tring_total(&r, count);
	tring_forget(&r);
}

TEST(K1_a_launcher_that_waits_starts_what_is_released_meanwhile, .timeout = 120)
{
	static char byte;
	struct io_uring_sqe *first;
	unsigned int i;
	pid_t writer;
	int bytes[2];

	make_pipe(bytes);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_exit(&r, 6);
		check_waits_for(2);

		q_clone_after(q_alone(&r, IORING_OP_NOP, OTHER));
		q_exit(&r, 6);
		check_waits_for(3);

		first = q_alone(&r, IORING_OP_NOP, OTHER);
		first->flags |= IOSQE_ASYNC;
		q_clone_after(first);
		q_exit(&r, 6);
		check_waits_for(3);

		writer = write_later(bytes[1]);
		first = q_alone(&r, IORING_OP_READ, OTHER);
		first->fd = bytes[0];
		first->addr = (uintptr_t)&byte;
		first->len = 1;
		first->off = -1ULL;
		q_clone_after(first);
		q_exit(&r, 6);
		check_waits_for(3);
		CHECK_EQ(wait_exit(writer), 0);
		tring_exit(&r);
	}
}
