// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A SPAWN or a CLONE that has to do with kept children: makes one, runs in one, copies it,
 * ends it.
 * Which one is a place among those that wait when the case begins, from 1 on; the number
 * is filled in when there is one: see kept.c.
 */
#include "case.h"
#include "../lib/link_sqe.h"

#include <limits.h>
#include <string.h>

#define HOUR 3600000000000ULL

static void make_without_program(struct io_uring_spawn *arg)
{
	arg->flags &= ~IORING_SPAWN_REGISTERED;
	arg->path = 0;
	arg->search = 0;
	arg->shell = 0;
	arg->argv = 0;
	arg->envp = 0;
	arg->dfd = 0;
	arg->exec_flags = 0;
}

/* What is done, and whether there is a program. */
static const struct {
	uint32_t flags;
	bool program;
} ways[] = {
	{ IORING_SPAWN_KEEP | IORING_SPAWN_FILES, false },
	{ IORING_SPAWN_CHILD | IORING_SPAWN_KEEP, false },
	{ IORING_SPAWN_CHILD | IORING_SPAWN_KEEP, false },
	{ IORING_SPAWN_CHILD | IORING_SPAWN_KEEP, true },
	{ IORING_SPAWN_CHILD, true },
	{ IORING_SPAWN_CHILD, false },
	{ IORING_SPAWN_COPY, true },
	{ IORING_SPAWN_COPY | IORING_SPAWN_KEEP, false },
};

static void make_number(struct rnd *r, struct io_uring_spawn *arg)
{
	static const uint32_t wrong[] = { 0, INT_MAX, INT_MAX - 1, 1U << 31 };

	arg->child = 1 + rnd_below(r, MAX_KEPT);
	if (rnd_odd(r, 12))
		arg->child = RND_OF(r, wrong);
	/* all else is for a child that is made */
	if (!rnd_odd(r, 12)) {
		arg->clone_args = 0;
		arg->clone_args_size = 0;
	}
}

static void spoil_kept(struct rnd *r, struct io_uring_spawn *arg)
{
	switch (rnd_below(r, 5)) {
	case 0:
		arg->resv = 1U << rnd_below(r, 32);
		break;
	case 1:
		arg->keep_ns = rnd_next(r);
		break;
	case 2:
		arg->flags ^= IORING_SPAWN_KEEP << rnd_below(r, 3);
		break;
	case 3:
		arg->dfd++;
		break;
	default:
		arg->path = 0;
	}
}

/* Returns whether there is a program. */
static bool make_way(struct rnd *r, struct io_uring_spawn *arg)
{
	unsigned int way = rnd_below(r, sizeof(ways) / sizeof(ways[0]));

	arg->flags |= ways[way].flags;
	if (arg->flags & (IORING_SPAWN_CHILD | IORING_SPAWN_COPY))
		make_number(r, arg);
	if (arg->flags & IORING_SPAWN_KEEP && rnd_once_in(r, 6))
		arg->keep_ns = rnd_once_in(r, 2) ? HOUR : rnd_below(r, 5000000);
	return ways[way].program;
}

void make_kept(struct rnd *r, struct io_uring_spawn *arg)
{
	if (!make_way(r, arg))
		make_without_program(arg);
	if (rnd_odd(r, 8))
		spoil_kept(r, arg);
}

void make_kept_clone(struct rnd *r, struct io_uring_sqe *sqe)
{
	struct io_uring_spawn arg = {
		.flags = sqe->rw_flags,
		.slot = sqe->file_index,
		.clone_args = sqe->addr,
		.clone_args_size = sqe->len,
		.files = sqe->addr3,
	};
	struct io_uring_clone_kept kept[2] = { 0 };

	make_way(r, &arg);
	if (rnd_odd(r, 8))
		spoil_kept(r, &arg);
	sqe_clone(sqe, &arg, kept);
	if (arg.flags & CLONE_KEPT_FLAGS)
		sqe->addr = arena_put(kept, sizeof(kept));
	if (rnd_odd(r, 12))
		sqe->len = rnd_below(r, 64);
}
