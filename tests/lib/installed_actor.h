/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of the actors that come with spawnpol: bpf/NAME.bpf.c. */
#ifndef SPAWNPOL_TESTS_INSTALLED_ACTOR_H
#define SPAWNPOL_TESTS_INSTALLED_ACTOR_H

#include "tap.h"

#include <spawnpol_bpf.h>
#include <stdio.h>

/* The descriptor of the program. */
static inline int installed_actor(const char *name)
{
	static char log[8192];
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .log = log,
		      .log_size = sizeof(log));
	char path[4096];
	int prog;

	snprintf(path, sizeof(path), "%s/bpf/%s.bpf.o", tap_build(), name);
	prog = spawnpol_actor_load(path, &opts);
	if (prog < 0)
		FAIL("%d: %s", prog, log);
	return prog;
}

#endif
