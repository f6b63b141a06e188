// SPDX-License-Identifier: LGPL-2.1-or-later
/* no_new_privs, capabilities: nobody gets by spawning what execve(2) denies (S19). */
#include "lib/child.h"
#include "lib/ring.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

static struct tring r;

TEST(S19_no_new_privs_is_honoured)
{
	char *program = in_dir("show");
	struct shown s;
	int nnp;

	copy_file(helper("show"), program, 04755);
	become_ordinary();
	tring_init(&r, 0);
	for (nnp = 0; nnp < 2; nnp++) {
		if (nnp)
			CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		tring_forget(&r);
		q_clone(&r);
		q_show(&r, &s)->addr = (uintptr_t)program;
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		shown_read(&s);
		EXPECT_EQ(shown_number(&s, "euid"), nnp ? ORDINARY : 0);
		EXPECT_EQ(shown_number(&s, "nnp"), nnp);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

TEST(S19_capability_bounds_are_inherited)
{
	struct shown s;

	CHECK_SYS(prctl(PR_CAPBSET_DROP, 21 /* CAP_SYS_ADMIN */, 0, 0, 0));
	tring_init(&r, 0);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(strtoull(shown(&s, "CapBnd"), NULL, 16) >> 21 & 1, 0);
	EXPECT_EQ(strtoull(shown(&s, "CapEff"), NULL, 16) >> 21 & 1, 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* Namespaces need the rights that clone3 wants for them. */
TEST(S19_namespaces_need_capabilities)
{
	struct clone_args args = { .flags = CLONE_NEWUTS,
				   .exit_signal = SIGCHLD };
	pid_t tid = 31235;

	become_ordinary();
	tring_init(&r, 0);
	q_clone3(&r, &args);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EPERM);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	tring_forget(&r);
	args.flags = 0;
	args.set_tid = (uintptr_t)&tid;
	args.set_tid_size = 1;
	q_clone3(&r, &args);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EPERM);
	check_no_children();
}
