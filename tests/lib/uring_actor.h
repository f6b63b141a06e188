/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For tests of actors that post CQEs: a ring of liburing's. And commands for them. */
#ifndef SPAWNPOL_TESTS_URING_ACTOR_H
#define SPAWNPOL_TESTS_URING_ACTOR_H

#include "installed_actor.h"

#include <liburing.h>
#include <string.h>

/* The CQE of the actor; those that it posts have smaller numbers. */
#define ACTOR	(1ULL << 40)

static struct io_uring uring;
static unsigned int op_bpf;

static inline void uring_with(const char *name, unsigned int entries, unsigned int cq)
{
	struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE, .cq_entries = cq };
	struct io_uring_spawn_query query;
	int prog;

	CHECK_OK(io_uring_queue_init_params(entries, &uring, &params));
	CHECK_OK(spawnpol_query(uring.ring_fd, &query));
	op_bpf = query.op_bpf;
	prog = installed_actor(name);
	CHECK_OK(spawnpol_actor_attach(uring.ring_fd, prog, NULL));
	close(prog);
}

/* The request; it is in the SQ, and not submitted. */
static inline struct io_uring_sqe *put_actor(const uint64_t args[4])
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

	spawnpol_actor_prep(sqe, op_bpf, 0, args);
	sqe->user_data = ACTOR;
	return sqe;
}

static inline void submit_actor(const uint64_t args[4])
{
	put_actor(args);
	CHECK_OK(io_uring_submit(&uring));
}

static inline void cancel_actor(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring);

	io_uring_prep_cancel64(sqe, ACTOR, 0);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	CHECK_OK(io_uring_submit(&uring));
}

struct told {
	uint64_t user_data;
	int res;
	unsigned int flags;
};

static inline struct told next_cqe(void)
{
	struct __kernel_timespec ts = { .tv_sec = tap_patience() };
	struct io_uring_cqe *cqe;
	struct told told;

	CHECK_OK(io_uring_wait_cqe_timeout(&uring, &cqe, &ts));
	told = (struct told) { cqe->user_data, cqe->res, cqe->flags };
	io_uring_cqe_seen(&uring, cqe);
	DIAG("%llx: %d %x", (unsigned long long)told.user_data, told.res, told.flags);
	return told;
}

/* Nothing comes for so long. */
static inline void no_cqe(unsigned int ms)
{
	struct __kernel_timespec ts = { .tv_nsec = ms * 1000000 };
	struct io_uring_cqe *cqe;

	CHECK_EQ(io_uring_wait_cqe_timeout(&uring, &cqe, &ts), -ETIME);
}

/* The actor has completed. */
static inline int result(void)
{
	struct told cqe = next_cqe();

	CHECK_EQ(cqe.user_data, ACTOR);
	return cqe.res;
}

/* A shell with this script. argv has room for four. */
static inline void shell_command(struct io_uring_spawn *spawn, const char **argv,
				 const char *script)
{
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
	memset(spawn, 0, sizeof(*spawn));
	spawn->path = (uintptr_t)"/bin/sh";
	spawn->dfd = -100;	/* AT_FDCWD */
	spawn->argv = (uintptr_t)argv;
	spawn->envp = (uintptr_t)environ;
}

#endif
