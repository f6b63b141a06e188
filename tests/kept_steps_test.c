// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a step has set in a child that waits, stays: whatever the launcher has by the time
 * that the child is used (C3). Steps of the SPAWN that makes it, and of a later one.
 */
#include "lib/child.h"
#include "lib/sleeper.h"
#include "lib/stays.h"

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* --- places ------------------------------------------------------------------------------------ */

static void make_dirs(void)
{
	CHECK_SYS(mkdir(in_dir("step"), 0755));
	CHECK_SYS(mkdir(in_dir("before"), 0755));
	CHECK_SYS(mkdir(in_dir("launcher"), 0755));
	copy_file(helper("exit_with"), in_dir("step/exit_with"), 0755);
	CHECK_SYS(chdir(in_dir("before")));
}

static void go_elsewhere(void)
{
	CHECK_SYS(chdir(in_dir("launcher")));
}

static void step_dir(struct io_uring_spawn_step *step)
{
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)in_dir("step");
}

static void step_fd(struct io_uring_spawn_step *step)
{
	step->fd = 5;
}

static void check_cwd(pid_t pid)
{
	EXPECT_STR(sleeper_link(pid, "cwd"), in_dir("step"));
}

TEST(C3_a_step_chdir_stays)
{
	make_dirs();
	check_stays(&(struct stays){ .cmd = IORING_CHILD_CHDIR, .step = step_dir,
				   .change = go_elsewhere, .check = check_cwd });
}

TEST(C3_a_step_fchdir_stays)
{
	make_dirs();
	check_stays(&(struct stays){
		.cmd = IORING_CHILD_FCHDIR, .step = step_fd, .change = go_elsewhere,
		.check = check_cwd,
		.fd = CHECK_SYS(open(in_dir("step"), O_PATH | O_CLOEXEC)) });
}

static void check_root(pid_t pid)
{
	EXPECT_STR(sleeper_link(pid, "root"), in_dir("step"));
	/* the launcher's, when it was made: none that is outside is added */
	EXPECT_STR(sleeper_link(pid, "cwd"), in_dir("before"));
}

TEST(C3_a_step_chroot_stays)
{
	make_dirs();
	sleeper_path = "/exit_with";
	check_stays(&(struct stays){ .cmd = IORING_CHILD_CHROOT, .step = step_dir,
				   .change = go_elsewhere, .check = check_root });
}

/* The directory can be outside of a root that the launcher has got since. */
TEST(C3_a_step_chdir_makes_it_stale_for_another_root)
{
	static struct tring r;
	static struct whole w;
	int number, old_root;
	pid_t pid;

	make_dirs();
	old_root = CHECK_SYS(open("/", O_PATH | O_CLOEXEC));
	tring_init(&r, 0);
	kept_new(&w);
	step_dir(whole_step(&w, IORING_CHILD_CHDIR));
	number = CHECK_OK(whole_run(&r, &w)->res);
	CHECK_SYS(chroot(in_dir("step")));
	whole_init(&w, "/exit_with");
	kept_in(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESTALE);
	whole_init(&w, "/exit_with");
	kept_copy(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESTALE);
	CHECK_SYS(fchdir(old_root));
	CHECK_SYS(chroot("."));
	EXPECT_EQ(kept_shown(&r), 1);
	sleeper_path = helper("exit_with");
	pid = sleeper_in(&r, number);
	check_cwd(pid);
	sleeper_end(pid);
}

static int old_mounts;

static void check_other_mounts(pid_t pid)
{
	struct stat old, its;

	CHECK_SYS(fstat(old_mounts, &old));
	CHECK_SYS(stat(format("/proc/%d/ns/mnt", pid), &its));
	EXPECT_NE(old.st_ino, its.st_ino);
}

static void check_mounts(pid_t pid)
{
	EXPECT_STR(sleeper_link(pid, "cwd"), in_dir("before"));
	check_other_mounts(pid);
}

static void step_unshare(struct io_uring_spawn_step *step)
{
	step->off = CLONE_NEWNS;
}

/* A directory of the launcher's is in another mount namespace. */
TEST(C3_a_step_unshare_keeps_the_cwd)
{
	make_dirs();
	old_mounts = CHECK_SYS(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
	check_stays(&(struct stays){ .cmd = IORING_CHILD_UNSHARE, .step = step_unshare,
				   .change = go_elsewhere, .check = check_mounts });
}

/* A process in a mount namespace of its own, which is in this directory there. */
static int other_mounts(void)
{
	int ready[2];
	pid_t pid;
	char byte;

	make_pipe(ready);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(unshare(CLONE_NEWNS));
		CHECK_EQ(write(ready[1], "x", 1), 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	return CHECK_SYS(open(format("/proc/%d/ns/mnt", pid), O_RDONLY | O_CLOEXEC));
}

/* setns(2) makes the root of it the current directory. */
static void check_entered(pid_t pid)
{
	EXPECT_STR(sleeper_link(pid, "cwd"), "/");
	check_other_mounts(pid);
}

TEST(C3_a_step_setns_keeps_the_cwd)
{
	make_dirs();
	old_mounts = CHECK_SYS(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
	/* the checkout can be on a mount that was made later */
	copy_file(helper("exit_with"), in_dir("exit_with"), 0755);
	sleeper_path = in_dir("exit_with");
	check_stays(&(struct stays){ .cmd = IORING_CHILD_SETNS, .step = step_fd,
				   .change = go_elsewhere, .check = check_entered,
				   .fd = other_mounts() });
}

static void step_umask(struct io_uring_spawn_step *step)
{
	step->off = 0137;
}

static void set_umask(void)
{
	umask(022);
}

static void check_umask(pid_t pid)
{
	EXPECT_STR(sleeper_status(pid, "Umask"), "0137");
}

TEST(C3_a_step_umask_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_UMASK, .step = step_umask,
				   .change = set_umask, .check = check_umask });
}

/* --- signals -------------------------------------------------------------------------------------- */

static void step_signals(struct io_uring_spawn_step *step)
{
	step->off = SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2);
}

static void block_others(void)
{
	unsigned long mask = SIGNAL_BIT(SIGHUP);

	CHECK_SYS(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask)));
}

static void check_blocked(pid_t pid)
{
	EXPECT_EQ(sleeper_mask(pid, "SigBlk"), SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
}

TEST(C3_a_step_sigmask_stays)
{
	check_stays(&(struct stays){ .cmd = IORING_CHILD_SIGMASK, .step = step_signals,
				   .change = block_others, .check = check_blocked });
}

/* SIGHUP is none of the step's. */
static void ignore_all(void)
{
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void ignore_none(void)
{
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

static unsigned long long ignored(pid_t pid)
{
	return sleeper_mask(pid, "SigIgn") &
	       (SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2) | SIGNAL_BIT(SIGHUP));
}

static void check_defaults(pid_t pid)
{
	EXPECT_EQ(ignored(pid), SIGNAL_BIT(SIGHUP));
}

static void check_ignored(pid_t pid)
{
	EXPECT_EQ(ignored(pid), SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2));
}

TEST(C3_a_step_sigdefault_stays)
{
	ignore_none();
	signal(SIGUSR1, SIG_IGN);
	check_stays(&(struct stays){ .cmd = IORING_CHILD_SIGDEFAULT, .step = step_signals,
				   .change = ignore_all, .check = check_defaults });
}

TEST(C3_a_step_sigignore_stays)
{
	ignore_none();
	signal(SIGHUP, SIG_IGN);
	check_stays(&(struct stays){ .cmd = IORING_CHILD_SIGIGNORE, .step = step_signals,
				   .change = ignore_none, .check = check_ignored });
}
