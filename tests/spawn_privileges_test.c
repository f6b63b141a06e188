// SPDX-License-Identifier: LGPL-2.1-or-later
/* no_new_privs, capabilities: nobody gets by spawning what execve(2) denies (S19). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* --- programs that raise privileges ---------------------------------------------- */

/* Who sets no_new_privs, and how the program comes to be executed. */
enum nnp { NOBODY, PARENT, STEP };
enum way { OWN_EXEC, STAGED, INTERPRETER };

/* Give a file CAP_NET_RAW, permitted and effective. */
static void give_capability(const char *path)
{
	struct vfs_cap_data cap = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = { { .permitted = 1U << CAP_NET_RAW } },
	};

	CHECK_SYS(setxattr(path, "security.capability", &cap, sizeof(cap), 0));
}

/*
 * The name of what EXEC asks for is the number that "show" wants as its first
 * argument, which under an interpreter is the script's name.
 */
static void run(const char *program, enum nnp nnp, enum way way,
		struct shown *s)
{
	static const enum engine_stage stages[] = {
		[STAGED] = ENGINE_STAGE_EXEC,
		[INTERPRETER] = ENGINE_STAGE_EXEC_INTERP,
	};
	struct io_uring_sqe *sqe;

	tprog_again(&r, &p);
	if (way != OWN_EXEC)
		rule_stage_text(tprog_rule(&p, IORING_POLICY_FAILED,
					   ENGINE_ANY_STEP,
					   IORING_VERDICT_SUBMIT),
				stages[way], program);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = nnp == STEP ? PR_SET_NO_NEW_PRIVS : PR_SET_TIMERSLACK;
	sqe->addr = 1;
	sqe = q_show(&r, s);
	sqe->addr = (uintptr_t)(way == OWN_EXEC ? program : s->number);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(p.engine->runs, way == OWN_EXEC ? 0 : 1);
	shown_read(s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_EQ(shown_number(s, "nnp"), nnp != NOBODY);
}

/* A program gets what is its due, unless somebody has set no_new_privs. */
static void run_all(const char *program, void (*check)(struct shown *, bool))
{
	struct shown s;
	int nnp, way;

	tprog_load(&p);
	become_ordinary();
	for (nnp = NOBODY; nnp <= STEP; nnp++) {
		pid_t pid = CHECK_SYS(fork());

		if (pid) {
			CHECK_EQ(wait_exit(pid), 0);
			continue;
		}
		tring_init(&r, 0);
		attach(&r, &p, 0, 0);
		if (nnp == PARENT)
			CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		for (way = OWN_EXEC; way <= INTERPRETER; way++) {
			DIAG("no_new_privs %d, way %d", nnp, way);
			run(program, nnp, way, &s);
			check(&s, nnp == NOBODY);
			EXPECT_EQ(shown_number(&s, "uid"), ORDINARY);
		}
		_exit(0);
	}
}

static void check_user(struct shown *s, bool raised)
{
	EXPECT_EQ(shown_number(s, "euid"), raised ? 0 : ORDINARY);
	EXPECT_EQ(shown_number(s, "egid"), ORDINARY);
	EXPECT_EQ(shown_number(s, "secure"), raised);
}

static void check_group(struct shown *s, bool raised)
{
	EXPECT_EQ(shown_number(s, "euid"), ORDINARY);
	EXPECT_EQ(shown_number(s, "egid"), raised ? 0 : ORDINARY);
	EXPECT_EQ(shown_number(s, "secure"), raised);
}

static void check_capability(struct shown *s, bool raised)
{
	uint64_t set = raised ? 1U << CAP_NET_RAW : 0;

	EXPECT_EQ(strtoull(shown(s, "CapPrm"), NULL, 16), set);
	EXPECT_EQ(strtoull(shown(s, "CapEff"), NULL, 16), set);
	EXPECT_EQ(shown_number(s, "euid"), ORDINARY);
}

TEST(S19_set_user_id_programs_honour_no_new_privs)
{
	copy_file(helper("show"), in_dir("show"), 04755);
	run_all(in_dir("show"), check_user);
}

TEST(S19_set_group_id_programs_honour_no_new_privs)
{
	copy_file(helper("show"), in_dir("show"), 02755);
	run_all(in_dir("show"), check_group);
}

TEST(S19_file_capabilities_honour_no_new_privs)
{
	copy_file(helper("show"), in_dir("show"), 0755);
	give_capability(in_dir("show"));
	run_all(in_dir("show"), check_capability);
}

/* A script's mode is not its interpreter's: a policy cannot make it so. */
TEST(S19_a_set_user_id_script_raises_nothing)
{
	struct io_uring_sqe *sqe;
	struct shown s;

	tprog_load(&p);
	CHECK_SYS(chdir(tap_dir()));
	become_ordinary();
	tring_init(&r, 0);
	attach(&r, &p, 0, 0);
	rule_stage_text(tprog_rule(&p, IORING_POLICY_FAILED, ENGINE_ANY_STEP,
				   IORING_VERDICT_SUBMIT),
			ENGINE_STAGE_EXEC_INTERP, helper("show"));
	q_clone(&r);
	sqe = q_show(&r, &s);
	sqe->addr = (uintptr_t)s.number;
	write_file(s.number, "text\n", 04755);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -ENOEXEC);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "euid"), ORDINARY);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* --- capabilities ----------------------------------------------------------------- */

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
