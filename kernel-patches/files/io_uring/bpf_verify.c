// SPDX-License-Identifier: GPL-2.0
/*
 * BPF_PROG_TYPE_IOURING, as the verifier knows it: what its programs can call, and read
 * and write of their contexts. Its attach types are BPF_IOURING_SPAWN, for policies, and
 * BPF_IOURING_OP, for programs of IORING_OP_BPF.
 */
#include <linux/kernel.h>
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/filter.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "actor.h"
#include "policy.h"

static bool iouring_is_op(const struct bpf_prog *prog)
{
	return prog->expected_attach_type == BPF_IOURING_OP;
}

BTF_KFUNCS_START(iouring_kfunc_ids)
BTF_ID_FLAGS(func, bpf_iouring_op_stage)
BTF_ID_FLAGS(func, bpf_iouring_op_post)
BTF_ID_FLAGS(func, bpf_iouring_op_result)
BTF_ID_FLAGS(func, bpf_iouring_op_state, KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_iouring_stage_sqe)
BTF_ID_FLAGS(func, bpf_iouring_stage_child, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iouring_stage_exec, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iouring_stage_exec_dir, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iouring_stage_exec_interp, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iouring_stage_exec_search, KF_SLEEPABLE)
BTF_ID_FLAGS(func, bpf_iouring_exec_name)
BTF_ID_FLAGS(func, bpf_iouring_exec_head)
BTF_ID_FLAGS(func, bpf_iouring_step_path)
BTF_ID_FLAGS(func, bpf_iouring_set_result)
BTF_ID_FLAGS(func, bpf_iouring_delay)
BTF_ID_FLAGS(func, bpf_iouring_post_staged)
BTF_KFUNCS_END(iouring_kfunc_ids)

/* Of these, the ones for programs of IORING_OP_BPF. */
BTF_SET_START(iouring_op_ids)
BTF_ID(func, bpf_iouring_op_stage)
BTF_ID(func, bpf_iouring_op_post)
BTF_ID(func, bpf_iouring_op_result)
BTF_ID(func, bpf_iouring_op_state)
BTF_SET_END(iouring_op_ids)

/*
 * What programs may call of the functions that all program types share. Others
 * read user memory, or walk over what belongs to somebody else; a policy that
 * waits for memory stalls whoever takes any BPF program off its hook.
 */
BTF_SET_START(iouring_shared_ids)
BTF_ID(func, bpf_rcu_read_lock)
BTF_ID(func, bpf_rcu_read_unlock)
BTF_ID(func, bpf_dynptr_slice)
BTF_ID(func, bpf_dynptr_slice_rdwr)
BTF_ID(func, bpf_dynptr_adjust)
BTF_ID(func, bpf_dynptr_is_null)
BTF_ID(func, bpf_dynptr_is_rdonly)
BTF_ID(func, bpf_dynptr_size)
BTF_ID(func, bpf_dynptr_clone)
BTF_ID(func, bpf_iter_num_new)
BTF_ID(func, bpf_iter_num_next)
BTF_ID(func, bpf_iter_num_destroy)
BTF_ID(func, bpf_iter_bits_new)
BTF_ID(func, bpf_iter_bits_next)
BTF_ID(func, bpf_iter_bits_destroy)
BTF_SET_END(iouring_shared_ids)

/*
 * ... and policies alone: the context of the others has not the type that a cast gives
 * it, and what they ask for takes locks that can sleep on RT.
 */
BTF_SET_START(iouring_policy_ids)
BTF_ID(func, bpf_cast_to_kern_ctx)
BTF_ID(func, bpf_preempt_disable)
BTF_ID(func, bpf_preempt_enable)
BTF_SET_END(iouring_policy_ids)

/*
 * Registered for all program types: a filter of this one alone would not be
 * asked about the shared functions.
 */
static int iouring_kfunc_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	bool own = btf_id_set8_contains(&iouring_kfunc_ids, kfunc_id);
	bool op = iouring_is_op(prog);

	if (resolve_prog_type(prog) != BPF_PROG_TYPE_IOURING)
		return own ? -EACCES : 0;
	if (own)
		return btf_id_set_contains(&iouring_op_ids, kfunc_id) == op ? 0 : -EACCES;
	if (btf_id_set_contains(&iouring_shared_ids, kfunc_id))
		return 0;
	return !op && btf_id_set_contains(&iouring_policy_ids, kfunc_id) ? 0 : -EACCES;
}

static const struct btf_kfunc_id_set iouring_kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &iouring_kfunc_ids,
	.filter	= iouring_kfunc_filter,
};

/* None of these waits: see above. */
static bool iouring_may_call(enum bpf_func_id func_id)
{
	switch (func_id) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
	case BPF_FUNC_map_push_elem:
	case BPF_FUNC_map_pop_elem:
	case BPF_FUNC_map_peek_elem:
	case BPF_FUNC_map_lookup_percpu_elem:
	case BPF_FUNC_for_each_map_elem:
	case BPF_FUNC_loop:
	case BPF_FUNC_tail_call:
	case BPF_FUNC_get_prandom_u32:
	case BPF_FUNC_get_smp_processor_id:
	case BPF_FUNC_get_numa_node_id:
	case BPF_FUNC_per_cpu_ptr:
	case BPF_FUNC_this_cpu_ptr:
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_boot_ns:
	case BPF_FUNC_ktime_get_tai_ns:
	case BPF_FUNC_ktime_get_coarse_ns:
	case BPF_FUNC_jiffies64:
	case BPF_FUNC_spin_lock:
	case BPF_FUNC_spin_unlock:
	case BPF_FUNC_kptr_xchg:
	case BPF_FUNC_timer_init:
	case BPF_FUNC_timer_set_callback:
	case BPF_FUNC_timer_start:
	case BPF_FUNC_timer_cancel:
	case BPF_FUNC_ringbuf_output:
	case BPF_FUNC_ringbuf_reserve:
	case BPF_FUNC_ringbuf_submit:
	case BPF_FUNC_ringbuf_discard:
	case BPF_FUNC_ringbuf_query:
	case BPF_FUNC_ringbuf_reserve_dynptr:
	case BPF_FUNC_ringbuf_submit_dynptr:
	case BPF_FUNC_ringbuf_discard_dynptr:
	case BPF_FUNC_user_ringbuf_drain:
	case BPF_FUNC_dynptr_from_mem:
	case BPF_FUNC_dynptr_read:
	case BPF_FUNC_dynptr_write:
	case BPF_FUNC_dynptr_data:
	case BPF_FUNC_strncmp:
	case BPF_FUNC_strtol:
	case BPF_FUNC_strtoul:
	case BPF_FUNC_snprintf:
	case BPF_FUNC_snprintf_btf:
	case BPF_FUNC_trace_printk:
	case BPF_FUNC_trace_vprintk:
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf:
	case BPF_FUNC_task_pt_regs:
	case BPF_FUNC_get_current_pid_tgid:
	case BPF_FUNC_get_ns_current_pid_tgid:
	case BPF_FUNC_get_current_cgroup_id:
	case BPF_FUNC_get_current_ancestor_cgroup_id:
	case BPF_FUNC_current_task_under_cgroup:
	case BPF_FUNC_cgrp_storage_get:
	case BPF_FUNC_cgrp_storage_delete:
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_kernel_str:
		return true;
	default:
		return false;
	}
}

static const struct bpf_func_proto *
iouring_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	switch (func_id) {
	case BPF_FUNC_get_current_uid_gid:
		return &bpf_get_current_uid_gid_proto;
	case BPF_FUNC_get_current_comm:
		return &bpf_get_current_comm_proto;
	default:
		return iouring_may_call(func_id) ?
		       bpf_base_func_proto(func_id, prog) : NULL;
	}
}

/* Fields are read whole or in part, but not across; only scratch is written. */
static bool iouring_policy_access(int off, int size, enum bpf_access_type type)
{
	switch (off) {
	case bpf_ctx_range(struct bpf_iouring_ctx, scratch):
		return true;
	case bpf_ctx_range(struct bpf_iouring_ctx, user_data):
	case bpf_ctx_range_till(struct bpf_iouring_ctx, staged_user_data, off):
	case bpf_ctx_range_till(struct bpf_iouring_ctx, ring_id, path_flags):
		return type == BPF_READ;
	default:
		return type == BPF_READ && size <= sizeof(u32);
	}
}

static bool iouring_op_access(int off, int size, enum bpf_access_type type)
{
	switch (off) {
	case bpf_ctx_range_till(struct bpf_iouring_op_ctx, tag, big_cqe):
	case bpf_ctx_range_till(struct bpf_iouring_op_ctx, args, ring_id):
		return type == BPF_READ;
	default:
		return type == BPF_READ && size <= sizeof(u32);
	}
}

static bool iouring_is_valid_access(int off, int size,
				    enum bpf_access_type type,
				    const struct bpf_prog *prog,
				    struct bpf_insn_access_aux *info)
{
	bool op = iouring_is_op(prog);
	int end = op ? sizeof(struct bpf_iouring_op_ctx) : sizeof(struct bpf_iouring_ctx);

	if (off < 0 || off >= end || off % size)
		return false;
	return op ? iouring_op_access(off, size, type) :
		    iouring_policy_access(off, size, type);
}

/*
 * Programs see the kernel's own structure. Still this has to exist: without
 * it the verifier lets the context be passed to helpers as memory to write to,
 * and of that it would check the last byte alone.
 */
static u32 iouring_convert_ctx_access(enum bpf_access_type type,
				      const struct bpf_insn *si,
				      struct bpf_insn *insn_buf,
				      struct bpf_prog *prog, u32 *target_size)
{
	*insn_buf = *si;
	return 1;
}

const struct bpf_verifier_ops iouring_verifier_ops = {
	.get_func_proto		= iouring_func_proto,
	.is_valid_access	= iouring_is_valid_access,
	.convert_ctx_access	= iouring_convert_ctx_access,
};

static int iouring_prog_test_run(struct bpf_prog *prog, const union bpf_attr *attr,
				 union bpf_attr __user *uattr)
{
	return iouring_is_op(prog) ? io_actor_prog_test_run(prog, attr, uattr) :
				     io_policy_prog_test_run(prog, attr, uattr);
}

const struct bpf_prog_ops iouring_prog_ops = {
	.test_run		= iouring_prog_test_run,
};

static int __init iouring_bpf_init(void)
{
	/* put the constants into the type information that programs are built from */
	BTF_TYPE_EMIT_ENUM(IORING_POLICY_FAILED);
	BTF_TYPE_EMIT_ENUM(IORING_POLICY_F_LAST);
	BTF_TYPE_EMIT_ENUM(IORING_VERDICT_PASS);
	BTF_TYPE_EMIT_ENUM(IORING_CHILD_DUP);
	BTF_TYPE_EMIT_ENUM(IORING_CLONE_NEED_POLICY);
	BTF_TYPE_EMIT_ENUM(IORING_CLONE_FILE_FIXED);
	BTF_TYPE_EMIT_ENUM(IORING_EXEC_SEARCH);
	BTF_TYPE_EMIT_ENUM(IORING_END_STEP);
	BTF_TYPE_EMIT_ENUM(IORING_REPORT_STAGED);
	BTF_TYPE_EMIT(struct io_uring_spawn_report);
	BTF_TYPE_EMIT_ENUM(IORING_OP_EXEC);
	BTF_TYPE_EMIT_ENUM(IORING_ACTOR_START);
	BTF_TYPE_EMIT_ENUM(IORING_ACTOR_WAIT);
	BTF_TYPE_EMIT_ENUM(IORING_ACTOR_F_LINKED);
	BTF_TYPE_EMIT(struct bpf_iouring_op_ctx);

	return register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC,
					 &iouring_kfunc_set);
}
late_initcall(iouring_bpf_init);
