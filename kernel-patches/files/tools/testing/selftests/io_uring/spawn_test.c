// SPDX-License-Identifier: GPL-2.0
/*
 * Spawning by IORING_OP_CLONE and the requests linked to it. Each test runs
 * on rings of several kinds, since their requests complete in different ways.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/time_types.h>

#include "../kselftest_harness.h"
#include "ring.h"

FIXTURE(spawn)
{
	struct ring ring;
	int out[2];		/* the program's standard output */
	int block[2];		/* nobody writes to this pipe */
};

FIXTURE_VARIANT(spawn)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(spawn, plain) {
	.flags = 0,
};

FIXTURE_VARIANT_ADD(spawn, defer_taskrun) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(spawn, sqpoll) {
	.flags = IORING_SETUP_SQPOLL,
};

FIXTURE_SETUP(spawn)
{
	int ret;

	ASSERT_EQ(0, pipe2(self->out, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(self->block, O_CLOEXEC));
	ret = ring_open(&self->ring, variant->flags);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel has no IORING_OP_CLONE");
	ASSERT_EQ(0, ret);
}

/* Each test has a process of its own, which takes everything with it. */
FIXTURE_TEARDOWN(spawn)
{
}

/* The whole output of the program, once its end of the pipe is closed. */
static ssize_t read_output(int out[2], char *buf, size_t size)
{
	ssize_t len = 0, ret;

	close(out[1]);
	while ((ret = read(out[0], buf + len, size - 1 - len)) > 0)
		len += ret;
	buf[len] = 0;
	return ret < 0 ? -errno : len;
}

/* A chain that blocks in step 0, which is request 1. */
static int queue_blocked(struct ring *ring, int pipe_end)
{
	ring_clone(ring);
	ring_rw(ring, IORING_OP_READ, pipe_end);
	ring_exec_sh(ring, "exit 0");
	return ring_wait(ring, 1);
}

TEST_F(spawn, query)
{
	struct io_uring_spawn_query query;

	ASSERT_EQ(0, ring_query(&self->ring, &query));
	EXPECT_EQ(sizeof(query), query.size);
	EXPECT_EQ(IORING_SPAWN_ABI, query.abi);
	EXPECT_EQ(IORING_SPAWN_SLOTS, query.nr_slots);
	EXPECT_EQ(IORING_OP_CLONE, query.op_clone);
	EXPECT_EQ(IORING_OP_EXEC, query.op_exec);
	EXPECT_EQ(IORING_OP_CHILD, query.op_child);
	EXPECT_EQ(IORING_EXEC_SEARCH, query.exec_ioprio);
	EXPECT_TRUE(query.child_cmds[0] & 1ULL << IORING_CHILD_SETNS);
	EXPECT_GT(query.max_steps, 0);
	EXPECT_GT(query.max_waiting, 0);
	EXPECT_TRUE(query.clone_flags & CLONE_PIDFD);
	EXPECT_TRUE(query.clone_flags & CLONE_CLEAR_SIGHAND);
	EXPECT_TRUE(query.child_ops[0] & 1ULL << IORING_OP_EXEC);
	EXPECT_TRUE(query.child_ops[0] & 1ULL << IORING_OP_OPENAT);
	EXPECT_FALSE(query.child_ops[0] & 1ULL << IORING_OP_CLONE);
	EXPECT_FALSE(query.child_ops[0] & 1ULL << IORING_OP_POLL_ADD);
	EXPECT_EQ(0, query.retry_ops[0] & ~query.child_ops[0]);
}

/* Callers may know less of the structure than the kernel does, or more. */
TEST_F(spawn, query_size)
{
	struct {
		struct io_uring_spawn_query known;
		__u64 more;
	} query;
	struct ring *ring = &self->ring;

	memset(&query, 0xff, sizeof(query));
	query.known.size = 4;
	EXPECT_EQ(-EINVAL, ring_register(ring, IORING_REGISTER_SPAWN_QUERY,
					 &query, 1));
	query.known.size = 8;
	ASSERT_EQ(0, ring_register(ring, IORING_REGISTER_SPAWN_QUERY, &query, 1));
	EXPECT_EQ(8, query.known.size);
	EXPECT_EQ(IORING_SPAWN_ABI, query.known.abi);
	EXPECT_EQ(-1U, query.known.features);

	query.known.size = sizeof(query);
	ASSERT_EQ(0, ring_register(ring, IORING_REGISTER_SPAWN_QUERY, &query, 1));
	EXPECT_EQ(IORING_SPAWN_SLOTS, query.known.nr_slots);
	EXPECT_EQ(0, query.more);
}

TEST_F(spawn, program)
{
	struct ring *ring = &self->ring;
	char buf[64];
	int pid;

	ring_clone(ring);
	ring_child(ring, IORING_CHILD_DUP, self->out[1], NULL, 1);
	ring_child(ring, IORING_CHILD_CHDIR, AT_FDCWD, "/proc", 0);
	ring_child(ring, IORING_CHILD_SETSID, 0, NULL, 0);
	ring_exec_sh(ring, "pwd; echo $$; exit 7");
	ASSERT_EQ(0, ring_wait_all(ring));

	pid = ring->res[0];
	ASSERT_GT(pid, 0);
	EXPECT_EQ(1, ring->res[1]);
	EXPECT_EQ(0, ring->res[2]);
	EXPECT_EQ(pid, ring->res[3]);
	EXPECT_EQ(0, ring->res[4]);

	ASSERT_GT(read_output(self->out, buf, sizeof(buf)), 0);
	EXPECT_EQ(0, strncmp(buf, "/proc\n", 6));
	EXPECT_EQ(pid, atoi(buf + strlen("/proc\n")));
	EXPECT_EQ(7, exit_status(pid));
}

TEST_F(spawn, open_as)
{
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;
	char name[] = "/tmp/io_uring_spawn.XXXXXX", buf[8] = "";
	int fd = mkstemp(name);

	ASSERT_GE(fd, 0);
	ring_clone(ring);
	sqe = ring_child(ring, IORING_CHILD_OPEN, AT_FDCWD, name, 1);
	sqe->child_flags = O_WRONLY | O_TRUNC;
	ring_exec_sh(ring, "echo hello");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(1, ring->res[1]);
	EXPECT_EQ(0, ring->res[2]);
	EXPECT_EQ(0, exit_status(ring->res[0]));
	EXPECT_EQ(6, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "hello\n", 6));
	unlink(name);
	close(fd);
}

TEST_F(spawn, pidfd)
{
	struct ring *ring = &self->ring;
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	struct io_uring_sqe *sqe;
	siginfo_t info = {};

	sqe = ring_clone(ring);
	sqe->addr = (uintptr_t)&args;
	sqe->len = sizeof(args);
	ring_exec_sh(ring, "exit 3");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);

	ASSERT_GE(pidfd, 0);
	ASSERT_EQ(0, waitid((idtype_t)3 /* P_PIDFD */, pidfd, &info, WEXITED));
	EXPECT_EQ(ring->res[0], info.si_pid);
	EXPECT_EQ(3, info.si_status);
}

TEST_F(spawn, failed_step)
{
	struct ring *ring = &self->ring;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &chld, NULL));

	ring_clone(ring);
	ring_open_missing(ring);
	ring_sqe(ring, IORING_OP_NOP, LINK);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_GT(ring->res[0], 0);
	EXPECT_EQ(-ENOENT, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);
	EXPECT_EQ(-ECANCELED, ring->res[3]);

	/* neither a zombie nor a signal */
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
	ASSERT_EQ(0, sigpending(&chld));
	EXPECT_EQ(0, sigismember(&chld, SIGCHLD));
}

TEST_F(spawn, path_search)
{
	struct ring *ring = &self->ring;
	static const char * const argv[] = { "sh", "-c", "exit 5", NULL };

	ring_clone(ring);
	ring_exec(ring, "/nonexistent/sh", argv, HARDLINK);
	ring_exec(ring, "/dev/null/sh", argv, HARDLINK);
	ring_exec(ring, "/bin/sh", argv, HARDLINK);
	ring_exec(ring, "/usr/bin/sh", argv, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOENT, ring->res[1]);
	EXPECT_EQ(-ENOTDIR, ring->res[2]);
	EXPECT_EQ(0, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[4]);
	EXPECT_EQ(5, exit_status(ring->res[0]));
}

/* Only what execvp(3) searches on after is forgiven. */
TEST_F(spawn, search_flag)
{
	struct ring *ring = &self->ring;
	static const char * const argv[] = { "sh", NULL };

	ring_clone(ring);
	ring_exec(ring, "/dev/null/sh", argv, LINK)->ioprio = IORING_EXEC_SEARCH;
	/* a directory */
	ring_exec(ring, "/", argv, LINK)->ioprio = IORING_EXEC_SEARCH;
	/* a descriptor that is not open */
	ring_exec(ring, "sh", argv, HARDLINK)->ioprio = IORING_EXEC_SEARCH;
	ring->sqes[3].fd = 1000;
	ring_exec(ring, "/bin/sh", argv, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOTDIR, ring->res[1]);
	EXPECT_EQ(-EACCES, ring->res[2]);
	EXPECT_EQ(-EBADF, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[4]);
}

/* The program has the files that are listed, and no others. */
TEST_F(spawn, listed_files)
{
	struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file files[2];
	} list = {
		.head.nr = 2,
		.files[0] = { .source = self->out[1], .number = 1 },
		.files[1] = { .source = self->out[0], .number = 100,
			      .flags = IORING_CLONE_FILE_CLOEXEC },
	};
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;
	char buf[8] = "";

	ASSERT_EQ(200, dup2(self->out[1], 200));
	sqe = ring_clone(ring);
	sqe->clone_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
	ring_exec_sh(ring,
		     "cd /proc/self/fd; for i in 1 100 200; do ! [ -e $i ] || echo $i; done");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_EQ(0, exit_status(ring->res[0]));
	close(200);
	EXPECT_EQ(2, read_output(self->out, buf, sizeof(buf)));
	EXPECT_EQ(0, strncmp(buf, "1\n", 2));
}

/* Chains of one submission start in the order of their CLONEs. */
TEST_F(spawn, in_order)
{
	struct ring *ring = &self->ring;
	int i;

	for (i = 0; i < 4; i++) {
		ring_clone(ring);
		ring_exec_sh(ring, "exit 0");
	}
	ASSERT_EQ(0, ring_wait_all(ring));
	for (i = 0; i < 4; i++) {
		EXPECT_GT(ring->res[2 * i], 0);
		EXPECT_EQ(0, ring->res[2 * i + 1]);
		EXPECT_EQ(0, exit_status(ring->res[2 * i]));
		if (i)
			EXPECT_GT(ring->order[2 * i], ring->order[2 * i - 2]);
	}
}

TEST_F(spawn, prctl)
{
	struct ring *ring = &self->ring;

	ring_clone(ring);
	ring_prctl(ring, PR_SET_NO_NEW_PRIVS, 1, 0);
	ring_exec_sh(ring, "grep -q '^NoNewPrivs:.*1' /proc/self/status");
	/* the arguments that it has no use for are 0 */
	ring_clone(ring);
	ring_prctl(ring, PR_SET_NO_NEW_PRIVS, 1, 0)->__pad2[0] = 1;
	ring_exec_sh(ring, "exit 0");
	/* one that is the memory's */
	ring_clone(ring);
	ring_prctl(ring, PR_SET_DUMPABLE, 1, 0);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_EQ(0, ring->res[2]);
	EXPECT_EQ(0, exit_status(ring->res[0]));
	EXPECT_EQ(-EINVAL, ring->res[4]);
	EXPECT_EQ(-EINVAL, ring->res[7]);
}

/* To a filter, a command is the system call that it stands in for. */
TEST_F(spawn, filter)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_setsid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_umask, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };
	struct ring *ring = &self->ring;

	ring_clone(ring);
	ring_prctl(ring, PR_SET_NO_NEW_PRIVS, 1, 0);
	ring_prctl(ring, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (uintptr_t)&prog);
	ring_child(ring, IORING_CHILD_SETSID, 0, NULL, 0)->flags = HARDLINK;
	ring_child(ring, IORING_CHILD_UMASK, 0, NULL, 0)->flags = HARDLINK;
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[2]);
	EXPECT_EQ(-EXDEV, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[4]);
	EXPECT_EQ(-ECANCELED, ring->res[5]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

TEST_F(spawn, cancel)
{
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;

	ASSERT_EQ(0, queue_blocked(ring, self->block[0]));
	sqe = ring_sqe(ring, IORING_OP_ASYNC_CANCEL, 0);
	sqe->fd = -1;
	sqe->addr = 1;
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_GT(ring->res[0], 0);
	EXPECT_EQ(-ECANCELED, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);
	EXPECT_EQ(0, ring->res[3]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

TEST_F(spawn, deadline)
{
	struct __kernel_timespec ts = { .tv_nsec = 20 * 1000 * 1000 };
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;

	ring_clone(ring);
	sqe = ring_sqe(ring, IORING_OP_LINK_TIMEOUT, LINK);
	sqe->addr = (uintptr_t)&ts;
	sqe->len = 1;
	ring_rw(ring, IORING_OP_READ, self->block[0]);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ETIME, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);
	EXPECT_EQ(-ECANCELED, ring->res[3]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

TEST_F(spawn, ring_closed)
{
	struct ring *ring = &self->ring;

	ASSERT_EQ(0, queue_blocked(ring, self->block[0]));
	ring_close(ring);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

/* The ring of a process that is gone: the child holds an end of out[]. */
TEST_F(spawn, submitter_gone)
{
	struct ring ring;
	char buf[8];
	int pid;

	ring_close(&self->ring);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		if (ring_open(&ring, variant->flags) ||
		    queue_blocked(&ring, self->block[0]))
			_exit(1);
		raise(SIGKILL);
	}
	EXPECT_EQ(-EINTR, exit_status(pid));
	EXPECT_EQ(0, read_output(self->out, buf, sizeof(buf)));
}

TEST_F(spawn, refused)
{
	struct ring *ring = &self->ring;
	int id;

	id = ring_register(ring, IORING_REGISTER_PERSONALITY, NULL, 0);
	ASSERT_GT(id, 0);

	/* an overridden credential cannot be committed by exec */
	ring_clone(ring);
	ring_exec_sh(ring, "exit 0")->personality = id;
	ring_clone(ring)->personality = id;
	ring_exec_sh(ring, "exit 0");

	/* an operation that completes elsewhere */
	ring_clone(ring);
	ring_sqe(ring, IORING_OP_POLL_ADD, LINK)->fd = self->block[0];
	ring_exec_sh(ring, "exit 0");

	/* these need each other */
	ring_sqe(ring, IORING_OP_CLONE, 0);
	ring_exec_sh(ring, "exit 0");
	ring_sqe(ring, IORING_OP_CHILD, 0)->len = IORING_CHILD_SETSID;

	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ECANCELED, ring->res[0]);
	EXPECT_EQ(-EINVAL, ring->res[1]);
	EXPECT_EQ(-EINVAL, ring->res[2]);
	EXPECT_EQ(-ECANCELED, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[4]);
	EXPECT_EQ(-EOPNOTSUPP, ring->res[5]);
	EXPECT_EQ(-ECANCELED, ring->res[6]);
	EXPECT_EQ(-EINVAL, ring->res[7]);
	EXPECT_EQ(-EINVAL, ring->res[8]);
	EXPECT_EQ(-EINVAL, ring->res[9]);
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

TEST_HARNESS_MAIN
