// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * thousand PROGRAM [ARG ...]: starts a program a thousand times by one system call, and
 * counts the runs that succeed.
 */
#include <stdio.h>

#include "example.h"

#define COUNT 1000

static struct spawnpol_chain *chains[COUNT];
static struct spawnpol_outcome outs[COUNT];

int main(int argc, char **argv)
{
	int i, started = 0, succeeded = 0, nr;
	struct spawnpol_ring *ring;

	if (argc < 2)
		errx(2, "usage: %s PROGRAM [ARG ...]", argv[0]);
	/* room for two requests, CLONE and EXEC, for each chain */
	must(spawnpol_ring_open(&ring, 2 * COUNT, 0), "a ring");
	for (i = 0; i < COUNT; i++) {
		must(spawnpol_chain_new(&chains[i]), "a chain");
		spawnpol_chain_program(chains[i], argv[1]);
		spawnpol_chain_argv(chains[i], argv + 1);
		must(spawnpol_chain_error(chains[i]), "building a chain");
	}
	if (spawnpol_submit(ring, chains, COUNT) != COUNT)
		errx(1, "not all could be submitted");

	/* outcomes arrive in any order */
	for (i = 0; i < COUNT; i += nr) {
		nr = spawnpol_collect(ring, outs + i, COUNT - i, 1, -1);
		must(nr, "collecting");
	}
	for (i = 0; i < COUNT; i++) {
		if (outs[i].error)
			continue;
		started++;
		succeeded += status_of(outs[i].pid) == 0;
	}
	printf("%d started, %d succeeded\n", started, succeeded);
	for (i = 0; i < COUNT; i++)
		spawnpol_chain_free(chains[i]);
	spawnpol_ring_close(ring);
	return succeeded != COUNT;
}
