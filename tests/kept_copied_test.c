// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a program has from its launcher when a child that waited becomes one: each word
 * that is copied when the child is used, as the launcher has it then (C3). What a step
 * has set is in kept_steps_test.c.
 */
#include "lib/child.h"
#include "lib/kept.h"
#include "lib/sleeper.h"

#include <linux/ioprio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;
static struct whole w;

/* --- limits ------------------------------------------------------------------------------ */

static const rlim_t some_limits[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = 100000,
	[RLIMIT_FSIZE] = 1 << 30,
	[RLIMIT_DATA] = 1 << 30,
	[RLIMIT_STACK] = 4 << 20,
	[RLIMIT_CORE] = 4096,
	[RLIMIT_RSS] = 1 << 30,
	[RLIMIT_NPROC] = 3000,
	[RLIMIT_NOFILE] = 300,
	[RLIMIT_MEMLOCK] = 1 << 20,
	[RLIMIT_AS] = 1UL << 40,
	[RLIMIT_LOCKS] = 70,
	[RLIMIT_SIGPENDING] = 700,
	[RLIMIT_MSGQUEUE] = 7000,
	[RLIMIT_NICE] = 7,
	[RLIMIT_RTPRIO] = 6,
	[RLIMIT_RTTIME] = 90000000,
};

/* A little more, and a little less. */
static void set_limits(unsigned int turn)
{
	unsigned int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit = {
			.rlim_cur = some_limits[i] + (turn == 1) - (turn == 2),
			.rlim_max = some_limits[i] + 2 - turn,
		};

		CHECK_SYS(setrlimit(i, &limit));
	}
}

static void check_limits(pid_t pid, unsigned int turn)
{
	struct rlimit own, its;
	unsigned int i;

	(void)turn;
	for (i = 0; i < RLIM_NLIMITS; i++) {
		CHECK_SYS(getrlimit(i, &own));
		CHECK_SYS(prlimit(pid, i, NULL, &its));
		if (own.rlim_cur != its.rlim_cur || own.rlim_max != its.rlim_max)
			FAIL("limit %u: %lu %lu and not %lu %lu", i, its.rlim_cur,
			     its.rlim_max, own.rlim_cur, own.rlim_max);
	}
}

/* --- places -------------------------------------------------------------------------------- */

static const char *dirs[] = { "one", "two", "three" };

static void make_dirs(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		CHECK_SYS(mkdir(in_dir(dirs[i]), 0755));
		copy_file(helper("exit_with"),
			  format("%s/exit_with", in_dir(dirs[i])), 0755);
	}
}

static void set_cwd(unsigned int turn)
{
	CHECK_SYS(chdir(in_dir(dirs[turn])));
}

static void check_cwd(pid_t pid, unsigned int turn)
{
	EXPECT_STR(sleeper_link(pid, "cwd"), in_dir(dirs[turn]));
}

static void set_umask(unsigned int turn)
{
	umask(010 * turn);
}

static void check_umask(pid_t pid, unsigned int turn)
{
	EXPECT_STR(sleeper_status(pid, "Umask"), format("%04o", 010 * turn));
}

/* --- signals --------------------------------------------------------------------------------- */

static const int some_signals[] = { SIGUSR1, 40, SIGHUP };

static void handler(int signo)
{
	(void)signo;
}

/* One is ignored, one is handled, and one has its default. */
static void set_ignored(unsigned int turn)
{
	CHECK(signal(some_signals[turn], SIG_IGN) != SIG_ERR);
	CHECK(signal(some_signals[(turn + 1) % 3], handler) != SIG_ERR);
	CHECK(signal(some_signals[(turn + 2) % 3], SIG_DFL) != SIG_ERR);
}

static void check_ignored(pid_t pid, unsigned int turn)
{
	unsigned long long all = 0;
	unsigned int i;

	for (i = 0; i < 3; i++)
		all |= SIGNAL_BIT(some_signals[i]);
	EXPECT_EQ(sleeper_mask(pid, "SigIgn") & all, SIGNAL_BIT(some_signals[turn]));
	EXPECT_EQ(sleeper_mask(pid, "SigCgt"), 0);
}

static void set_blocked(unsigned int turn)
{
	unsigned long mask = SIGNAL_BIT(some_signals[turn]);

	CHECK_SYS(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask)));
}

static void check_blocked(pid_t pid, unsigned int turn)
{
	EXPECT_EQ(sleeper_mask(pid, "SigBlk"), SIGNAL_BIT(some_signals[turn]));
}

/* --- the rest ----------------------------------------------------------------------------------- */

static const int personalities[] = { 0, ADDR_NO_RANDOMIZE, ADDR_COMPAT_LAYOUT };

static void set_personality(unsigned int turn)
{
	CHECK_SYS(personality(personalities[turn]));
}

static void check_personality(pid_t pid, unsigned int turn)
{
	EXPECT_EQ(strtol(sleeper_file(pid, "personality"), NULL, 16),
		  personalities[turn]);
}

static void set_slack(unsigned int turn)
{
	CHECK_SYS(prctl(PR_SET_TIMERSLACK, 70000 + turn, 0, 0, 0));
}

static void check_slack(pid_t pid, unsigned int turn)
{
	EXPECT_EQ(atoi(sleeper_file(pid, "timerslack_ns")), 70000 + (int)turn);
	/* ... and the one that it goes back to */
	write_file(format("/proc/%d/timerslack_ns", pid), "0", 0);
	EXPECT_EQ(atoi(sleeper_file(pid, "timerslack_ns")), 70000 + (int)turn);
}

static void set_oom_score(unsigned int turn)
{
	write_file("/proc/self/oom_score_adj", format("%u", 30 - 10 * turn), 0);
}

static void check_oom_score(pid_t pid, unsigned int turn)
{
	EXPECT_EQ(atoi(sleeper_file(pid, "oom_score_adj")), 30 - 10 * (int)turn);
}

#define BEST_EFFORT(level) (IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | (level))

static void set_ioprio(unsigned int turn)
{
	CHECK_SYS(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, BEST_EFFORT(turn)));
}

static void check_ioprio(pid_t pid, unsigned int turn)
{
	EXPECT_EQ(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid), BEST_EFFORT(turn));
}

/* --- all of them --------------------------------------------------------------------------------- */

static void check_program(pid_t pid, unsigned int turn,
			  void (*check)(pid_t pid, unsigned int turn))
{
	check(pid, turn);
	sleeper_end(pid);
}

/*
 * Made with one, used with others: in a copy, in a copy that has waited itself, and in
 * the child.
 */
static void check_copied(void (*set)(unsigned int turn),
			 void (*check)(pid_t pid, unsigned int turn))
{
	int number, copy;

	tring_init(&r, 0);
	set(0);
	number = kept_make(&r, &w);
	set(1);
	kept_new(&w);
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&w, number);
	copy = CHECK_OK(whole_run(&r, &w)->res);
	check_program(sleeper_in_copy(&r, number), 1, check);
	set(2);
	check_program(sleeper_in_copy(&r, number), 2, check);
	check_program(sleeper_in(&r, copy), 2, check);
	set(1);
	check_program(sleeper_in(&r, number), 1, check);
	/* a child that was not made ahead is the same */
	check_program(sleeper_new(&r), 1, check);
	tring_exit(&r);
}

#define COPIED(word)                                \
	TEST(C3_copied_##word)                      \
	{                                           \
		check_copied(set_##word, check_##word); \
	}

COPIED(limits)
COPIED(umask)
COPIED(ignored)
COPIED(blocked)
COPIED(personality)
COPIED(slack)
COPIED(oom_score)
COPIED(ioprio)

TEST(C3_copied_cwd)
{
	make_dirs();
	check_copied(set_cwd, check_cwd);
}

/* --- the root ------------------------------------------------------------------------------------- */

static struct stat expected;
static int proc;

static void check_root(pid_t pid)
{
	struct stat its;

	CHECK_SYS(fstatat(proc, format("%d/root", pid), &its, 0));
	EXPECT_EQ(its.st_ino, expected.st_ino);
	sleeper_end(pid);
}

TEST(C3_copied_root)
{
	int number;

	make_dirs();
	proc = CHECK_SYS(open("/proc", O_PATH | O_CLOEXEC));
	tring_init(&r, 0);
	number = kept_make(&r, &w);
	CHECK_SYS(chdir(in_dir(dirs[1])));
	CHECK_SYS(chroot("."));
	CHECK_SYS(stat("/", &expected));
	sleeper_path = "/exit_with";
	check_root(sleeper_in_copy(&r, number));
	check_root(sleeper_in(&r, number));
}

/* --- limits that do something ------------------------------------------------------------------------ */

static void limit_cpu(rlim_t seconds)
{
	struct rlimit limit = { .rlim_cur = seconds, .rlim_max = RLIM_INFINITY };

	CHECK_SYS(setrlimit(RLIMIT_CPU, &limit));
}

/* Not only a number: the clock runs. */
TEST(C3_a_copied_limit_of_processor_time_ends_the_program, .timeout = 120)
{
	int number, res;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	whole_init(&w, "/bin/sh");
	w.argv[1] = "-c";
	w.argv[2] = "while :; do :; done";
	kept_in(&w, number);
	limit_cpu(1);
	res = whole_run(&r, &w)->res;
	limit_cpu(RLIM_INFINITY);
	EXPECT_EQ(wait_exit(CHECK_OK(res)), -SIGXCPU);
}

/* --- protection keys ------------------------------------------------------------------------------------ */

static int key;
static gid_t *page;

static void make_page(void)
{
	key = pkey_alloc(0, 0);
	if (key < 0)
		SKIP("no protection keys: %s", strerror(errno));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CHECK(page != MAP_FAILED);
	CHECK_SYS(pkey_mprotect(page, 4096, PROT_READ | PROT_WRITE, key));
}

/* The result of a step that reads the page. */
static int read_in(int number)
{
	struct io_uring_spawn_step *step;

	kept_more(&w, number);
	step = whole_step(&w, IORING_CHILD_SETGROUPS);
	step->addr = (uintptr_t)page;
	step->off = 1;
	return whole_run(&r, &w)->res;
}

TEST(C3_copied_protection_keys)
{
	int number;

	make_page();
	tring_init(&r, 0);
	number = kept_make(&r, &w);
	EXPECT_EQ(read_in(number), number);
	CHECK_SYS(pkey_set(key, PKEY_DISABLE_ACCESS));
	EXPECT_EQ(read_in(number), -EFAULT);
	CHECK_SYS(pkey_set(key, 0));
	EXPECT_EQ(read_in(number), number);
}

/* --- nothing of the time between -------------------------------------------------------------------------- */

/* A new child has no signals that were sent to others before there was one. */
TEST(C3_signals_that_came_while_it_waited_are_none_of_the_program)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGTSTP, 41 };
	int number;
	unsigned int i;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		CHECK_SYS(kill(w.told.report.pid, signals[i]));
	whole_exit(&w, 7);
	kept_in(&w, number);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
}
