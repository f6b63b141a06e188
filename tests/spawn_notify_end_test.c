// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child that waits for a supervisor of seccomp in a step: the supervisor dies, the
 * child is killed, stopped or cancelled, the launcher ends (K3).
 */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* --- who dies ------------------------------------------------------------------------- */

/* The child has a copy of the listener, which would keep the supervisor alive. */
static void q_without_listener(void)
{
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CLOSE_RANGE);
	sqe->fd = sqe->off = supervisor_listener;
}

/* All steps from here to the last have failed, or never were. */
static void expect_ended(unsigned int step, int res, unsigned int last)
{
	tring_total(&r, last + 2);
	EXPECT_EQ(tring_res(&r, step), res);
	while (++step <= last)
		EXPECT_EQ(tring_res(&r, step), -ECANCELED);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	check_no_children();
}

TEST(K3_a_supervisor_that_was_gone_before_is_enosys)
{
	struct blocker b;

	supervise(&r, SYS_setsid);
	q_without_listener();
	q_block(&r, &b);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	tring_submit(&r);
	wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
	close(supervisor_listener);
	blocker_release(&b);
	expect_ended(2, -ENOSYS, 3);
}

/* One that stops, reads what is asked or does not, and stops again. */
static pid_t fork_supervisor(bool reads)
{
	pid_t pid = CHECK_SYS(fork());
	struct seccomp_notif asked = { 0 };

	if (pid)
		return pid;
	raise(SIGSTOP);
	if (reads)
		CHECK_SYS(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_RECV,
				&asked));
	raise(SIGSTOP);
	_exit(1);
}

static void wait_stopped(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
}

static void check_dead_supervisor(int call, bool reads)
{
	pid_t supervisor;

	supervise(&r, call);
	supervisor = fork_supervisor(reads);
	wait_stopped(supervisor);
	q_without_listener();
	if (call == SYS_setsid)
		q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK(wait_asked(&r, 1));
	CHECK_SYS(kill(supervisor, SIGCONT));
	wait_stopped(supervisor);
	close(supervisor_listener);
	CHECK(!tring_has(&r, 1));
	CHECK_SYS(kill(supervisor, SIGKILL));
	CHECK_EQ(wait_exit(supervisor), -SIGKILL);
	expect_ended(1, -ENOSYS, call == SYS_setsid ? 2 : 1);
}

TEST(K3_a_supervisor_that_dies_is_enosys)
{
	static const int calls[] = { SYS_setsid, SYS_execveat };
	unsigned int i;

	for (i = 0; i < 4; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			check_dead_supervisor(calls[i / 2], i % 2);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

/* --- what ends the wait --------------------------------------------------------------- */

/* A child that waits for its supervisor in its second step. */
static struct seccomp_notif start_asking(int call)
{
	supervise(&r, call);
	count_sigchld();
	q_clone(&r);
	q_nop(&r);
	if (call == SYS_setsid)
		q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 0);
	tring_submit(&r);
	return asked_in(&r, 1);
}

/* In processes of their own, as filters stay. */
static void check_end_of_wait(void (*end)(pid_t pid))
{
	static const int calls[] = { SYS_setsid, SYS_execveat };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct seccomp_notif asked;
		pid_t pid = CHECK_SYS(fork());

		if (pid) {
			CHECK_EQ(wait_exit(pid), 0);
			continue;
		}
		asked = start_asking(calls[i]);
		end(asked.pid);
		CHECK_EQ(tring_res(&r, 1), -ECANCELED);
		if (calls[i] == SYS_setsid)
			CHECK_EQ(tring_res(&r, 2), -ECANCELED);
		check_gone(asked.pid);
		check_no_children();
		EXPECT_EQ(sigchlds(), 0U);
		expect_obsolete(&asked);
		_exit(0);
	}
}

static void end_by_sigkill(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGKILL));
}

static void end_by_cancelling_clone(pid_t pid)
{
	(void)pid;
	q_cancel(&r, CLONE, 0, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
}

static void end_by_cancelling_the_step(pid_t pid)
{
	(void)pid;
	q_cancel(&r, 1, 0, OTHER);
	tring_submit(&r);
	CHECK_GE(tring_res(&r, OTHER), -EALREADY);
}

TEST(K3_a_child_that_waits_for_a_supervisor_can_be_killed)
{
	check_end_of_wait(end_by_sigkill);
}

TEST(K3_a_chain_that_waits_for_a_supervisor_can_be_cancelled)
{
	check_end_of_wait(end_by_cancelling_clone);
	check_end_of_wait(end_by_cancelling_the_step);
}

/* A launcher that ends takes the child with it, whoever is to answer. */
TEST(K3_a_launcher_that_ends_ends_the_wait_for_a_supervisor)
{
	int *theirs = shared_memory(sizeof(*theirs)), pidfd;
	struct pollfd wait = { .events = POLLIN };
	struct seccomp_notif asked = { 0 };
	pid_t launcher;
	int ready[2];
	char byte;

	make_pipe(ready);
	launcher = CHECK_SYS(fork());
	if (!launcher) {
		supervise(&r, SYS_setsid);
		*theirs = supervisor_listener;
		CHECK_EQ(write(ready[1], "", 1), 1);
		q_clone(&r);
		q_child(&r, IORING_CHILD_SETSID);
		q_exit(&r, 0);
		tring_submit(&r);
		for (;;)
			pause();
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	pidfd = CHECK_SYS(syscall(SYS_pidfd_open, launcher, 0));
	supervisor_listener =
		CHECK_SYS(syscall(SYS_pidfd_getfd, pidfd, *theirs, 0));
	wait.fd = supervisor_listener;
	CHECK_EQ(poll(&wait, 1, 1000 * tap_patience()), 1);
	CHECK_SYS(ioctl(supervisor_listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
	CHECK_NE((pid_t)asked.pid, launcher);
	CHECK_SYS(kill(launcher, SIGKILL));
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	check_gone(asked.pid);
	expect_obsolete(&asked);
}

static void wait_state(pid_t pid, char state)
{
	double until = now() + tap_patience();

	while (*line_of(read_file(format("/proc/%d/status", pid)), "State") !=
	       state) {
		if (now() > until)
			FAIL("process %d is never in state %c", pid, state);
		sleep_ms(5);
	}
}

/* The call is begun anew, and the supervisor asked again. */
TEST(K3_a_child_that_waits_for_a_supervisor_can_be_stopped)
{
	static const int calls[] = { SYS_setsid, SYS_execveat };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct seccomp_notif before, asked;
		pid_t pid = CHECK_SYS(fork());

		if (pid) {
			CHECK_EQ(wait_exit(pid), 0);
			continue;
		}
		before = start_asking(calls[i]);
		CHECK_SYS(kill(before.pid, SIGSTOP));
		wait_state(before.pid, 'T');
		expect_obsolete(&before);
		CHECK_SYS(kill(before.pid, SIGCONT));
		asked = asked_in(&r, 1);
		EXPECT_NE(asked.id, before.id);
		EXPECT(!memcmp(&asked.data, &before.data, sizeof(asked.data)));
		let_go_on(&asked);
		CHECK_GE(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(before.pid), 0);
		_exit(0);
	}
}
