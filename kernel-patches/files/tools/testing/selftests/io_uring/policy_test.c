// SPDX-License-Identifier: GPL-2.0
/*
 * BPF programs that decide about the steps of a spawn: loading and attaching
 * them, and verdicts that need no more than a few instructions.
 */
#define _GNU_SOURCE
#include <stddef.h>

#include "../kselftest_harness.h"
#include "program.h"

/* A program that returns a verdict, whatever has happened. */
static int prog_load_verdict(int verdict)
{
	const struct bpf_insn insns[] = { MOV32(BPF_REG_0, verdict), EXIT() };

	return prog_load(insns, 2, BPF_IOURING_SPAWN, BPF_F_SLEEPABLE);
}

/* A program that returns a verdict for results of -ENOENT, and another else. */
static int prog_load_on_enoent_else(int verdict, int otherwise)
{
	const struct bpf_insn insns[] = {
		MOV32(BPF_REG_0, verdict),
		LOAD32(BPF_REG_2, BPF_REG_1, offsetof(struct bpf_iouring_ctx, res)),
		JUMP_EQ32(BPF_REG_2, -ENOENT, 1),
		MOV32(BPF_REG_0, otherwise),
		EXIT(),
	};

	return prog_load(insns, 5, BPF_IOURING_SPAWN, BPF_F_SLEEPABLE);
}

static int prog_load_on_enoent(int verdict)
{
	return prog_load_on_enoent_else(verdict, IORING_VERDICT_CONTINUE);
}

static int attach(struct ring *ring, int prog, unsigned int slot,
		  unsigned int max_issues)
{
	struct io_uring_attach_bpf attach = {
		.prog_fd = prog, .slot = slot, .max_issues = max_issues,
	};

	return ring_register(ring, IORING_ATTACH_BPF, &attach, 1);
}

/* The policy goes to the beginning of slot 0. */
static int attach_first(struct ring *ring, int prog)
{
	struct io_uring_attach_bpf attach = {
		.prog_fd = prog, .flags = BPF_F_BEFORE,
	};

	return ring_register(ring, IORING_ATTACH_BPF, &attach, 1);
}

FIXTURE(policy)
{
	struct ring ring;
};

FIXTURE_SETUP(policy)
{
	struct io_uring_spawn_query query;
	int ret;

	ret = ring_open(&self->ring, 0);
	if (ret == -EOPNOTSUPP)
		SKIP(return, "the kernel has no IORING_OP_CLONE");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, ring_query(&self->ring, &query));
	if (!(query.features & IORING_SPAWN_FEAT_POLICY))
		SKIP(return, "the kernel has no CONFIG_IO_URING_BPF");
	ret = prog_load_verdict(IORING_VERDICT_CONTINUE);
	if (ret == -EPERM)
		SKIP(return, "no privilege to load a program");
	ASSERT_GE(ret, 0);
	close(ret);
}

/* Each test has a process of its own, which takes everything with it. */
FIXTURE_TEARDOWN(policy)
{
}

TEST_F(policy, load)
{
	const struct bpf_insn insns[] = { MOV32(BPF_REG_0, 0), EXIT() };
	const struct bpf_insn write[] = {
		MOV32(BPF_REG_0, 0),
		{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1,
		  .off = offsetof(struct bpf_iouring_ctx, res) },
		EXIT(),
	};
	int verdict;

	for (verdict = IORING_VERDICT_CONTINUE; verdict <= IORING_VERDICT_PASS;
	     verdict++)
		EXPECT_GE(prog_load_verdict(verdict), 0);
	EXPECT_EQ(-EINVAL, prog_load_verdict(IORING_VERDICT_PASS + 1));
	EXPECT_EQ(-EINVAL, prog_load(insns, 2, BPF_IOURING_SPAWN, 0));
	EXPECT_EQ(-EACCES, prog_load(write, 3, BPF_IOURING_SPAWN,
				     BPF_F_SLEEPABLE));
}

TEST_F(policy, attach)
{
	int prog = prog_load_verdict(IORING_VERDICT_CONTINUE);
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int link, other;

	ASSERT_GE(prog, 0);
	link = attach(ring, prog, 0, 0);
	ASSERT_GE(link, 0);
	other = link_create(ring, prog, BPF_IOURING_SPAWN, 1);
	ASSERT_GE(other, 0);
	EXPECT_EQ(-EEXIST, attach(ring, prog, 1, 0));
	EXPECT_EQ(-EEXIST, link_create(ring, prog, BPF_IOURING_SPAWN, 0));
	EXPECT_EQ(-EINVAL, attach(ring, prog, IORING_SPAWN_SLOTS, 0));
	EXPECT_EQ(-E2BIG, attach(ring, prog, 2, -1U));

	ASSERT_EQ(0, link_info(other, &info));
	EXPECT_EQ(BPF_LINK_TYPE_IOURING, info.type);
	EXPECT_EQ(BPF_IOURING_SPAWN, info.iouring.attach_type);
	EXPECT_EQ(1, info.iouring.slot);
	EXPECT_NE(0, info.iouring.ring_id);

	/* the last reference to a link frees the slot */
	close(link);
	link = link_create(ring, prog, BPF_IOURING_SPAWN, 0);
	EXPECT_GE(link, 0);
}

/* Neither side keeps the other alive. */
TEST_F(policy, ring_closed)
{
	int prog = prog_load_verdict(IORING_VERDICT_CONTINUE);
	struct bpf_link_info info;
	int link;

	ASSERT_GE(prog, 0);
	link = attach(&self->ring, prog, 0, 0);
	ASSERT_GE(link, 0);
	EXPECT_EQ(0, link_update(link, prog));
	ring_close(&self->ring);
	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(0, info.iouring.ring_id);
	EXPECT_EQ(-ENOLINK, link_update(link, prog));
}

TEST_F(policy, skip)
{
	int prog = prog_load_on_enoent(IORING_VERDICT_SKIP);
	struct ring *ring = &self->ring;
	int pipe_fds[2];
	char byte = 0;

	ASSERT_GE(prog, 0);
	ASSERT_EQ(0, pipe(pipe_fds));
	ASSERT_GE(attach(ring, prog, 0, 0), 0);

	ring_clone(ring);
	ring_open_missing(ring);
	ring_rw(ring, IORING_OP_WRITE, pipe_fds[1]);
	ring_exec_sh(ring, "exit 4");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);
	ASSERT_EQ(1, ring->res[2]);
	EXPECT_EQ(0, ring->res[3]);
	EXPECT_EQ(1, read(pipe_fds[0], &byte, 1));
	EXPECT_EQ(4, exit_status(ring->res[0]));

	/* other errors are left to the link rules */
	ring_clone(ring);
	ring_rw(ring, IORING_OP_READ, -1);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-EBADF, ring->res[5]);
	EXPECT_EQ(-ECANCELED, ring->res[6]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[4]));
}

/* The first policy that does not pass decides. */
TEST_F(policy, pass)
{
	int pass = prog_load_on_enoent_else(IORING_VERDICT_PASS,
					    IORING_VERDICT_ABORT);
	int skip = prog_load_verdict(IORING_VERDICT_SKIP);
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int first, second;

	ASSERT_GE(pass, 0);
	ASSERT_GE(skip, 0);
	second = attach(ring, skip, 0, 0);
	ASSERT_GE(second, 0);
	first = attach_first(ring, pass);
	ASSERT_GE(first, 0);
	ASSERT_EQ(0, link_info(second, &info));
	EXPECT_EQ(1, info.iouring.position);

	ring_clone(ring);
	ring_open_missing(ring);
	ring_rw(ring, IORING_OP_READ, -1);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_EQ(-EBADF, ring->res[2]);
	EXPECT_EQ(-ECANCELED, ring->res[3]);

	ASSERT_EQ(0, link_info(first, &info));
	EXPECT_EQ(0, info.iouring.position);
	EXPECT_EQ(1, info.iouring.verdicts[IORING_VERDICT_PASS]);
	EXPECT_EQ(1, info.iouring.verdicts[IORING_VERDICT_ABORT]);
	ASSERT_EQ(0, link_info(second, &info));
	EXPECT_EQ(1, info.iouring.runs);
}

TEST_F(policy, abort)
{
	int prog = prog_load_on_enoent(IORING_VERDICT_ABORT);
	struct ring *ring = &self->ring;
	static const char * const argv[] = { "sh", NULL };

	ASSERT_GE(prog, 0);
	ASSERT_GE(attach(ring, prog, 0, 0), 0);
	ring_clone(ring);
	ring_exec(ring, "/nonexistent/sh", argv, HARDLINK);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOENT, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

TEST_F(policy, budget)
{
	int prog = prog_load_verdict(IORING_VERDICT_RETRY);
	struct ring *ring = &self->ring;
	struct bpf_link_info info;
	int link;

	ASSERT_GE(prog, 0);
	link = attach(ring, prog, 0, 3);
	ASSERT_GE(link, 0);
	ring_clone(ring);
	ring_open_missing(ring);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ETOOMANYREFS, ring->res[1]);
	EXPECT_EQ(-ECANCELED, ring->res[2]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));

	ASSERT_EQ(0, link_info(link, &info));
	EXPECT_EQ(3, info.iouring.max_issues);
	EXPECT_EQ(4, info.iouring.runs);
	EXPECT_EQ(4, info.iouring.verdicts[IORING_VERDICT_RETRY]);
	EXPECT_EQ(1, info.iouring.exhausted);
}

TEST_F(policy, update_and_detach)
{
	int abort = prog_load_verdict(IORING_VERDICT_ABORT);
	int skip = prog_load_verdict(IORING_VERDICT_SKIP);
	struct ring *ring = &self->ring;
	int link;

	ASSERT_GE(abort, 0);
	ASSERT_GE(skip, 0);
	link = attach(ring, abort, 0, 0);
	ASSERT_GE(link, 0);
	EXPECT_EQ(0, link_update(link, skip));
	ring_clone(ring)->clone_flags = IORING_CLONE_NEED_POLICY;
	ring_open_missing(ring);
	ring_exec_sh(ring, "exit 2");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(0, ring->res[1]);
	EXPECT_EQ(2, exit_status(ring->res[0]));

	EXPECT_EQ(0, link_detach(link));
	ring_clone(ring)->clone_flags = IORING_CLONE_NEED_POLICY;
	ring_exec_sh(ring, "exit 0");
	ring_clone(ring);
	ring_open_missing(ring);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_EQ(-ENOLINK, ring->res[3]);
	EXPECT_EQ(-ECANCELED, ring->res[4]);
	EXPECT_GT(ring->res[5], 0);
	EXPECT_EQ(-ENOENT, ring->res[6]);
	EXPECT_EQ(-ECANCELED, ring->res[7]);
}

/* A chain that needs its policy ends when that goes. */
TEST_F(policy, detach_needed)
{
	int prog = prog_load_verdict(IORING_VERDICT_CONTINUE);
	struct ring *ring = &self->ring;
	int link, block[2];

	ASSERT_GE(prog, 0);
	ASSERT_EQ(0, pipe(block));
	link = attach(ring, prog, 0, 0);
	ASSERT_GE(link, 0);
	ring_clone(ring)->clone_flags = IORING_CLONE_NEED_POLICY;
	ring_rw(ring, IORING_OP_READ, block[0]);
	ring_exec_sh(ring, "exit 0");
	ASSERT_EQ(0, ring_wait(ring, 1));
	EXPECT_EQ(0, link_detach(link));
	ASSERT_EQ(1, write(block[1], "x", 1));
	ASSERT_EQ(0, ring_wait_all(ring));
	EXPECT_GT(ring->res[0], 0);
	/* the child was reading, or was about to */
	if (ring->res[1] != 1)
		EXPECT_EQ(-ENOLINK, ring->res[1]);
	EXPECT_EQ(ring->res[1] == 1 ? -ENOLINK : -ECANCELED, ring->res[2]);
	EXPECT_EQ(-ECHILD, exit_status(ring->res[0]));
}

TEST_HARNESS_MAIN
