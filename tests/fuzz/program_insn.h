/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions of BPF, one function for each form. */
#ifndef SPAWNPOL_FUZZ_PROGRAM_INSN_H
#define SPAWNPOL_FUZZ_PROGRAM_INSN_H

#include <linux/bpf.h>
#include <stdint.h>

enum {
	R0,
	R1,
	R2,
	R3,
	R4,
	R5,
	R6,
	R7,
	R8,
	R9,
	R10,
};

static inline struct bpf_insn insn(int code, int dst, int src, int off, int imm)
{
	return (struct bpf_insn){ .code = code,
				  .dst_reg = dst,
				  .src_reg = src,
				  .off = off,
				  .imm = imm };
}

static inline struct bpf_insn alu_imm(int op, int dst, int imm)
{
	return insn(BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

static inline struct bpf_insn alu_reg(int op, int dst, int src)
{
	return insn(BPF_ALU64 | op | BPF_X, dst, src, 0, 0);
}

static inline struct bpf_insn mov_imm(int dst, int imm)
{
	return alu_imm(BPF_MOV, dst, imm);
}

static inline struct bpf_insn mov_reg(int dst, int src)
{
	return alu_reg(BPF_MOV, dst, src);
}

/* *(size *)(dst + off) = imm */
static inline struct bpf_insn store_imm(int size, int dst, int off, int imm)
{
	return insn(BPF_ST | BPF_MEM | size, dst, 0, off, imm);
}

/* *(size *)(dst + off) = src */
static inline struct bpf_insn store(int size, int dst, int off, int src)
{
	return insn(BPF_STX | BPF_MEM | size, dst, src, off, 0);
}

/* dst = *(size *)(src + off) */
static inline struct bpf_insn load(int size, int dst, int src, int off)
{
	return insn(BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static inline struct bpf_insn jump_imm(int op, int dst, int imm, int off)
{
	return insn(BPF_JMP | op | BPF_K, dst, 0, off, imm);
}

static inline struct bpf_insn call_helper(int id)
{
	return insn(BPF_JMP | BPF_CALL, 0, 0, 0, id);
}

static inline struct bpf_insn call_kfunc(int id)
{
	return insn(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, id);
}

static inline struct bpf_insn call_function(void)
{
	return insn(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
}

static inline struct bpf_insn leave(void)
{
	return insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

#endif
