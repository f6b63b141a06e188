// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as requests, IORING_OP_BPF: what they stage, what they are told, and how they
 * end. Each test runs on rings of several kinds, as in spawn_test.c.
 */
#define _GNU_SOURCE
#include <stddef.h>

#include "../kselftest_harness.h"
#include "actor_program.h"

static int attach(struct ring *ring, int prog, unsigned int slot)
{
	struct io_uring_attach_bpf attach = {
		.prog_fd = prog, .slot = slot, .state_size = 8,
	};

	return ring_register(ring, IORING_ATTACH_BPF, &attach, 1);
}

static struct io_uring_sqe *ring_actor(struct ring *ring, int slot, __u64 arg0,
				       __u64 arg1, __u64 arg2)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, IORING_OP_BPF, 0);

	sqe->len = slot;
	sqe->addr = arg0;
	sqe->off = arg1;
	sqe->addr3 = arg2;
	return sqe;
}

FIXTURE(actor)
{
	struct ring		ring;
	struct functions	functions;
	int			pipe[2];
	char			buffer[16];
};

FIXTURE_VARIANT(actor)
{
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(actor, plain) {
	.flags = 0,
};

FIXTURE_VARIANT_ADD(actor, defer_taskrun) {
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(actor, sqpoll) {
	.flags = IORING_SETUP_SQPOLL,
};

FIXTURE_SETUP(actor)
{
	struct io_uring_spawn_query query;
	int ret;

	ret = ring_open(&self->ring, variant->flags);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel has no IORING_OP_CLONE");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, ring_query(&self->ring, &query));
	if (!(query.features & IORING_SPAWN_FEAT_OP))
		SKIP(return, "the kernel has no IORING_OP_BPF");
	ASSERT_EQ(IORING_OP_BPF, query.op_bpf);
	ret = find_functions(&self->functions);
	if (ret == -EPERM)
		SKIP(return, "no privilege to load a program");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, pipe(self->pipe));
}

/* Each test has a process of its own, which takes everything with it. */
FIXTURE_TEARDOWN(actor)
{
}

/* The reader, in slot 0; returns its link. */
static int attach_reader(struct ring *ring, const struct functions *functions)
{
	int prog = load_actor_reader(functions);

	return prog < 0 ? prog : attach(ring, prog, 0);
}

TEST_F(actor, load)
{
	const struct bpf_insn end[] = { MOV32(BPF_REG_0, 1), EXIT() };
	const struct bpf_insn write[] = {
		MOV32(BPF_REG_0, 0),
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_iouring_op_ctx, res) },
		EXIT(),
	};
	const struct bpf_insn beyond[] = {
		LOAD32(BPF_REG_0, BPF_REG_1, sizeof(struct bpf_iouring_op_ctx)),
		MOV32(BPF_REG_0, 0),
		EXIT(),
	};

	EXPECT_GE(load_actor_verdict(IORING_ACTOR_WAIT), 0);
	EXPECT_GE(load_actor_verdict(IORING_ACTOR_END), 0);
	EXPECT_EQ(-EINVAL, load_actor_verdict(IORING_ACTOR_END + 1));
	EXPECT_EQ(-EINVAL, prog_load(end, 2, BPF_IOURING_OP, BPF_F_SLEEPABLE));
	EXPECT_EQ(-EACCES, prog_load(write, 3, BPF_IOURING_OP, 0));
	EXPECT_EQ(-EACCES, prog_load(beyond, 3, BPF_IOURING_OP, 0));
}

TEST_F(actor, attach)
{
	int prog = load_actor_verdict(IORING_ACTOR_END);
	int other = load_actor_verdict(IORING_ACTOR_WAIT);
	struct ring *ring = &self->ring;
	struct io_uring_attach_bpf attr = { .prog_fd = prog, .slot = 1 };
	struct bpf_link_info info;
	int link;

	ASSERT_GE(prog, 0);
	ASSERT_GE(other, 0);
	link = link_create(ring, prog, BPF_IOURING_OP, 0);
	ASSERT_GE(link, 0);
	EXPECT_EQ(-EEXIST, attach(ring, prog, 0));
	EXPECT_EQ(-EBUSY, attach(ring, other, 0));
	EXPECT_EQ(-EINVAL, attach(ring, prog, IORING_SPAWN_SLOTS));
	EXPECT_EQ(-EINVAL, link_create(ring, prog, BPF_IOURING_SPAWN, 1));

	attr.events = IORING_POLICY_FAILED;
	EXPECT_EQ(-EINVAL, ring_register(ring, IORING_ATTACH_BPF, &attr, 1));
	attr.events = 0;
	attr.max_staged = 1025;
	EXPECT_EQ(-E2BIG, ring_register(ring, IORING_ATTACH_BPF, &attr, 1));
	attr.max_staged = 0;
	attr.state_size = 4097;
	EXPECT_EQ(-E2BIG, ring_register(ring, IORING_ATTACH_BPF, &attr, 1));

	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(BPF_LINK_TYPE_IOURING, info.type);
	EXPECT_EQ(BPF_IOURING_OP, info.iouring.attach_type);
	EXPECT_EQ(64, info.iouring.max_staged);
	EXPECT_NE(0, info.iouring.ring_id);

	/* the last reference to a link frees the slot */
	close(link);
	EXPECT_GE(attach(ring, other, 0), 0);
}

TEST_F(actor, refused)
{
	int prog = load_actor_verdict(IORING_ACTOR_END);
	struct ring *ring = &self->ring;

	ASSERT_GE(prog, 0);
	ASSERT_GE(attach(ring, prog, 0), 0);
	ring_actor(ring, 1, 0, 0, 0);
	ring_actor(ring, IORING_SPAWN_SLOTS, 0, 0, 0);
	ring_actor(ring, 0, 0, 0, 0)->bpf_flags = 1;
	ring_actor(ring, 0, 0, 0, 0)->ioprio = 1;
	ring_actor(ring, 0, 0, 0, 0)->flags = IOSQE_BUFFER_SELECT;
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOLINK, ring->res[0]);
	EXPECT_EQ(-EINVAL, ring->res[1]);
	EXPECT_EQ(-EINVAL, ring->res[2]);
	EXPECT_EQ(-EINVAL, ring->res[3]);
	EXPECT_EQ(-EOPNOTSUPP, ring->res[4]);
}

TEST_F(actor, verdicts)
{
	int end = load_actor_verdict(IORING_ACTOR_END);
	int wait = load_actor_verdict(IORING_ACTOR_WAIT);
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int link;

	ASSERT_GE(end, 0);
	ASSERT_GE(wait, 0);
	ASSERT_GE(attach(ring, end, 0), 0);
	link = attach(ring, wait, 1);
	ASSERT_GE(link, 0);
	ring_actor(ring, 0, 0, 0, 0);
	ring_actor(ring, 1, 0, 0, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[0]);
	EXPECT_EQ(-EDEADLK, ring->res[1]);

	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(1, info.iouring.runs);
	EXPECT_EQ(1, info.iouring.verdicts[IORING_ACTOR_WAIT]);
	EXPECT_EQ(1, info.iouring.failures);
	EXPECT_EQ(0, info.iouring.actors);
}

/* Each read depends on the one before it, and the launcher is told of none. */
TEST_F(actor, read)
{
	int link = attach_reader(&self->ring, &self->functions);
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	char bytes[1000] = {};

	ASSERT_GE(link, 0);
	ASSERT_EQ(sizeof(bytes), write(self->pipe[1], bytes, sizeof(bytes)));
	close(self->pipe[1]);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 1);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(sizeof(bytes), ring->res[0]);
	EXPECT_EQ(1, ring->done);

	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(1002, info.iouring.runs);
	EXPECT_EQ(1001, info.iouring.staged);
}

/* The launcher waits for its CQE, and the actor for others. */
TEST_F(actor, wait)
{
	struct ring *ring = &self->ring;
	int pid;

	ASSERT_GE(attach_reader(ring, &self->functions), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		usleep(20000);
		_exit(write(self->pipe[1], "four", 4) != 4);
	}
	close(self->pipe[1]);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 16);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(4, ring->res[0]);
	EXPECT_EQ(0, memcmp(self->buffer, "four", 4));
}

TEST_F(actor, linked)
{
	int prog = load_actor_follower(&self->functions);
	struct ring *ring = &self->ring;

	ASSERT_GE(prog, 0);
	ASSERT_GE(attach(ring, prog, 0), 0);
	ring_rw(ring, IORING_OP_READ, -1)->flags = HARDLINK;
	ring_actor(ring, 0, 0, 0, 0)->flags = LINK;
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-EBADF, ring->res[0]);
	EXPECT_EQ(-EBADF, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);

	ring_rw(ring, IORING_OP_WRITE, self->pipe[1]);
	ring_actor(ring, 0, 0, 0, 0)->flags = LINK;
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(1, ring->res[4]);
	EXPECT_EQ(0, ring->res[5]);
}

TEST_F(actor, post)
{
	int prog = load_actor_poster(&self->functions);
	struct ring *ring = &self->ring;

	ASSERT_GE(prog, 0);
	ASSERT_GE(attach(ring, prog, 0), 0);
	ring_actor(ring, 0, RING_ENTRIES - 1, 7, 0);
	ASSERT_EQ(0, ring_wait(ring, 2));
	EXPECT_EQ(0, ring->res[0]);
	EXPECT_EQ(7, ring->res[RING_ENTRIES - 1]);
	EXPECT_EQ(IORING_CQE_F_STAGED, ring->cqe_flags[RING_ENTRIES - 1]);
	EXPECT_LT(ring->order[RING_ENTRIES - 1], ring->order[0]);
}

TEST_F(actor, spawn)
{
	static const char * const argv[] = { "sh", "-c", "exit 9", NULL };
	struct io_uring_spawn spawn = {
		.path = (uintptr_t)"/bin/sh",
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)argv,
		.envp = (uintptr_t)environ,
	};
	int prog = load_actor_job(&self->functions);
	struct ring *ring = &self->ring;

	ASSERT_GE(prog, 0);
	ASSERT_GE(attach(ring, prog, 0), 0);
	ring_actor(ring, 0, (uintptr_t)&spawn, sizeof(spawn), 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(9, ring->res[0]);

	spawn.path = (uintptr_t)"/nonexistent";
	ring_actor(ring, 0, (uintptr_t)&spawn, sizeof(spawn), 0);
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOENT, ring->res[1]);
	EXPECT_EQ(-1, waitpid(-1, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
}

/* The tag of what it has staged is 0, which is not user_data: the actor's is 1. */
TEST_F(actor, cancel)
{
	struct ring *ring = &self->ring;
	struct io_uring_sqe *sqe;

	ASSERT_GE(attach_reader(ring, &self->functions), 0);
	ring_sqe(ring, IORING_OP_NOP, 0);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 16);
	ASSERT_EQ(0, ring_wait(ring, 1));
	ring_sqe(ring, IORING_OP_ASYNC_CANCEL, 0)->addr = 0;
	ASSERT_EQ(0, ring_wait(ring, 2));
	EXPECT_EQ(-ENOENT, ring->res[2]);

	sqe = ring_sqe(ring, IORING_OP_ASYNC_CANCEL, 0);
	sqe->addr = 1;
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[1]);
}

TEST_F(actor, update)
{
	int prog = load_actor_verdict(IORING_ACTOR_END);
	struct ring *ring = &self->ring;
	int link;

	ASSERT_GE(prog, 0);
	link = attach_reader(ring, &self->functions);
	ASSERT_GE(link, 0);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 16);
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait(ring, 1));
	ASSERT_EQ(0, link_update(link, prog));
	ASSERT_EQ(RES_NONE, ring->res[0]);
	ASSERT_EQ(1, write(self->pipe[1], "x", 1));
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[0]);
}

TEST_F(actor, detach)
{
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int link;

	link = attach_reader(ring, &self->functions);
	ASSERT_GE(link, 0);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 16);
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait(ring, 1));
	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(1, info.iouring.actors);
	ASSERT_EQ(0, link_detach(link));
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOLINK, ring->res[0]);
}

/* Closing the ring ends it; the read that it has staged goes, too. */
TEST_F(actor, ring_closed)
{
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int link, i;

	link = attach_reader(ring, &self->functions);
	ASSERT_GE(link, 0);
	ring_actor(ring, 0, self->pipe[0], (uintptr_t)self->buffer, 16);
	ring_sqe(ring, IORING_OP_NOP, 0);
	ASSERT_EQ(0, ring_wait(ring, 1));
	ring_close(ring);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(0, link_info(link, &info));
		if (!info.iouring.actors)
			break;
		usleep(10000);
	}
	EXPECT_EQ(0, info.iouring.ring_id);
	EXPECT_EQ(0, info.iouring.actors);
}

/* A dry run of the reader, which is told of a read of three bytes. */
TEST_F(actor, test_run)
{
	struct bpf_iouring_op_ctx context = {
		.event = IORING_ACTOR_CQE, .res = 3, .room = 64, .args = { 5, 0, 10 },
	};
	struct {
		struct bpf_iouring_op_test_result	result;
		struct io_uring_sqe			sqe[2];
		__u64					state;
	} out = {};
	union bpf_attr attr = {
		.test.prog_fd		= load_actor_reader(&self->functions),
		.test.ctx_in		= (uintptr_t)&context,
		.test.ctx_size_in	= sizeof(context),
		.test.data_out		= (uintptr_t)&out,
		.test.data_size_out	= sizeof(out),
	};

	/* the state is longer than what there is room for */
	ASSERT_EQ(-ENOSPC, sys_bpf(BPF_PROG_TEST_RUN, &attr));
	EXPECT_EQ(IORING_ACTOR_WAIT, attr.test.retval);
	EXPECT_EQ(1, out.result.nr_staged);
	EXPECT_EQ(0, out.result.nr_posted);
	EXPECT_EQ(IORING_OP_READ, out.sqe[0].opcode);
	EXPECT_EQ(5, out.sqe[0].fd);
	EXPECT_EQ(10, out.sqe[0].len);
	EXPECT_EQ(3, out.state);
}

TEST_HARNESS_MAIN
