// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that the verifier may accept, of parts that follow rules (see
 * program_parts.h). Some break a rule on purpose.
 */
#include "program_parts.h"

#define MAX_DEPTH 3
/* The verifier goes most of the ways, which takes it long in an emulator. */
#define MAX_FORKS 7
#define MIN_STACK 64
#define MAX_STACK 296
/* A loop's counter. What is left is for a function's stack. */
#define LOOP_SLOT (-MAX_STACK - 8)

struct writer w;

/* A rule is broken here. */
bool go_wrong(void)
{
	return w.bad && percent(8);
}

static bool is_full(void)
{
	return w.p->nr > PROGRAM_MAX - 150;
}

void emit(struct bpf_insn in)
{
	w.p->insns[w.p->nr++] = in;
}

void emit_long(int dst, uint64_t value)
{
	emit(insn(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (int32_t)value));
	emit(insn(0, 0, 0, 0, (int32_t)(value >> 32)));
}

void emit_map(int dst)
{
	emit(insn(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0,
		  world.map));
	emit(insn(0, 0, 0, 0, 0));
}

int number(void)
{
	return percent(50) ? R8 : R9;
}

/* --- control flow ------------------------------------------------------------------------ */

static void part(unsigned int depth);

static void parts(unsigned int depth, unsigned int most)
{
	unsigned int nr = 1 + below(most);

	while (nr-- && !is_full())
		part(depth);
}

static void verdict(void)
{
	if (go_wrong()) {
		emit(percent(50) ? mov_imm(R0, random_imm())
				 : mov_reg(R0, R6 + below(5)));
	} else if (w.has_staged && percent(70)) {
		emit(mov_imm(R0, IORING_VERDICT_SUBMIT));
	} else if (percent(30)) {
		emit(mov_reg(R0, number()));
		emit(alu_imm(BPF_AND, R0, 3));
	} else {
		emit(mov_imm(R0, below(IORING_VERDICT_PASS + 1)));
	}
	emit(leave());
}

static void branch(unsigned int depth)
{
	static const int ops[] = { BPF_JEQ,  BPF_JNE,  BPF_JGT,
				   BPF_JGE,  BPF_JLT,  BPF_JLE,
				   BPF_JSET, BPF_JSGT, BPF_JSLT };
	unsigned int at = w.p->nr;
	struct bpf_insn jump = jump_imm(ONE_OF(ops), number(), random_imm(), 0);

	w.forks++;
	if (percent(30))
		jump.code = (jump.code & ~BPF_JMP) | BPF_JMP32;
	emit(jump);
	parts(depth + 1, 3);
	if (percent(25))
		verdict();
	w.p->insns[at].off = w.p->nr - at - 1;
}

/* In no other loop. The counter is where nothing else writes. */
static void loop(unsigned int depth)
{
	unsigned int begin, forks = w.forks;

	emit(store_imm(BPF_DW, R10, LOOP_SLOT, 2 + below(2)));
	begin = w.p->nr;
	parts(depth + 1, 3);
	/* each branch in it is taken or not each time */
	w.forks += 2 * (w.forks - forks);
	emit(load(BPF_DW, R0, R10, LOOP_SLOT));
	if (!go_wrong())
		emit(alu_imm(BPF_ADD, R0, -1));
	emit(store(BPF_DW, R10, LOOP_SLOT, R0));
	emit(jump_imm(BPF_JNE, R0, 0, (int)begin - (int)w.p->nr - 1));
}

static void call(void)
{
	if (w.nr_calls == sizeof(w.calls) / sizeof(w.calls[0]))
		return;
	emit(mov_reg(R1, R6));
	emit(mov_reg(R2, number()));
	w.calls[w.nr_calls++] = w.p->nr;
	emit(call_function());
	keep_result();
}

/* What all calls() call: looks at the context, with a stack of its own. */
static void function(void)
{
	unsigned int i;

	for (i = 0; i < w.nr_calls; i++)
		w.p->insns[w.calls[i]].imm = w.p->nr - w.calls[i] - 1;
	if (!w.nr_calls)
		return;
	emit(store(BPF_DW, R10, -8, R2));
	emit(load(BPF_W, R0, R1, offsetof(struct bpf_iouring_ctx, res)));
	emit(load(BPF_DW, R2, R10, -8));
	emit(alu_reg(BPF_ADD, R0, R2));
	if (go_wrong())
		emit(load(BPF_DW, R2, R10, -16));
	emit(leave());
}

static void part(unsigned int depth)
{
	unsigned int n = below(100);

	if (n < 10 && depth < MAX_DEPTH && w.forks < MAX_FORKS)
		branch(depth);
	else if (n < 14 && !depth && w.forks < MAX_FORKS / 2)
		loop(depth);
	else if (n < 24)
		context_load();
	else if (n < 34)
		scratch_store();
	else if (n < 42)
		stack_access();
	else if (n < 50)
		map_access();
	else if (n < 60)
		arithmetic();
	else if (n < 65)
		constant();
	else if (n < 69)
		helper_plain();
	else if (n < 71)
		helper_comm();
	else if (n < 74)
		helper_map();
	else if (n < 76)
		helper_any();
	else if (n < 77)
		give_away();
	else if (n < 80)
		call();
	else
		kfunc();
}

static void look_up(void)
{
	map_key(R2);
	emit_map(R1);
	emit(call_helper(BPF_FUNC_map_lookup_elem));
	emit(jump_imm(BPF_JNE, R0, 0, 2));
	emit(mov_imm(R0, 0));
	emit(leave());
	emit(mov_reg(R7, R0));
	w.has_map = true;
}

static void begin(void)
{
	int off;

	emit(mov_reg(R6, R1));
	emit(mov_imm(R8, random_imm()));
	emit_long(R9, random_long());
	for (off = -8; off >= -w.depth; off -= 8)
		emit(store_imm(BPF_DW, R10, off, random_imm()));
	if (percent(60))
		look_up();
	else
		emit(mov_imm(R7, 0));
}

void program_write(struct program *p)
{
	p->nr = 0;
	w = (struct writer){
		.p = p,
		.depth = MIN_STACK + 8 * below((MAX_STACK - MIN_STACK) / 8 + 1),
		.bad = percent(35),
	};
	begin();
	parts(0, 14);
	verdict();
	function();
}
