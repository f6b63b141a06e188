/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain that the command line of run describes. */
#ifndef SPAWNPOL_RUN_LAUNCH_H
#define SPAWNPOL_RUN_LAUNCH_H

#include "common/launch_words.h"

struct tool;

struct run_launch {
	struct spawnpol_chain *chain;
	struct launch_words words;
	unsigned int slot;	/* whose policy applies */
};

/*
 * Make the chain. The child gets the descriptors that this process was started with,
 * and those that options are about, which stay open until run_launch_close(). An
 * error is recorded; nothing is left to be closed then.
 */
int run_launch_open(struct tool *t, struct run_launch *r);

/* PATH has too many directories for this kernel: say so. -E2BIG. */
int run_launch_too_long(struct tool *t);

/* The chain must not be in flight. */
void run_launch_close(struct run_launch *r);

#endif
