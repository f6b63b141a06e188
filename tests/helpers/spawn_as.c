// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawn_as vfork|ring|whole PROGRAM [ARG ...]: spawns it, waits for it, and exits
 * with its status. Something for debuggers to look at, that does the same by
 * vfork(2), by a chain, and by one request: the child has a session of its own and
 * "/" as its directory, a first exec fails, a second succeeds. Nothing but the
 * kernel's interface, no thread, no signal.
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

#define ENTRIES 8
#define MOST 5 /* requests */

static void *map(int fd, size_t size, off_t offset)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

#define MISSING "/nonexistent"

static void fill_exec(struct io_uring_sqe *sqe, const char *path, char **argv)
{
	sqe->opcode = SPAWNPOL_OP_EXEC;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->addr2 = (uintptr_t)argv;
	sqe->addr3 = (uintptr_t)environ;
}

/*
 * CLONE, SETSID, CHDIR, and two EXECs. user_data is 0 for what has the pid as its
 * result. Returns how many there are.
 */
static unsigned int fill_chain(struct io_uring_sqe *sqe, char **argv)
{
	unsigned int i;

	sqe[0].opcode = SPAWNPOL_OP_CLONE;
	sqe[1].opcode = sqe[2].opcode = SPAWNPOL_OP_CHILD;
	sqe[1].len = IORING_CHILD_SETSID;
	sqe[2].len = IORING_CHILD_CHDIR;
	sqe[2].fd = AT_FDCWD;
	sqe[2].addr = (uintptr_t) "/";
	fill_exec(&sqe[3], MISSING, argv);
	fill_exec(&sqe[4], argv[0], argv);
	for (i = 0; i < MOST; i++) {
		sqe[i].flags = i == 3  ? IOSQE_IO_HARDLINK
			       : i < 4 ? IOSQE_IO_LINK
				       : 0;
		sqe[i].user_data = i;
	}
	return MOST;
}

/* The same in one request, the two directories being those of a search. */
static unsigned int fill_whole(struct io_uring_sqe *sqe, char **argv)
{
	static struct io_uring_spawn_step steps[] = {
		{ .cmd = IORING_CHILD_SETSID },
		{ .cmd = IORING_CHILD_CHDIR, .fd = AT_FDCWD },
	};
	static struct io_uring_spawn spawn = { .dfd = AT_FDCWD, .nr_steps = 2 };
	static char list[8192];
	const char *name = strrchr(argv[0], '/');

	snprintf(list, sizeof(list), "%s:%.*s", MISSING, (int)(name - argv[0]),
		 argv[0]);
	steps[1].addr = (uintptr_t) "/";
	spawn.steps = (uintptr_t)steps;
	spawn.path = (uintptr_t)(name + 1);
	spawn.search = (uintptr_t)list;
	spawn.argv = (uintptr_t)argv;
	spawn.envp = (uintptr_t)environ;
	sqe->opcode = SPAWNPOL_OP_SPAWN;
	sqe->addr = (uintptr_t)&spawn;
	sqe->len = sizeof(spawn);
	return 1;
}

/* The child's pid, or -1. */
static pid_t spawn_by_ring(char **argv, unsigned int (*fill)(struct io_uring_sqe *sqe,
							     char **argv))
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, ENTRIES, &params);
	unsigned int requests, i;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	uint32_t *tail;
	char *rings;
	pid_t pid = -1;

	if (fd < 0)
		return -1;
	rings = map(fd, params.cq_off.cqes + params.cq_entries * sizeof(*cqes),
		    IORING_OFF_SQ_RING);
	sqes = map(fd, params.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	if (!rings || !sqes)
		return -1;
	requests = fill(sqes, argv);
	for (i = 0; i < requests; i++)
		((uint32_t *)(rings + params.sq_off.array))[i] = i;
	*(uint32_t *)(rings + params.sq_off.tail) = requests;
	if (syscall(SYS_io_uring_enter, fd, requests, 0, 0, NULL, 0) !=
	    requests)
		return -1;
	/* a debugger can interrupt the wait */
	tail = (void *)(rings + params.cq_off.tail);
	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) < requests)
		syscall(SYS_io_uring_enter, fd, 0, requests,
			IORING_ENTER_GETEVENTS, NULL, 0);
	cqes = (void *)(rings + params.cq_off.cqes);
	for (i = 0; i < requests; i++) {
		if (cqes[i].user_data == 0)
			pid = cqes[i].res;
	}
	return pid;
}

/* noinline: what vfork returns to must still be there. */
__attribute__((noinline)) static pid_t spawn_by_vfork(char **argv)
{
	pid_t pid = vfork();

	if (pid)
		return pid;
	setsid();
	if (chdir("/") == 0) {
		syscall(SYS_execveat, AT_FDCWD, MISSING, argv, environ, 0);
		syscall(SYS_execveat, AT_FDCWD, argv[0], argv, environ, 0);
	}
	_exit(97);
}

int main(int argc, char **argv)
{
	int status = 0;
	pid_t pid;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "ring") == 0)
		pid = spawn_by_ring(argv + 2, fill_chain);
	else if (strcmp(argv[1], "whole") == 0)
		pid = spawn_by_ring(argv + 2, fill_whole);
	else
		pid = spawn_by_vfork(argv + 2);
	printf("child %d\n", pid);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
