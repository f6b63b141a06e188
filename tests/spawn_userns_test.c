// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * User namespaces: what an ordinary process may do in a child with one of its
 * own, and what not outside (S2, S19).
 */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lib/step.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct tring r;

static struct clone_args own_namespaces = {
	.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS |
		 CLONE_NEWIPC | CLONE_NEWNS,
	.exit_signal = SIGCHLD,
};

/* The result of one step in a child with namespaces of its own. */
static int step_result(struct io_uring_sqe want)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone3(&r, &own_namespaces);
	sqe = q_child(&r, want.len);
	sqe->fd = want.fd;
	sqe->off = want.off;
	sqe->addr = want.addr;
	sqe->addr3 = want.addr3;
	sqe->rw_flags = want.rw_flags;
	q_nop(&r);
	tring_submit(&r);
	res = tring_res(&r, 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	return res;
}

#define STEP(...) step_result((struct io_uring_sqe){ __VA_ARGS__ })

static void start_ordinary(void)
{
	become_ordinary();
	tring_init(&r, 0);
}

TEST(S19_an_ordinary_process_has_all_rights_in_its_childs_namespaces)
{
	start_ordinary();
	EXPECT_EQ(STEP(.len = IORING_CHILD_UNSHARE, .off = CLONE_NEWUTS), 0);
	EXPECT_EQ(STEP(.len = IORING_CHILD_CHROOT, .fd = AT_FDCWD,
		       .addr = (uintptr_t) "/tmp"),
		  0);
	EXPECT_EQ(STEP(.len = IORING_CHILD_PRCTL, .rw_flags = PR_CAPBSET_DROP,
		       .addr = CAP_SYS_ADMIN),
		  0);
	check_no_children();
}

/* Without a namespace of its own it has none of them. */
TEST(S19_an_ordinary_process_has_no_rights_in_its_own_namespaces)
{
	start_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
			       .off = CLONE_NEWUTS),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_CHROOT, .fd = AT_FDCWD,
			       .addr = (uintptr_t) "/tmp"),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_CAPBSET_DROP, .addr = CAP_SYS_ADMIN),
		  -EPERM);
}

TEST(S19_rights_in_the_childs_namespaces_are_none_outside)
{
	int uts = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	int mnt = CHECK_SYS(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
	struct rlimit limit;
	char *secret = in_dir("secret");

	write_file(secret, "text", 0600);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
	start_ordinary();
	EXPECT_EQ(
		STEP(.len = IORING_CHILD_SETNS, .fd = uts, .off = CLONE_NEWUTS),
		-EPERM);
	EXPECT_EQ(
		STEP(.len = IORING_CHILD_SETNS, .fd = mnt, .off = CLONE_NEWNS),
		-EPERM);
	EXPECT_EQ(STEP(.len = IORING_CHILD_OPEN, .fd = AT_FDCWD,
		       .addr = (uintptr_t)secret, .off = 70),
		  -EACCES);
	EXPECT_EQ(STEP(.len = IORING_CHILD_RLIMIT, .off = RLIMIT_NOFILE,
		       .addr = 1, .addr3 = limit.rlim_max + 1),
		  -EPERM);
	EXPECT_EQ(STEP(.len = IORING_CHILD_NICE, .off = (uint64_t)-5), -EACCES);
	EXPECT_EQ(
		STEP(.len = IORING_CHILD_OOM_SCORE_ADJ, .off = (uint64_t)-500),
		-EACCES);
	/* ids that are not mapped are none */
	EXPECT_EQ(STEP(.len = IORING_CHILD_SETRESUID), -EINVAL);
	check_no_children();
}

/* Who makes the namespace has all rights over the child, and so its memory. */
TEST(S13_memory_of_an_ordinary_process_is_guarded_from_its_namespaces)
{
	start_ordinary();
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1));
	EXPECT_EQ(STEP(.len = IORING_CHILD_UMASK), 022);
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 0);
}

/* --- ids -------------------------------------------------------------------------------- */

static void q_write_to(const char *path, const char *text)
{
	q_open_at(&r, 70, path, O_WRONLY);
	q_write(&r, 70, text, strlen(text));
}

/* Root of the namespace, and of nothing else. */
TEST(S2_steps_map_the_ids_of_a_new_user_namespace)
{
	struct shown s;

	tring_init(&r, 0);
	q_clone3(&r, &own_namespaces);
	q_write_to("/proc/self/setgroups", "deny");
	q_write_to("/proc/self/uid_map", "0 0 1");
	q_write_to("/proc/self/gid_map", "0 0 1");
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 6), 0);
	shown_read(&s);
	EXPECT_STR(shown(&s, "Uid"), "0\t0\t0\t0");
	EXPECT_STR(shown(&s, "Gid"), "0\t0\t0\t0");
	EXPECT_EQ(strtoull(shown(&s, "CapEff"), NULL, 16) >> CAP_SYS_ADMIN & 1,
		  1);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/*
 * What guards the memory makes the child's files in /proc root's: an ordinary
 * process cannot have ids mapped by steps, but maps them when there is a program.
 */
TEST(S13_an_ordinary_process_maps_ids_behind_exec_only)
{
	pid_t pid;

	start_ordinary();
	q_clone3(&r, &own_namespaces);
	hardlink(q_open_at(&r, 70, "/proc/self/uid_map", O_WRONLY));
	q_sleeper(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	CHECK_EQ(tring_res(&r, 1), 0);
	pid = tring_res(&r, CLONE);
	write_file(format("/proc/%d/uid_map", pid), "0 1000 1", 0);
	kill(pid, SIGKILL);
	wait_exit(pid);
}

/* Without a map the program is nobody and has no rights. */
TEST(S2_a_program_in_an_unmapped_user_namespace_is_nobody)
{
	struct shown s;

	start_ordinary();
	q_clone3(&r, &own_namespaces);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_STR(shown(&s, "Uid"), "65534\t65534\t65534\t65534");
	EXPECT_EQ(strtoull(shown(&s, "CapEff"), NULL, 16), 0);
	EXPECT_EQ(strtoull(shown(&s, "CapPrm"), NULL, 16), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* --- rings of others ---------------------------------------------------------------------- */

/* A ring from outside gives its user no more than the user has. */
TEST(S19_an_inherited_ring_gives_no_rights_of_its_makers_namespace)
{
	int uts = CHECK_SYS(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
	pid_t pid;

	tring_init(&r, 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS, .fd = uts,
			       .off = CLONE_NEWUTS),
		  0);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(unshare(CLONE_NEWUSER));
		CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETNS,
				      .fd = uts, .off = CLONE_NEWUTS),
			 -EPERM);
		CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_NICE,
				      .off = (uint64_t)-5),
			 -EACCES);
		CHECK_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_UNSHARE,
				      .off = CLONE_NEWUTS),
			 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
}

/*
 * An SQ thread has the rights of who made the ring, as for any request: the child
 * is the maker's, and not the process's that only has the ring.
 */
TEST(S16_children_of_an_inherited_sqpoll_ring_are_its_makers)
{
	pid_t pid, *child = shared_memory(sizeof(*child));
	const char *path = helper("exit_with"); /* read in the maker's memory */
	static char *argv[] = { "exit_with", "5", NULL };

	tring_init(&r, IORING_SETUP_SQPOLL);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(unshare(CLONE_NEWUSER));
		q_clone(&r);
		q_exec(&r, path, argv);
		tring_submit(&r);
		*child = CHECK_OK(tring_res(&r, CLONE));
		CHECK_EQ(tring_res(&r, 0), 0);
		check_no_children();
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_EQ(wait_exit(*child), 5);
}

/* --- limits ------------------------------------------------------------------------------- */

#define MAX "/proc/sys/user/max_user_namespaces"

/* In a namespace whose limit may be changed without hurting other tests. */
TEST(S19_the_number_of_user_namespaces_is_limited)
{
	struct clone_args args = { .flags = CLONE_NEWUSER,
				   .exit_signal = SIGCHLD };
	pid_t pid = CHECK_SYS(fork());
	int res;

	if (pid) {
		CHECK_EQ(wait_exit(pid), 0);
		return;
	}
	CHECK_SYS(unshare(CLONE_NEWUSER));
	write_file("/proc/self/setgroups", "deny", 0);
	write_file("/proc/self/uid_map", "0 0 1", 0);
	write_file("/proc/self/gid_map", "0 0 1", 0);
	tring_init(&r, 0);
	for (res = 1; res >= 0; res--) {
		write_file(MAX, res ? "1" : "0", 0);
		tring_forget(&r);
		q_clone3(&r, &args);
		q_exit(&r, 0);
		spawn_queued(&r, 0, NULL);
		if (res)
			CHECK_GT(tring_res(&r, CLONE), 0);
		else
			CHECK_EQ(tring_res(&r, CLONE), -ENOSPC);
	}
	_exit(0);
}
