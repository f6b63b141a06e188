// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * copy FROM TO: copies a file with the installed actor copy. It needs CAP_BPF and
 * CAP_PERFMON to load the actor, and CAP_SYS_ADMIN to read what the actor requests.
 *
 * This process submits two linked requests and sleeps. The first one runs the actor, which
 * reads and writes with eight requests in flight. If copying succeeds, the second one
 * writes the copy to the disk. The ring is liburing's: there is no struct spawnpol_ring,
 * and this process takes the CQEs itself.
 */
#include <fcntl.h>
#include <liburing.h>
#include <spawn_actors.h>
#include <spawnpol_bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "example.h"

enum { SLOT = 3, BUFFERS = 8, SIZE = 1 << 17 };
enum { COPY, SYNC };		/* user_data */

static char buffers[BUFFERS][SIZE];

/* Load the actor and attach it to a slot of the ring, for the lifetime of this process. */
static void attach(struct io_uring *uring)
{
	char log[4096];
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, load, .log = log, .log_size = sizeof(log));
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, opts, .slot = SLOT);
	int prog = spawnpol_actor_load("copy", &load);

	if (prog < 0)
		errx(1, "%s", log);
	must(spawnpol_actor_attach(uring->ring_fd, prog, &opts), "attaching");
	close(prog);
}

static void submit(struct io_uring *uring, int from, int to)
{
	const uint64_t args[4] = {
		(uintptr_t)buffers, spawn_actor_pair(from, to),
		spawn_actor_pair(SIZE, BUFFERS), 0,
	};
	struct io_uring_spawn_query query;
	struct io_uring_sqe *sqe;

	/* the number of the operation differs between kernels */
	must(spawnpol_query(uring->ring_fd, &query), "the kernel");
	sqe = io_uring_get_sqe(uring);
	spawnpol_actor_prep(sqe, query.op_bpf, SLOT, args);
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = COPY;

	sqe = io_uring_get_sqe(uring);
	io_uring_prep_fsync(sqe, to, 0);
	sqe->user_data = SYNC;
	must(io_uring_submit(uring), "submitting");
}

static void wait_for_all(struct io_uring *uring)
{
	struct io_uring_cqe *cqe;
	int ret;

	/* both have a CQE: if copying fails, the second request is cancelled */
	do {
		ret = io_uring_wait_cqe_nr(uring, &cqe, 2);
	} while (ret == -EINTR);
	must(ret, "waiting");
	for (int i = 0; i < 2; i++) {
		must(io_uring_wait_cqe(uring, &cqe), "waiting");
		must(cqe->res, cqe->user_data == COPY ? "copying" : "writing to the disk");
		io_uring_cqe_seen(uring, cqe);
	}
}

int main(int argc, char **argv)
{
	struct io_uring uring;
	int from, to;

	if (argc != 3)
		errx(2, "usage: copy FROM TO");
	from = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (from < 0)
		err(1, "%s", argv[1]);
	to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (to < 0)
		err(1, "%s", argv[2]);
	must(io_uring_queue_init(4, &uring, 0), "io_uring");
	attach(&uring);
	submit(&uring, from, to);
	wait_for_all(&uring);
	io_uring_queue_exit(&uring);
	return 0;
}
