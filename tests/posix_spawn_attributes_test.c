// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix_spawnattr_*, case by case: what POSIX says, what libc does, and that the
 * library does the same.
 */
#include "posix/job.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Signals that libc keeps for itself; its children ignore them. */
#define LIBC_SIGNALS 0x180000000ULL

static unsigned long long seen_set(struct job *j, const char *key)
{
	return strtoull(seen(j, key), NULL, 16);
}

#define BIT(sig) (1ULL << ((sig) - 1))

static sigset_t set_of(uint64_t bits)
{
	sigset_t set;

	memset(&set, 0, sizeof(set));
	memcpy(&set, &bits, sizeof(bits));
	return set;
}

TEST(no_attributes)
{
	struct job j = JOB, none = JOB;

	both(&j, 0);
	CHECK_EQ(seen_set(&j, "SigBlk"), 0);
	CHECK_EQ(seen_set(&j, "SigIgn"), LIBC_SIGNALS);
	/* set, but without a flag */
	posix_spawnattr_setpgroup(attributes(&none, 0), 1);
	posix_spawnattr_setsigmask(none.attr, &(sigset_t){ { 2 } });
	posix_spawnattr_setsigdefault(none.attr, &(sigset_t){ { 2 } });
	both(&none, 0);
	CHECK_STR(none.lib->text, j.lib->text);
}

/* --- sessions and groups ------------------------------------------------------------ */

TEST(setpgroup_makes_a_group)
{
	struct job j = JOB;

	attributes(&j, POSIX_SPAWN_SETPGROUP);
	both(&j, 0);
	CHECK_STR(seen(&j, "pgid"), "child");
}

static void lead_a_group(void)
{
	CHECK_SYS(setpgid(0, 0));
}

TEST(setpgroup_joins_a_group)
{
	struct job j = JOB, own = JOB;

	j.parent = own.parent = lead_a_group;
	/* there is no such group in this session */
	posix_spawnattr_setpgroup(attributes(&j, POSIX_SPAWN_SETPGROUP), 1);
	both(&j, EPERM);
	/* inherited */
	both(&own, 0);
	CHECK_STR(seen(&own, "pgid"), "parent");
	setpgid(0, 0);
	posix_spawnattr_setpgroup(j.attr, getpid());
	j.parent = NULL;
	both(&j, 0);
	CHECK_EQ(atoi(seen(&j, "pgid")), getpid());
}

TEST(setpgroup_of_a_negative_group_is_libcs)
{
	struct job j = JOB;

	posix_spawnattr_setpgroup(attributes(&j, POSIX_SPAWN_SETPGROUP), -1);
	left(&j, EINVAL, "a negative process group");
}

TEST(setsid_makes_a_session)
{
	struct job j = JOB, late = JOB;

	attributes(&j, POSIX_SPAWN_SETSID);
	both(&j, 0);
	CHECK_STR(seen(&j, "sid"), "child");
	CHECK_STR(seen(&j, "pgid"), "child");
	/* a session's leader cannot change its group to another one */
	attributes(&late, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(late.attr, 1);
	both(&late, EPERM);
}

/* --- signals ------------------------------------------------------------------------ */

static void handler(int sig)
{
	(void)sig;
}

static void have_signals(void)
{
	uint64_t mask = BIT(SIGTERM) | LIBC_SIGNALS;

	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGUSR1, handler);
	signal(SIGRTMIN, SIG_IGN);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

TEST(signals_are_inherited)
{
	struct job j = JOB;

	j.parent = have_signals;
	both(&j, 0);
	CHECK_EQ(seen_set(&j, "SigBlk"), BIT(SIGTERM) | LIBC_SIGNALS);
	CHECK_EQ(seen_set(&j, "SigIgn"),
		 BIT(SIGINT) | BIT(SIGRTMIN) | LIBC_SIGNALS);
	CHECK_EQ(seen_set(&j, "SigCgt"), 0);
}

TEST(setsigmask)
{
	struct job j = JOB, all = JOB, none = JOB;
	sigset_t some = set_of(BIT(SIGUSR1) | BIT(SIGRTMAX)),
		 every = set_of(~0ULL), empty = set_of(0);

	j.parent = all.parent = none.parent = have_signals;
	attributes(&j, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(j.attr, &some);
	both(&j, 0);
	CHECK_EQ(seen_set(&j, "SigBlk"), BIT(SIGUSR1) | BIT(SIGRTMAX));
	attributes(&all, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(all.attr, &every);
	both(&all, 0);
	CHECK_EQ(seen_set(&all, "SigBlk"),
		 ~(LIBC_SIGNALS | BIT(SIGKILL) | BIT(SIGSTOP)));
	attributes(&none, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(none.attr, &empty);
	both(&none, 0);
	CHECK_EQ(seen_set(&none, "SigBlk"), 0);
}

TEST(setsigdef)
{
	struct job j = JOB, all = JOB;
	sigset_t some = set_of(BIT(SIGINT) | BIT(SIGUSR1)), every = set_of(~0ULL);

	j.parent = all.parent = have_signals;
	attributes(&j, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(j.attr, &some);
	both(&j, 0);
	CHECK_EQ(seen_set(&j, "SigIgn"), BIT(SIGRTMIN) | LIBC_SIGNALS);
	attributes(&all, POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigdefault(all.attr, &every);
	both(&all, 0);
	CHECK_EQ(seen_set(&all, "SigIgn"), 0);
}

/* --- scheduling --------------------------------------------------------------------- */

static posix_spawnattr_t *sched(struct job *j, short flags, int policy,
				int priority)
{
	struct sched_param param = { .sched_priority = priority };
	posix_spawnattr_t *attr = attributes(j, flags);

	posix_spawnattr_setschedpolicy(attr, policy);
	posix_spawnattr_setschedparam(attr, &param);
	return attr;
}

static void be_nice(void)
{
	CHECK_SYS(setpriority(PRIO_PROCESS, 0, 7));
}

static void be_ordinary_and_nice(void)
{
	be_nice();
	CHECK_SYS(setresgid(1000, 1000, 1000));
	CHECK_SYS(setresuid(1000, 1000, 1000));
}

TEST(setscheduler)
{
	struct job j = JOB, other = JOB, bad = JOB, denied = JOB;

	j.parent = other.parent = be_nice;
	sched(&j, POSIX_SPAWN_SETSCHEDULER, SCHED_FIFO, 5);
	both(&j, 0);
	CHECK_EQ(atoi(seen(&j, "policy")), SCHED_FIFO);
	CHECK_EQ(atoi(seen(&j, "priority")), 5);
	/* the nice value stays */
	CHECK_EQ(atoi(seen(&j, "nice")), 7);
	sched(&other, POSIX_SPAWN_SETSCHEDULER, SCHED_OTHER, 0);
	both(&other, 0);
	CHECK_EQ(atoi(seen(&other, "nice")), 7);
	sched(&bad, POSIX_SPAWN_SETSCHEDULER, SCHED_FIFO, 0);
	both(&bad, EINVAL);
	sched(&denied, POSIX_SPAWN_SETSCHEDULER, SCHED_RR, 1);
	denied.parent = be_ordinary_and_nice;
	denied.file = "/bin/true";
	both(&denied, EPERM);
}

/* An unprivileged process may set what it has. */
TEST(setscheduler_without_privileges)
{
	struct job j = JOB;

	j.parent = be_ordinary_and_nice;
	j.file = "/bin/true";
	sched(&j, POSIX_SPAWN_SETSCHEDULER, SCHED_OTHER, 0);
	both(&j, 0);
}

static void be_round_robin(void)
{
	struct sched_param param = { .sched_priority = 3 };

	be_nice();
	CHECK_SYS(sched_setscheduler(0, SCHED_RR, &param));
}

TEST(setschedparam_keeps_the_policy)
{
	struct job j = JOB, other = JOB, bad = JOB;

	j.parent = bad.parent = be_round_robin;
	sched(&j, POSIX_SPAWN_SETSCHEDPARAM, SCHED_FIFO, 9);
	both(&j, 0);
	CHECK_EQ(atoi(seen(&j, "policy")), SCHED_RR);
	CHECK_EQ(atoi(seen(&j, "priority")), 9);
	CHECK_EQ(atoi(seen(&j, "nice")), 7);
	sched(&bad, POSIX_SPAWN_SETSCHEDPARAM, SCHED_OTHER, 0);
	both(&bad, EINVAL);
	other.parent = be_nice;
	sched(&other, POSIX_SPAWN_SETSCHEDPARAM, SCHED_FIFO, 9);
	both(&other, EINVAL);
}

TEST(setscheduler_and_setschedparam_together)
{
	struct job j = JOB;

	j.parent = be_round_robin;
	sched(&j, POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM,
	      SCHED_FIFO, 4);
	both(&j, 0);
	CHECK_EQ(atoi(seen(&j, "policy")), SCHED_FIFO);
}

static void reset_on_fork(void)
{
	struct sched_param param = { .sched_priority = 3 };

	CHECK_SYS(sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param));
}

TEST(scheduling_that_is_reset_on_fork)
{
	struct job j = JOB, plain = JOB;

	j.parent = plain.parent = reset_on_fork;
	sched(&j, POSIX_SPAWN_SETSCHEDPARAM, SCHED_OTHER, 0);
	left(&j, 0, "reset on fork");
	CHECK_EQ(atoi(seen(&j, "policy")), SCHED_OTHER);
	both(&plain, 0);
	CHECK_EQ(atoi(seen(&plain, "policy")), SCHED_OTHER);
}

/* --- ids ---------------------------------------------------------------------------- */

/* What a program that is set-user-ID and set-group-ID has. */
static void be_another_effectively(void)
{
	CHECK_SYS(setgroups(0, NULL));
	CHECK_SYS(setresgid(0, 1001, 1001));
	CHECK_SYS(setresuid(0, 1000, 1000));
}

TEST(resetids)
{
	struct job j = JOB, without = JOB;

	j.file = without.file = "/bin/grep";
	j.argv = (char *[]){ "grep", "id:", "/proc/self/status", NULL };
	without.argv = j.argv;
	j.parent = without.parent = be_another_effectively;
	j.privileged = without.privileged = true;
	CHECK_EQ(posix_spawn_file_actions_adddup2(actions(&j), REPORT, 1), 0);
	without.actions = j.actions;
	attributes(&j, POSIX_SPAWN_RESETIDS);
	both(&j, 0);
	CHECK_STR(seen(&j, "Uid"), "0\t0\t0\t0");
	CHECK_STR(seen(&j, "Gid"), "0\t0\t0\t0");
	both(&without, 0);
	CHECK_STR(seen(&without, "Uid"), "0\t1000\t1000\t1000");
	CHECK_STR(seen(&without, "Gid"), "0\t1001\t1001\t1001");
}

static int dumpable_after;

static void say_dumpable(void)
{
	dumpable_after = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

/* A step for ids would make the launcher undumpable; none is needed here. */
TEST(resetids_of_equal_ids_leaves_the_memory_alone)
{
	char *argv[] = { "true", NULL };
	posix_spawnattr_t attr;
	pid_t pid;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_RESETIDS);
	only_engine();
	CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, &attr, argv, environ), 0);
	say_dumpable();
	CHECK_EQ(dumpable_after, 1);
	CHECK_EQ(wait_exit(pid), 0);
}

/* --- all together, and none of it ---------------------------------------------------- */

TEST(everything_at_once)
{
	struct job j = JOB;
	sigset_t some = set_of(BIT(SIGINT) | BIT(SIGUSR2));

	j.parent = have_signals;
	sched(&j, POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETSIGDEF |
	      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSCHEDPARAM |
	      POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSID |
	      POSIX_SPAWN_USEVFORK, SCHED_RR, 2);
	posix_spawnattr_setsigmask(j.attr, &some);
	posix_spawnattr_setsigdefault(j.attr, &some);
	CHECK_EQ(posix_spawn_file_actions_addopen(actions(&j), 50, "/dev/null",
						  O_RDWR, 0), 0);
	both(&j, 0);
	CHECK_EQ(seen_set(&j, "SigBlk"), BIT(SIGINT) | BIT(SIGUSR2));
	CHECK_EQ(seen_set(&j, "SigIgn"), BIT(SIGRTMIN) | LIBC_SIGNALS);
	CHECK_EQ(atoi(seen(&j, "policy")), SCHED_RR);
	CHECK_STR(seen(&j, "sid"), "child");
	CHECK_STR(seen(&j, "fd50"), "stays /dev/null");
}

/* The ring is from before; what a child has is of now. */
static void change_after_a_spawn(void)
{
	char *argv[] = { "true", NULL };
	struct rlimit files = { 300, 300 };
	pid_t pid;

	CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ), 0);
	CHECK_EQ(wait_exit(pid), 0);
	have_signals();
	umask(0137);
	CHECK_SYS(chdir("/dev"));
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &files));
	CHECK_SYS(dup2(0, 60));
	CHECK_SYS(setpriority(PRIO_PROCESS, 0, 3));
	CHECK_SYS(setgroups(1, &(gid_t){ 77 }));
	CHECK_SYS(setresgid(1000, 1001, 1002));
	CHECK_SYS(setresuid(1000, 1001, 1002));
}

TEST(changes_after_the_first_spawn)
{
	struct job j = JOB;

	copy_file(helper("show"), in_dir("prog"), 0755);
	CHECK_SYS(chmod(tap_dir(), 0755));
	j.file = in_dir("prog");
	j.argv = (char *[]){ "show", "100", NULL };
	j.parent = change_after_a_spawn;
	both(&j, 0);
	CHECK_HAS(seen(&j, "Umask"), "0137");
	CHECK_STR(seen(&j, "cwd"), "/dev");
	CHECK_STR(seen(&j, "nofile"), "300 300");
	CHECK_STR(seen(&j, "uid"), "1000");
	CHECK_HAS(seen(&j, "Groups"), "77");
	CHECK_HAS(seen(&j, "fd60"), "stays");
}

/* Later versions of libc have more of them. */
TEST(unknown_flags_are_libcs)
{
	struct job j = JOB;

	attributes(&j, 0);
	*(short *)j.attr = 0x4000;
	left(&j, 0, "an unknown attribute");
}
