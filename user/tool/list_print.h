/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data that list has collected, and its output. */
#ifndef SPAWNPOL_LIST_PRINT_H
#define SPAWNPOL_LIST_PRINT_H

#include <limits.h>
#include <spawnpol.h>

#include "ring_scan.h"

struct tool;

struct policy_seen {
	char name[NAME_MAX + 1];
	char program[16 + 1];
	bool actor;			/* else a policy */
	int prog_fd;			/* negative: its pin is gone ... */
	uint32_t prog_id;		/* ... and 0 */
	unsigned int nr_maps;
};

struct link_seen {
	struct spawnpol_link_info info;	/* ring_id 0: its ring is gone */
	char policy[NAME_MAX + 1];	/* that decides; empty: none of the loaded */
	char pin[NAME_MAX + 1];		/* the policy with which it is pinned, or empty */
	char program[16 + 1];
};

struct inventory {
	const char *only;		/* this policy; NULL: all there is */
	struct policy_seen *policies;
	struct link_seen *links;
	struct ring_seen *rings;
	unsigned int nr_policies, nr_links, nr_rings;
};

int list_print(struct tool *t, const struct inventory *v);

#endif
