// SPDX-License-Identifier: LGPL-2.1-or-later
/* What may run in a child, and what a child does to itself (S6). */
#include "lib/child.h"
#include "lib/ring.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;

/* The operations docs/abi.md names; those behind SENDMSG_ZC by number. */
static const unsigned char legal[] = {
	IORING_OP_NOP,		IORING_OP_READ,
	IORING_OP_WRITE,	IORING_OP_READV,
	IORING_OP_WRITEV,	IORING_OP_READ_FIXED,
	IORING_OP_WRITE_FIXED,	IORING_OP_FSYNC,
	IORING_OP_SYNC_FILE_RANGE, IORING_OP_FALLOCATE,
	55 /* FTRUNCATE */,	IORING_OP_OPENAT,
	IORING_OP_OPENAT2,	IORING_OP_CLOSE,
	IORING_OP_STATX,	IORING_OP_SPLICE,
	IORING_OP_TEE,		IORING_OP_RENAMEAT,
	IORING_OP_UNLINKAT,	IORING_OP_MKDIRAT,
	IORING_OP_SYMLINKAT,	IORING_OP_LINKAT,
	IORING_OP_FSETXATTR,	IORING_OP_SETXATTR,
	IORING_OP_FGETXATTR,	IORING_OP_GETXATTR,
	IORING_OP_SHUTDOWN,	SPAWNPOL_OP_EXEC,
	SPAWNPOL_OP_CHILD,
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
	sqe->addr = (uintptr_t)"x";
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

/* CLONE, this CHILD step and EXEC of show; the step's result. */
static int child_result(struct io_uring_sqe want, struct shown *s)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, want.len);
	sqe->fd = want.fd;
	sqe->off = want.off;
	sqe->addr = want.addr;
	sqe->addr3 = want.addr3;
	sqe->rw_flags = want.rw_flags;
	sqe->flags |= want.flags;
	if (s)
		q_show(&r, s);
	else
		q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, 0);
	tring_total(&r, 3);
	if (res < 0) {
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		/* What is found when the request is prepared refuses all. */
		if (tring_res(&r, CLONE) != -ECANCELED)
			check_gone(CHECK_OK(tring_res(&r, CLONE)));
		return res;
	}
	CHECK_EQ(tring_res(&r, 1), 0);
	if (s)
		shown_read(s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	return res;
}

#define CHILD_RESULT(shown_, ...) \
	child_result((struct io_uring_sqe){ __VA_ARGS__ }, shown_)

TEST(S6_dup_puts_a_descriptor_at_its_number)
{
	char *path = in_dir("file");
	struct shown s;
	int fd;

	write_file(path, "text", 0600);
	fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = 77),
		 77);
	EXPECT_HAS(shown(&s, "fd77"), path);
	EXPECT_HAS(shown(&s, "fd77"), "stays");
	/* In place of an open one, standard input for instance. */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = 0),
		 0);
	EXPECT_HAS(shown(&s, "fd0"), path);
	/* Ours are as they were. */
	EXPECT_EQ(fcntl(77, F_GETFD), -1);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(S6_dup_with_close_on_exec_is_gone_in_the_program)
{
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = 0, .off = 77,
			      .rw_flags = O_CLOEXEC),
		 77);
	EXPECT_STR(shown(&s, "fd77"), "");
}

/* Unlike dup3: a descriptor that is there already only gets its flag. */
TEST(S6_dup_onto_itself_sets_the_flag)
{
	int fd = CHECK_SYS(fcntl(0, F_DUPFD_CLOEXEC, 60));
	char key[8];
	struct shown s;

	snprintf(key, sizeof(key), "fd%d", fd);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = fd),
		 fd);
	EXPECT_HAS(shown(&s, key), "stays");
	CHECK_SYS(fcntl(fd, F_SETFD, 0));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = fd, .off = fd,
			      .rw_flags = O_CLOEXEC),
		 fd);
	EXPECT_STR(shown(&s, key), "");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 99,
			       .off = 99),
		  -EBADF);
}

TEST(S6_dup_fails_as_dup3_does)
{
	struct rlimit limit;

	tring_init(&r, 0);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 99,
			       .off = 1),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = -1,
			       .off = 1),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = limit.rlim_cur),
		  -EBADF);
	EXPECT_LT(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = 1ULL << 32),
		  0);
	EXPECT_LT(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 0,
			       .off = -1ULL),
		  0);
}

TEST(S6_registered_files_are_sources)
{
	char *path = in_dir("file");
	char buf[5] = "";
	struct shown s;
	int fd;

	write_file(path, "text", 0600);
	fd = CHECK_SYS(open(path, O_RDONLY | O_CLOEXEC));
	tring_init(&r, 0);
	CHECK_OK(io_uring_register_files(&r.uring, &fd, 1));
	close(fd);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_DUP, .fd = 0, .off = 50,
			      .flags = IOSQE_FIXED_FILE),
		 50);
	EXPECT_HAS(shown(&s, "fd50"), path);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_DUP, .fd = 1,
			       .off = 50, .flags = IOSQE_FIXED_FILE),
		  -EBADF);

	tring_forget(&r);
	q_clone(&r);
	q_read(&r, 0, buf, 4)->flags |= IOSQE_FIXED_FILE;
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 4);
	EXPECT_STR(buf, "text");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
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

TEST(S6_open_at_a_number)
{
	char *path = in_dir("new");
	int dir = CHECK_SYS(open(tap_dir(), O_PATH | O_CLOEXEC));
	struct stat st;
	struct shown s;

	umask(022);
	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = AT_FDCWD,
			      .addr = (uintptr_t)path, .off = 70,
			      .rw_flags = O_WRONLY | O_CREAT, .addr3 = 0666),
		 70);
	EXPECT_HAS(shown(&s, "fd70"), path);
	CHECK_SYS(stat(path, &st));
	EXPECT_EQ(st.st_mode & 07777, 0644);
	/* Relative, onto an open number, closed at exec. */
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = dir,
			      .addr = (uintptr_t) "new", .off = 0,
			      .rw_flags = O_RDONLY),
		 0);
	EXPECT_HAS(shown(&s, "fd0"), path);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_OPEN, .fd = dir,
			      .addr = (uintptr_t) "new", .off = 71,
			      .rw_flags = O_RDONLY | O_CLOEXEC),
		 71);
	EXPECT_STR(shown(&s, "fd71"), "");
}

TEST(S6_open_at_a_number_fails_as_openat_and_dup3_do)
{
	char *path = in_dir("new");
	struct rlimit limit;

	tring_init(&r, 0);
	CHECK_SYS(getrlimit(RLIMIT_NOFILE, &limit));
#define OPEN_RESULT(path_, off_, flags_, mode_)                             \
	CHILD_RESULT(NULL, .len = IORING_CHILD_OPEN, .fd = AT_FDCWD,        \
		     .addr = (uintptr_t)(path_), .off = (off_),             \
		     .rw_flags = (flags_), .addr3 = (mode_))
	EXPECT_EQ(OPEN_RESULT("/nonexistent", 70, O_RDONLY, 0), -ENOENT);
	EXPECT_EQ(OPEN_RESULT(path, limit.rlim_cur, O_CREAT | O_RDWR, 0600),
		  -EBADF);
	EXPECT_LT(OPEN_RESULT(path, 1ULL << 32, O_RDONLY, 0), 0);
	EXPECT_EQ(OPEN_RESULT("/proc", 70, O_WRONLY, 0), -EISDIR);
	EXPECT_EQ(OPEN_RESULT("/dev/null", 70, O_RDONLY, 1ULL << 32), -EINVAL);
}

TEST(S6_chdir)
{
	int dir = CHECK_SYS(open("/", O_PATH | O_CLOEXEC));
	char *path = in_dir("text"), *closed = in_dir("closed");
	struct shown s;

#define CHDIR_RESULT(s_, fd_, path_)                                        \
	CHILD_RESULT(s_, .len = IORING_CHILD_CHDIR, .fd = (fd_),            \
		     .addr = (uintptr_t)(path_))
	write_file(path, "text", 0600);
	CHECK_SYS(mkdir(closed, 0700));
	tring_init(&r, 0);
	CHECK_EQ(CHDIR_RESULT(&s, AT_FDCWD, tap_dir()), 0);
	EXPECT_STR(shown(&s, "cwd"), tap_dir());
	CHECK_EQ(CHDIR_RESULT(&s, dir, "proc"), 0);
	EXPECT_STR(shown(&s, "cwd"), "/proc");
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, "/nonexistent"), -ENOENT);
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, path), -ENOTDIR);
	EXPECT_EQ(CHDIR_RESULT(NULL, 99, "proc"), -EBADF);
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, ""), -ENOENT);
	become_ordinary();
	EXPECT_EQ(CHDIR_RESULT(NULL, AT_FDCWD, closed), -EACCES);
}

TEST(S6_fchdir)
{
	int dir = CHECK_SYS(open("/proc", O_RDONLY | O_CLOEXEC));
	struct shown s;

	tring_init(&r, 0);
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_FCHDIR, .fd = dir), 0);
	EXPECT_STR(shown(&s, "cwd"), "/proc");
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_FCHDIR, .fd = 99),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_FCHDIR,
			       .fd = open("/dev/null", O_RDONLY)),
		  -ENOTDIR);
}

TEST(S6_setsid_and_setpgid)
{
	struct shown s;
	int sid;

	tring_init(&r, 0);
	sid = CHILD_RESULT(&s, .len = IORING_CHILD_SETSID);
	CHECK_GT(sid, 0);
	EXPECT_EQ(sid, tring_res(&r, CLONE));
	EXPECT_EQ(shown_number(&s, "sid"), shown_number(&s, "pid"));
	EXPECT_EQ(shown_number(&s, "pgid"), shown_number(&s, "pid"));

	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETPGID), 0);
	EXPECT_EQ(shown_number(&s, "pgid"), shown_number(&s, "pid"));
	EXPECT_EQ(shown_number(&s, "sid"), getsid(0));

	CHECK_SYS(setpgid(0, 0));
	CHECK_EQ(CHILD_RESULT(&s, .len = IORING_CHILD_SETPGID,
			      .off = getpgid(0)),
		 0);
	EXPECT_EQ(shown_number(&s, "pgid"), getpgid(0));
	/* A group that does not exist, and numbers that are none. */
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID,
			       .off = 0x3fffff),
		  -EPERM);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID, .off = -1ULL),
		  -EINVAL);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_SETPGID,
			       .off = 1ULL << 32),
		  -EINVAL);
}

/* What a chain says whose CHILD step is spoiled. */
static int spoiled(unsigned int cmd, size_t offset, size_t size)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, cmd);
	if (cmd == IORING_CHILD_CHDIR || cmd == IORING_CHILD_OPEN) {
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)"/";
	}
	if (cmd == IORING_CHILD_OPEN)
		sqe->off = 70;
	memset((char *)sqe + offset, 1, size);
	q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, 0);
	CHECK_NE(tring_res(&r, 1), 0);
	return res;
}

#define FIELD(f)                                              \
	{ offsetof(struct io_uring_sqe, f),                   \
	  sizeof(((struct io_uring_sqe *)0)->f), #f }

TEST(S6_every_field_a_command_does_not_use_is_refused)
{
	static const struct field {
		size_t offset, size;
		const char *name;
	} fields[] = {
		FIELD(ioprio),	 FIELD(buf_index), FIELD(file_index),
		FIELD(fd),	 FIELD(off),	   FIELD(addr),
		FIELD(rw_flags), FIELD(addr3),
	};
	/* Which of them a command uses, in the same order. */
	static const char *const used[] = {
		[IORING_CHILD_DUP] = "...xx.x.",
		[IORING_CHILD_CHDIR] = "...x.x..",
		[IORING_CHILD_FCHDIR] = "...x....",
		[IORING_CHILD_SETSID] = "........",
		[IORING_CHILD_SETPGID] = "....x...",
		[IORING_CHILD_OPEN] = "...xxxxx",
	};
	unsigned int cmd, i;
	int res;

	tring_init(&r, 0);
	for (cmd = 0; cmd < IORING_CHILD_LAST; cmd++) {
		for (i = 0; used[cmd][i]; i++) {
			if (used[cmd][i] == 'x')
				continue;
			res = spoiled(cmd, fields[i].offset, fields[i].size);
			if (res != -EINVAL)
				FAIL("command %u with %s: %d", cmd,
				     fields[i].name, res);
		}
	}
	check_no_children();
}

TEST(S6_unknown_commands_and_flags_are_refused)
{
	struct io_uring_spawn_query query;
	unsigned int i;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.child_cmds, (1ULL << IORING_CHILD_LAST) - 1);
	for (i = IORING_CHILD_LAST; i < IORING_CHILD_LAST + 4; i++)
		EXPECT_EQ(spoiled(i, 0, 0), -EINVAL);
	EXPECT_EQ(spoiled(~0U, 0, 0), -EINVAL);
	tring_forget(&r);
	q_clone(&r);
	q_dup(&r, 0, 60)->rw_flags = O_CLOEXEC | O_RDWR;
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EINVAL);
}

TEST(S6_child_outside_a_chain_is_refused)
{
	tring_init(&r, 0);
	q_child(&r, IORING_CHILD_SETSID);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EINVAL);
	q_dup(&r, 0, 60);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 1), -EINVAL);
	EXPECT_EQ(fcntl(60, F_GETFD), -1);
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
