// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running a list of commands by a program of IORING_OP_BPF. */
#include "jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn_actors.h>
#include <unistd.h>

#include "actor_program.h"
#include "bench.h"

static struct io_uring_spawn spawns[JOBS_MOST];
static char *argv[2];

void jobs_attach(struct jobs *jobs)
{
	argv[0] = (char *)jobs->command;
	for (unsigned int i = 0; i < jobs->nr; i++)
		spawns[i] = (struct io_uring_spawn) {
			.path = (uintptr_t)jobs->command,
			.dfd = AT_FDCWD,
			.argv = (uintptr_t)argv,
			.envp = (uintptr_t)environ,
		};
	actor_ring(&jobs->ring, 8, 2 * JOBS_MOST);
	actor_attach(&jobs->ring, "bpf/jobs", NULL);
}

void jobs_by_actor(struct jobs *jobs)
{
	const uint64_t args[ACTOR_ARGS] = {
		(uintptr_t)spawns,
		spawn_actor_pair(jobs->nr, sizeof(spawns[0])),
		spawn_actor_pair(JOBS_AT_ONCE, 0),
		0,
	};
	struct io_uring_cqe *cqe;

	actor_add(&jobs->ring, args);
	/* one for each command, and its own */
	must(io_uring_submit_and_wait(&jobs->ring, jobs->nr + 1));
	for (unsigned int i = 0; i <= jobs->nr; i++) {
		must(io_uring_peek_cqe(&jobs->ring, &cqe));
		if (cqe->res)
			give_up(cqe->res < 0 ? cqe->res : 0, "%s ended with %#x",
				jobs->command, cqe->res);
		io_uring_cqe_seen(&jobs->ring, cqe);
	}
}
