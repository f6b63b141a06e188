// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * drop_privileges UID GID PROGRAM [ARG ...]: launches a daemon as a service manager does.
 * The program gets a new session, the given ids, a umask, only its standard streams as
 * descriptors, and of root's capabilities only the one to bind low ports.
 */
#include <linux/capability.h>
#include <sys/prctl.h>

#include "example.h"

#define BIND (1ULL << CAP_NET_BIND_SERVICE)

static void drop(struct spawnpol_chain *chain, uid_t uid, gid_t gid)
{
	/* keep capabilities across the change of the uid, and then across exec */
	spawnpol_chain_prctl(chain, PR_SET_KEEPCAPS, 1, 0);
	spawnpol_chain_setgroups(chain, &gid, 1);
	spawnpol_chain_setresgid(chain, gid, gid, gid);
	spawnpol_chain_setresuid(chain, uid, uid, uid);
	spawnpol_chain_capset(chain, BIND, BIND, BIND);
	spawnpol_chain_prctl(chain, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE,
			     CAP_NET_BIND_SERVICE);
	spawnpol_chain_prctl(chain, PR_SET_NO_NEW_PRIVS, 1, 0);
}

int main(int argc, char **argv)
{
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	struct spawnpol_ring *ring;

	if (argc < 4)
		errx(2, "usage: %s UID GID PROGRAM [ARG ...]", argv[0]);
	must(spawnpol_ring_open(&ring, 32, 0), "a ring");
	must(spawnpol_chain_new(&chain), "a chain");
	spawnpol_chain_program(chain, argv[3]);
	spawnpol_chain_argv(chain, argv + 3);
	spawnpol_chain_setsid(chain);
	spawnpol_chain_umask(chain, 027);
	spawnpol_chain_chdir(chain, "/");
	spawnpol_chain_close_range(chain, 3, ~0U);
	drop(chain, atoi(argv[1]), atoi(argv[2]));
	must(spawnpol_chain_error(chain), "building a chain");

	if (spawnpol_submit(ring, &chain, 1) != 1)
		errx(1, "it could not be submitted");
	must(spawnpol_collect(ring, &out, 1, 1, -1), "collecting");
	must_run(&out);
	/* the program runs: no process of that user shares our memory any more */
	prctl(PR_SET_DUMPABLE, 1);
	spawnpol_chain_free(chain);
	spawnpol_ring_close(ring);
	return status_of(out.pid);
}
