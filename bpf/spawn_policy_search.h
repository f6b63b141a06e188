/* SPDX-License-Identifier: GPL-2.0 */
/* Where the default policy looks for names: the directories of its configuration. */
#ifndef SPAWN_POLICY_SEARCH_H
#define SPAWN_POLICY_SEARCH_H

#include "../user/common/execvp.h"
#include "spawn_policy_config.h"
#include "spawn_policy_memory.h"

/* Whether the next directory may hold what this one does not. */
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

/* Stage the EXEC in a directory of the PATH. 1: the PATH ends. */
__noinline int stage_candidate(struct bpf_iouring_ctx *ctx, __u32 dir)
{
	struct spawn_policy_config *cfg = get_config();

	if (!cfg || dir >= cfg->dirs_size || dir >= SPAWN_POLICY_DIRS_SIZE)
		return 1;
	return bpf_iouring_stage_exec_dir(ctx, cfg->dirs + dir,
					  SPAWN_POLICY_PATH_SIZE);
}

struct dir_scan {
	struct spawn_policy_config *cfg;
	__u32 dir;
	__u32 next;
};

/* Called by bpf_loop() for each byte of a directory; returns 1 at its NUL. */
static long is_end_of_dir(__u32 i, struct dir_scan *s)
{
	__u32 at = s->dir + i;

	if (at >= SPAWN_POLICY_DIRS_SIZE)
		return 1;
	if (s->cfg->dirs[at])
		return 0;
	s->next = at + 1;
	return 1;
}

/* Where the directory after this one begins. */
__noinline int next_dir(__u32 dir)
{
	struct dir_scan s = {
		.cfg = get_config(),
		.dir = dir,
		.next = SPAWN_POLICY_DIRS_SIZE,
	};

	if (s.cfg)
		bpf_loop(SPAWN_POLICY_PATH_SIZE, is_end_of_dir, &s, 0);
	return s.next;
}

/*
 * No more directories than that can make a path too long, as there is no room for
 * more of such a length.
 */
#define MAX_TOO_LONG \
	(SPAWN_POLICY_DIRS_SIZE / (SPAWN_POLICY_PATH_SIZE - 256 - 1) + 1)

/*
 * Stage the EXEC in a directory of the PATH, or in the next one if its path would be
 * too long and the search may go on after that. Returns where the directory is, or
 * UNDECIDED if the PATH ends, or an error.
 */
__noinline int stage_search(struct bpf_iouring_ctx *ctx, __u32 dir)
{
	int err;

	for (int i = 0; i < MAX_TOO_LONG; i++) {
		err = stage_candidate(ctx, dir);
		if (!err)
			return dir;
		if (err == 1)
			return UNDECIDED;
		if (err != -ENAMETOOLONG || !search_goes_on(ENAMETOOLONG))
			return err;
		dir = next_dir(dir);
	}
	return UNDECIDED;
}

/*
 * The same, and remember the directory. It is not remembered if those before it were not
 * tried, or were another policy's: the link may have been updated since the search began.
 */
__noinline int stage_and_remember(struct bpf_iouring_ctx *ctx, __u32 dir,
				  __u32 recalled, __u32 begun_under)
{
	int at = stage_search(ctx, dir);

	if (at >= 0 && !recalled && begun_under == generation())
		remember(ctx, at);
	return at;
}

#endif
