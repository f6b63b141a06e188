/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An actor run dry (BPF_PROG_TEST_RUN), one event after the other, with the state of the
 * run before:
 *
 *	dry_begin("copy", args);
 *	CHECK_EQ(dry_start(), IORING_ACTOR_WAIT);
 *	CHECK_EQ(dry_sqe(0)->opcode, IORING_OP_READ);
 *	CHECK_EQ(dry_ends(dry_sqe(0), 5), IORING_ACTOR_WAIT);
 *
 * Included by one file of a test program only.
 */
#ifndef SPAWNPOL_TESTS_DRY_ACTOR_H
#define SPAWNPOL_TESTS_DRY_ACTOR_H

#include "installed_actor.h"

#include <liburing.h>
#include <string.h>
#include <unistd.h>

static struct {
	int prog;
	struct bpf_iouring_op_ctx ctx;
	struct spawnpol_actor_dry_run run;
	char state[4096];
	unsigned int in_flight;		/* after the last run */
} dry = { .prog = -1 };

static inline void dry_begin(const char *name, const uint64_t args[4])
{
	if (dry.prog >= 0)
		close(dry.prog);
	dry.prog = installed_actor(name);
	memset(&dry.ctx, 0, sizeof(dry.ctx));
	memset(dry.state, 0, sizeof(dry.state));
	memcpy(dry.ctx.args, args, sizeof(dry.ctx.args));
	dry.ctx.user_data = 99;
	dry.ctx.room = 64;
	dry.in_flight = 0;
}

/* The verdict about dry.ctx. */
static inline int dry_run(void)
{
	struct spawnpol_actor_dry_run *run = &dry.run;

	dry.ctx.in_flight = dry.in_flight;
	CHECK_OK(spawnpol_actor_dry_run(dry.prog, &dry.ctx, dry.state,
					sizeof(dry.state), run));
	CHECK_LE(run->state_size, sizeof(dry.state));
	memcpy(dry.state, run->state, run->state_size);
	if (run->verdict == IORING_ACTOR_WAIT)
		dry.in_flight += run->nr_staged;
	return run->verdict;
}

static inline int dry_start(void)
{
	dry.ctx.event = IORING_ACTOR_START;
	return dry_run();
}

static inline int dry_cancel(void)
{
	dry.ctx.event = IORING_ACTOR_CANCEL;
	dry.ctx.flags |= IORING_ACTOR_F_CANCELLED;
	return dry_run();
}

/* A request that was staged has ended with res. Set what else the context has before. */
static inline int dry_ends(const struct io_uring_sqe *sqe, int res)
{
	CHECK_GT(dry.in_flight, 0);
	dry.in_flight--;
	dry.ctx.event = IORING_ACTOR_CQE;
	dry.ctx.opcode = sqe->opcode;
	dry.ctx.tag = sqe->user_data;
	dry.ctx.res = res;
	return dry_run();
}

/* A copy of the nth request that the last run has staged. */
static inline struct io_uring_sqe dry_sqe(unsigned int n)
{
	struct io_uring_sqe sqe;

	CHECK_LT(n, dry.run.nr_staged);
	memcpy(&sqe, dry.run.staged[n].sqe, sizeof(sqe));
	return sqe;
}

/* The only one. */
static inline struct io_uring_sqe dry_only_sqe(void)
{
	CHECK_EQ(dry.run.nr_staged, 1);
	return dry_sqe(0);
}

#endif
