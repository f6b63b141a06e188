/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs of IORING_OP_BPF for actor_test.c, put together from instructions. r6 is the
 * context in all of them, r7 the state in those that have one.
 */
#ifndef _IO_URING_SELFTEST_ACTOR_PROGRAM_H
#define _IO_URING_SELFTEST_ACTOR_PROGRAM_H

#include <linux/btf.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include "program.h"

#define SQE_SIZE	((int)sizeof(struct io_uring_sqe))
#define SQE_FIELD(name)	((int)offsetof(struct io_uring_sqe, name) - SQE_SIZE)
#define CTX(name)	((int)offsetof(struct bpf_iouring_op_ctx, name))

struct code {
	struct bpf_insn insns[96];
	unsigned int	nr;
};

/* BTF ids of the kernel functions. */
struct functions {
	int stage;
	int post;
	int result;
	int state;
};

/* --- instructions ------------------------------------------------------------------- */

static inline void emit(struct code *code, int op, int dst, int src, int off, int imm)
{
	code->insns[code->nr++] = (struct bpf_insn){
		.code = op, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	};
}

static inline void set(struct code *code, int reg, int value)
{
	emit(code, BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value);
}

static inline void copy(struct code *code, int to, int from)
{
	emit(code, BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}

static inline void load(struct code *code, int size, int to, int base, int off)
{
	emit(code, BPF_LDX | BPF_MEM | size, to, base, off, 0);
}

/* Whether the lower halves compare; returns the place to be landed. */
static inline unsigned int jump_if(struct code *code, int how, int reg, int value)
{
	emit(code, BPF_JMP32 | how | BPF_K, reg, 0, 0, value);
	return code->nr - 1;
}

static inline void land(struct code *code, unsigned int jump)
{
	code->insns[jump].off = code->nr - jump - 1;
}

static inline void call(struct code *code, int function)
{
	copy(code, BPF_REG_1, BPF_REG_6);
	emit(code, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, function);
}

static inline void finish(struct code *code, int verdict)
{
	set(code, BPF_REG_0, verdict);
	emit(code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static inline void begin(struct code *code)
{
	code->nr = 0;
	copy(code, BPF_REG_6, BPF_REG_1);
}

/* END with the result that is in the register. */
static inline void end_with(struct code *code, const struct functions *functions, int reg)
{
	copy(code, BPF_REG_2, reg);
	call(code, functions->result);
	finish(code, IORING_ACTOR_END);
}

/* r7 = eight bytes of state, or END. */
static inline void get_state(struct code *code, const struct functions *functions)
{
	unsigned int there;

	set(code, BPF_REG_2, 8);
	call(code, functions->state);
	copy(code, BPF_REG_7, BPF_REG_0);
	emit(code, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 0, 0);
	there = code->nr - 1;
	finish(code, IORING_ACTOR_END);
	land(code, there);
}

/* --- staging ------------------------------------------------------------------------- */

/* An SQE below r10. */
static inline void sqe_begin(struct code *code, int opcode)
{
	int off;

	for (off = -SQE_SIZE; off < 0; off += 8)
		emit(code, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, off, 0);
	emit(code, BPF_ST | BPF_MEM | BPF_B, BPF_REG_10, 0, SQE_FIELD(opcode), opcode);
}

/* A field of it is an argument of the request. */
static inline void sqe_arg(struct code *code, int size, int field, int arg)
{
	load(code, BPF_DW, BPF_REG_1, BPF_REG_6, CTX(args) + 8 * arg);
	emit(code, BPF_STX | BPF_MEM | size, BPF_REG_10, BPF_REG_1, field, 0);
}

static inline void sqe_value(struct code *code, int size, int field, int value)
{
	emit(code, BPF_ST | BPF_MEM | size, BPF_REG_10, 0, field, value);
}

/* WAIT for it, or END with the error. */
static inline void stage(struct code *code, const struct functions *functions)
{
	unsigned int staged;

	copy(code, BPF_REG_2, BPF_REG_10);
	emit(code, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -SQE_SIZE);
	set(code, BPF_REG_3, SQE_SIZE);
	call(code, functions->stage);
	staged = jump_if(code, BPF_JEQ, BPF_REG_0, 0);
	end_with(code, functions, BPF_REG_0);
	land(code, staged);
	finish(code, IORING_ACTOR_WAIT);
}

/* --- programs ------------------------------------------------------------------------ */

static inline int load_actor(const struct code *code)
{
	return prog_load(code->insns, code->nr, BPF_IOURING_OP, 0);
}

static inline int load_actor_verdict(int verdict)
{
	struct code code;

	begin(&code);
	finish(&code, verdict);
	return load_actor(&code);
}

/* Its result is that of the request before it. */
static inline int load_actor_follower(const struct functions *functions)
{
	struct code code;

	begin(&code);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(res));
	end_with(&code, functions, BPF_REG_8);
	return load_actor(&code);
}

/* Posts a CQE: argument 0 is its user_data, argument 1 its result. */
static inline int load_actor_poster(const struct functions *functions)
{
	struct code code;

	begin(&code);
	load(&code, BPF_DW, BPF_REG_2, BPF_REG_6, CTX(args[0]));
	load(&code, BPF_DW, BPF_REG_3, BPF_REG_6, CTX(args[1]));
	set(&code, BPF_REG_4, 0);
	call(&code, functions->post);
	end_with(&code, functions, BPF_REG_0);
	return load_actor(&code);
}

/*
 * Reads until the end of file, and counts the bytes: arguments are descriptor, buffer
 * and its size.
 */
static inline int load_actor_reader(const struct functions *functions)
{
	unsigned int first, cancel, more, error;
	struct code code;

	begin(&code);
	get_state(&code, functions);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(event));
	first = jump_if(&code, BPF_JEQ, BPF_REG_8, IORING_ACTOR_START);
	cancel = jump_if(&code, BPF_JEQ, BPF_REG_8, IORING_ACTOR_CANCEL);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(res));
	more = jump_if(&code, BPF_JSGT, BPF_REG_8, 0);
	error = jump_if(&code, BPF_JNE, BPF_REG_8, 0);
	load(&code, BPF_DW, BPF_REG_8, BPF_REG_7, 0);
	land(&code, error);
	end_with(&code, functions, BPF_REG_8);

	land(&code, cancel);
	finish(&code, IORING_ACTOR_END);

	land(&code, more);
	load(&code, BPF_DW, BPF_REG_1, BPF_REG_7, 0);
	emit(&code, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, BPF_REG_8, 0, 0);
	emit(&code, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_7, BPF_REG_1, 0, 0);
	land(&code, first);
	sqe_begin(&code, IORING_OP_READ);
	sqe_arg(&code, BPF_W, SQE_FIELD(fd), 0);
	sqe_arg(&code, BPF_DW, SQE_FIELD(addr), 1);
	sqe_arg(&code, BPF_W, SQE_FIELD(len), 2);
	sqe_value(&code, BPF_DW, SQE_FIELD(off), -1);
	stage(&code, functions);
	return load_actor(&code);
}

/*
 * Starts a program and waits for its end: argument 0 is a struct io_uring_spawn, argument
 * 1 its size. The result is the exit status.
 */
static inline int load_actor_job(const struct functions *functions)
{
	unsigned int first, spawned, failed;
	struct code code;

	begin(&code);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(event));
	first = jump_if(&code, BPF_JEQ, BPF_REG_8, IORING_ACTOR_START);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(res));
	failed = jump_if(&code, BPF_JSLT, BPF_REG_8, 0);
	load(&code, BPF_W, BPF_REG_9, BPF_REG_6, CTX(opcode));
	spawned = jump_if(&code, BPF_JEQ, BPF_REG_9, IORING_OP_SPAWN);
	load(&code, BPF_W, BPF_REG_8, BPF_REG_6, CTX(wait_status));
	land(&code, failed);
	end_with(&code, functions, BPF_REG_8);

	land(&code, first);
	sqe_begin(&code, IORING_OP_SPAWN);
	sqe_arg(&code, BPF_DW, SQE_FIELD(addr), 0);
	sqe_arg(&code, BPF_W, SQE_FIELD(len), 1);
	stage(&code, functions);

	land(&code, spawned);
	sqe_begin(&code, IORING_OP_WAITID);
	emit(&code, BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_8, SQE_FIELD(fd), 0);
	sqe_value(&code, BPF_W, SQE_FIELD(len), P_PID);
	sqe_value(&code, BPF_W, SQE_FIELD(file_index), WEXITED);
	stage(&code, functions);
	return load_actor(&code);
}

/* --- kernel functions ---------------------------------------------------------------- */

/* A program that looks up a name of 32 bytes, which its context is. */
static inline int load_finder(void)
{
	union bpf_attr attr = {
		.prog_type	= BPF_PROG_TYPE_SYSCALL,
		.prog_flags	= BPF_F_SLEEPABLE,
		.license	= (uintptr_t)"GPL",
	};
	struct code code = {};
	int off;

	for (off = 0; off < 32; off += 8) {
		load(&code, BPF_DW, BPF_REG_0, BPF_REG_1, off);
		emit(&code, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_0,
		     off - 32, 0);
	}
	copy(&code, BPF_REG_1, BPF_REG_10);
	emit(&code, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_1, 0, 0, -32);
	set(&code, BPF_REG_2, 32);
	set(&code, BPF_REG_3, BTF_KIND_FUNC);
	set(&code, BPF_REG_4, 0);
	emit(&code, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_btf_find_by_name_kind);
	emit(&code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	attr.insns = (uintptr_t)code.insns;
	attr.insn_cnt = code.nr;
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

/* The BTF id of a kernel function, or an error. */
static inline int find_function(int finder, const char *name)
{
	char context[32] = {};
	union bpf_attr attr = {
		.test.prog_fd		= finder,
		.test.ctx_in		= (uintptr_t)context,
		.test.ctx_size_in	= sizeof(context),
	};
	int ret;

	snprintf(context, sizeof(context), "%s", name);
	ret = sys_bpf(BPF_PROG_TEST_RUN, &attr);
	return ret ?: (int)attr.test.retval;
}

/* Returns 0, or an error. */
static inline int find_functions(struct functions *functions)
{
	int finder = load_finder();

	if (finder < 0)
		return finder;
	functions->stage = find_function(finder, "bpf_iouring_op_stage");
	functions->post = find_function(finder, "bpf_iouring_op_post");
	functions->result = find_function(finder, "bpf_iouring_op_result");
	functions->state = find_function(finder, "bpf_iouring_op_state");
	close(finder);
	return functions->stage < 0 ? functions->stage : 0;
}

#endif
