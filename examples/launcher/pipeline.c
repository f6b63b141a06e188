// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pipeline: runs sort | uniq -c | sort -n on standard input, and starts all three by one
 * system call.
 *
 * The children have copies of all pipe ends. As its last step, each child closes all
 * descriptors except the standard streams, so that each program sees the end of its input.
 */
#include <fcntl.h>
#include <unistd.h>

#include "example.h"

#define PROGRAMS 3

static char *const commands[PROGRAMS][3] = {
	{ "sort" }, { "uniq", "-c" }, { "sort", "-n" },
};
static const char *const paths[PROGRAMS] = {
	"/usr/bin/sort", "/usr/bin/uniq", "/usr/bin/sort",
};

static struct spawnpol_chain *make_chain(int nr, int in, int out)
{
	static const int streams[] = { 0, 1, 2 };
	struct spawnpol_chain *chain;

	must(spawnpol_chain_new(&chain), "a chain");
	spawnpol_chain_program(chain, paths[nr]);
	spawnpol_chain_argv(chain, commands[nr]);
	spawnpol_chain_dup(chain, in, 0);
	spawnpol_chain_dup(chain, out, 1);
	spawnpol_chain_close_except(chain, streams, 3);
	/* the first error of all calls above */
	must(spawnpol_chain_error(chain), "building a chain");
	return chain;
}

int main(void)
{
	struct spawnpol_chain *chains[PROGRAMS];
	struct spawnpol_outcome outs[PROGRAMS];
	struct spawnpol_ring *ring;
	int fds[PROGRAMS - 1][2], i, status = 0;

	must(spawnpol_ring_open(&ring, 64, 0), "a ring");
	for (i = 0; i < PROGRAMS - 1; i++) {
		if (pipe2(fds[i], O_CLOEXEC))
			err(1, "pipe2");
	}
	for (i = 0; i < PROGRAMS; i++)
		chains[i] = make_chain(i, i ? fds[i - 1][0] : 0,
				       i < PROGRAMS - 1 ? fds[i][1] : 1);
	if (spawnpol_submit(ring, chains, PROGRAMS) != PROGRAMS)
		errx(1, "not all could be submitted");
	must(spawnpol_collect(ring, outs, PROGRAMS, PROGRAMS, -1), "collecting");
	for (i = 0; i < PROGRAMS - 1; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
	for (i = 0; i < PROGRAMS; i++)
		must_run(&outs[i]);
	for (i = 0; i < PROGRAMS; i++)
		status = status_of(outs[i].pid) ?: status;
	for (i = 0; i < PROGRAMS; i++)
		spawnpol_chain_free(chains[i]);
	spawnpol_ring_close(ring);
	return status;
}
