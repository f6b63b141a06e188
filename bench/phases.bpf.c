// SPDX-License-Identifier: GPL-2.0
/*
 * Takes the time where each launch passes, by io_uring or by vfork(2). One launch at a
 * time.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "phases.h"

char _license[] SEC("license") = "GPL";

struct phase_state state;

static __always_inline bool is_launcher(void)
{
	return bpf_get_current_pid_tgid() >> 32 == state.launcher;
}

static __always_inline void child_passes(enum phase_point point)
{
	if ((__u32)bpf_get_current_pid_tgid() == state.child)
		state.at[point] = bpf_ktime_get_ns();
}

SEC("fentry/copy_process")
int BPF_PROG(copy_begins)
{
	if (is_launcher())
		state.at[POINT_COPY_BEGINS] = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/copy_process")
int BPF_PROG(copy_ends, void *pid, int trace, int node, void *args,
	     struct task_struct *child)
{
	if (!is_launcher())
		return 0;
	state.at[POINT_COPY_ENDS] = bpf_ktime_get_ns();
	state.child = child->pid;
	return 0;
}

SEC("fentry/schedule_tail")
int BPF_PROG(child_begins)
{
	child_passes(POINT_CHILD_BEGINS);
	return 0;
}

SEC("fentry/begin_new_exec")
int BPF_PROG(program_found)
{
	child_passes(POINT_FOUND);
	return 0;
}

SEC("fentry/start_thread")
int BPF_PROG(program_loaded)
{
	child_passes(POINT_LOADED);
	return 0;
}

/* What taking the time costs, at sched_get_priority_max(2). */
SEC("fentry/__x64_sys_sched_get_priority_max")
int BPF_PROG(nothing_begins)
{
	if (is_launcher())
		state.nothing_begins = bpf_ktime_get_ns();
	return 0;
}

SEC("fexit/__x64_sys_sched_get_priority_max")
int BPF_PROG(nothing_ends)
{
	if (is_launcher())
		state.nothing_ends = bpf_ktime_get_ns();
	return 0;
}
