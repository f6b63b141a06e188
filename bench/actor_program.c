// SPDX-License-Identifier: LGPL-2.1-or-later
#include "actor_program.h"

#include <errno.h>
#include <spawnpol.h>
#include <spawnpol_bpf.h>
#include <unistd.h>

#include "site.h"

/* The same on every ring. */
static struct io_uring_spawn_query query;

void actor_ring(struct io_uring *ring, unsigned int entries, unsigned int cqes)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_CQSIZE,
		.cq_entries = cqes,
	};

	must(io_uring_queue_init_params(entries, ring, &params));
	must(io_uring_register_ring_fd(ring));
	must(spawnpol_query(ring->ring_fd, &query));
	if (!query.op_bpf)
		give_up(-EOPNOTSUPP, "the kernel has no IORING_OP_BPF");
}

void actor_attach(struct io_uring *ring, const char *object, const char *program)
{
	static char log[8192];
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .program = program, .log = log,
		      .log_size = sizeof(log));
	char path[64];
	int prog;

	snprintf(path, sizeof(path), "%s.bpf.o", object);
	prog = spawnpol_actor_load(built(path), &opts);
	if (prog < 0)
		give_up(prog, "%s: %s", path, log);
	/* the link is not kept: it goes with the process */
	must(spawnpol_actor_attach(ring->ring_fd, prog, NULL));
	close(prog);
}

void actor_add(struct io_uring *ring, const uint64_t args[ACTOR_ARGS])
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		give_up(0, "the ring is full");
	spawnpol_actor_prep(sqe, query.op_bpf, 0, args);
	sqe->user_data = 0;
}

int actor_wait_one(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int res;

	must(io_uring_submit_and_wait(ring, 1));
	must(io_uring_peek_cqe(ring, &cqe));
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

unsigned int actor_in_flight(const struct io_uring *ring)
{
	unsigned int slot, link, nr, sum = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ring->ring_fd);
	f = fopen(path, "re");
	if (!f)
		give_up(-errno, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "SpawnActor: slot %u link %u in_flight %u", &slot,
			   &link, &nr) == 3)
			sum += nr;
	}
	fclose(f);
	return sum;
}
