// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * The default policy by SPAWNPOL_POLICY: what is started, and signals while it retries.
 */
#include "lib/policy.h"
#include "posix/job.h"
#include "spawn_policy.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

TPOLICY_PRELOAD("bpf/spawn_policy")

static struct tpolicy policy;
static struct spawn_policy_config config;

/* Attach it to this process's spawns from here on; it searches /bin. */
static void use_policy(void)
{
	char *path = format("/sys/fs/bpf/posix_default_policy_test-%d", getpid());
	char *argv[] = { "x", NULL };
	uint32_t key = 0;

	tpolicy_load(&policy, "bpf/spawn_policy");
	config.version = SPAWN_POLICY_CONFIG_VERSION;
	CHECK_OK(spawn_policy_add_dir(&config, "/bin", 4));
	CHECK_OK(bpf_map_update_elem(tpolicy_map(&policy, SPAWN_POLICY_CONFIG_MAP),
				     &key, &config, BPF_ANY));
	unlink(path);
	CHECK_OK(bpf_obj_pin(tpolicy_fd(&policy), path));
	CHECK_SYS(setenv("SPAWNPOL_POLICY", path, 1));
	CHECK_SYS(setenv("SPAWNPOL_POLICY_EVENTS", "before-exec,clone", 1));
	/* the first spawn attaches it, or says that it cannot */
	keep_words();
	CHECK_EQ(posix_spawn(NULL, "/nonexistent", NULL, NULL, argv, environ),
		 ENOENT);
	CHECK_STR(words(), "");
	CHECK_SYS(unlink(path));
}

/* --- the program --------------------------------------------------------------------- */

/* A program of the working directory that is happy only if it was found by this name. */
static void write_program(const char *name)
{
	write_file(in_dir(name),
		   format("#!/bin/sh\n[ \"$0\" = %s ] && exit 41\n", name), 0755);
}

static int spawn_of(posix_spawn_fn *spawn, const char *name)
{
	char *argv[] = { (char *)name, NULL };
	int error;
	pid_t pid;

	error = spawn(&pid, name, NULL, NULL, argv, environ);
	return error ? -error : wait_exit(pid);
}

static void expect_as_libc(const char *function, posix_spawn_fn *ours,
			   const char *name, int result)
{
	DIAG("%s(%s), PATH=%s", function, name, getenv("PATH"));
	EXPECT_EQ(spawn_of(libc_own(function), name), result);
	EXPECT_EQ(spawn_of(ours, name), result);
}

/* Also where the policy would find another program, or none. */
TEST(the_policy_searches_for_nothing)
{
	static const char *const here_first[] = { "", ":/bin", ":", "/nowhere::/bin" };

	use_policy();
	CHECK_SYS(chdir(tap_dir()));
	write_program("true");
	write_program("onlyhere");
	for (size_t i = 0; i < sizeof(here_first) / sizeof(here_first[0]); i++) {
		setenv("PATH", here_first[i], 1);
		expect_as_libc("posix_spawn", posix_spawn, "true", 41);
		expect_as_libc("posix_spawn", posix_spawn, "onlyhere", 41);
		expect_as_libc("posix_spawnp", posix_spawnp, "true", 41);
		expect_as_libc("posix_spawnp", posix_spawnp, "onlyhere", 41);
	}
	setenv("PATH", "/bin", 1);
	expect_as_libc("posix_spawnp", posix_spawnp, "true", 0);
	expect_as_libc("posix_spawnp", posix_spawnp, "onlyhere", -ENOENT);
	/* found by the policy alone */
	setenv("PATH", "/nowhere", 1);
	expect_as_libc("posix_spawn", posix_spawn, "false", -ENOENT);
	expect_as_libc("posix_spawnp", posix_spawnp, "false", -ENOENT);
	/* nothing was left to libc */
	CHECK_STR(words(), "");
}
