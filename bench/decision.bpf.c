// SPDX-License-Identifier: GPL-2.0
/*
 * Measures how long it takes from the end of an EXEC that has failed to the
 * beginning of the next one, whoever decided on it. One search at a time.
 */
#include "kernel_types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "decision.h"

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DECISIONS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} intervals SEC(".maps");

struct decision_state state;

SEC("fexit/io_exec")
int BPF_PROG(exec_ended, struct io_kiocb *req, unsigned int issue_flags, int ret)
{
	state.failed_at = req->cqe.res < 0 ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("fentry/io_exec")
int BPF_PROG(exec_begins, struct io_kiocb *req, unsigned int issue_flags)
{
	__u64 now = bpf_ktime_get_ns(), since = state.failed_at;
	__u32 index = state.nr_intervals;
	__u64 *value;

	state.failed_at = 0;
	if (!since)
		return 0;
	value = bpf_map_lookup_elem(&intervals, &index);
	if (!value)
		return 0;
	*value = now - since;
	state.nr_intervals = index + 1;
	return 0;
}
