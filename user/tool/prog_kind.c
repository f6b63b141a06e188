// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whether a loaded program is a policy or an actor's. */
#include <spawnpol.h>
#include <unistd.h>

#include "kernel.h"
#include "prog_kind.h"

bool prog_is_actor(int prog_fd)
{
	/* what the program asks for does not matter, and is not to be read */
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, opts, .in_flight = 1,
		      .state_size = SPAWNPOL_STATE_NONE);
	struct spawnpol_ring *ring;
	int link;

	if (prog_fd < 0 || !(kernel_query()->features & IORING_SPAWN_FEAT_OP) ||
	    spawnpol_ring_open(&ring, 2, 0))
		return false;
	/* by bpf(2), which is told what is attached: the ring's own call takes both kinds */
	link = spawnpol_actor_attach(spawnpol_ring_fd(ring), prog_fd, &opts);
	if (link >= 0)
		close(link);
	spawnpol_ring_close(ring);
	return link >= 0;
}

const char *prog_kind(bool actor)
{
	return actor ? "actor" : "policy";
}
