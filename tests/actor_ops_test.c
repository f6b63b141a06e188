// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every operation that there is, staged by a program once, in a way that succeeds and in
 * one that fails where there are both: it comes to the same as when the launcher submits it,
 * and nothing of it is seen on the ring (A3, A4).
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/whole.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

/* What requests work on; made anew for each. */
static struct fixture {
	int file, zero, spare, pipe[2], out[2], sk[2], tcp, conn[2], epoll;
	struct io_uring far;
	pid_t child;
	void *pages;
	char path[256], other[256];
	char buf[4096];
	struct iovec vec;
	struct msghdr msg;
	struct statx statx;
	struct __kernel_timespec soon;
	struct epoll_event event;
	struct sockaddr_storage addr, any;
	socklen_t len;
	uint32_t word;
	struct {
		uint64_t val, uaddr;
		uint32_t flags, resv;
	} waitv;
	struct {
		uint64_t flags, mode, resolve;
	} how;
	struct whole whole;
} f;

static void make_files(void)
{
	static unsigned int nr;

	snprintf(f.path, sizeof(f.path), "%s/f%u", tap_dir(), nr);
	snprintf(f.other, sizeof(f.other), "%s/o%u", tap_dir(), nr++);
	f.file = CHECK_SYS(open(f.path, O_RDWR | O_CREAT, 0600));
	CHECK_EQ(write(f.file, "hello world", 11), 11);
	f.zero = CHECK_SYS(open("/dev/zero", O_RDWR));
	f.spare = CHECK_SYS(dup(f.zero));
	make_pipe(f.pipe);
	make_pipe(f.out);
	CHECK_EQ(write(f.pipe[1], "abc", 3), 3);
}

static void make_sockets(void)
{
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f.sk));
	CHECK_EQ(write(f.sk[1], "abc", 3), 3);
	f.addr.ss_family = f.any.ss_family = AF_INET;
	f.len = sizeof(f.addr);
	f.tcp = CHECK_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_SYS(listen(f.tcp, 4));
	CHECK_SYS(getsockname(f.tcp, (void *)&f.addr, &f.len));
	f.conn[0] = CHECK_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_SYS(connect(f.conn[0], (void *)&f.addr, f.len));
	f.conn[1] = CHECK_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	f.epoll = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
}

static void make_fixture(void)
{
	memset(&f, 0, sizeof(f));
	make_files();
	make_sockets();
	f.vec = (struct iovec){ .iov_base = f.buf, .iov_len = 3 };
	f.msg = (struct msghdr){ .msg_iov = &f.vec, .msg_iovlen = 1 };
	f.soon.tv_nsec = 1000000;
	f.waitv.uaddr = (uintptr_t)&f.word;
	f.waitv.val = 1;
	f.waitv.flags = 2; /* FUTEX2_SIZE_U32 */
	whole_init(&f.whole, helper("exit_with"));
	whole_exit(&f.whole, 0);
	f.pages = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK_OK(io_uring_queue_init(4, &f.far, 0));
	f.child = CHECK_SYS(fork());
	if (!f.child)
		_exit(0);
}

static void drop_fixture(void)
{
	const int fds[] = { f.file, f.zero, f.spare, f.pipe[0], f.pipe[1],
			    f.out[0], f.out[1], f.sk[0], f.sk[1], f.tcp,
			    f.conn[0], f.conn[1], f.epoll };
	unsigned int i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	munmap(f.pages, 4096);
	io_uring_queue_exit(&f.far);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* --- the operations ------------------------------------------------------------------ */

static struct row {
	unsigned int op;
	bool has_good, has_bad;
	struct io_uring_sqe good, bad;
} rows[80];
static unsigned int nr_rows;

static void row(unsigned int op, const struct io_uring_sqe *good,
		const struct io_uring_sqe *bad)
{
	struct row *next = &rows[nr_rows++];

	CHECK_LE(nr_rows, sizeof(rows) / sizeof(rows[0]));
	next->op = op;
	next->has_good = good;
	next->has_bad = bad;
	if (good)
		next->good = *good;
	if (bad)
		next->bad = *bad;
}

#define SQE(...) (&(struct io_uring_sqe){ __VA_ARGS__ })
#define OF(pointer) (uintptr_t)(pointer)
#define NO_FD SQE(.fd = 987)
#define PLAIN SQE(.opcode = 0)

/* Of registered files and buffers, the first of which there is. */
static void rows_read_write(void)
{
	row(IORING_OP_NOP, PLAIN, NULL);
	row(IORING_OP_READ, SQE(.fd = f.file, .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = 8, .len = 3));
	row(IORING_OP_WRITE, SQE(.fd = f.file, .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = 8, .len = 3));
	row(IORING_OP_READV, SQE(.fd = f.file, .addr = OF(&f.vec), .len = 1),
	    NO_FD);
	row(IORING_OP_WRITEV, SQE(.fd = f.file, .addr = OF(&f.vec), .len = 1),
	    NO_FD);
	row(IORING_OP_READ_FIXED,
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3, .buf_index = 9));
	row(IORING_OP_WRITE_FIXED,
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = 4096, .len = 3));
	row(OP_READ_MULTISHOT, NULL,
	    SQE(.fd = f.pipe[0], .flags = IOSQE_BUFFER_SELECT, .buf_group = 77));
	row(IORING_OP_SPLICE,
	    SQE(.splice_fd_in = f.pipe[0], .fd = f.out[1], .len = 3,
		.splice_off_in = ~0ULL, .off = ~0ULL),
	    SQE(.splice_fd_in = f.pipe[0], .fd = 987, .len = 3));
	row(IORING_OP_TEE, SQE(.splice_fd_in = f.pipe[0], .fd = f.out[1], .len = 3),
	    SQE(.splice_fd_in = f.pipe[0], .fd = 987, .len = 3));
	row(OP_FIXED_FD_INSTALL, SQE(.fd = 0, .flags = IOSQE_FIXED_FILE),
	    SQE(.fd = 9, .flags = IOSQE_FIXED_FILE));
}

static void rows_files(void)
{
	row(IORING_OP_FSYNC, SQE(.fd = f.file), NO_FD);
	row(IORING_OP_SYNC_FILE_RANGE, SQE(.fd = f.file), NO_FD);
	row(IORING_OP_FALLOCATE, SQE(.fd = f.file, .addr = 4096), NO_FD);
	row(OP_FTRUNCATE, SQE(.fd = f.file, .off = 3), NO_FD);
	row(IORING_OP_FADVISE, SQE(.fd = f.file), NO_FD);
	row(IORING_OP_MADVISE, SQE(.addr = OF(f.pages), .len = 4096),
	    SQE(.addr = 4096, .len = 4096));
	row(IORING_OP_CLOSE, SQE(.fd = f.spare), NO_FD);
	row(IORING_OP_FILES_UPDATE, SQE(.addr = OF(&f.zero), .len = 1, .off = 1),
	    SQE(.addr = 8, .len = 1));
	row(IORING_OP_EPOLL_CTL,
	    SQE(.fd = f.epoll, .len = EPOLL_CTL_ADD, .off = f.pipe[0],
		.addr = OF(&f.event)),
	    SQE(.fd = 987, .len = EPOLL_CTL_DEL, .off = 987));
	row(IORING_OP_FSETXATTR,
	    SQE(.fd = f.file, .addr = OF("user.x"), .off = OF(f.buf), .len = 3),
	    SQE(.fd = 987, .addr = OF("user.x"), .off = OF(f.buf), .len = 3));
	row(IORING_OP_FGETXATTR,
	    NULL, SQE(.fd = 987, .addr = OF("user.x"), .off = OF(f.buf), .len = 3));
	row(IORING_OP_SETXATTR,
	    SQE(.addr = OF("user.x"), .off = OF(f.buf), .len = 3,
		.addr3 = OF(f.path)),
	    SQE(.addr = OF("user.x"), .off = OF(f.buf), .len = 3,
		.addr3 = OF(f.other)));
	row(IORING_OP_GETXATTR, NULL,
	    SQE(.addr = OF("user.x"), .off = OF(f.buf), .len = 3,
		.addr3 = OF(f.other)));
}

#define PATH(path_, ...)                                                     \
	SQE(.fd = AT_FDCWD, .addr = OF(path_), ##__VA_ARGS__)

static void rows_paths(void)
{
	row(IORING_OP_OPENAT, PATH(f.path), PATH(f.other));
	row(IORING_OP_OPENAT2,
	    PATH(f.path, .off = OF(&f.how), .len = sizeof(f.how)),
	    PATH(f.other, .off = OF(&f.how), .len = sizeof(f.how)));
	row(IORING_OP_STATX,
	    PATH(f.path, .off = OF(&f.statx), .len = STATX_SIZE),
	    PATH(f.other, .off = OF(&f.statx), .len = STATX_SIZE));
	row(IORING_OP_RENAMEAT,
	    PATH(f.path, .off = OF(f.other), .len = AT_FDCWD),
	    PATH(f.other, .off = OF(f.path), .len = AT_FDCWD));
	row(IORING_OP_LINKAT, PATH(f.path, .off = OF(f.other), .len = AT_FDCWD),
	    PATH(f.other, .off = OF(f.path), .len = AT_FDCWD));
	row(IORING_OP_UNLINKAT, PATH(f.path), PATH(f.other));
	row(IORING_OP_MKDIRAT, PATH(f.other, .len = 0700),
	    PATH(f.path, .len = 0700));
	row(IORING_OP_SYMLINKAT, PATH("x", .off = OF(f.other)),
	    PATH("x", .off = OF(f.path)));
}

static void rows_sockets(void)
{
	row(IORING_OP_SOCKET, SQE(.fd = AF_UNIX, .off = SOCK_STREAM),
	    SQE(.fd = 12345, .off = SOCK_STREAM));
	row(OP_BIND, SQE(.fd = f.conn[1], .addr = OF(&f.any), .addr2 = f.len),
	    SQE(.fd = f.file, .addr = OF(&f.any), .addr2 = f.len));
	row(OP_LISTEN, SQE(.fd = f.conn[1], .len = 1), SQE(.fd = f.file));
	row(IORING_OP_ACCEPT, SQE(.fd = f.tcp), SQE(.fd = f.file));
	row(IORING_OP_CONNECT,
	    SQE(.fd = f.conn[1], .addr = OF(&f.addr), .off = f.len),
	    SQE(.fd = f.file, .addr = OF(&f.addr), .off = f.len));
	row(IORING_OP_SHUTDOWN, SQE(.fd = f.sk[0], .len = SHUT_WR),
	    SQE(.fd = f.file));
	row(IORING_OP_SEND, SQE(.fd = f.sk[0], .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3));
	row(IORING_OP_RECV, SQE(.fd = f.sk[0], .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3));
	row(IORING_OP_SENDMSG, SQE(.fd = f.sk[0], .addr = OF(&f.msg), .len = 1),
	    SQE(.fd = f.file, .addr = OF(&f.msg), .len = 1));
	row(IORING_OP_RECVMSG, SQE(.fd = f.sk[0], .addr = OF(&f.msg), .len = 1),
	    SQE(.fd = f.file, .addr = OF(&f.msg), .len = 1));
	row(IORING_OP_SEND_ZC, SQE(.fd = f.conn[0], .addr = OF(f.buf), .len = 3),
	    SQE(.fd = f.file, .addr = OF(f.buf), .len = 3));
	row(IORING_OP_SENDMSG_ZC,
	    SQE(.fd = f.conn[0], .addr = OF(&f.msg), .len = 1),
	    SQE(.fd = f.file, .addr = OF(&f.msg), .len = 1));
	row(IORING_OP_URING_CMD, SQE(.fd = f.conn[0]), SQE(.fd = f.file));
}

static void rows_ring(void)
{
	row(IORING_OP_POLL_ADD, SQE(.fd = f.pipe[0], .poll32_events = POLLIN),
	    NO_FD);
	row(IORING_OP_POLL_REMOVE, NULL, SQE(.addr = 12345));
	row(IORING_OP_TIMEOUT, SQE(.addr = OF(&f.soon), .len = 1),
	    SQE(.addr = 8, .len = 1));
	row(IORING_OP_TIMEOUT_REMOVE, NULL, SQE(.addr = 12345));
	row(IORING_OP_ASYNC_CANCEL, NULL, SQE(.addr = 12345));
	row(IORING_OP_LINK_TIMEOUT, NULL, SQE(.addr = OF(&f.soon), .len = 1));
	row(IORING_OP_PROVIDE_BUFFERS,
	    SQE(.fd = 2, .addr = OF(f.buf), .len = 64, .buf_group = 5),
	    SQE(.fd = 0, .addr = OF(f.buf), .len = 64, .buf_group = 5));
	row(IORING_OP_REMOVE_BUFFERS, NULL, SQE(.fd = 1, .buf_group = 99));
	row(IORING_OP_MSG_RING,
	    SQE(.fd = f.far.ring_fd, .off = OTHER + 50, .len = 7),
	    SQE(.fd = f.file, .off = OTHER + 50, .len = 7));
	row(OP_WAITID, SQE(.len = P_PID, .fd = f.child, .file_index = WEXITED),
	    SQE(.len = P_PID, .fd = 1, .file_index = WEXITED));
	row(OP_FUTEX_WAIT, NULL,
	    SQE(.addr = OF(&f.word), .off = 1, .addr3 = ~0U, .fd = 2));
	row(OP_FUTEX_WAKE,
	    SQE(.addr = OF(&f.word), .off = 1, .addr3 = ~0U, .fd = 2),
	    SQE(.addr = OF(&f.word), .off = 1, .addr3 = ~0U, .fd = 77));
	row(OP_FUTEX_WAITV, NULL, SQE(.addr = OF(&f.waitv), .len = 1));
}

static void rows_spawning(void)
{
	row(SPAWNPOL_OP_CLONE, NULL, SQE(.fd = 1));
	row(SPAWNPOL_OP_EXEC, NULL, PATH("/bin/true"));
	row(SPAWNPOL_OP_CHILD, NULL, SQE(.len = IORING_CHILD_SETSID));
	row(SPAWNPOL_OP_SPAWN,
	    SQE(.addr = OF(&f.whole.arg), .len = sizeof(f.whole.arg)),
	    SQE(.addr = 8, .len = sizeof(f.whole.arg)));
}

static void make_rows(void)
{
	memset(rows, 0, sizeof(rows));
	nr_rows = 0;
	rows_read_write();
	rows_files();
	rows_paths();
	rows_sockets();
	rows_ring();
	rows_spawning();
}

/* --- and what becomes of them ----------------------------------------------------------- */

#define RESULT OTHER

/* Its SQE, of a fixture that has just been made. */
static const struct io_uring_sqe *begin_one(unsigned int nr, bool good,
					    unsigned int flags)
{
	struct row *this = &rows[nr];
	struct io_uring_sqe *sqe = good ? &this->good : &this->bad;

	actor_again(&r, &a);
	make_fixture();
	make_rows();
	sqe->opcode = this->op;
	sqe->user_data = RESULT;
	sqe->flags |= flags;
	return sqe;
}

/* As the launcher's request: its result. */
static int launch_one(unsigned int nr, bool good, unsigned int flags)
{
	const struct io_uring_sqe *sqe = begin_one(nr, good, flags);
	int res;

	memcpy(q_alone(&r, 0, 0), sqe, sizeof(*sqe));
	tring_submit(&r);
	res = tring_res(&r, RESULT);
	tring_total(&r, 1);
	drop_fixture();
	return res;
}

/* A descriptor or a pid need not be the same. */
static bool is_same(unsigned int op, int a_res, int b_res)
{
	switch (op) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
	case IORING_OP_ACCEPT:
	case IORING_OP_SOCKET:
	case OP_FIXED_FD_INSTALL:
	case SPAWNPOL_OP_SPAWN:
		return a_res == b_res || (a_res > 0 && b_res > 0);
	}
	return a_res == b_res;
}

static void check_one(unsigned int nr, bool good, unsigned int flags)
{
	int want = launch_one(nr, good, flags), res;
	unsigned int op = rows[nr].op, told = 1;
	const struct io_uring_sqe *sqe;

	sqe = begin_one(nr, good, flags);
	*actor_starts(&a, op, RESULT) = *sqe;
	EXPECT_EQ(actor_result(&r), 0);
	tring_total(&r, 1);
	res = actor_told(&a, RESULT, 0)->ctx.res;
	DIAG("operation %u, %s, flags %#x: %d, %d", op, good ? "good" : "bad",
	     flags, want, res);
	EXPECT_EQ(actor_told(&a, RESULT, 0)->ctx.opcode, op);
	EXPECT(is_same(op, want, res));
	EXPECT_EQ(want >= 0 || want == -ETIME, good);
	/* the notification of a zero-copy send, whether that has failed or not */
	if (op == IORING_OP_SEND_ZC || op == IORING_OP_SENDMSG_ZC)
		told = 2;
	EXPECT_EQ(actor_times(&a, CQE, RESULT), told);
	EXPECT_EQ(a.script->runs, 1 + told);
	drop_fixture();
}

static void each_op(unsigned int ring, unsigned int flags)
{
	struct iovec vec = { .iov_base = f.buf, .iov_len = sizeof(f.buf) };
	int files[2] = { CHECK_SYS(open("/dev/null", O_RDWR)), -1 };
	unsigned int i;

	actor_begin(&r, &a, ring);
	CHECK_OK(io_uring_register_buffers(&r.uring, &vec, 1));
	CHECK_OK(io_uring_register_files(&r.uring, files, 2));
	make_rows();
	for (i = 0; i < nr_rows; i++) {
		if (rows[i].has_good)
			check_one(i, true, flags);
		if (rows[i].has_bad)
			check_one(i, false, flags);
	}
}

TEST(A3_every_operation)
{
	each_op(0, 0);
}

TEST(A3_every_operation_by_workers)
{
	each_op(0, IOSQE_ASYNC);
}

TEST(A3_every_operation_with_deferred_task_work)
{
	each_op(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0);
}

TEST(A3_every_operation_on_a_ring_of_large_entries)
{
	each_op(IORING_SETUP_SQE128 | IORING_SETUP_CQE32, 0);
}

TEST(A3_every_operation_by_the_sq_thread)
{
	each_op(IORING_SETUP_SQPOLL, 0);
}

/* The table has all there are. */
TEST(A3_no_operation_is_forgotten)
{
	unsigned int op, i;

	make_rows();
	for (op = 0; op < SPAWNPOL_OP_LAST; op++) {
		for (i = 0; i < nr_rows && rows[i].op != op; i++)
			;
		if (i == nr_rows && op != SPAWNPOL_OP_BPF)
			FAIL("operation %u is not in the table", op);
	}
}
