// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool COUNT PROGRAM [ARG ...]: runs a program COUNT times, one run after the other. The
 * children are made ahead, each in a new session: while a program runs, the kernel makes
 * the child for the next one. At the end prints how many children were ready in time.
 */
#include <stdio.h>

#include "example.h"

#define CHILDREN 4

static struct spawnpol_pool *make_pool(struct spawnpol_ring *ring)
{
	struct spawnpol_chain *prefix;
	struct spawnpol_pool *pool;

	/* the steps that are the same for all programs */
	must(spawnpol_chain_new(&prefix), "a chain");
	spawnpol_chain_setsid(prefix);
	must(spawnpol_pool_new(&pool, ring, prefix, CHILDREN, NULL), "a pool");
	/* without kept children in the kernel, each launch makes a new child */
	if (!spawnpol_pool_fill(pool))
		errx(1, "the pool is not filled");
	return pool;
}

/* What differs: the program, and its files. */
static void build(struct spawnpol_chain *chain, struct spawnpol_pool *pool, char **argv)
{
	const struct io_uring_clone_file files[] = {
		{ .source = 0, .number = 0 },
		{ .source = 1, .number = 1 },
		{ .source = 2, .number = 2 },
	};

	spawnpol_chain_pool(chain, pool);
	spawnpol_chain_files(chain, files, 3);
	spawnpol_chain_search(chain, argv[0], getenv("PATH"));
	must(spawnpol_chain_argv(chain, argv), "building a chain");
}

int main(int argc, char **argv)
{
	struct spawnpol_pool_stats stats;
	struct spawnpol_outcome out;
	struct spawnpol_chain *chain;
	struct spawnpol_ring *ring;
	struct spawnpol_pool *pool;
	int failed = 0;

	if (argc < 3)
		errx(2, "usage: %s COUNT PROGRAM [ARG ...]", argv[0]);
	must(spawnpol_ring_open(&ring, 16, 0), "a ring");
	must(spawnpol_chain_new(&chain), "a chain");
	pool = make_pool(ring);
	build(chain, pool, argv + 2);
	for (int i = atoi(argv[1]); i > 0; i--) {
		must(spawnpol_submit(ring, &chain, 1), "submitting");
		must(spawnpol_collect(ring, &out, 1, 1, -1), "collecting");
		must_run(&out);
		failed += status_of(out.pid) != 0;
	}
	spawnpol_pool_stats(pool, &stats);
	fprintf(stderr, "%llu made ahead, %llu when they were wanted\n",
		(unsigned long long)stats.hits, (unsigned long long)stats.misses);
	/* free the chains of a pool before the pool is closed */
	spawnpol_chain_free(chain);
	spawnpol_pool_close(pool);
	spawnpol_ring_close(ring);
	return failed != 0;
}
