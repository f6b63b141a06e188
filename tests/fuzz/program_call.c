// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parts of programs that call helpers and kernel functions. */
#include "program_parts.h"

#include <string.h>

/* --- helpers ---------------------------------------------------------------------- */

/* A way to hand memory of so many bytes to a function. */
static void memory_argument(int ptr, int off, bool map)
{
	emit(mov_reg(ptr, map ? R7 : R10));
	emit(alu_imm(BPF_ADD, ptr, off));
}

void keep_result(void)
{
	if (percent(60))
		emit(mov_reg(number(), R0));
}

void helper_plain(void)
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

void helper_comm(void)
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

void map_key(int reg)
{
	int off = stack_offset(8);

	emit(store_imm(BPF_W, R10, off, below(MAP_ENTRIES + 1)));
	memory_argument(reg, off, false);
}

void helper_map(void)
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
void helper_any(void)
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
static void path_argument(int ptr, int size, bool list)
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
	if (list)
		random_list((char *)text, sizeof(text));
	else
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
		path_argument(R4, R5, false);
		break;
	case KF_STAGE_SQE:
		sqe_argument();
		break;
	case KF_EXEC_NAME:
	case KF_STEP_PATH:
	case KF_EXEC_HEAD:
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
		path_argument(R2, R3, f == KF_STAGE_EXEC_SEARCH);
	}
	if (go_wrong())
		emit(mov_imm(R2 + below(3), random_imm()));
	emit(mov_reg(R1, go_wrong() ? R7 + below(4) : R6));
}

void kfunc(void)
{
	enum kfunc f = below(NR_KFUNCS);

	kfunc_arguments(f);
	emit(call_kfunc(world.kfuncs[f]));
	keep_result();
	if (f <= KF_STAGE_EXEC_SEARCH)
		w.has_staged = true;
}
