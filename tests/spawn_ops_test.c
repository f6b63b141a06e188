// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which operations may run in a child, and on which files (S6). */
#include "lib/child.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;

/* The operations docs/abi.md names; those behind SENDMSG_ZC by number. */
static const unsigned char legal[] = {
	IORING_OP_NOP,	       IORING_OP_READ,	    IORING_OP_WRITE,
	IORING_OP_READV,       IORING_OP_WRITEV,    IORING_OP_READ_FIXED,
	IORING_OP_WRITE_FIXED, IORING_OP_FSYNC,	    IORING_OP_SYNC_FILE_RANGE,
	IORING_OP_FALLOCATE,   55 /* FTRUNCATE */,  IORING_OP_OPENAT,
	IORING_OP_OPENAT2,     IORING_OP_CLOSE,	    IORING_OP_STATX,
	IORING_OP_SPLICE,      IORING_OP_TEE,	    IORING_OP_RENAMEAT,
	IORING_OP_UNLINKAT,    IORING_OP_MKDIRAT,   IORING_OP_SYMLINKAT,
	IORING_OP_LINKAT,      IORING_OP_FSETXATTR, IORING_OP_SETXATTR,
	IORING_OP_FGETXATTR,   IORING_OP_GETXATTR,  IORING_OP_SHUTDOWN,
	SPAWNPOL_OP_EXEC,      SPAWNPOL_OP_CHILD,
};

static bool is_legal(unsigned int op)
{
	return memchr(legal, op, sizeof(legal));
}

TEST(S6_the_probe_marks_exactly_the_legal_operations)
{
	struct io_uring_spawn_query query;
	struct io_uring_probe *probe =
		calloc(1, sizeof(*probe) + 256 * sizeof(probe->ops[0]));
	unsigned int op;

	tring_init(&r, 0);
	tring_query(&r, &query);
	CHECK_OK(tring_register(&r, IORING_REGISTER_PROBE, probe, 256));
	CHECK_EQ(probe->last_op, SPAWNPOL_OP_LAST - 1);
	for (op = 0; op < SPAWNPOL_OP_LAST; op++) {
		bool marked = probe->ops[op].flags & SPAWNPOL_OP_IN_CHILD;
		bool queried = query.child_ops[op / 64] >> op % 64 & 1;

		if (marked != is_legal(op) || queried != is_legal(op))
			FAIL("operation %u: probe %d, query %d", op, marked,
			     queried);
	}
	CHECK(probe->ops[SPAWNPOL_OP_CLONE].flags & IO_URING_OP_SUPPORTED);
	CHECK(probe->ops[SPAWNPOL_OP_EXEC].flags & IO_URING_OP_SUPPORTED);
	CHECK(probe->ops[SPAWNPOL_OP_CHILD].flags & IO_URING_OP_SUPPORTED);
	CHECK(probe->ops[SPAWNPOL_OP_SPAWN].flags & IO_URING_OP_SUPPORTED);
}

/* What a launcher goes by before it makes one request of a chain (O1). */
TEST(O1_the_query_tells_of_whole_spawns)
{
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.op_spawn, SPAWNPOL_OP_SPAWN);
	EXPECT(query.spawn_flags & IORING_SPAWN_NEED_POLICY);
	EXPECT(query.spawn_flags & IORING_SPAWN_FILES);
	/* a list as long as a program's environment can have it, and more */
	EXPECT_GT(query.max_spawn, 131072);
	if (query.features & IORING_SPAWN_FEAT_POLICY)
		EXPECT(query.policy_events & IORING_POLICY_MISS);
}

/*
 * A zeroed SQE of some operations is malformed, which may be found first; in
 * any case it is that step's error and nothing runs.
 */
TEST(S6_no_other_operation_runs_in_a_child)
{
	unsigned int op, refused = 0;
	int res;

	tring_init(&r, 0);
	for (op = 0; op < SPAWNPOL_OP_LAST; op++) {
		if (is_legal(op))
			continue;
		tring_forget(&r);
		q_clone(&r);
		q_nop(&r);
		q_op(&r, op);
		q_exit(&r, 0);
		tring_submit(&r);
		res = tring_res(&r, 1);
		if (res >= 0 || res == -ECANCELED)
			FAIL("operation %u in a child: %d", op, res);
		refused += res == -EOPNOTSUPP;
		CHECK_EQ(tring_res(&r, CLONE), -ECANCELED);
		CHECK_EQ(tring_res(&r, 0), -ECANCELED);
		CHECK_EQ(tring_res(&r, 2), -ECANCELED);
		DIAG("operation %u: %d", op, res);
		tring_total(&r, 4);
	}
	EXPECT_GE(refused, 8);
	check_no_children();
}

static void fill_futex(struct io_uring_sqe *sqe)
{
	static uint32_t word;

	sqe->addr = (uintptr_t)&word;
	sqe->addr3 = ~0U;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
}

static void fill_waitid(struct io_uring_sqe *sqe)
{
	sqe->len = P_ALL;
	sqe->file_index = WEXITED;
}

static void fill_accept(struct io_uring_sqe *sqe)
{
	sqe->ioprio = IORING_ACCEPT_MULTISHOT;
}

static void fill_send_zc(struct io_uring_sqe *sqe)
{
	sqe->addr = (uintptr_t) "x";
	sqe->len = 1;
}

/* Well-formed requests that finish elsewhere. */
TEST(S6_operations_that_finish_elsewhere_are_eopnotsupp)
{
	static const struct {
		unsigned int op;
		void (*fill)(struct io_uring_sqe *sqe);
	} ops[] = {
		{ 51 /* FUTEX_WAIT */, fill_futex },
		{ 50 /* WAITID */, fill_waitid },
		{ IORING_OP_ACCEPT, fill_accept },
		{ IORING_OP_SEND_ZC, fill_send_zc },
		{ IORING_OP_ASYNC_CANCEL, NULL },
		{ IORING_OP_MSG_RING, NULL },
	};
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		tring_forget(&r);
		q_clone(&r);
		q_op(&r, ops[i].op);
		if (ops[i].fill)
			ops[i].fill(r.last);
		q_exit(&r, 0);
		tring_submit(&r);
		if (tring_res(&r, 0) != -EOPNOTSUPP)
			FAIL("operation %u: %d", ops[i].op, tring_res(&r, 0));
		CHECK_EQ(tring_res(&r, CLONE), -ECANCELED);
		DIAG("operation %u", ops[i].op);
		tring_total(&r, 3);
	}
}

TEST(S6_registered_files_cannot_be_changed_from_a_child)
{
	int fd = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC)), i;
	struct io_uring_sqe *sqe;
	char byte;

	tring_init(&r, 0);
	CHECK_OK(io_uring_register_files(&r.uring, &fd, 1));
	for (i = 0; i < 2; i++) {
		tring_forget(&r);
		q_clone(&r);
		if (i)
			sqe = q_open(&r, in_dir("never"), O_CREAT | O_RDWR, 0);
		else
			sqe = q_op(&r, IORING_OP_CLOSE);
		sqe->file_index = 1;
		q_exit(&r, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), -EOPNOTSUPP);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		tring_total(&r, 3);
	}
	EXPECT_EQ(access(in_dir("never"), F_OK), -1);
	/* Still /dev/null, where a read is at the end. */
	sqe = q_read(&r, 0, &byte, 1);
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->user_data = OTHER;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	check_no_children();
}

/* It looks at no file: as for a request of its own, the flag means nothing. */
TEST(S6_a_nop_of_a_registered_file_is_a_nop)
{
	int none = -1;

	tring_init(&r, 0);
	CHECK_OK(io_uring_register_files(&r.uring, &none, 1));
	q_clone(&r);
	q_nop(&r)->flags |= IOSQE_FIXED_FILE;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
}

TEST(S6_registered_buffers_can_be_used)
{
	static char buf[16];
	struct iovec vec = { buf, sizeof(buf) };
	char *path = in_dir("file");
	struct io_uring_sqe *sqe;

	write_file(path, "text", 0600);
	tring_init(&r, 0);
	CHECK_OK(io_uring_register_buffers(&r.uring, &vec, 1));
	q_clone(&r);
	q_open_at(&r, 90, path, O_RDONLY | O_CLOEXEC);
	sqe = q_read(&r, 90, buf, 4);
	sqe->opcode = IORING_OP_READ_FIXED;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 90);
	CHECK_EQ(tring_res(&r, 1), 4);
	EXPECT_STR(buf, "text");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* Looked up when the step is issued, in the child's own table. */
TEST(S6_descriptors_are_the_childs)
{
	char *path = in_dir("file");
	char buf[5] = "";
	int fd = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	struct blocker b;

	write_file(path, "text", 0600);
	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	q_open_at(&r, fd, path, O_RDONLY | O_CLOEXEC);
	q_read(&r, fd, buf, 4);
	q_op(&r, IORING_OP_CLOSE)->fd = fd;
	hardlink(q_read(&r, fd, buf, 4));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	/* What happens to our table now is no concern of the child. */
	CHECK_SYS(close(fd));
	blocker_release(&b);
	CHECK_EQ(tring_res(&r, 1), fd);
	CHECK_EQ(tring_res(&r, 2), 4);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(tring_res(&r, 4), -EBADF);
	EXPECT_STR(buf, "text");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), -1);
}

/* The operations of 6.12 that are legal do in a child what they do elsewhere. */
TEST(S6_file_operations_work_in_a_child)
{
	char *a = in_dir("a"), *b = in_dir("b"), *dir = in_dir("dir");
	struct io_uring_sqe *sqe;
	struct stat st;

	tring_init(&r, 0);
	q_clone(&r);
	q_open_at(&r, 80, a, O_RDWR | O_CREAT | O_CLOEXEC)->addr3 = 0600;
	q_write(&r, 80, "hello", 5);
	q_op(&r, IORING_OP_FSYNC)->fd = 80;
	sqe = q_op(&r, 55 /* FTRUNCATE */);
	sqe->fd = 80;
	sqe->off = 3;
	sqe = q_op(&r, IORING_OP_RENAMEAT);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)a;
	sqe->len = AT_FDCWD;
	sqe->addr2 = (uintptr_t)b;
	q_mkdir(&r, dir);
	sqe = q_op(&r, IORING_OP_UNLINKAT);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)dir;
	sqe->unlink_flags = AT_REMOVEDIR;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 7), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	CHECK_EQ(tring_res(&r, 0), 80);
	CHECK_EQ(tring_res(&r, 1), 5);
	CHECK_SYS(stat(b, &st));
	EXPECT_EQ(st.st_size, 3);
	EXPECT_EQ(access(dir, F_OK), -1);
}

/* A process that writes into a pipe when its parent has had time to sleep. */
static void write_soon(int fd)
{
	pid_t pid = CHECK_SYS(fork());

	if (pid)
		return;
	sleep_ms(300 * tap_slowness());
	_exit(write(fd, "x", 1) != 1);
}

/*
 * The file's tag makes a CQE when the last request that uses the file is gone,
 * and that is a step without a CQE: whoever waits must be told nevertheless.
 */
TEST(S11_tag_of_a_file_that_a_silent_step_held_last)
{
	struct __kernel_timespec limit = { .tv_sec = 2 * tap_patience() };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	int fds[2], none = -1, res;
	__u64 tag = OTHER, no_tag = 0;
	unsigned int i;
	double begin;
	char byte;

	for (i = 0; i < tring_nr_kinds; i++) {
		if (tring_kinds[i].flags & IORING_SETUP_SQPOLL)
			continue;
		tring_init(&r, tring_kinds[i].flags);
		make_pipe(fds);
		CHECK_OK(io_uring_register_files_tags(&r.uring, fds, &tag, 1));
		q_clone(&r);
		sqe = q_read(&r, 0, &byte, 1);
		sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
		q_exit(&r, 0);
		tring_submit(&r);
		wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
		CHECK_EQ(io_uring_register_files_update_tag(
				 &r.uring, 0, &none, &no_tag, 1), 1);
		write_soon(fds[1]);
		begin = now();
		res = io_uring_wait_cqes(&r.uring, &cqe, 2, &limit, NULL);
		CHECK_EQ(res, 0);
		/* with a CQE there to be had it does not say -ETIME */
		EXPECT_LT(now() - begin, tap_patience());
		CHECK_EQ(tring_res(&r, OTHER), 0);
		CHECK_EQ(tring_res(&r, 1), 0);
		CHECK_EQ(wait_exit(-1), 0);
		CHECK_EQ(wait_exit(-1), 0);
		close(fds[0]);
		close(fds[1]);
		tring_exit(&r);
	}
}
