/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The search of the default policy in the directories of its configuration: of all of them
 * by one request, or of one of them.
 */
#ifndef SPAWN_POLICY_SEARCH_H
#define SPAWN_POLICY_SEARCH_H

#include "../user/common/execvp.h"
#include "spawn_policy_config.h"
#include "spawn_policy_list.h"

/* Whether the search continues with the next directory after this error. */
__noinline int search_goes_on(__u32 error)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || cfg->errors != SPAWN_POLICY_ERRORS_POSIX)
		return execvp_goes_on(error);
	switch (error) {
	case EACCES:
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return true;
	default:
		return false;
	}
}

/*
 * Whether the policy has to see the result in each directory: because it follows another
 * rule than the kernel, or waits where the kernel continues.
 */
__noinline int search_by_steps(void)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg)
		return false;
	if (cfg->errors == SPAWN_POLICY_ERRORS_POSIX)
		return true;
	for (__u32 i = 0; i < SPAWN_POLICY_MAX_RETRIES; i++) {
		if (i >= cfg->nr_retries)
			break;
		if (execvp_goes_on(cfg->retries[i].error))
			return true;
	}
	return false;
}

/*
 * Stage the search of all directories. UNDECIDED: there are no directories. The barrier
 * keeps the compiler from comparing size - 1, which would tell the verifier nothing about
 * size.
 */
__noinline int stage_list(struct bpf_iouring_ctx *ctx)
{
	struct spawn_policy_config *cfg = get_config();
	__u32 size;

	if (!cfg)
		return UNDECIDED;
	size = cfg->dirs_size;
	if (!size)
		return UNDECIDED;
	barrier_var(size);
	if (size > SPAWN_POLICY_DIRS_SIZE)
		return UNDECIDED;
	return bpf_iouring_stage_exec_search(ctx, cfg->dirs, size);
}

/* Stage the search of the directory at dir, of size bytes. UNDECIDED: no such directory. */
__noinline int stage_part(struct bpf_iouring_ctx *ctx, __u32 dir, __u32 size)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || dir >= SPAWN_POLICY_DIRS_SIZE || !size)
		return UNDECIDED;
	barrier_var(size);
	if (size > SPAWN_POLICY_PATH_SIZE)
		return UNDECIDED;
	return bpf_iouring_stage_exec_search(ctx, cfg->dirs + dir, size);
}

/* Stage the search of the directory at dir. UNDECIDED: the list ends there. */
__noinline int stage_dir(struct bpf_iouring_ctx *ctx, __u32 dir)
{
	return stage_part(ctx, dir, dir_size(dir));
}

#endif
