// SPDX-License-Identifier: GPL-2.0
/* Adds up the time that one thread spends between system calls. */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "user_time.h"

char _license[] SEC("license") = "GPL";

struct user_time_state state;

static __always_inline bool is_measured(void)
{
	return (__u32)bpf_get_current_pid_tgid() == state.thread;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_ends)
{
	if (is_measured())
		state.since = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins)
{
	if (is_measured() && state.since) {
		state.total += bpf_ktime_get_ns() - state.since;
		state.since = 0;
	}
	return 0;
}
