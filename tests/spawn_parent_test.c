// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The child's relation to its parent, as the parent and signals see
 * it (S16, S18).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

static struct tring r;

/* Spawn show with these flags on CLONE; its report. */
static pid_t spawn_show(unsigned int ring_flags, unsigned int sqe_flags,
			struct shown *s)
{
	pid_t pid;

	tring_init(&r, ring_flags);
	q_clone(&r)->flags |= sqe_flags;
	q_show(&r, s);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(s);
	CHECK_EQ(wait_exit(pid), 0);
	tring_exit(&r);
	return pid;
}

TEST(S16_the_parent_is_the_submitting_thread_group)
{
	struct shown s;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		pid = spawn_show(tring_kinds[i / 2].flags,
				 i % 2 ? IOSQE_ASYNC : 0, &s);
		EXPECT_EQ(shown_number(&s, "pid"), pid);
		EXPECT_EQ(shown_number(&s, "ppid"), getpid());
		EXPECT_EQ(shown_number(&s, "pgid"), getpgid(0));
		EXPECT_EQ(shown_number(&s, "sid"), getsid(0));
	}
}

static void *spawn_in_thread(void *s)
{
	spawn_show(0, 0, s);
	return NULL;
}

TEST(S16_also_when_another_thread_submits)
{
	pthread_t thread;
	struct shown s;

	CHECK_EQ(pthread_create(&thread, NULL, spawn_in_thread, &s), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	EXPECT_EQ(shown_number(&s, "ppid"), getpid());
}

/* The first thread has ended, and is no more than its thread group's name. */
static void *spawn_alone(void *first)
{
	struct shown s;

	pthread_join(*(pthread_t *)first, NULL);
	spawn_show(IORING_SETUP_SQPOLL, 0, &s);
	CHECK_EQ(shown_number(&s, "ppid"), getpid());
	_exit(0);
}

TEST(S16_an_sq_thread_finds_a_thread_that_lives)
{
	pthread_t self = pthread_self(), thread;

	helper("show");
	CHECK_EQ(pthread_create(&thread, NULL, spawn_alone, &self), 0);
	pthread_exit(NULL);
}

/* A worker thread blocks every signal and may run anywhere. */
TEST(S16_signal_mask_affinity_and_death_signal_are_the_submitters)
{
	uint64_t usr2 = 1ULL << (SIGUSR2 - 1), term = 1ULL << (SIGTERM - 1);
	cpu_set_t one;
	sigset_t set;
	struct shown s;
	unsigned int i;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGTERM, SIG_IGN);
	CPU_ZERO(&one);
	CPU_SET(1, &one);
	CHECK_SYS(sched_setaffinity(0, sizeof(one), &one));
	CHECK_SYS(prctl(PR_SET_PDEATHSIG, SIGUSR2));
	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		spawn_show(tring_kinds[i / 2].flags, i % 2 ? IOSQE_ASYNC : 0,
			   &s);
		EXPECT_EQ(strtoull(shown(&s, "SigBlk"), NULL, 16), usr2);
		EXPECT_EQ(strtoull(shown(&s, "SigIgn"), NULL, 16) & term, term);
		EXPECT_STR(shown(&s, "Cpus_allowed_list"), "1");
		/* As with fork: a child starts without one. */
		EXPECT_EQ(shown_number(&s, "pdeathsig"), 0);
	}
}

/* A mask for the time of waiting is not the thread's own. */
TEST(S16_the_mask_of_waiting_is_not_inherited)
{
	struct __kernel_timespec ts = { .tv_sec = tap_patience() };
	struct io_uring_cqe *cqe;
	sigset_t own, waiting;
	struct shown s;
	unsigned int i;

	sigemptyset(&own);
	sigaddset(&own, SIGUSR2);
	sigprocmask(SIG_SETMASK, &own, NULL);
	sigemptyset(&waiting);
	sigaddset(&waiting, SIGUSR1);
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_show(&r, &s);
		tring_end(&r);
		CHECK_GE(io_uring_submit_and_wait_timeout(&r.uring, &cqe, 2,
							  &ts, &waiting),
			 0);
		CHECK_EQ(tring_res(&r, 0), 0);
		shown_read(&s);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		tring_exit(&r);
		if (strtoull(shown(&s, "SigBlk"), NULL, 16) !=
		    1ULL << (SIGUSR2 - 1))
			FAIL("%s: %s", tring_kinds[i].name,
			     shown(&s, "SigBlk"));
	}
}

/* Nice value, scheduler, working directory, umask, limits and groups come too. */
TEST(S16_whatever_fork_hands_down)
{
	struct shown s;
	unsigned int i;

	CHECK_SYS(setpriority(PRIO_PROCESS, 0, 5));
	CHECK_SYS(chdir("/proc"));
	umask(031);
	for (i = 0; i < tring_nr_kinds; i++) {
		spawn_show(tring_kinds[i].flags, 0, &s);
		EXPECT_STR(shown(&s, "cwd"), "/proc");
		EXPECT_STR(shown(&s, "Umask"), "0031");
		EXPECT_EQ(shown_number(&s, "nice"), 5);
	}
}

static volatile sig_atomic_t signals;

static void on_signal(int signo)
{
	(void)signo;
	signals++;
}

/* Spawn while a timer's signal is pending most of the time. */
TEST(S18_a_flood_of_signals_does_not_make_clone_fail, .timeout = 180)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	unsigned int i, k, rounds = 40 / tap_slowness();

	signal(SIGALRM, on_signal);
	for (k = 0; k < tring_nr_kinds; k++) {
		tring_init(&r, tring_kinds[k].flags);
		for (i = 0; i < rounds; i++) {
			tring_forget(&r);
			q_clone(&r);
			q_nop(&r);
			q_exit(&r, 5);
			setitimer(ITIMER_REAL, &often, NULL);
			tring_submit(&r);
			/* The one that waits must not be starved by it. */
			sleep_ms(2);
			setitimer(ITIMER_REAL, &never, NULL);
			CHECK_GT(tring_res(&r, CLONE), 0);
			CHECK_EQ(tring_res(&r, 1), 0);
			CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
		}
		tring_exit(&r);
	}
	CHECK_GT(signals, 0);
}

/* One that is blocked stays pending and is no reason to fail either. */
TEST(S18_nor_does_a_signal_that_is_blocked)
{
	sigset_t set;

	signal(SIGUSR1, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	tring_init(&r, 0);
	q_clone(&r);
	q_exit(&r, 6);
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 6);
	EXPECT_EQ(signals, 0);
}

/* --- I/O ports: ioperm(2) --------------------------------------------------------- */

static int exit_of_port(void)
{
	char *argv[] = { "port", NULL };

	tring_init(&r, 0);
	q_clone(&r);
	q_exec(&r, helper("port"), argv);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	return wait_exit(tring_res(&r, CLONE));
}

TEST(S16_permissions_for_ports_are_inherited)
{
	EXPECT_EQ(exit_of_port(), 1);
	CHECK_SYS(ioperm(0x80, 1, 1));
	EXPECT_EQ(exit_of_port(), 0);
}

TEST(S16_so_is_the_level_for_all_ports)
{
	CHECK_SYS(iopl(3));
	EXPECT_EQ(exit_of_port(), 0);
}
