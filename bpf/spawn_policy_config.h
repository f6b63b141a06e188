/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration of the default policy, for all of its files. Functions with __noinline
 * are global functions: the verifier checks each of them once, not once for each path that
 * leads to it.
 */
#ifndef SPAWN_POLICY_CONFIG_H
#define SPAWN_POLICY_CONFIG_H

#include "spawn_policy.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct spawn_policy_config);
} config SEC(".maps");

/* The return value of functions that leave the decision to the next one. */
#define UNDECIDED	(-1)

static __always_inline struct spawn_policy_config *get_config(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&config, &key);
}

static __always_inline __u32 generation(void)
{
	struct spawn_policy_config *cfg = get_config();

	return cfg ? cfg->generation : 0;
}

#endif
