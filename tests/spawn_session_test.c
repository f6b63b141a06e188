// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands of IORING_OP_CHILD: terminal, signals, namespaces (S6). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>

static struct tring r;

/* --- the terminal --------------------------------------------------------------- */

/* A session of our own on a new terminal: its descriptor. */
static int make_terminal(void)
{
	int master = CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	int fd;

	CHECK_SYS(grantpt(master));
	CHECK_SYS(unlockpt(master));
	CHECK_SYS(setsid());
	fd = CHECK_SYS(open(ptsname(master), O_RDWR | O_CLOEXEC));
	CHECK_EQ(tcgetpgrp(fd), getpid());
	return fd;
}

TEST(S6_tcsetpgrp_of_the_childs_own_group)
{
	int tty = make_terminal();
	struct io_uring_sqe *sqe;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETPGID);
	/* from the background, where a process is stopped for that */
	sqe = q_child(&r, IORING_CHILD_TCSETPGRP);
	sqe->fd = tty;
	q_sleeper(&r);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(tring_res(&r, 2), 0);
	pid = tring_res(&r, CLONE);
	EXPECT_EQ(tcgetpgrp(tty), pid);
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
}

TEST(S6_tcsetpgrp_of_a_group_by_number)
{
	int tty = make_terminal();

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = tty,
			      .off = getpid()),
		 0);
	EXPECT_EQ(tcgetpgrp(tty), getpid());
	/* none of this session, none at all, no number */
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = tty,
			       .off = 1),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = tty,
			       .off = 4000000),
		  -ESRCH);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = tty,
			       .off = 1ULL << 32),
		  -EINVAL);
}

TEST(S6_tcsetpgrp_needs_our_terminal)
{
	int other = CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	tring_init(&r, 0);
	EXPECT_EQ(
		CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = other),
		-ENOTTY);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP, .fd = 99),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_TCSETPGRP,
			       .fd = CHECK_SYS(open("/dev/null", O_RDONLY))),
		  -ENOTTY);
}

/* --- signals -------------------------------------------------------------------- */

#define BIT(sig) (1ULL << ((sig)-1))

static uint64_t shown_set(struct shown *s, const char *key)
{
	return strtoull(shown(s, key), NULL, 16);
}

TEST(S6_sigmask_is_the_programs)
{
	uint64_t want = BIT(SIGUSR1) | BIT(SIGTERM) | BIT(64);
	struct shown s;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_SYS(sigprocmask(SIG_BLOCK, &set, NULL));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SIGMASK, .off = want), 0);
	EXPECT_EQ(shown_set(&s, "SigBlk"), want);
	/* without it, it is ours; some can never be blocked */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETPGID), 0);
	EXPECT_EQ(shown_set(&s, "SigBlk"), BIT(SIGUSR2));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SIGMASK, .off = -1ULL),
		 0);
	EXPECT_EQ(shown_set(&s, "SigBlk"), ~(BIT(SIGKILL) | BIT(SIGSTOP)));
}

/* A mask of the program's must not keep the child from being killed. */
TEST(S6_sigmask_does_not_unblock_signals_in_the_child)
{
	struct blocker b;
	struct io_uring_sqe *sqe;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_SIGMASK);
	sqe->off = 0;
	q_block(&r, &b);
	q_exit(&r, 7);
	tring_submit(&r);
	pid = tring_res(&r, CLONE);
	wait_blocked(pid);
	CHECK_SYS(kill(pid, SIGTERM));
	sleep_ms(20);
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 2), 0);
	/* it waited for the program, which does not block it */
	CHECK_EQ(wait_exit(pid), -SIGTERM);
}

TEST(S6_signals_to_default_and_ignored)
{
	struct shown s;

	CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR);
	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SIGDEFAULT,
			      .off = BIT(SIGHUP) | BIT(SIGKILL)),
		 0);
	EXPECT_EQ(shown_set(&s, "SigIgn") & BIT(SIGHUP), 0);
	EXPECT(shown_set(&s, "SigIgn") & BIT(SIGUSR1));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SIGDEFAULT, .off = -1ULL),
		 0);
	EXPECT_EQ(shown_set(&s, "SigIgn"), 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SIGIGNORE,
			      .off = BIT(SIGINT) | BIT(40)),
		 0);
	EXPECT_EQ(shown_set(&s, "SigIgn"),
		  BIT(SIGINT) | BIT(40) | BIT(SIGHUP) | BIT(SIGUSR1));
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SIGIGNORE,
			       .off = BIT(SIGKILL)),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SIGIGNORE,
			       .off = BIT(SIGSTOP)),
		  -EINVAL);
	/* ours are as they were */
	CHECK(signal(SIGHUP, SIG_IGN) == SIG_IGN);
	CHECK(signal(SIGINT, SIG_DFL) == SIG_DFL);
}

/* --- namespaces ----------------------------------------------------------------- */

TEST(S6_unshare)
{
	char own[64] = "";
	struct shown s;

	CHECK_SYS(readlink("/proc/self/ns/uts", own, sizeof(own) - 1));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_UNSHARE,
			      .off = CLONE_NEWUTS),
		 0);
	EXPECT_HAS(shown(&s, "uts"), "uts:[");
	EXPECT(strcmp(shown(&s, "uts"), own) != 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
			       .off = CLONE_VM),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
			       .off = CLONE_FILES),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
			       .off = 1ULL << 40),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
			       .off = CLONE_NEWUTS),
		  -EPERM);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_UNSHARE,
			      .off = CLONE_NEWUSER | CLONE_NEWNET),
		 0);
	EXPECT_STR(shown(&s, "uid"), "65534");
}

TEST(S6_setns)
{
	int own = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	struct shown s;
	int other;

	CHECK_SYS(unshare(CLONE_NEWUTS));
	CHECK_SYS(sethostname("elsewhere", 9));
	other = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	CHECK_SYS(setns(own, 0));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETNS, .fd = other), 0);
	EXPECT_STR(shown(&s, "node"), "elsewhere");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETNS, .fd = other,
			      .off = CLONE_NEWUTS),
		 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = other,
			       .off = CLONE_NEWNET),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = 0),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = 99),
		  -EBADF);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = other),
		  -EPERM);
}

/* The memory is shared with the parent, whose time must not jump. */
TEST(S6_setns_to_another_time)
{
	int own = CHECK_SYS(
		open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
	int other;

	CHECK_SYS(unshare(CLONE_NEWTIME));
	other = CHECK_SYS(
		open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC));
	CHECK_SYS(setns(own, 0));
	tring_init(&r, 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = other),
		  -EUSERS);
}
