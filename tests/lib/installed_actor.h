/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of the actors that come with spawnpol: bpf/NAME.bpf.c. */
#ifndef SPAWNPOL_TESTS_INSTALLED_ACTOR_H
#define SPAWNPOL_TESTS_INSTALLED_ACTOR_H

#include "tap.h"

#include <spawnpol_bpf.h>
#include <stdio.h>
#include <unistd.h>

#define LONG_MS	(1000 * tap_patience()) /* nothing takes longer */

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

/* It is in slot 0 of the ring, as long as this process runs. */
static inline void attach_installed(struct spawnpol_ring *ring, const char *name)
{
	int prog = installed_actor(name);

	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	close(prog);
}

static inline struct spawnpol_outcome outcome_of(struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG_MS), 1);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_ACTOR);
	return out;
}

/* The result of an actor of slot 0. */
static inline int result_of(struct spawnpol_ring *ring, const uint64_t args[4])
{
	struct spawnpol_actor *actor;
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_actor_new(&actor, NULL));
	CHECK_OK(spawnpol_actor_submit(ring, actor, 0, args));
	out = outcome_of(ring);
	CHECK_EQ(out.actor, actor);
	CHECK_OK(spawnpol_actor_free(actor));
	return out.result;
}

#endif
