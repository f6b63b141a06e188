// SPDX-License-Identifier: LGPL-2.1-or-later
/* Steps made up at random: mostly such that can succeed. */
#include "case.h"
#include "world.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/uio.h>

/* This liburing is older. */
#define NOP_INJECT_RESULT 1
#define OP_FTRUNCATE 55

static const uint64_t wild[] = {
	0,
	8,
	ARENA_END,
	ARENA_END - 1,
	0x7ffffffff000,
	0xffff888000000000,
	0xffffffff81000000,
	-1ULL,
	0x8000000000000000,
};

static int some_fd(struct rnd *r)
{
	static const int odd[] = {
		-1, -2, 0, 1, 2, 99, 500, 1 << 20, AT_FDCWD
	};

	if (rnd_odd(r, 8))
		return RND_OF(r, odd);
	return FD_FIRST + rnd_below(r, FD_LAST - FD_FIRST);
}

static uint64_t some_path(struct rnd *r)
{
	static const char *const paths[] = {
		"good",	  "text",      "d",    ".",
		"w",	  "/dev/null", "nope", "nope/x",
		"text/x", "w/file",    "w/a",  "/proc/self/status",
		"",
	};
	const char *path = RND_OF(r, paths);

	if (rnd_odd(r, 16))
		return RND_OF(r, wild);
	if (rnd_odd(r, 16))
		return arena_put_last("abcd", 4);
	if (rnd_odd(r, 8))
		return arena_put_last(path, strlen(path) + 1);
	return arena_text(path);
}

/* Nothing outside "w" is changed: other cases need it. */
static uint64_t own_path(struct rnd *r)
{
	static const char *const paths[] = { "w/a", "w/b", "w/c", "w/a/x",
					     "w/file" };

	if (rnd_odd(r, 16))
		return RND_OF(r, wild);
	return arena_text(RND_OF(r, paths));
}

static int some_dir(struct rnd *r)
{
	return rnd_once_in(r, 6)   ? some_fd(r)
	       : rnd_once_in(r, 3) ? FD_DIR
				   : AT_FDCWD;
}

static uint64_t buffer(struct rnd *r)
{
	return rnd_odd(r, 12) ? RND_OF(r, wild) : BUFFER;
}

static void make_nop(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const int results[] = { -1,    -2, -4,	-11,  -125, -4095,
				       -4000, 7,  -512, -109, -56,  0 };

	if (rnd_once_in(r, 3)) {
		sqe->rw_flags = NOP_INJECT_RESULT;
		sqe->len = RND_OF(r, results);
	}
}

static void make_rw(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const int fds[] = { FD_BLOCK_R, FD_BLOCK_W,  FD_FULL_R,
				   FD_FULL_W,  FD_SOCKET,   FD_FILE,
				   FD_FILE,    FD_READONLY, FD_NULL,
				   FD_ZERO };
	static const unsigned int sizes[] = { 0,   1,	 1,	10,
					      200, 4096, 65536, 1U << 31 };

	sqe->fd = rnd_odd(r, 10) ? some_fd(r) : RND_OF(r, fds);
	sqe->addr = buffer(r);
	sqe->len = RND_OF(r, sizes);
	sqe->off = rnd_below(r, 3) ? -1ULL : rnd_below(r, 5000);
	if (rnd_odd(r, 12))
		sqe->rw_flags = 1 << rnd_below(r, 8);
}

static void make_vector(struct rnd *r, struct io_uring_sqe *sqe)
{
	struct iovec vec[3];
	unsigned int i;

	make_rw(r, sqe);
	for (i = 0; i < 3; i++) {
		vec[i].iov_base = (void *)buffer(r);
		vec[i].iov_len = rnd_below(r, 300);
	}
	sqe->addr =
		rnd_odd(r, 12) ? RND_OF(r, wild) : arena_put(vec, sizeof(vec));
	sqe->len = rnd_odd(r, 12) ? 5000 : rnd_below(r, 4);
}

static void make_fixed(struct rnd *r, struct io_uring_sqe *sqe)
{
	make_rw(r, sqe);
	sqe->buf_index = rnd_once_in(r, 6);
}

static void make_open(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const int flags[] = {
		O_RDONLY,	   O_RDONLY,	     O_PATH,
		O_DIRECTORY,	   O_RDWR | O_CREAT, O_CREAT | O_EXCL | O_RDWR,
		O_TMPFILE | O_RDWR
	};
	struct open_how how = { .resolve = rnd_below(r, 32) };

	sqe->fd = some_dir(r);
	sqe->open_flags = RND_OF(r, flags);
	sqe->addr = sqe->open_flags & O_CREAT ? own_path(r) : some_path(r);
	if (sqe->opcode == IORING_OP_OPENAT) {
		sqe->len = 0644;
	} else {
		how.flags = sqe->open_flags;
		how.mode = how.flags & O_CREAT ? 0644 : 0;
		sqe->open_flags = 0;
		sqe->addr2 = rnd_odd(r, 12) ? RND_OF(r, wild)
					    : arena_put(&how, sizeof(how));
		sqe->len = rnd_odd(r, 12) ? rnd_below(r, 40) : sizeof(how);
	}
	if (rnd_odd(r, 20))
		sqe->file_index = 1;
}

static void make_splice(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const int from[] = { FD_BLOCK_R, FD_FULL_R, FD_FILE, FD_ZERO };
	static const int to[] = { FD_BLOCK_W, FD_FULL_W, FD_FILE, FD_NULL };

	sqe->fd = RND_OF(r, to);
	sqe->splice_fd_in = rnd_odd(r, 8) ? some_fd(r) : RND_OF(r, from);
	sqe->len = rnd_below(r, 3) ? rnd_below(r, 300) : 65536;
	sqe->off = rnd_below(r, 4) ? -1ULL : 0;
	sqe->splice_off_in = rnd_below(r, 4) ? -1ULL : 0;
	sqe->splice_flags = rnd_odd(r, 8) ? rnd_next(r) : 0;
	if (sqe->opcode == IORING_OP_TEE)
		sqe->off = sqe->splice_off_in = 0;
}

static void make_paths(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->fd = some_dir(r);
	sqe->addr = own_path(r);
	switch (sqe->opcode) {
	case IORING_OP_MKDIRAT:
		sqe->len = 0755;
		break;
	case IORING_OP_UNLINKAT:
		sqe->unlink_flags = rnd_once_in(r, 3) ? AT_REMOVEDIR : 0;
		break;
	case IORING_OP_SYMLINKAT:
		sqe->addr2 = own_path(r);
		break;
	default:
		sqe->len = some_dir(r);
		sqe->addr2 = own_path(r);
		sqe->rename_flags = rnd_odd(r, 8) ? rnd_below(r, 8) : 0;
	}
}

static void make_sync(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->fd = rnd_once_in(r, 3) ? some_fd(r) : FD_FILE;
	if (sqe->opcode == IORING_OP_FALLOCATE) {
		sqe->addr = rnd_below(r, 100000);
		sqe->len = rnd_once_in(r, 6) ? 0xff : 0;
	}
	sqe->off = rnd_below(r, 4) ? rnd_below(r, 5000) : -1ULL;
}

static void make_xattr(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->fd = sqe->opcode == IORING_OP_FGETXATTR ||
				  sqe->opcode == IORING_OP_FSETXATTR
			  ? FD_FILE
			  : 0;
	sqe->addr = rnd_odd(r, 12) ? RND_OF(r, wild) : arena_text("user.fuzz");
	sqe->addr2 = buffer(r);
	sqe->addr3 = own_path(r);
	sqe->len = rnd_below(r, 100);
}

static void make_statx(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->fd = some_dir(r);
	sqe->addr = some_path(r);
	sqe->addr2 = buffer(r);
	sqe->len = 0x7ff;
	sqe->statx_flags = rnd_odd(r, 8) ? rnd_next(r) : 0;
}

static uint64_t some_argv(struct rnd *r)
{
	uint64_t list[3] = { arena_text("good"), 0, 0 };

	if (rnd_odd(r, 12))
		return RND_OF(r, wild);
	if (rnd_odd(r, 12))
		list[1] = RND_OF(r, wild);
	switch (rnd_below(r, 14)) {
	case 2:
		list[1] = arena_text("sleep");
		break;
	case 3:
		list[1] = list[2] = list[0];
		return arena_put_last(list, sizeof(list));
	case 4:
		return arena_put_last(list, sizeof(list));
	}
	return arena_put(list, sizeof(list));
}

static const char *some_program(struct rnd *r)
{
	static const char *const others[] = {
		"nope",	    "nope/x", "text/x", "noexec", "text",
		"runs",	    "lost",   "empty",	"doomed", "d",
		"/nothing", "d/good", "",
	};

	return rnd_below(r, 5) < 2 ? "good" : RND_OF(r, others);
}

void make_exec(struct rnd *r, struct io_uring_sqe *sqe)
{
	const char *name = some_program(r);

	sqe->opcode = SPAWNPOL_OP_EXEC;
	sqe->fd = rnd_odd(r, 8) ? some_fd(r) : AT_FDCWD;
	sqe->addr = rnd_odd(r, 16) ? some_path(r) : arena_text(name);
	sqe->addr2 = some_argv(r);
	sqe->addr3 = rnd_once_in(r, 3) ? some_argv(r) : 0;
	if (rnd_odd(r, 10)) {
		sqe->fd = FD_PROGRAM;
		sqe->addr = arena_text("");
		sqe->rw_flags = AT_EMPTY_PATH;
	}
	if (rnd_once_in(r, 4))
		sqe->ioprio |= IORING_EXEC_SEARCH;
	if (rnd_odd(r, 30))
		sqe->rw_flags |= 1U << rnd_below(r, 32);
	if (rnd_odd(r, 30))
		sqe->ioprio |= 1U << rnd_below(r, 16);
}

void make_program(struct rnd *r, struct io_uring_sqe *sqe)
{
	memset(sqe, 0, sizeof(*sqe));
	make_exec(r, sqe);
	sqe->addr = arena_text("good");
}

static void make_known(struct rnd *r, struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_READ:
	case IORING_OP_WRITE:
		return make_rw(r, sqe);
	case IORING_OP_READV:
	case IORING_OP_WRITEV:
		return make_vector(r, sqe);
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE_FIXED:
		return make_fixed(r, sqe);
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		return make_open(r, sqe);
	case IORING_OP_SPLICE:
	case IORING_OP_TEE:
		return make_splice(r, sqe);
	case IORING_OP_FSYNC:
	case IORING_OP_SYNC_FILE_RANGE:
	case IORING_OP_FALLOCATE:
	case OP_FTRUNCATE:
		return make_sync(r, sqe);
	case IORING_OP_STATX:
		return make_statx(r, sqe);
	case IORING_OP_RENAMEAT:
	case IORING_OP_UNLINKAT:
	case IORING_OP_MKDIRAT:
	case IORING_OP_SYMLINKAT:
	case IORING_OP_LINKAT:
		return make_paths(r, sqe);
	case IORING_OP_CLOSE:
	case IORING_OP_SHUTDOWN:
		sqe->fd = some_fd(r);
		return;
	default:
		return make_xattr(r, sqe);
	}
}

static void make_other(struct rnd *r, struct io_uring_sqe *sqe)
{
	static const unsigned char ops[] = {
		IORING_OP_READ,	      IORING_OP_READ,
		IORING_OP_WRITE,      IORING_OP_WRITE,
		IORING_OP_READV,      IORING_OP_WRITEV,
		IORING_OP_READ_FIXED, IORING_OP_WRITE_FIXED,
		IORING_OP_OPENAT,     IORING_OP_OPENAT2,
		IORING_OP_CLOSE,      IORING_OP_STATX,
		IORING_OP_SPLICE,     IORING_OP_TEE,
		IORING_OP_FSYNC,      IORING_OP_SYNC_FILE_RANGE,
		IORING_OP_FALLOCATE,  OP_FTRUNCATE,
		IORING_OP_RENAMEAT,   IORING_OP_UNLINKAT,
		IORING_OP_MKDIRAT,    IORING_OP_SYMLINKAT,
		IORING_OP_LINKAT,     IORING_OP_SHUTDOWN,
		IORING_OP_FSETXATTR,  IORING_OP_SETXATTR,
		IORING_OP_FGETXATTR,  IORING_OP_GETXATTR,
	};

	sqe->opcode = RND_OF(r, ops);
	make_known(r, sqe);
}

/* Nothing can be said of it but that it must do no harm. */
static void make_nonsense(struct rnd *r, struct io_uring_sqe *sqe)
{
	uint64_t words[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		words[i] = rnd_next(r);
	memcpy(sqe, words, sizeof(words));
	if (rnd_once_in(r, 2))
		sqe->opcode = rnd_below(r, SPAWNPOL_OP_LAST + 3);
	sqe->flags = 0;
	sqe->fd |= 1 << 30;
}

/* Junk in one field that may have to be 0. */
static void spoil(struct rnd *r, struct io_uring_sqe *sqe)
{
	switch (rnd_below(r, 6)) {
	case 0:
		sqe->ioprio = 1 << rnd_below(r, 16);
		break;
	case 1:
		sqe->buf_index = 1 << rnd_below(r, 16);
		break;
	case 2:
		sqe->personality = 1;
		break;
	case 3:
		sqe->file_index = 1 << rnd_below(r, 32);
		break;
	case 4:
		sqe->__pad2[0] = rnd_next(r);
		break;
	case 5:
		sqe->rw_flags ^= 1U << rnd_below(r, 32) & ~O_TRUNC;
		break;
	}
}

void make_step(struct rnd *r, struct io_uring_sqe *sqe)
{
	memset(sqe, 0, sizeof(*sqe));
	switch (rnd_below(r, 20)) {
	case 0 ... 3:
		sqe->opcode = IORING_OP_NOP;
		make_nop(r, sqe);
		break;
	case 4 ... 8:
		make_child(r, sqe);
		break;
	case 9 ... 13:
		make_exec(r, sqe);
		break;
	case 14 ... 18:
		make_other(r, sqe);
		break;
	default:
		if (rnd_once_in(r, 6))
			make_nonsense(r, sqe);
		else
			sqe->opcode = rnd_next(r);
	}
	if (rnd_odd(r, 25))
		spoil(r, sqe);
}
