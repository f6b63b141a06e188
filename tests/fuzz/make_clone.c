// SPDX-License-Identifier: LGPL-2.1-or-later
/* CLONE, with attributes and lists of files that are good as a rule. */
#include "case.h"
#include "world.h"

#include <linux/sched.h>
#include <signal.h>
#include <string.h>

static uint64_t some_flags(struct rnd *r)
{
	static const uint64_t good[] = {
		0,
		0,
		CLONE_PIDFD,
		CLONE_CLEAR_SIGHAND,
		CLONE_NEWUTS,
		CLONE_NEWPID,
		CLONE_NEWUSER,
		CLONE_NEWIPC | CLONE_NEWNS,
		CLONE_NEWTIME,
		CLONE_INTO_CGROUP,
	};
	uint64_t flags = RND_OF(r, good) | RND_OF(r, good);

	if (rnd_odd(r, 20))
		flags |= 1UL << rnd_below(r, 40);
	return flags;
}

static void make_attributes(struct rnd *r, struct io_uring_sqe *sqe)
{
	struct clone_args args[2] = { { .flags = some_flags(r) } };
	int32_t tid[2] = { 20000 + rnd_below(r, 5000), rnd_below(r, 3) };

	args->exit_signal = rnd_below(r, 3) ? SIGCHLD : rnd_below(r, 70);
	args->pidfd = rnd_odd(r, 10) ? 8 : BUFFER + BUFFER_SIZE;
	args->cgroup = rnd_odd(r, 10) ? FD_FILE : FD_CGROUP;
	if (rnd_odd(r, 8)) {
		args->set_tid = rnd_odd(r, 8) ? 8 : arena_put(tid, sizeof(tid));
		args->set_tid_size = 1 + rnd_below(r, 2);
	}
	if (rnd_odd(r, 25))
		args->stack = BUFFER;
	if (rnd_odd(r, 25))
		args->tls = 1;
	sqe->len = sizeof(*args);
	if (rnd_odd(r, 8))
		sqe->len = 64 + rnd_below(r, 2 * sizeof(*args) - 64);
	if (rnd_odd(r, 25))
		memset(args + 1, 1, 8);
	sqe->addr =
		rnd_odd(r, 25) ? ARENA_END - 8 : arena_put(args, sizeof(args));
	if (rnd_odd(r, 30))
		sqe->len = rnd_next(r);
}

struct files {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[12];
};

static struct io_uring_clone_file some_file(struct rnd *r)
{
	struct io_uring_clone_file file = {
		.source = FD_FIRST + rnd_below(r, FD_LAST - FD_FIRST),
	};

	file.number = file.source;
	if (rnd_once_in(r, 3))
		file.number = rnd_below(r, 64);
	if (rnd_once_in(r, 3))
		file.flags |= IORING_CLONE_FILE_CLOEXEC;
	if (rnd_once_in(r, 4)) {
		file.flags |= IORING_CLONE_FILE_FIXED;
		file.source = rnd_below(r, 4);
	}
	switch (rnd_below(r, 60)) {
	case 0:
		file.source = rnd_next(r);
		break;
	case 1:
		file.number = rnd_next(r);
		break;
	case 2:
		file.flags = rnd_next(r);
		break;
	case 3:
		file.resv = 1;
	}
	return file;
}

static void make_files(struct rnd *r, struct io_uring_sqe *sqe)
{
	struct files list = { .head.nr = rnd_below(r, 13) };
	unsigned int i;

	sqe->rw_flags |= IORING_CLONE_FILES;
	if (rnd_odd(r, 8))
		return;
	for (i = 0; i < 12; i++)
		list.files[i] = some_file(r);
	if (rnd_odd(r, 20))
		list.head.flags = 1;
	if (rnd_odd(r, 20))
		list.head.nr = rnd_next(r);
	sqe->addr3 = rnd_odd(r, 10) ? arena_put_last(&list, sizeof(list))
				    : arena_put(&list, sizeof(list));
	if (rnd_odd(r, 20))
		sqe->addr3 = ARENA_END - 20;
}

void make_clone(struct rnd *r, struct io_uring_sqe *sqe)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = SPAWNPOL_OP_CLONE;
	if (rnd_once_in(r, 2))
		make_attributes(r, sqe);
	if (rnd_once_in(r, 3))
		make_files(r, sqe);
	if (rnd_odd(r, 20))
		sqe->rw_flags |= IORING_CLONE_NEED_POLICY;
	if (rnd_odd(r, 8))
		sqe->file_index = rnd_below(r, 3);
	if (rnd_odd(r, 40))
		sqe->rw_flags |= 1U << rnd_below(r, 32);
	if (rnd_odd(r, 40))
		sqe->fd = 1;
	if (rnd_odd(r, 40))
		sqe->file_index = 16;
}
