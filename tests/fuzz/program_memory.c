// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parts of programs that work on memory and numbers. */
#include "program_parts.h"

static const struct {
	int code;
	int bytes;
} sizes[] = { { BPF_B, 1 }, { BPF_H, 2 }, { BPF_W, 4 }, { BPF_DW, 8 } };

/* --- memory ------------------------------------------------------------------- */

/* At off of the stack, by registers where a word is no sign-extended number. */
void write_stack(int off, const void *from, int size)
{
	const uint64_t *words = from;
	int i;

	for (i = 0; i < size / 8; i++) {
		if ((int64_t)words[i] == (int32_t)words[i]) {
			emit(store_imm(BPF_DW, R10, off + i * 8, words[i]));
			continue;
		}
		emit_long(R0, words[i]);
		emit(store(BPF_DW, R10, off + i * 8, R0));
	}
}

/* Aligned, with room for so many bytes behind it. */
int stack_offset(int size)
{
	int words = (w.depth - size) / 8;

	return -w.depth + 8 * (int)below(words + 1);
}

void context_load(void)
{
	unsigned int size = below(4);
	int off = below(sizeof(struct bpf_iouring_ctx));

	/* two fields of 4 bytes cannot be read at once */
	if (size == 3 &&
	    (off < 16 || off >= (int)offsetof(struct bpf_iouring_ctx, path_mode)))
		size = 2;
	off -= off % sizes[size].bytes;
	if (size == 3 && off >= 24 && off < 48)
		off = 16;
	if (go_wrong())
		off += percent(50) ? 1 : 4096;
	emit(load(sizes[size].code, number(), R6, off));
}

void scratch_store(void)
{
	unsigned int size = below(4), src = number();
	int off = below(64);

	off -= off % sizes[size].bytes;
	off += offsetof(struct bpf_iouring_ctx, scratch);
	if (go_wrong())
		off = 8 * below(20);
	if (percent(40))
		emit(store_imm(sizes[size].code, R6, off, random_imm()));
	else
		emit(store(sizes[size].code, R6, off, src));
}

/*
 * An address is put where user space might see it: at once, or when what is on
 * the stack is handed to a function.
 */
void give_away(void)
{
	static const int pointers[] = { R6, R7, R10 };
	int pointer = ONE_OF(pointers);

	if (!w.bad)
		return;
	if (percent(40))
		emit(store(BPF_DW, R10, stack_offset(8), pointer));
	else if (percent(50))
		emit(store(BPF_DW, R6,
			   offsetof(struct bpf_iouring_ctx, scratch) +
				   8 * below(8),
			   pointer));
	else
		emit(store(BPF_DW, R7, 8 * below(64), pointer));
}

void stack_access(void)
{
	unsigned int size = below(4);
	int off = stack_offset(8);

	if (go_wrong())
		off = -8 * (int)below(70);
	if (percent(50))
		emit(load(sizes[size].code, number(), R10, off));
	else if (percent(50))
		emit(store(sizes[size].code, R10, off, number()));
	else
		emit(store_imm(sizes[size].code, R10, off, random_imm()));
}

void map_access(void)
{
	static const int atomics[] = {
		BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, BPF_ADD | BPF_FETCH, BPF_XCHG
	};
	unsigned int size = below(4);
	int off = 8 * below(MAP_VALUE / 8 - 1), n = number();

	if (!w.has_map && !go_wrong())
		return;
	if (go_wrong())
		off += MAP_VALUE;
	switch (below(4)) {
	case 0:
		emit(load(sizes[size].code, n, R7, off));
		break;
	case 1:
		emit(store(sizes[size].code, R7, off, n));
		break;
	case 2:
		emit(insn(BPF_STX | BPF_ATOMIC | BPF_DW, R7, n, off,
			  ONE_OF(atomics)));
		break;
	default: /* where, is known when it runs */
		emit(mov_reg(R1, n));
		if (!go_wrong())
			emit(alu_imm(BPF_AND, R1, 4095));
		emit(alu_reg(BPF_ADD, R1, R7));
		emit(load(sizes[size].code, n, R1, below(256)));
	}
}

/* --- numbers -------------------------------------------------------------------- */

void arithmetic(void)
{
	static const int ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR,
				   BPF_AND, BPF_XOR, BPF_DIV, BPF_MOD,
				   BPF_MOV, BPF_RSH, BPF_ARSH };
	int op = ONE_OF(ops), dst = number(), imm = random_imm();
	int class = percent(60) ? BPF_ALU64 : BPF_ALU;

	if (op == BPF_RSH || op == BPF_ARSH)
		imm = below(class == BPF_ALU64 ? 64 : 32);
	if ((op == BPF_DIV || op == BPF_MOD) && !imm)
		imm = 3;
	if (percent(10))
		emit(insn(class | BPF_NEG, dst, 0, 0, 0));
	else if (go_wrong())
		emit(insn(class | op | BPF_X, dst, below(11), 0, 0));
	else if (percent(40))
		emit(insn(class | op | BPF_X, dst, number(), 0, 0));
	else
		emit(insn(class | op | BPF_K, dst, 0, 0, imm));
}

void constant(void)
{
	if (percent(50))
		emit(mov_imm(number(), random_imm()));
	else
		emit_long(number(), random_long());
}
