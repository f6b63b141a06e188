/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the loader has told the default policy, for all of its parts. In those,
 * functions with __noinline are global ones, which the verifier looks at once
 * each and not once for every way that leads to them.
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

/* What its parts return if they leave the decision to the next one. */
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
