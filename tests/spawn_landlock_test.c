// SPDX-License-Identifier: LGPL-2.1-or-later
/* A Landlock domain holds for all that a chain does (S19). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/spawn.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct tring r;

TEST(S19_landlock_holds_for_exec_and_steps)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE |
				     LANDLOCK_ACCESS_FS_MAKE_DIR,
	};
	char *dir = in_dir("dir");
	int fd;

	tring_init(&r, 0);
	fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));
	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
	q_clone(&r);
	hardlink(q_mkdir(&r, dir));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	check_gone(tring_res(&r, CLONE));
	check_no_children();
}
