// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that the verifier may accept. They keep to these rules, so that one
 * part can follow any other: R6 is the context; R7 a map value, if there is one;
 * R8 and R9 are numbers; the stack is written down to a depth; the rest is
 * anybody's.
 *
 * Some programs break a rule on purpose (writer.bad).
 */
#include "program.h"
#include "program_insn.h"

#include <string.h>

#define MAX_DEPTH 3
/* The verifier goes most of the ways, which takes it long in an emulator. */
#define MAX_FORKS 7
#define MIN_STACK 64
#define MAX_STACK 296
/* A loop's counter. What is left is for a function's stack. */
#define LOOP_SLOT (-MAX_STACK - 8)

static struct writer {
	struct program *p;
	int depth; /* bytes of the stack that are written, but for loops' */
	bool has_map;
	bool has_staged;
	bool bad;
	unsigned int forks; /* ways through the program, as a power of two */
	unsigned int nr_calls;
	unsigned int calls[16]; /* of the function behind the program */
} w;

/* A rule is broken here. */
static bool go_wrong(void)
{
	return w.bad && percent(8);
}

static bool is_full(void)
{
	return w.p->nr > PROGRAM_MAX - 150;
}

static void emit(struct bpf_insn in)
{
	w.p->insns[w.p->nr++] = in;
}

static void emit_long(int dst, uint64_t value)
{
	emit(insn(BPF_LD | BPF_DW | BPF_IMM, dst, 0, 0, (int32_t)value));
	emit(insn(0, 0, 0, 0, (int32_t)(value >> 32)));
}

static void emit_map(int dst)
{
	emit(insn(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0,
		  world.map));
	emit(insn(0, 0, 0, 0, 0));
}

static int number(void)
{
	return percent(50) ? R8 : R9;
}

static const struct {
	int code;
	int bytes;
} sizes[] = { { BPF_B, 1 }, { BPF_H, 2 }, { BPF_W, 4 }, { BPF_DW, 8 } };

/* --- memory ------------------------------------------------------------------- */

/* At off of the stack, by registers where a word is no sign-extended number. */
static void write_stack(int off, const void *from, int size)
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
static int stack_offset(int size)
{
	int words = (w.depth - size) / 8;

	return -w.depth + 8 * (int)below(words + 1);
}

static void context_load(void)
{
	unsigned int size = below(4);
	int off = below(sizeof(struct bpf_iouring_ctx));

	/* two fields of 4 bytes cannot be read at once */
	if (size == 3 && off < 16)
		size = 2;
	off -= off % sizes[size].bytes;
	if (size == 3 && off >= 24 && off < 48)
		off = 16;
	if (go_wrong())
		off += percent(50) ? 1 : 4096;
	emit(load(sizes[size].code, number(), R6, off));
}

static void scratch_store(void)
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
static void give_away(void)
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

static void stack_access(void)
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

static void map_access(void)
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

static void arithmetic(void)
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

static void constant(void)
{
	if (percent(50))
		emit(mov_imm(number(), random_imm()));
	else
		emit_long(number(), random_long());
}

/* --- helpers ---------------------------------------------------------------------- */

/* A way to hand memory of so many bytes to a function. */
static void memory_argument(int ptr, int off, bool map)
{
	emit(mov_reg(ptr, map ? R7 : R10));
	emit(alu_imm(BPF_ADD, ptr, off));
}

static void keep_result(void)
{
	if (percent(60))
		emit(mov_reg(number(), R0));
}

static void helper_plain(void)
{
	static const int ids[] = {
		BPF_FUNC_ktime_get_ns,
		BPF_FUNC_get_prandom_u32,
		BPF_FUNC_get_smp_processor_id,
		BPF_FUNC_get_current_pid_tgid,
		BPF_FUNC_get_current_uid_gid,
		BPF_FUNC_get_numa_node_id,
		BPF_FUNC_jiffies64,
		BPF_FUNC_ktime_get_boot_ns,
	};

	emit(call_helper(ONE_OF(ids)));
	keep_result();
}

static void helper_comm(void)
{
	unsigned int size = 16;
	int off = stack_offset(64);

	if (go_wrong())
		size = below(600);
	memory_argument(R1, off, false);
	emit(mov_imm(R2, size));
	emit(call_helper(BPF_FUNC_get_current_comm));
	keep_result();
}

static void map_key(int reg)
{
	int off = stack_offset(8);

	emit(store_imm(BPF_W, R10, off, below(MAP_ENTRIES + 1)));
	memory_argument(reg, off, false);
}

static void helper_map(void)
{
	map_key(R2);
	emit_map(R1);
	if (w.has_map && percent(50)) {
		emit(mov_reg(R3, R7));
		emit(mov_imm(R4, below(4)));
		emit(call_helper(BPF_FUNC_map_update_elem));
	} else {
		emit(call_helper(BPF_FUNC_map_delete_elem));
	}
	keep_result();
}

/* Any of them, most of which are not for policies, with any arguments. */
static void helper_any(void)
{
	int i;

	if (!w.bad)
		return;
	for (i = R1; i <= R5; i++)
		emit(percent(50) ? mov_imm(i, random_imm())
				 : mov_reg(i, R6 + below(5)));
	emit(call_helper(below(215)));
	keep_result();
}

/* --- kernel functions ---------------------------------------------------------------- */

static void size_argument(int reg, int size)
{
	if (go_wrong())
		size = percent(50) ? size + 1024 : random_imm();
	if (percent(90) || size < 64) {
		emit(mov_imm(reg, size));
		return;
	}
	/* up to 63, known when it runs */
	emit(mov_reg(reg, number()));
	emit(alu_imm(BPF_AND, reg, 63));
}

/* An SQE in the map or made on the stack, as arguments two and three. */
static void sqe_argument(void)
{
	struct io_uring_sqe sqe;
	bool map = w.has_map && percent(30);
	int off = map ? MAP_SQE : stack_offset(sizeof(sqe));

	if (!map) {
		random_sqe(&sqe);
		write_stack(off, &sqe, sizeof(sqe));
	}
	memory_argument(R2, off, map);
	size_argument(R3, percent(95) ? 64 : (int)below(64));
}

static void child_argument(void)
{
	static const uint8_t with_path[] = { IORING_CHILD_OPEN,
					     IORING_CHILD_CHDIR,
					     IORING_CHILD_CHROOT };
	struct io_uring_sqe sqe;
	int off = stack_offset(sizeof(sqe));

	random_sqe(&sqe);
	if (percent(90)) {
		sqe.opcode = SPAWNPOL_OP_CHILD;
		sqe.len = ONE_OF(with_path);
		sqe.addr = 0;
		sqe.off = percent(80) ? below(64) : sqe.off;
	}
	write_stack(off, &sqe, sizeof(sqe));
	memory_argument(R2, off, false);
	size_argument(R3, 64);
}

/* A path, with its size or that of more memory, maybe without an end. */
static void path_argument(int ptr, int size)
{
	bool map = w.has_map && percent(40);
	uint64_t text[8] = { 0 };
	int off = stack_offset(sizeof(text)), len = sizeof(text);

	if (map) {
		memory_argument(ptr, MAP_PATH, true);
		size_argument(size, percent(80) ? MAP_VALUE - MAP_PATH
						: (int)below(200));
		return;
	}
	random_path((char *)text, sizeof(text));
	if (percent(10))
		len = below(sizeof(text));
	if (percent(3))
		memset(text, 'c', sizeof(text));
	write_stack(off, text, sizeof(text));
	memory_argument(ptr, off, false);
	size_argument(size, len);
}

static void name_argument(void)
{
	bool map = w.has_map && percent(40);
	int size = map ? below(MAP_VALUE) : below(65);

	memory_argument(R2, map ? 0 : stack_offset(64), map);
	size_argument(R3, size);
}

static uint64_t random_delay(void)
{
	return percent(70) ? below(100000) : random_long();
}

static void kfunc_arguments(enum kfunc f)
{
	switch (f) {
	case KF_STAGE_CHILD:
		child_argument();
		path_argument(R4, R5);
		break;
	case KF_STAGE_SQE:
		sqe_argument();
		break;
	case KF_EXEC_NAME:
		name_argument();
		break;
	case KF_SET_RESULT:
		emit(mov_imm(R2, percent(50) ? random_result() : random_imm()));
		break;
	case KF_DELAY:
		emit_long(R2, random_delay());
		break;
	case KF_POST_STAGED:
		emit(mov_imm(R2, percent(90) ? (int)below(2) : random_imm()));
		break;
	default:
		path_argument(R2, R3);
	}
	if (go_wrong())
		emit(mov_imm(R2 + below(3), random_imm()));
	emit(mov_reg(R1, go_wrong() ? R7 + below(4) : R6));
}

static void kfunc(void)
{
	enum kfunc f = below(NR_KFUNCS);

	kfunc_arguments(f);
	emit(call_kfunc(world.kfuncs[f]));
	keep_result();
	if (f <= KF_STAGE_EXEC_INTERP)
		w.has_staged = true;
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
		emit(mov_imm(R0, below(IORING_VERDICT_ABORT + 1)));
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
