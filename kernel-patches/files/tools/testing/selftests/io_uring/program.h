/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of type BPF_PROG_TYPE_IOURING, by raw system calls: loading them, and their
 * links to a ring.
 */
#ifndef _IO_URING_SELFTEST_PROGRAM_H
#define _IO_URING_SELFTEST_PROGRAM_H

#include <linux/bpf.h>

#include "ring.h"

#define MOV32(reg, value) \
	{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = (reg), .imm = (value) }
#define LOAD32(reg, base, offset)					\
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (reg),		\
	  .src_reg = (base), .off = (offset) }
#define JUMP_EQ32(reg, value, over)					\
	{ .code = BPF_JMP32 | BPF_JEQ | BPF_K, .dst_reg = (reg),	\
	  .imm = (value), .off = (over) }
#define EXIT() \
	{ .code = BPF_JMP | BPF_EXIT }

static inline int sys_bpf(int cmd, union bpf_attr *attr)
{
	int ret = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static inline int prog_load(const struct bpf_insn *insns, unsigned int nr, int type,
			    unsigned int flags)
{
	union bpf_attr attr = {
		.prog_type		= BPF_PROG_TYPE_IOURING,
		.expected_attach_type	= type,
		.prog_flags		= flags,
		.insns			= (uintptr_t)insns,
		.insn_cnt		= nr,
		.license		= (uintptr_t)"GPL",
	};

	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static inline int link_create(struct ring *ring, int prog, int type, unsigned int slot)
{
	union bpf_attr attr = {
		.link_create.prog_fd = prog,
		.link_create.target_fd = ring->fd,
		.link_create.attach_type = type,
		.link_create.iouring.slot = slot,
	};

	return sys_bpf(BPF_LINK_CREATE, &attr);
}

static inline int link_update(int link, int prog)
{
	union bpf_attr attr = {
		.link_update.link_fd = link,
		.link_update.new_prog_fd = prog,
	};

	return sys_bpf(BPF_LINK_UPDATE, &attr);
}

static inline int link_detach(int link)
{
	union bpf_attr attr = { .link_detach.link_fd = link };

	return sys_bpf(BPF_LINK_DETACH, &attr);
}

static inline int link_info(int link, struct bpf_link_info *info)
{
	union bpf_attr attr = {
		.info.bpf_fd = link,
		.info.info_len = sizeof(*info),
		.info.info = (uintptr_t)info,
	};

	memset(info, 0, sizeof(*info));
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

#endif
