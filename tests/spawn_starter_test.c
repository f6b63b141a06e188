// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which thread makes the children of a ring with an SQ thread: one that can be
 * called to do it (K1), and the one that made the ring if it can, whose scheduling
 * programs inherit then (K5).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* --- a thread that waits for something else -------------------------------------- */

static int held[2]; /* what the child of vfork reads from */

/* The state of a thread of this process, as in proc_pid_stat(5). */
static char state_of(pid_t tid)
{
	const char *stat = read_file(format("/proc/self/task/%d/stat", tid));
	const char *paren = strrchr(stat, ')');

	return paren && paren[1] ? paren[2] : 0;
}

/* Launches with the ring that the main thread has made, who is in vfork(2). */
static void *launch_meanwhile(void *unused)
{
	double until = now() + tap_patience();
	char byte = 'x';

	while (state_of(getpid()) != 'D' && now() < until)
		sleep_ms(1);
	CHECK_EQ(state_of(getpid()), 'D');
	q_clone(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 3);
	CHECK_EQ(state_of(getpid()), 'D');
	CHECK_EQ(write(held[1], &byte, 1), 1);
	return unused;
}

TEST(K1_a_thread_in_vfork_does_not_keep_chains_from_being_started)
{
	pthread_t thread;
	static char byte;
	pid_t pid;

	make_pipe(held);
	tring_init(&r, IORING_SETUP_SQPOLL);
	CHECK_EQ(pthread_create(&thread, NULL, launch_meanwhile, NULL), 0);
	pid = vfork();
	if (!pid)
		_exit(read(held[0], &byte, 1) != 1);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(wait_exit(CHECK_SYS(pid)), 0);
}

/* --- the thread that made the ring ------------------------------------------------- */

#define OTHERS 3
#define MAKERS_NICE 7

static pthread_barrier_t barrier;

static void set_nice(int nice)
{
	CHECK_SYS(setpriority(PRIO_PROCESS, gettid(), nice));
}

static void *be_there(void *unused)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return unused;
}

static void *make_ring(void *unused)
{
	set_nice(MAKERS_NICE);
	tring_init(&r, IORING_SETUP_SQPOLL);
	return be_there(unused);
}

static void expect_nice(int nice)
{
	struct io_uring_sqe *sqe;
	struct shown s;

	q_clone(&r);
	sqe = q_show(&r, &s);
	sqe->addr = (uintptr_t)helper("inherited");
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "nice"), nice);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	tring_forget(&r);
}

TEST(K5_programs_of_a_ring_with_a_thread_are_as_nice_as_its_maker)
{
	pthread_t threads[OTHERS + 1];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, OTHERS + 2);
	for (i = 0; i <= OTHERS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL,
					i == OTHERS - 1 ? make_ring : be_there,
					NULL),
			 0);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 3; i++)
		expect_nice(MAKERS_NICE);
	pthread_barrier_wait(&barrier);
	for (i = 0; i <= OTHERS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	/* the maker has ended: another thread stands in */
	expect_nice(0);
}
