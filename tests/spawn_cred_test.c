// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Commands of IORING_OP_CHILD: ids, capabilities, prctl, and who can reach the
 * memory of the parent by that (S13).
 */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define KEEP 0xffffffffU
#define CAP(n) (1ULL << (n))

static struct tring r;

static uint64_t shown_caps(struct shown *s, const char *key)
{
	return strtoull(shown(s, key), NULL, 16);
}

/* --- ids ------------------------------------------------------------------------ */

TEST(S13_setgroups)
{
	gid_t groups[] = { 30, 20, 10 };
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETGROUPS,
			      .addr = (uintptr_t)groups, .off = 3),
		 0);
	EXPECT_HAS(shown(&s, "Groups"), "10 20 30");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETGROUPS), 0);
	EXPECT_EQ(strspn(shown(&s, "Groups"), " "),
		  strlen(shown(&s, "Groups")));
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETGROUPS, .off = 3),
		  -EFAULT);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETGROUPS,
			       .addr = (uintptr_t)groups, .off = 65537),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETGROUPS,
			       .addr = (uintptr_t)groups, .off = 1),
		  -EPERM);
}

TEST(S13_setresuid_and_setresgid)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETRESGID, .addr = 11,
			      .off = 12, .addr3 = 13),
		 0);
	/* execve(2) saves the effective one */
	EXPECT_STR(shown(&s, "Gid"), "11\t12\t12\t12");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETRESUID, .addr = 1,
			      .off = KEEP, .addr3 = KEEP),
		 0);
	EXPECT_STR(shown(&s, "Uid"), "1\t0\t0\t0");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETRESUID,
			       .addr = 1ULL << 32),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETRESUID), -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETRESGID), -EPERM);
	CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETRESUID,
			      .addr = ORDINARY, .off = KEEP, .addr3 = ORDINARY),
		 0);
}

static void queue_ids(unsigned int cmd, unsigned int id)
{
	struct io_uring_sqe *sqe = q_child(&r, cmd);

	sqe->addr = id;
	sqe->off = id;
	sqe->addr3 = id;
}

/* The safe order; steps and the program have what the ids have. */
TEST(S13_privileges_are_dropped_in_the_child_alone)
{
	struct shown s;

	helpers_for_all();
	write_file(in_dir("secret"), "text", 0600);
	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETGROUPS);
	queue_ids(IORING_CHILD_SETRESGID, ORDINARY);
	queue_ids(IORING_CHILD_SETRESUID, ORDINARY);
	hardlink(q_open(&r, in_dir("secret"), O_RDONLY, 0));
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(tring_res(&r, 3), -EACCES);
	CHECK_EQ(tring_res(&r, 4), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_STR(shown(&s, "Uid"), "1000\t1000\t1000\t1000");
	EXPECT_STR(shown(&s, "Gid"), "1000\t1000\t1000\t1000");
	EXPECT_EQ(shown_caps(&s, "CapEff"), 0);
	EXPECT_EQ(shown_caps(&s, "CapPrm"), 0);
	EXPECT_STR(shown(&s, "dumpable"), "1");
	CHECK_EQ(getuid(), 0);
	CHECK_SYS(open(in_dir("secret"), O_RDONLY));
}

/* --- the memory that the child shares ------------------------------------------- */

/* A chain whose child has done a step that lets others at it, and waits. */
static pid_t wait_behind(struct blocker *b)
{
	pid_t pid;

	q_block(&r, b);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	pid = tring_res(&r, CLONE);
	wait_blocked(pid);
	return pid;
}

/* Only the launcher can say that no such child is left. */
static void check_guarded(struct blocker *b, pid_t pid)
{
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
	blocker_release(b);
	CHECK_EQ(wait_exit(pid), 0);
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1));
	tring_forget(&r);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };

	CHECK_SYS(syscall(SYS_capset, &header, none));
}

/* Somebody who may trace a process like the child, but not its parent. */
static void check_out_of_reach(pid_t pid, void (*become)(void))
{
	pid_t peer = CHECK_SYS(fork());

	if (!peer) {
		become();
		_exit(open(format("/proc/%d/mem", pid), O_RDWR) < 0 &&
				      errno == EACCES
			      ? 0
			      : 1);
	}
	CHECK_EQ(wait_exit(peer), 0);
}

TEST(S13_memory_is_safe_from_the_new_user)
{
	struct blocker b;
	pid_t pid;

	helpers_for_all();
	tring_init(&r, 0);
	q_clone(&r);
	queue_ids(IORING_CHILD_SETRESUID, ORDINARY);
	pid = wait_behind(&b);
	check_out_of_reach(pid, become_ordinary);
	check_guarded(&b, pid);
}

/* The same user, but without the parent's capabilities. */
TEST(S13_memory_is_safe_from_those_without_capabilities)
{
	struct blocker b;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_CAPSET);
	pid = wait_behind(&b);
	check_out_of_reach(pid, drop_capabilities);
	check_guarded(&b, pid);
}

TEST(S13_memory_is_guarded_where_namespaces_let_others_in)
{
	struct clone_args args = { .flags = CLONE_NEWUSER,
				   .exit_signal = SIGCHLD };
	struct io_uring_sqe *sqe;
	struct blocker b;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_UNSHARE);
	sqe->off = CLONE_NEWUSER;
	check_guarded(&b, wait_behind(&b));

	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_SETNS);
	sqe->fd = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	check_guarded(&b, wait_behind(&b));

	q_clone3(&r, &args);
	q_nop(&r);
	check_guarded(&b, wait_behind(&b));

	/* others leave it as it is */
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_UNSHARE);
	sqe->off = CLONE_NEWUTS;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
}

/* --- capabilities --------------------------------------------------------------- */

TEST(S13_capset)
{
	uint64_t few = CAP(CAP_KILL) | CAP(CAP_SYS_ADMIN);
	struct io_uring_sqe *sqe;
	struct shown s;

	tring_init(&r, 0);
	/* root would get all of them back */
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_SET_SECUREBITS;
	sqe->addr = SECBIT_NOROOT;
	sqe = q_child(&r, IORING_CHILD_CAPSET);
	sqe->addr = few;
	sqe->off = few;
	sqe->addr3 = few;
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_CAP_AMBIENT;
	sqe->addr = PR_CAP_AMBIENT_RAISE;
	sqe->off = CAP_KILL;
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 3), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_EQ(shown_caps(&s, "CapInh"), few);
	EXPECT_EQ(shown_caps(&s, "CapAmb"), CAP(CAP_KILL));
	EXPECT_EQ(shown_caps(&s, "CapEff"), CAP(CAP_KILL));
	EXPECT_EQ(shown_number(&s, "securebits"), SECBIT_NOROOT);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CAPSET,
			       .addr = CAP(CAP_KILL)),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CAPSET,
			       .addr3 = CAP(63)),
		  -EINVAL);
}

TEST(S13_bounding_set)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_PRCTL,
			      .rw_flags = PR_CAPBSET_DROP, .addr = CAP_SYS_ADMIN),
		 0);
	EXPECT_EQ(shown_caps(&s, "CapBnd") & CAP(CAP_SYS_ADMIN), 0);
	EXPECT_EQ(shown_caps(&s, "CapEff") & CAP(CAP_SYS_ADMIN), 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_CAPBSET_DROP, .addr = 63),
		  -EINVAL);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_CAPBSET_DROP, .addr = CAP_KILL),
		  -EPERM);
}

/* --- prctl ---------------------------------------------------------------------- */

TEST(S13_prctl_of_the_process)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_PRCTL,
			      .rw_flags = PR_SET_NO_NEW_PRIVS, .addr = 1),
		 0);
	EXPECT_STR(shown(&s, "nnp"), "1");
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_PRCTL,
			      .rw_flags = PR_SET_PDEATHSIG, .addr = SIGTERM),
		 0);
	EXPECT_EQ(shown_number(&s, "pdeathsig"), SIGTERM);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_PRCTL,
			      .rw_flags = PR_SET_TIMERSLACK, .addr = 12345),
		 0);
	EXPECT_EQ(shown_number(&s, "timerslack"), 12345);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_PRCTL,
			      .rw_flags = PR_SET_CHILD_SUBREAPER, .addr = 1),
		 0);
	EXPECT_STR(shown(&s, "subreaper"), "1");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_SET_PDEATHSIG, .addr = 100),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_SET_NO_NEW_PRIVS, .addr = 2),
		  -EINVAL);
	EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
}

/* It is prctl that refuses those that it does not use, in the child. */
TEST(S13_prctl_gets_all_arguments)
{
	static const struct io_uring_sqe more[] = {
		{ .off = 1 }, { .addr3 = 1 }, { .__pad2 = { 1 } },
	};
	struct io_uring_sqe want;
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		want = more[i];
		want.len = IORING_CHILD_PRCTL;
		want.rw_flags = PR_SET_NO_NEW_PRIVS;
		want.addr = 1;
		EXPECT_EQ(child_step(&r, want, NULL), -EINVAL);
		EXPECT_GT(tring_res(&r, CLONE), 0);
		want.rw_flags = PR_SET_TIMERSLACK;
		EXPECT_EQ(child_step(&r, want, NULL), 0);
	}
}

/* What is the memory's is the parent's, too; what asks has nobody to tell. */
TEST(S13_other_prctls_are_refused)
{
	static const int options[] = {
		PR_SET_DUMPABLE, PR_SET_MM,	    PR_SET_THP_DISABLE,
		PR_SET_NAME,	 PR_GET_PDEATHSIG,  PR_SET_PTRACER,
		PR_SET_VMA,	 PR_SET_IO_FLUSHER, 0,
	};
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int res = CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
				       .rw_flags = options[i]);

		if (res != -EINVAL)
			FAIL("option %d: %d", options[i], res);
	}
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_SET_SECCOMP,
			       .addr = SECCOMP_MODE_STRICT),
		  -EINVAL);
}

TEST(S13_keepcaps_keeps_capabilities_over_setresuid)
{
	struct io_uring_sqe *sqe;
	struct shown s;

	helpers_for_all();
	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_SET_KEEPCAPS;
	sqe->addr = 1;
	queue_ids(IORING_CHILD_SETRESUID, ORDINARY);
	sqe = q_child(&r, IORING_CHILD_CAPSET);
	sqe->addr = CAP(CAP_NET_BIND_SERVICE);
	sqe->off = CAP(CAP_NET_BIND_SERVICE);
	sqe->addr3 = CAP(CAP_NET_BIND_SERVICE);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_CAP_AMBIENT;
	sqe->addr = PR_CAP_AMBIENT_RAISE;
	sqe->off = CAP_NET_BIND_SERVICE;
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 4), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_STR(shown(&s, "uid"), "1000");
	EXPECT_EQ(shown_caps(&s, "CapEff"), CAP(CAP_NET_BIND_SERVICE));
}

/* --- dumpable ------------------------------------------------------------------- */

TEST(S13_undumpable_is_the_program_not_the_parent)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUMPABLE, .off = 0), 0);
	EXPECT_STR(shown(&s, "dumpable"), "0");
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUMPABLE, .off = 1), 0);
	EXPECT_STR(shown(&s, "dumpable"), "1");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUMPABLE, .off = 2),
		  -EINVAL);
}
