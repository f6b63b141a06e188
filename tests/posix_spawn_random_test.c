// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * Spawns made up at random: whatever libc does, the library does. Always the same
 * ones, so that what fails is what has been changed; SPAWNPOL_SEED in the environment
 * makes up others, and repeats one of those that are shown.
 */
#include "posix/job.h"

#include <signal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SPAWNS 60
#define NR(list) (sizeof(list) / sizeof((list)[0]))

static unsigned int seed;

static unsigned int below(unsigned int n)
{
	return rand_r(&seed) / 7 % n;
}

/* Few numbers, so that actions meet each other. */
static int some_fd(void)
{
	return 20 + below(6);
}

static const char *some_path(void)
{
	static const char *const paths[] = {
		"/dev/null", "/etc/passwd", "/etc", "file", "dir/file", "dir",
		"/proc/self/fd/22", "../dir/other", "/dev/zero", ".",
	};

	return paths[below(below(4) ? 2 : NR(paths))];
}

static const char *some_dir(void)
{
	static const char *const dirs[] = { "/", "dir", "..", "/dev", "/etc/passwd" };

	return dirs[below(below(6) ? 4 : NR(dirs))];
}

static void add_action(struct job *j)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_DIRECTORY, O_PATH,
		O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_NONBLOCK,
	};
	posix_spawn_file_actions_t *a = actions(j);

	switch (below(10)) {
	case 0 ... 2:
		posix_spawn_file_actions_addopen(a, some_fd(), some_path(),
						 flags[below(below(3) ? 1 :
							     NR(flags))], 0644);
		break;
	case 3 ... 5:
		posix_spawn_file_actions_adddup2(a, below(3) ? (int)below(3) :
						 some_fd(), some_fd());
		break;
	case 6 ... 7:
		posix_spawn_file_actions_addclose(a, some_fd());
		break;
	case 8:
		posix_spawn_file_actions_addchdir_np(a, some_dir());
		break;
	default:
		if (below(3))
			posix_spawn_file_actions_addclosefrom_np(a, REPORT + 1);
		else
			posix_spawn_file_actions_addfchdir_np(a, some_fd());
	}
}

static sigset_t some_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = below(8); i; i--)
		sigaddset(&set, 1 + below(31));
	return set;
}

static void add_attributes(struct job *j)
{
	struct sched_param param = { .sched_priority = below(3) };
	sigset_t mask = some_signals(), defaults = some_signals();
	short flags = 0;

	for (int bit = 0; bit < 8; bit++)
		if (!below(bit == 4 || bit == 5 ? 6 : 3))
			flags |= 1 << bit;
	attributes(j, flags);
	posix_spawnattr_setsigmask(j->attr, &mask);
	posix_spawnattr_setsigdefault(j->attr, &defaults);
	posix_spawnattr_setschedparam(j->attr, &param);
	posix_spawnattr_setschedpolicy(j->attr, below(3));
}

static sigset_t ignored, blocked;

static void be_in_some_state(void)
{
	for (int sig = 1; sig < 32; sig++)
		if (sigismember(&ignored, sig) && sig != SIGCHLD)
			signal(sig, SIG_IGN);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static struct job some_job(void)
{
	struct job j = JOB;

	for (int i = below(10); i; i--)
		add_action(&j);
	if (below(2))
		add_attributes(&j);
	ignored = some_signals();
	blocked = some_signals();
	j.parent = be_in_some_state;
	return j;
}

TEST(spawns_at_random, .timeout = 300)
{
	const char *given = getenv("SPAWNPOL_SEED");
	unsigned int failed = 0;

	seed = given ? strtoul(given, NULL, 0) : 1;
	DIAG("SPAWNPOL_SEED=%u", seed);
	CHECK_SYS(chdir(tap_dir()));
	CHECK_SYS(mkdir("dir", 0755));
	write_file("file", "text", 0644);
	write_file("dir/file", "text", 0644);
	CHECK_SYS(dup3(0, 22, O_CLOEXEC));
	CHECK_SYS(dup2(1, 23));
	CHECK_SYS(dup3(open("dir", O_PATH | O_CLOEXEC), 24, O_CLOEXEC));
	for (int i = 0; i < SPAWNS; i++) {
		struct job j;

		DIAG("spawn %d, seed %u", i, seed);
		j = some_job();
		alike(&j);
		failed += j.libc->error != 0;
	}
	/* both kinds have been seen */
	CHECK_GT(failed, 0);
	CHECK_LT(failed, SPAWNS);
}
