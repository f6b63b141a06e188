// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * SPAWNPOL_POLICY: a pinned policy for all spawns of a process. And the library
 * as it is mostly used, by LD_PRELOAD.
 */
#include "lib/policy.h"
#include "posix/job.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

TPOLICY_PRELOAD("bpf/hello_policy")

/* hello_policy forgives a chdir that fails, which libc never would. */
static int spawn_elsewhere(void)
{
	char *argv[] = { "exit_with", "6", NULL };
	posix_spawn_file_actions_t actions;
	int error;
	pid_t pid;

	CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
	CHECK_EQ(posix_spawn_file_actions_addchdir_np(&actions, "/nonexistent"),
		 0);
	error = posix_spawn(&pid, helper("exit_with"), &actions, NULL, argv,
			    environ);
	CHECK_EQ(posix_spawn_file_actions_destroy(&actions), 0);
	return error ? -error : wait_exit(pid);
}

static char *pin(struct tpolicy *p)
{
	char *path = format("/sys/fs/bpf/posix_spawn_policy_test-%d", getpid());

	tpolicy_load(p, "bpf/hello_policy");
	unlink(path);
	CHECK_OK(bpf_obj_pin(tpolicy_fd(p), path));
	return path;
}

/* Links to rings that run this program, and the events they ask for. */
static unsigned int nr_links_of(uint32_t prog_id, uint32_t *events)
{
	struct spawnpol_link_info info;
	uint32_t id = 0, len;
	unsigned int nr = 0;
	int fd;

	while (!bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (info.type != SPAWNPOL_BPF_LINK_TYPE_IOURING || !info.ring_id ||
		    info.prog_id != prog_id)
			continue;
		*events = info.events;
		nr++;
	}
	return nr;
}

static unsigned int nr_links(uint32_t prog_id)
{
	uint32_t events;

	return nr_links_of(prog_id, &events);
}

static uint32_t id_of(struct tpolicy *p)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	CHECK_OK(bpf_obj_get_info_by_fd(tpolicy_fd(p), &info, &len));
	return info.id;
}

static void *spawn_there(void *arg)
{
	*(int *)arg = spawn_elsewhere();
	return NULL;
}

TEST(a_policy_applies_to_every_thread)
{
	int descriptors;
	struct tpolicy p;
	char *path = pin(&p);
	pthread_t thread;
	uint32_t id = id_of(&p);
	int status = 0;

	CHECK_SYS(setenv("SPAWNPOL_POLICY", path, 1));
	descriptors = nr_descriptors();
	CHECK_EQ(spawn_elsewhere(), 6);
	CHECK_EQ(spawn_elsewhere(), 6);
	CHECK_EQ(nr_links(id), 1);
	CHECK_EQ(pthread_create(&thread, NULL, spawn_there, &status), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(status, 6);
	/* neither ring nor link nor program is open */
	CHECK_EQ(nr_descriptors(), descriptors);
	/* the thread's has gone with it, if not at once */
	for (int i = 0; nr_links(id) > 1 && i < 50 * tap_patience(); i++)
		sleep_ms(20);
	CHECK_EQ(nr_links(id), 1);
	CHECK_SYS(unlink(path));
	/* what is attached stays attached */
	CHECK_EQ(spawn_elsewhere(), 6);
}

TEST(no_policy_without_the_variable)
{
	only_engine();
	CHECK_EQ(spawn_elsewhere(), -ENOENT);
}

/* Asked for and not to be had: that is said once, whether it is asked or not. */
static void not_had(const char *why)
{
	keep_words();
	unsetenv("SPAWNPOL_DEBUG");
	CHECK_EQ(spawn_elsewhere(), -ENOENT);
	CHECK_EQ(spawn_elsewhere(), -ENOENT);
	CHECK_STR(words(), format("libspawnpol-posix: programs run without the "
				  "policy: the policy cannot be attached (%s)\n",
				  why));
}

TEST(policy_that_is_not_there)
{
	CHECK_SYS(setenv("SPAWNPOL_POLICY", "/sys/fs/bpf/nonexistent", 1));
	not_had("ENOENT");
}

TEST(policy_with_unknown_events)
{
	struct tpolicy p;
	char *path = pin(&p);

	CHECK_SYS(setenv("SPAWNPOL_POLICY", path, 1));
	CHECK_SYS(setenv("SPAWNPOL_POLICY_EVENTS", "before-exec,nonsense", 1));
	not_had("EINVAL");
	CHECK_SYS(unlink(path));
}

/* From the first spawn on. */
TEST(policy_with_events)
{
	struct tpolicy p;
	char *path = pin(&p);
	uint32_t events = 0;

	CHECK_SYS(setenv("SPAWNPOL_POLICY", path, 1));
	CHECK_SYS(setenv("SPAWNPOL_POLICY_EVENTS",
			 "before-step,before-exec,done,miss,execed", 1));
	CHECK_EQ(spawn_elsewhere(), 6);
	CHECK_EQ(nr_links_of(id_of(&p), &events), 1u);
	CHECK_EQ(events & ~(IORING_POLICY_FAILED | IORING_POLICY_STAGED),
		 (unsigned int)(IORING_POLICY_BEFORE_STEP |
				IORING_POLICY_BEFORE_EXEC | IORING_POLICY_DONE |
				IORING_POLICY_MISS | IORING_POLICY_EXECED));
	CHECK_SYS(unlink(path));
}

/* --- LD_PRELOAD ----------------------------------------------------------------------- */

/* What a command prints, with the library in every process of it. */
static char *preloaded(const char *command, int *status)
{
	return output_of(format("SPAWNPOL_DEBUG=1 LD_PRELOAD=%s/"
				"libspawnpol-posix.so %s 2>&1", tap_build(),
				command), status);
}

TEST(make_makes_the_same, .timeout = 120)
{
	const char *make = format("make -s -f %s", in_dir("Makefile"));
	char *plain;
	int status;

	if (access("/usr/bin/make", X_OK))
		SKIP("there is no make");
	write_file(in_dir("Makefile"),
		   "all: a b c\n"
		   "a: b; @/bin/echo a\n"
		   "b:; @/bin/echo b >/dev/stderr; echo $$$$ | grep -q '^[0-9]'\n"
		   "c:\n\t@/bin/echo c\n\t-@/nonexistent/program\n"
		   "\t@exit 3\n", 0644);
	plain = strdup(output_of(format("%s 2>&1", make), &status));
	CHECK_EQ(status, 2);
	CHECK_STR(preloaded(make, &status), plain);
	CHECK_EQ(status, 2);
	CHECK_HAS(plain, "b\na\nc\n");
}

TEST(python_spawns, .timeout = 120)
{
	const char *script =
		"import os\n"
		"p = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 5'], {},"
		" file_actions=[(os.POSIX_SPAWN_CLOSE, 9)], setsigmask=[2])\n"
		"assert os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]) == 5\n"
		"try:\n"
		"    os.posix_spawn('/nonexistent', ['x'], {})\n"
		"except FileNotFoundError:\n"
		"    print('done')\n";
	int status;

	if (access("/usr/bin/python3", X_OK))
		SKIP("there is no python3");
	write_file(in_dir("script"), script, 0644);
	CHECK_STR(preloaded(format("python3 -ISB %s", in_dir("script")), &status),
		  "done\n");
	CHECK_EQ(status, 0);
}
