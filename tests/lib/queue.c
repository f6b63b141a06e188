// SPDX-License-Identifier: LGPL-2.1-or-later
/* The requests that the engine's tests queue. */
#include "ring.h"
#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct io_uring_sqe *zeroed(struct tring *r, unsigned int op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);
	bool big = r->uring.flags & IORING_SETUP_SQE128;

	if (!sqe)
		FAIL("the SQ is full");
	memset(sqe, 0, big ? 128 : 64);
	sqe->opcode = op;
	return sqe;
}

struct io_uring_sqe *q_op(struct tring *r, unsigned int op)
{
	struct io_uring_sqe *sqe = zeroed(r, op);

	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = CHAIN(r->chains ? r->chains - 1 : 0) + r->steps++;
	r->last = sqe;
	return sqe;
}

struct io_uring_sqe *q_alone(struct tring *r, unsigned int op,
			     uint64_t user_data)
{
	struct io_uring_sqe *sqe;

	tring_end(r);
	sqe = zeroed(r, op);
	sqe->user_data = user_data;
	return sqe;
}

struct io_uring_sqe *q_clone(struct tring *r)
{
	struct io_uring_sqe *sqe;

	tring_end(r);
	r->chains++;
	r->steps = 0;
	sqe = q_op(r, SPAWNPOL_OP_CLONE);
	sqe->user_data += CLONE;
	r->steps = 0;
	return sqe;
}

struct io_uring_sqe *q_clone3(struct tring *r, const struct clone_args *args)
{
	struct io_uring_sqe *sqe = q_clone(r);

	sqe->addr = (uintptr_t)args;
	sqe->len = sizeof(*args);
	return sqe;
}

struct io_uring_sqe *q_clone_with(struct tring *r, int fd, unsigned int flags)
{
	static struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file file;
	} list = { .head = { .nr = 1 } };
	struct io_uring_sqe *sqe = q_clone(r);

	list.file.source = list.file.number = fd;
	sqe->rw_flags = IORING_CLONE_FILES | flags;
	sqe->addr3 = (uintptr_t)&list;
	return sqe;
}

struct io_uring_sqe *q_exec(struct tring *r, const char *path,
			    char *const argv[])
{
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_EXEC);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->addr2 = (uintptr_t)argv;
	sqe->addr3 = (uintptr_t)environ;
	return sqe;
}

struct io_uring_sqe *q_exit(struct tring *r, int status)
{
	static char text[256][4];
	static char *argv[256][3];

	status &= 255;
	snprintf(text[status], sizeof(text[status]), "%d", status);
	argv[status][0] = "exit_with";
	argv[status][1] = text[status];
	return q_exec(r, helper("exit_with"), argv[status]);
}

struct io_uring_sqe *q_sleeper(struct tring *r)
{
	static char *argv[] = { "exit_with", "sleep", NULL };

	return q_exec(r, helper("exit_with"), argv);
}

struct io_uring_sqe *q_child(struct tring *r, unsigned int cmd)
{
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_CHILD);

	sqe->len = cmd;
	return sqe;
}

struct io_uring_sqe *q_nop(struct tring *r)
{
	return q_op(r, IORING_OP_NOP);
}

#define NOP_INJECT_RESULT 1 /* of nop_flags; this liburing is older */

struct io_uring_sqe *q_result(struct tring *r, int res)
{
	struct io_uring_sqe *sqe = q_nop(r);

	sqe->rw_flags = NOP_INJECT_RESULT;
	sqe->len = res;
	return sqe;
}

struct io_uring_sqe *q_fail(struct tring *r)
{
	return q_open(r, "/nonexistent", O_RDONLY, 0);
}

struct io_uring_sqe *q_open(struct tring *r, const char *path, int flags,
			    mode_t mode)
{
	struct io_uring_sqe *sqe = q_op(r, IORING_OP_OPENAT);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->len = mode;
	sqe->open_flags = flags;
	return sqe;
}

struct io_uring_sqe *q_open_at(struct tring *r, int number, const char *path,
			       int flags)
{
	struct io_uring_sqe *sqe = q_child(r, IORING_CHILD_OPEN);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->off = number;
	sqe->rw_flags = flags;
	return sqe;
}

struct io_uring_sqe *q_dup(struct tring *r, int fd, int number)
{
	struct io_uring_sqe *sqe = q_child(r, IORING_CHILD_DUP);

	sqe->fd = fd;
	sqe->off = number;
	return sqe;
}

struct io_uring_sqe *q_read(struct tring *r, int fd, void *buf, size_t size)
{
	struct io_uring_sqe *sqe = q_op(r, IORING_OP_READ);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)buf;
	sqe->len = size;
	sqe->off = -1ULL;
	return sqe;
}

struct io_uring_sqe *q_write(struct tring *r, int fd, const void *buf,
			     size_t size)
{
	struct io_uring_sqe *sqe = q_read(r, fd, (void *)buf, size);

	sqe->opcode = IORING_OP_WRITE;
	return sqe;
}

struct io_uring_sqe *q_mkdir(struct tring *r, const char *path)
{
	struct io_uring_sqe *sqe = q_op(r, IORING_OP_MKDIRAT);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->len = 0755;
	return sqe;
}

struct io_uring_sqe *q_cancel(struct tring *r, uint64_t target,
			      unsigned int flags, uint64_t user_data)
{
	struct io_uring_sqe *sqe =
		q_alone(r, IORING_OP_ASYNC_CANCEL, user_data);

	sqe->addr = target;
	sqe->cancel_flags = flags;
	return sqe;
}

struct io_uring_sqe *q_timeout(struct tring *r, struct __kernel_timespec *ts)
{
	struct io_uring_sqe *sqe = q_op(r, IORING_OP_LINK_TIMEOUT);

	sqe->addr = (uintptr_t)ts;
	sqe->len = 1;
	return sqe;
}

void hardlink(struct io_uring_sqe *sqe)
{
	sqe->flags &= ~IOSQE_IO_LINK;
	sqe->flags |= IOSQE_IO_HARDLINK;
}
