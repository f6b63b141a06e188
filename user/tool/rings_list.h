/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data that the command rings has collected, and its output. */
#ifndef SPAWNPOL_RINGS_LIST_H
#define SPAWNPOL_RINGS_LIST_H

#include <spawnpol.h>

#include "pins.h"
#include "ring_scan.h"

struct tool;

/* A policy that is loaded under a name. */
struct named_policy {
	uint32_t prog_id;
	char name[PINS_NAME_MAX + 1];
};

/* A policy of a ring that no process has a descriptor of, as far as can be seen. */
struct hidden_ring {
	struct spawnpol_link_info link;
	uint32_t holder;		/* a process with a descriptor of the link; 0: none */
};

struct ring_list {
	struct process_rings *processes;	/* those that have rings or links */
	struct named_policy *policies;
	struct hidden_ring *hidden;
	unsigned int nr_processes, nr_policies, nr_hidden;
	unsigned int unreadable;	/* processes that may not be looked at */
	bool no_links;			/* links may not be listed, so hidden is empty */
};

int rings_list_print(struct tool *t, const struct ring_list *l);

#endif
