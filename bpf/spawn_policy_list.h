/* SPDX-License-Identifier: GPL-2.0 */
/* The directories of the default policy: one list, as PATH is written. */
#ifndef SPAWN_POLICY_LIST_H
#define SPAWN_POLICY_LIST_H

#include "spawn_policy_config.h"

struct dir_scan {
	struct spawn_policy_config *cfg;
	__u32 dir;
	__u32 size;
};

/* Called by bpf_loop() for each byte of a directory; returns 1 at its end. */
static long is_end_of_dir(__u32 i, struct dir_scan *s)
{
	__u32 at = s->dir + i;

	s->size = i;
	return at >= SPAWN_POLICY_DIRS_SIZE || at >= s->cfg->dirs_size ||
	       s->cfg->dirs[at] == ':';
}

/* Return the length of the directory that begins at dir; 0: the list ends there. */
__noinline __u32 dir_size(__u32 dir)
{
	struct dir_scan s = {
		.cfg = get_config(),
		.dir = dir,
	};

	if (s.cfg)
		bpf_loop(SPAWN_POLICY_PATH_SIZE, is_end_of_dir, &s, 0);
	return s.size;
}

#endif
