// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ring_spawn PROGRAM [ARG ...]: spawns it by a chain of CLONE and EXEC, waits
 * for it, and exits with its status. Something for a debugger to look at:
 * nothing but the kernel's interface, no thread, no signal.
 */
#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENTRIES 4

static void *map(int fd, size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

static void fill(struct io_uring_sqe *sqe, char **argv)
{
	sqe[0].opcode = SPAWNPOL_OP_CLONE;
	sqe[0].flags = IOSQE_IO_LINK;
	sqe[1].opcode = SPAWNPOL_OP_EXEC;
	sqe[1].fd = AT_FDCWD;
	sqe[1].addr = (uintptr_t)argv[0];
	sqe[1].addr2 = (uintptr_t)argv;
	sqe[1].addr3 = (uintptr_t)environ;
	sqe[1].user_data = 1;
}

/* The child's pid, or -1. */
static pid_t spawn(char **argv)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, ENTRIES, &params), i;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	char *rings;
	pid_t pid = -1;

	if (fd < 0)
		return -1;
	rings = map(fd, params.cq_off.cqes + params.cq_entries * sizeof(*cqes),
		    IORING_OFF_SQ_RING);
	sqes = map(fd, params.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	if (!rings || !sqes)
		return -1;
	fill(sqes, argv);
	for (i = 0; i < 2; i++)
		((uint32_t *)(rings + params.sq_off.array))[i] = i;
	*(uint32_t *)(rings + params.sq_off.tail) = 2;
	if (syscall(SYS_io_uring_enter, fd, 2, 2, IORING_ENTER_GETEVENTS, NULL,
		    0) != 2)
		return -1;
	cqes = (void *)(rings + params.cq_off.cqes);
	for (i = 0; i < 2; i++) {
		if (cqes[i].user_data == 0)
			pid = cqes[i].res;
		else if (cqes[i].res)
			fprintf(stderr, "EXEC: %s\n", strerror(-cqes[i].res));
	}
	return pid;
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc < 2)
		return 2;
	pid = spawn(argv + 1);
	printf("child %d\n", pid);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
