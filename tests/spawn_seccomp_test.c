// SPDX-License-Identifier: LGPL-2.1-or-later
/* seccomp filters bind CLONE and EXEC as they bind clone3(2) and execveat(2) (S19). */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn.h"

#include <sys/syscall.h>

static struct tring r;

TEST(S19_seccomp_refuses_clone_as_it_refuses_clone3)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			DIAG("%s", tring_kinds[i].name);
			/* An SQ thread has the filters its maker had. */
			filter_call(SYS_clone3, SECCOMP_RET_ERRNO | ENOTBLK);
			tring_init(&r, tring_kinds[i].flags);
			CHECK_EQ(spawn_exit(&r, NULL), -ENOTBLK);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_refuses_exec_as_it_refuses_execveat)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_execveat, SECCOMP_RET_ERRNO | ENOTBLK);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	EXPECT_EQ(exec, -ENOTBLK);
	check_no_children();
}

/* Actions that make no sense for a request count as a refusal. */
TEST(S19_seccomp_actions_that_kill_or_trap_are_eperm)
{
	static const unsigned int actions[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP,	  SECCOMP_RET_TRACE,
		SECCOMP_RET_USER_NOTIF,
	};
	unsigned int i;

	for (i = 0; i < 2 * sizeof(actions) / sizeof(actions[0]); i++) {
		pid_t pid = CHECK_SYS(fork());
		int exec, res;

		if (!pid) {
			tring_init(&r, 0);
			filter_call(i % 2 ? SYS_clone3 : SYS_execveat,
				    actions[i / 2]);
			res = spawn_exit(&r, &exec);
			CHECK_EQ(res > 0 ? exec : res, -EPERM);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_that_logs_or_refuses_others_allows)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_clone3, SECCOMP_RET_LOG);
	filter_call(SYS_execveat, SECCOMP_RET_LOG);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	CHECK_EQ(exec, 0);
}

/*
 * The SQ thread keeps the rights its maker had. No child is made on behalf of
 * one that has others than the process by now.
 */
TEST(S19_an_sq_thread_with_other_rights_gets_no_child)
{
	int how;

	for (how = 0; how < 2; how++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, IORING_SETUP_SQPOLL);
			CHECK_GT(spawn_exit(&r, NULL), 0);
			if (how)
				become_ordinary();
			else
				filter_call(SYS_fork, SECCOMP_RET_ALLOW);
			CHECK_EQ(spawn_exit(&r, NULL), -EPERM);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_the_child_inherits_filters)
{
	struct shown s;

	tring_init(&r, 0);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "Seccomp"), 2);
	EXPECT_EQ(shown_number(&s, "Seccomp_filters"), 1);
	EXPECT_EQ(shown_number(&s, "nnp"), 1);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}
