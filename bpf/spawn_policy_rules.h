/* SPDX-License-Identifier: GPL-2.0 */
/* The rules of the default policy's configuration: --retry and --on. */
#ifndef SPAWN_POLICY_RULES_H
#define SPAWN_POLICY_RULES_H

#include "spawn_policy_config.h"

/* Return the index of the first retry rule for this error, or UNDECIDED. */
__noinline int find_retry_rule(__u32 error)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || !error)
		return UNDECIDED;
	for (__u32 i = 0; i < SPAWN_POLICY_MAX_RETRIES; i++) {
		if (i >= cfg->nr_retries)
			break;
		if (cfg->retries[i].error == error)
			return i;
	}
	return UNDECIDED;
}

/* How many retries of a step the rule with this index allows. */
__noinline int retry_count(__u32 rule)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || rule >= SPAWN_POLICY_MAX_RETRIES)
		return 0;
	return cfg->retries[rule].count;
}

/* Delay the verdict as the rule with this index says. */
__noinline int retry_delay(struct bpf_iouring_ctx *ctx, __u32 rule)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || rule >= SPAWN_POLICY_MAX_RETRIES ||
	    !cfg->retries[rule].delay_ns)
		return 0;
	return bpf_iouring_delay(ctx, cfg->retries[rule].delay_ns);
}

struct on_search {
	struct spawn_policy_config *cfg;
	__u32 opcode;
	__u32 cmd;
	__u32 error;
	int verdict;
};

/* Called by bpf_loop() for each rule; returns 1 to end the search. */
static long try_on_rule(__u32 i, struct on_search *s)
{
	struct spawn_policy_on *on;

	if (i >= SPAWN_POLICY_MAX_ON || i >= s->cfg->nr_on)
		return 1;
	on = &s->cfg->on[i];
	if (on->opcode != SPAWN_POLICY_ANY && on->opcode != s->opcode)
		return 0;
	if (s->opcode == SPAWNPOL_OP_CHILD &&
	    on->cmd != SPAWN_POLICY_ANY && on->cmd != s->cmd)
		return 0;
	if (on->error && on->error != s->error)
		return 0;
	s->verdict = on->verdict;
	return 1;
}

/* Return the verdict of the first "on" rule that matches, or UNDECIDED. */
__noinline int on_rules(__u32 opcode, __u32 cmd, __u32 error)
{
	struct on_search s = {
		.cfg = get_config(),
		.opcode = opcode,
		.cmd = cmd,
		.error = error,
		.verdict = UNDECIDED,
	};

	if (s.cfg)
		bpf_loop(SPAWN_POLICY_MAX_ON, try_on_rule, &s, 0);
	return s.verdict;
}

#endif
