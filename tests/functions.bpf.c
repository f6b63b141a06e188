// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's common functions that neither wait nor read user memory: policies
 * can call them. Says SKIP if all do what they are to do.
 */
#include "spawnpol_policy.h"

#include "kernel_types.h"

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
extern int bpf_iter_bits_new(struct bpf_iter_bits *it,
			     const __u64 *unsafe_ptr__ign,
			     __u32 nr_words) __ksym;
extern int *bpf_iter_bits_next(struct bpf_iter_bits *it) __ksym;
extern void bpf_iter_bits_destroy(struct bpf_iter_bits *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, __u32 start,
			     __u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *p) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, __u32 offset,
			      void *buffer__opt, __u32 buffer__szk) __ksym;

SPAWNPOL_EVENTS(0);

__u8 text[16];

static __noinline int sum_of_numbers(void)
{
	struct bpf_iter_num it;
	int *number, sum = 0;

	bpf_iter_num_new(&it, 0, 10);
	while ((number = bpf_iter_num_next(&it)))
		sum += *number;
	bpf_iter_num_destroy(&it);
	return sum;
}

static __noinline int sum_of_bits(void)
{
	struct bpf_iter_bits it;
	__u64 word = 0x15; /* 0, 2, 4 */
	int *bit, sum = 0;

	bpf_iter_bits_new(&it, &word, 1);
	while ((bit = bpf_iter_bits_next(&it)))
		sum += *bit;
	bpf_iter_bits_destroy(&it);
	return sum;
}

static __noinline int third_byte(void)
{
	struct bpf_dynptr p;
	__u8 buffer[2], *bytes;

	text[3] = 42;
	if (bpf_dynptr_from_mem(text, sizeof(text), 0, &p) ||
	    bpf_dynptr_is_null(&p) || bpf_dynptr_adjust(&p, 2, 12) ||
	    bpf_dynptr_size(&p) != 10)
		return -1;
	bytes = bpf_dynptr_slice(&p, 0, buffer, sizeof(buffer));
	return bytes ? bytes[1] : -1;
}

static __noinline int parent(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int pid;

	bpf_rcu_read_lock();
	pid = task->real_parent->tgid;
	bpf_rcu_read_unlock();
	return pid;
}

SPAWNPOL_POLICY(functions)(struct bpf_iouring_ctx *ctx)
{
	if (sum_of_numbers() == 45 && sum_of_bits() == 6 &&
	    third_byte() == 42 && parent() > 0)
		return IORING_VERDICT_SKIP;
	return IORING_VERDICT_CONTINUE;
}

SPAWNPOL_LICENSE("GPL");
