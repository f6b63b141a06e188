// SPDX-License-Identifier: LGPL-2.1-or-later
/* Limits hold for CLONE and EXEC as they hold for fork(2) and execve(2) (S19). */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"
#include "lib/spawn.h"

#include <sys/resource.h>

static struct tring r;

TEST(S19_rlimit_nproc_holds)
{
	struct rlimit limit = { 1, 1 };

	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
	become_ordinary();
	tring_init(&r, 0);
	CHECK_EQ(spawn_exit(&r, NULL), -EAGAIN);
	check_no_children();
}

#define GROUP "spawn_quota_test"

TEST(S19_pids_max_holds)
{
	pid_t pid;

	group_make(GROUP);
	pid = CHECK_SYS(fork());
	if (!pid) {
		group_enter(GROUP);
		tring_init(&r, 0);
		group_set(GROUP, "pids.max", 1);
		CHECK_EQ(spawn_exit(&r, NULL), -EAGAIN);
		group_set(GROUP, "pids.max", 2);
		CHECK_GT(spawn_exit(&r, NULL), 0);
		CHECK_GT(spawn_exit(&r, NULL), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	group_remove(GROUP);
}

/* A failed chain gives its place back. */
TEST(S19_children_that_fail_do_not_count_against_pids_max)
{
	pid_t pid;
	int i;

	group_make(GROUP);
	pid = CHECK_SYS(fork());
	if (!pid) {
		group_enter(GROUP);
		tring_init(&r, 0);
		group_set(GROUP, "pids.max", 2);
		for (i = 0; i < 5; i++) {
			tring_forget(&r);
			q_clone(&r);
			q_fail(&r);
			q_exit(&r, 0);
			tring_submit(&r);
			CHECK_EQ(tring_res(&r, 0), -ENOENT);
			check_gone(CHECK_OK(tring_res(&r, CLONE)));
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	group_remove(GROUP);
}
