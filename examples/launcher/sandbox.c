// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sandbox PROGRAM [ARG ...]: runs a program that has no network, sees no other processes,
 * cannot gain privileges, and can write to /dev/null only. It needs no privileges where
 * user namespaces are allowed.
 */
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "example.h"

/* All changes of the file system; reading and executing stay possible. */
#define WRITING                                                         \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |   \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |       \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |     \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static int make_ruleset(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = WRITING };
	struct landlock_path_beneath_attr null = {
		.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
		.parent_fd = open("/dev/null", O_PATH | O_CLOEXEC),
	};
	int fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0)
		err(1, "landlock_create_ruleset");
	if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH,
		    &null, 0))
		err(1, "landlock_add_rule");
	close(null.parent_fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	struct spawnpol_ring *ring;

	if (argc < 2)
		errx(2, "usage: %s PROGRAM [ARG ...]", argv[0]);
	must(spawnpol_ring_open(&ring, 32, 0), "a ring");
	must(spawnpol_chain_new(&chain), "a chain");
	spawnpol_chain_program(chain, argv[1]);
	spawnpol_chain_argv(chain, argv + 1);
	/* the child itself is the first process of the pid namespace */
	spawnpol_chain_namespaces(chain, CLONE_NEWUSER | CLONE_NEWPID |
						 CLONE_NEWNET | CLONE_NEWIPC);
	spawnpol_chain_prctl(chain, PR_SET_NO_NEW_PRIVS, 1, 0);
	spawnpol_chain_landlock(chain, make_ruleset());
	spawnpol_chain_close_range(chain, 3, ~0U);
	spawnpol_chain_prctl(chain, PR_SET_PDEATHSIG, SIGKILL, 0);
	must(spawnpol_chain_error(chain), "building a chain");

	if (spawnpol_submit(ring, &chain, 1) != 1)
		errx(1, "it could not be submitted");
	must(spawnpol_collect(ring, &out, 1, 1, -1), "collecting");
	must_run(&out);
	spawnpol_chain_free(chain);
	spawnpol_ring_close(ring);
	return status_of(out.pid);
}
