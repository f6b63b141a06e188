// SPDX-License-Identifier: LGPL-2.1-or-later
#include "request.h"

#include <errno.h>

#include "bench.h"
#include "stamp.h"

/* More than the largest batch has. */
#define ENTRIES	1024

/* The same on every ring. */
static unsigned int op_spawn;

void request_ring(struct io_uring *ring)
{
	struct io_uring_spawn_query query;

	must(io_uring_queue_init(ENTRIES, ring, IORING_SETUP_SINGLE_ISSUER |
				 IORING_SETUP_DEFER_TASKRUN));
	must(spawnpol_query(ring->ring_fd, &query));
	if (!query.op_spawn || !query.max_kept)
		give_up(-EOPNOTSUPP, "the kernel has no children that wait");
	op_spawn = query.op_spawn;
}

void request_add(struct io_uring *ring, const struct io_uring_spawn *spawn,
		 unsigned int user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		give_up(0, "the ring is full");
	io_uring_prep_rw(op_spawn, sqe, 0, spawn, sizeof(*spawn), 0);
	sqe->user_data = user_data;
}

void request_submit(struct io_uring *ring)
{
	must(io_uring_submit(ring));
}

void request_wait(struct io_uring *ring, int *results, unsigned int nr)
{
	struct io_uring_cqe *cqe;

	/* sleeps once, for all of them */
	if (nr)
		must(io_uring_wait_cqe_nr(ring, &cqe, nr));
	for (unsigned int i = 0; i < nr; i++) {
		must(io_uring_peek_cqe(ring, &cqe));
		results[cqe->user_data] = must(cqe->res);
		io_uring_cqe_seen(ring, cqe);
	}
}

int request_run(struct io_uring *ring, const struct io_uring_spawn *spawn)
{
	int result;

	request_add(ring, spawn, 0);
	request_submit(ring);
	request_wait(ring, &result, 1);
	return result;
}

const struct io_uring_spawn request_keep = {
	.flags = IORING_SPAWN_KEEP | IORING_SPAWN_FILES,
};

uint64_t request_files(void)
{
	static const struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file files[4];
	} list = {
		.head.nr = 4,
		.files = {
			{ .source = 0, .number = 0 },
			{ .source = 1, .number = 1 },
			{ .source = 2, .number = 2 },
			{ .source = STAMP_FD, .number = STAMP_FD },
		},
	};

	return (uintptr_t)&list;
}

void request_keep_many(struct io_uring *ring, int *numbers, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		request_add(ring, &request_keep, i);
	request_submit(ring);
	request_wait(ring, numbers, nr);
}

void request_end(struct io_uring *ring, int number)
{
	const struct io_uring_spawn end = {
		.flags = IORING_SPAWN_CHILD,
		.child = number,
	};

	must(request_run(ring, &end));
}
