// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it changes a setting of the system.
 *
 * Steps that change credentials make the memory, which is the launcher's,
 * undumpable first: whatever fs.suid_dumpable is, and never the other way round
 * (S13; prctl(2), proc_sys_fs(5)).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <stdlib.h>
#include <sys/prctl.h>

#define SETTING "/proc/sys/fs/suid_dumpable"

static struct tring r;

/* What PR_GET_DUMPABLE says after a step that changes no id. */
static int after_step(int setting, int before)
{
	struct io_uring_sqe *sqe;
	pid_t pid = CHECK_SYS(fork());

	if (pid)
		return wait_exit(pid);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, before));
	write_file(SETTING, format("%d", setting), 0);
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_SETRESUID);
	sqe->addr = sqe->off = sqe->addr3 = (uid_t)-1;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	_exit(CHECK_SYS(prctl(PR_GET_DUMPABLE)));
}

static void check(int setting, int before, int after)
{
	int old = atoi(read_file(SETTING)), res = after_step(setting, before);

	write_file(SETTING, format("%d", old), 0);
	CHECK_EQ(res, after);
}

TEST(S13_memory_becomes_undumpable)
{
	check(0, 1, 0);
	check(1, 1, 2);
	check(2, 1, 2);
}

/* 2 would let root's core dumps have what was to be in none. */
TEST(S13_memory_that_is_undumpable_stays_so)
{
	check(0, 0, 0);
	check(1, 0, 0);
	check(2, 0, 0);
}
