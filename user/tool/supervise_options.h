/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of supervise: when and how often the program is started again. */
#ifndef SPAWNPOL_SUPERVISE_OPTIONS_H
#define SPAWNPOL_SUPERVISE_OPTIONS_H

#include <spawn_actors.h>
#include <stdbool.h>
#include <stdint.h>

struct tool;

struct supervise_limits {
	bool always;		/* else after a failure */
	unsigned int restarts;	/* so many, ... */
	uint64_t within_ns;	/* ... in this time; 0: any number */
	unsigned int nr_delays;
	struct __kernel_timespec delays[SPAWN_SUPERVISE_DELAYS];
};

/* Of the options. -EINVAL, a usage error, if they make no sense. */
int supervise_options_read(struct tool *t, struct supervise_limits *l);

#endif
