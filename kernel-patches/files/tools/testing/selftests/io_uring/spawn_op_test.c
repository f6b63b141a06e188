// SPDX-License-Identifier: GPL-2.0
/*
 * Whole spawns in one request, IORING_OP_SPAWN. Each test runs on rings of several
 * kinds, as in spawn_test.c.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include "../kselftest_harness.h"
#include "ring.h"

#define MAX_STEPS	4

FIXTURE(spawn_op)
{
	struct ring			ring;
	struct io_uring_spawn		spawn;
	struct io_uring_spawn_step	steps[MAX_STEPS];
	const char			*argv[4];
	char				dir[64];	/* of programs to be found */
};

FIXTURE_VARIANT(spawn_op)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(spawn_op, plain) {
	.flags = 0,
};

FIXTURE_VARIANT_ADD(spawn_op, defer_taskrun) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(spawn_op, sqpoll) {
	.flags = IORING_SETUP_SQPOLL,
};

/* Begins as a shell that runs "exit 7". */
FIXTURE_SETUP(spawn_op)
{
	struct io_uring_spawn_query query;
	int ret;

	ret = ring_open(&self->ring, variant->flags);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel has no IORING_OP_CLONE");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, ring_query(&self->ring, &query));
	ASSERT_EQ(IORING_OP_SPAWN, query.op_spawn);

	snprintf(self->dir, sizeof(self->dir), "/tmp/io_uring_spawn.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->argv[0] = "sh";
	self->argv[1] = "-c";
	self->argv[2] = "exit 7";
	self->spawn.path = (uintptr_t)"/bin/sh";
	self->spawn.dfd = AT_FDCWD;
	self->spawn.argv = (uintptr_t)self->argv;
	self->spawn.envp = (uintptr_t)environ;
	self->spawn.steps = (uintptr_t)self->steps;
}

static void remove_file(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

FIXTURE_TEARDOWN(spawn_op)
{
	remove_file(self->dir, "prog");
	remove_file(self->dir, "fifo");
	rmdir(self->dir);
}

/* A file "prog" in the directory. */
static int make_prog(const char *dir, const char *text, mode_t mode)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/prog", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : fchmod(fd, mode);
	close(fd);
	return ret;
}

static struct io_uring_spawn_step *add_step(struct io_uring_spawn *spawn, int cmd)
{
	struct io_uring_spawn_step *steps = (void *)(uintptr_t)spawn->steps;
	struct io_uring_spawn_step *step = &steps[spawn->nr_steps++];

	memset(step, 0, sizeof(*step));
	step->cmd = cmd;
	return step;
}

/* A step that fails with -EBADF. */
static struct io_uring_spawn_step *add_failing(struct io_uring_spawn *spawn)
{
	struct io_uring_spawn_step *step = add_step(spawn, IORING_CHILD_FCHDIR);

	step->fd = 1000;
	return step;
}

static struct io_uring_sqe *queue(struct ring *ring, struct io_uring_spawn *spawn)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, IORING_OP_SPAWN, 0);

	sqe->addr = (uintptr_t)spawn;
	sqe->len = sizeof(*spawn);
	return sqe;
}

/* Its result: the CQE of the last request that is queued. */
static int run(struct ring *ring, struct io_uring_spawn *spawn)
{
	queue(ring, spawn);
	if (ring_wait_all(ring))
		return -EIO;
	return ring->res[ring->queued - 1];
}

/* ... and the step that has failed, from 1 on, or how many candidates it took. */
static unsigned int step_of_last(struct ring *ring)
{
	return ring->cqe_flags[ring->queued - 1] >> IORING_SPAWN_STEP_SHIFT;
}

TEST_F(spawn_op, program)
{
	struct io_uring_spawn_step *step;
	int pid;

	add_step(&self->spawn, IORING_CHILD_SETSID);
	step = add_step(&self->spawn, IORING_CHILD_CHDIR);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"/proc";
	self->argv[2] = "cd self/.. && read -r a b c d e f g <self/stat && [ $f = $a ] && exit 7";
	pid = run(&self->ring, &self->spawn);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(1, step_of_last(&self->ring));
	EXPECT_EQ(7, exit_status(pid));
	/* one request, one CQE */
	EXPECT_EQ(1, self->ring.done);
}

TEST_F(spawn_op, failed_step)
{
	add_step(&self->spawn, IORING_CHILD_SETSID);
	add_failing(&self->spawn);
	EXPECT_EQ(-EBADF, run(&self->ring, &self->spawn));
	EXPECT_EQ(2, step_of_last(&self->ring));
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

TEST_F(spawn_op, steps_that_may_fail)
{
	int pid;

	add_failing(&self->spawn)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	add_step(&self->spawn, IORING_CHILD_SETSID);
	add_failing(&self->spawn)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	pid = run(&self->ring, &self->spawn);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(7, exit_status(pid));
}

TEST_F(spawn_op, report)
{
	struct io_uring_spawn_report report = { .size = sizeof(report) };

	self->spawn.path = (uintptr_t)"/nonexistent";
	self->spawn.report = (uintptr_t)&report;
	EXPECT_EQ(-ENOENT, run(&self->ring, &self->spawn));
	EXPECT_EQ(1, step_of_last(&self->ring));
	EXPECT_EQ(IORING_END_STEP, report.end);
	EXPECT_EQ(-ENOENT, report.error);
	EXPECT_EQ(IORING_OP_EXEC, report.opcode);
	EXPECT_EQ(strlen("/nonexistent"), report.path_len);
}

TEST_F(spawn_op, search)
{
	char list[128];
	int pid;

	ASSERT_EQ(0, make_prog(self->dir, "#!/bin/sh\nexit 5\n", 0755));
	snprintf(list, sizeof(list), "/nonexistent:/dev/null:%s:/usr", self->dir);
	self->spawn.path = (uintptr_t)"prog";
	self->spawn.search = (uintptr_t)list;
	pid = run(&self->ring, &self->spawn);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(3, step_of_last(&self->ring));
	EXPECT_EQ(5, exit_status(pid));

	/* one that cannot be executed is remembered */
	ASSERT_EQ(0, make_prog(self->dir, "", 0644));
	EXPECT_EQ(-EACCES, run(&self->ring, &self->spawn));
	self->spawn.search = (uintptr_t)"/nonexistent:/usr";
	EXPECT_EQ(-ENOENT, run(&self->ring, &self->spawn));
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

/* An empty element is the child's working directory. */
TEST_F(spawn_op, search_here)
{
	struct io_uring_spawn_step *step;
	int pid;

	ASSERT_EQ(0, make_prog(self->dir, "#!/bin/sh\nexit 5\n", 0755));
	step = add_step(&self->spawn, IORING_CHILD_CHDIR);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)self->dir;
	self->spawn.path = (uintptr_t)"prog";
	self->spawn.search = (uintptr_t)"/nonexistent:";
	pid = run(&self->ring, &self->spawn);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(5, exit_status(pid));
}

TEST_F(spawn_op, shell)
{
	int pid;

	ASSERT_EQ(0, make_prog(self->dir, "exit $1\n", 0755));
	self->spawn.path = (uintptr_t)"prog";
	self->spawn.search = (uintptr_t)self->dir;
	self->argv[1] = "9";
	EXPECT_EQ(-ENOEXEC, run(&self->ring, &self->spawn));
	self->spawn.shell = (uintptr_t)"/bin/sh";
	pid = run(&self->ring, &self->spawn);
	ASSERT_GT(pid, 0);
	EXPECT_EQ(9, exit_status(pid));
}

TEST_F(spawn_op, pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};

	self->spawn.clone_args = (uintptr_t)&args;
	self->spawn.clone_args_size = sizeof(args);
	self->spawn.path = (uintptr_t)"/nonexistent";
	EXPECT_EQ(-ENOENT, run(&self->ring, &self->spawn));
	/* it is open all the same */
	EXPECT_GE(pidfd, 0);
	EXPECT_EQ(0, close(pidfd));
}

static void add_blocking(struct io_uring_spawn *spawn, const char *fifo)
{
	struct io_uring_spawn_step *step = add_step(spawn, IORING_CHILD_OPEN);

	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)fifo;
	step->off = 9;
}

TEST_F(spawn_op, deadline)
{
	char fifo[128];

	snprintf(fifo, sizeof(fifo), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	add_blocking(&self->spawn, fifo);
	self->spawn.timeout_ns = 20 * 1000 * 1000;
	EXPECT_EQ(-ETIME, run(&self->ring, &self->spawn));
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

TEST_F(spawn_op, cancel)
{
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;
	char fifo[128];

	snprintf(fifo, sizeof(fifo), "%s/fifo", self->dir);
	ASSERT_EQ(0, mkfifo(fifo, 0600));
	add_blocking(&self->spawn, fifo);
	queue(ring, &self->spawn);
	sqe = ring_sqe(ring, IORING_OP_ASYNC_CANCEL, 0);
	sqe->fd = -1;
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ECANCELED, ring->res[0]);
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

/* What is linked to it starts after its CQE. */
TEST_F(spawn_op, links)
{
	struct ring *ring = &self->ring;

	queue(ring, &self->spawn)->flags = LINK;
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(7, exit_status(ring->res[0]));
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_LT(ring->order[0], ring->order[1]);

	self->spawn.path = (uintptr_t)"/nonexistent";
	queue(ring, &self->spawn)->flags = LINK;
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOENT, ring->res[2]);
	EXPECT_EQ(-ECANCELED, ring->res[3]);
}

/* Each candidate is a call to a filter. */
TEST_F(spawn_op, filter)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_execveat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };
	struct io_uring_spawn_step *step;

	step = add_step(&self->spawn, IORING_CHILD_PRCTL);
	step->child_flags = PR_SET_NO_NEW_PRIVS;
	step->addr = 1;
	step = add_step(&self->spawn, IORING_CHILD_PRCTL);
	step->child_flags = PR_SET_SECCOMP;
	step->addr = SECCOMP_MODE_FILTER;
	step->off = (uintptr_t)&prog;
	self->spawn.path = (uintptr_t)"sh";
	self->spawn.search = (uintptr_t)"/nonexistent:/bin";
	EXPECT_EQ(-EXDEV, run(&self->ring, &self->spawn));
	EXPECT_EQ(3, step_of_last(&self->ring));
}

TEST_F(spawn_op, refused)
{
	struct io_uring_spawn good = self->spawn;
	struct ring *ring = &self->ring;
	struct {
		struct io_uring_spawn	known;
		__u64			more;
	} longer = { .known = good, .more = 1 };
	struct io_uring_sqe *sqe;

	sqe = queue(ring, &longer.known);
	sqe->len = sizeof(longer);
	sqe = queue(ring, &good);
	/* the first version had all before this field */
	sqe->len = offsetof(struct io_uring_spawn, child) - 8;
	sqe = queue(ring, &good);
	sqe->off = 1;
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-E2BIG, ring->res[0]);
	EXPECT_EQ(-EINVAL, ring->res[1]);
	EXPECT_EQ(-EINVAL, ring->res[2]);

	self->spawn.flags = 1U << 31;
	EXPECT_EQ(-EINVAL, run(ring, &self->spawn));
	self->spawn = good;
	self->spawn.search = (uintptr_t)"";
	EXPECT_EQ(-EINVAL, run(ring, &self->spawn));
	self->spawn.search = (uintptr_t)"/bin";
	self->spawn.dfd = 3;
	EXPECT_EQ(-EINVAL, run(ring, &self->spawn));
	self->spawn = good;
	self->spawn.nr_steps = 1025;
	EXPECT_EQ(-E2BIG, run(ring, &self->spawn));
	self->spawn = good;
	add_step(&self->spawn, IORING_CHILD_LAST);
	EXPECT_EQ(-EOPNOTSUPP, run(ring, &self->spawn));
	self->spawn.steps = 8;
	EXPECT_EQ(-EFAULT, run(ring, &self->spawn));
	self->spawn = good;
	self->spawn.flags = IORING_SPAWN_NEED_POLICY;
	EXPECT_EQ(-ENOLINK, run(ring, &self->spawn));
	EXPECT_EQ(-ECHILD, exit_status(-1));
}

TEST_HARNESS_MAIN
