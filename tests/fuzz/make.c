// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cases made up at random: the ring, chains on it, what happens meanwhile. */
#include "case.h"
#include "world.h"

#include <string.h>

static void make_ring(struct fuzz_case *c)
{
	static const uint32_t kinds[] = {
		0,
		IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
		IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SQPOLL,
	};
	struct rnd *r = &c->rnd;

	c->ring_flags = RND_OF(r, kinds);
	if (rnd_once_in(r, 6))
		c->ring_flags |= IORING_SETUP_SQE128;
	if (rnd_once_in(r, 6))
		c->ring_flags |= IORING_SETUP_CQE32;
	if (rnd_once_in(r, 4))
		c->ring_flags |= IORING_SETUP_SUBMIT_ALL;
	if (rnd_odd(r, 10))
		c->ring_flags |= IORING_SETUP_R_DISABLED;
	if (rnd_odd(r, 20))
		c->ring_flags |= IORING_SETUP_IOPOLL;
	c->entries = 128;
	if (rnd_once_in(r, 3)) {
		c->ring_flags |= IORING_SETUP_CQSIZE;
		c->cq_entries = 128;
	}
	c->buffers = rnd_once_in(r, 3);
}

static void make_lists(struct fuzz_case *c)
{
	unsigned int i;

	for (i = 0; i < OPEN_LISTS; i++) {
		c->lists[i] = rnd_below(&c->rnd, WORLD_LISTS);
		c->relists[i] = rnd_below(&c->rnd, 2) ?
					rnd_below(&c->rnd, LIST_FORGOTTEN + 1) :
					c->lists[i];
	}
}

static struct io_uring_sqe *add(struct fuzz_case *c,
				const struct io_uring_sqe *sqe)
{
	unsigned int at = c->nr_sqes++;

	c->sqes[at] = *sqe;
	c->sqes[at].user_data = at;
	return &c->sqes[at];
}

static void add_link(struct rnd *r, struct io_uring_sqe *sqe)
{
	sqe->flags |= rnd_once_in(r, 2) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
}

/* Flags that requests of a chain can have, and some that they cannot. */
static void add_flags(struct rnd *r, struct io_uring_sqe *sqe)
{
	if (rnd_once_in(r, 6))
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	if (rnd_odd(r, 12))
		sqe->flags |= IOSQE_ASYNC;
	if (rnd_odd(r, 60))
		sqe->flags |= IOSQE_BUFFER_SELECT;
	if (sqe->opcode != SPAWNPOL_OP_CLONE && rnd_odd(r, 25)) {
		sqe->flags |= IOSQE_FIXED_FILE;
		sqe->fd = rnd_below(r, 5);
	}
}

/*
 * If it fails, all that is linked behind it is silent, with the flag or not: that is
 * io_uring's rule, and nothing could be told of the chain.
 */
static void clear_skip(struct io_uring_sqe *sqe)
{
	sqe->flags &= ~IOSQE_CQE_SKIP_SUCCESS;
}

static void add_deadline(struct fuzz_case *c)
{
	struct __kernel_timespec ts = { 0 };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_LINK_TIMEOUT,
				    .len = 1 };
	struct rnd *r = &c->rnd;

	if (rnd_once_in(r, 2))
		ts.tv_sec = 1000;
	else
		ts.tv_nsec = rnd_below(r, 5000000);
	sqe.addr = arena_put(&ts, sizeof(ts));
	if (rnd_odd(r, 15))
		sqe.addr = 8;
	add_link(r, add(c, &sqe));
}

static bool sqes_are_loud(const struct fuzz_case *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_sqes; i++)
		if (c->sqes[i].flags & IOSQE_CQE_SKIP_SUCCESS)
			return false;
	return true;
}

/* Returns the number of its head. */
static unsigned int add_chain(struct fuzz_case *c)
{
	unsigned int steps, i, first = c->nr_sqes;
	struct rnd *r = &c->rnd;
	struct io_uring_sqe sqe;

	if (rnd_odd(r, 25)) {
		make_step(r, &sqe);
		sqe.opcode = IORING_OP_NOP;
		add_link(r, add(c, &sqe));
	}
	make_clone(r, &sqe);
	if (rnd_once_in(r, 6))
		make_kept_clone(r, &sqe);
	sqe.off = c->nr_sqes;
	add_link(r, add(c, &sqe));
	if (rnd_odd(r, 10))
		add_deadline(c);
	steps = rnd_odd(r, 30) ? 0 : 1 + rnd_below(r, 9);
	for (i = 0; i < steps; i++) {
		make_step(r, &sqe);
		if (i + 1 == steps && rnd_once_in(r, 2))
			make_program(r, &sqe);
		/* most steps of a chain shall get that far */
		if (i + 1 < steps && sqe.opcode == SPAWNPOL_OP_EXEC &&
		    rnd_once_in(r, 2))
			sqe.addr = arena_text("nope");
		add_link(r, add(c, &sqe));
		if (rnd_odd(r, 120))
			add_deadline(c);
	}
	for (i = first; i < c->nr_sqes; i++) {
		add_flags(r, &c->sqes[i]);
		/* or nobody knew which child there is */
		if (c->sqes[i].opcode == SPAWNPOL_OP_CLONE)
			clear_skip(&c->sqes[i]);
	}
	clear_skip(&c->sqes[first]);
	if (!rnd_odd(r, 60))
		c->sqes[c->nr_sqes - 1].flags &=
			~(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	return first;
}

/*
 * A chain in one request, with others linked to it at times. Returns the number of
 * the first one.
 */
static unsigned int add_whole(struct fuzz_case *c)
{
	unsigned int first = c->nr_sqes;
	struct rnd *r = &c->rnd;
	struct io_uring_sqe sqe;

	if (rnd_odd(r, 12)) {
		make_step(r, &sqe);
		sqe.opcode = IORING_OP_NOP;
		add_link(r, add(c, &sqe));
	}
	make_whole(r, &sqe, c->nr_sqes);
	add_flags(r, add(c, &sqe));
	clear_skip(&c->sqes[first]);
	if (rnd_odd(r, 20)) {
		add_link(r, &c->sqes[c->nr_sqes - 1]);
		add_deadline(c);
		c->sqes[c->nr_sqes - 1].flags = 0;
	} else if (rnd_odd(r, 12)) {
		add_link(r, &c->sqes[c->nr_sqes - 1]);
		clear_skip(&c->sqes[c->nr_sqes - 1]);
		memset(&sqe, 0, sizeof(sqe));
		add(c, &sqe);
	}
	return first;
}

/* A request that belongs to no chain; this ring may know how to do it. */
static void add_alone(struct fuzz_case *c)
{
	static const unsigned char ops[] = {
		IORING_OP_NOP,	   IORING_OP_READ,    SPAWNPOL_OP_EXEC,
		SPAWNPOL_OP_CHILD, SPAWNPOL_OP_CLONE, IORING_OP_STATX
	};
	struct io_uring_sqe sqe = { 0 }, *added;
	struct rnd *r = &c->rnd;

	if (rnd_once_in(r, 4)) {
		make_step(r, &sqe);
		sqe.fd |= 1 << 30;
		sqe.opcode = rnd_next(r);
	} else {
		sqe.opcode = RND_OF(r, ops);
		sqe.addr = BUFFER;
	}
	added = add(c, &sqe);
	c->noise[added->user_data] = true;
	add_flags(r, added);
	if (added->opcode == IORING_OP_NOP && rnd_odd(r, 8)) {
		added->flags |= IOSQE_IO_LINK;
		clear_skip(added);
	}
}

static void make_requests(struct fuzz_case *c)
{
	unsigned int chains =
		rnd_below(&c->rnd, 3) ? 1 : 1 + rnd_below(&c->rnd, 3);
	unsigned int head = 0;

	/* one that can have a twin */
	if (rnd_once_in(&c->rnd, 6)) {
		add_whole(c);
		c->submit[c->nr_sqes - 1] = true;
		return;
	}
	while (chains--) {
		while (rnd_once_in(&c->rnd, 5))
			add_alone(c);
		head = rnd_below(&c->rnd, 3) ? add_chain(c) : add_whole(c);
		if (rnd_once_in(&c->rnd, 3))
			c->submit[c->nr_sqes - 1] = true;
	}
	/*
	 * Elsewhere in a link, where requests are silent, or where one behind it
	 * is refused, io_uring's own counting goes wrong, with CLONE or without:
	 * what is drained is never issued.
	 */
	if (rnd_odd(&c->rnd, 10) && sqes_are_loud(c))
		c->sqes[head].flags |= IOSQE_IO_DRAIN;
	else if (rnd_once_in(&c->rnd, 8))
		add_alone(c);
	c->submit[c->nr_sqes - 1] = true;
}

static void make_action(struct fuzz_case *c, struct action *a)
{
	static const uint32_t opcodes[] = { SPAWNPOL_OP_CLONE,
					    SPAWNPOL_OP_SPAWN, IORING_OP_NOP };
	struct rnd *r = &c->rnd;

	a->kind = rnd_below(r, ACTION_LAST);
	if (a->kind >= ACTION_CLOSE_RING && rnd_once_in(r, 2))
		a->kind = ACTION_CANCEL;
	a->after_us = rnd_once_in(r, 3) ? 0 : rnd_below(r, 4000);
	a->thread = rnd_once_in(r, 2) && a->kind != ACTION_CANCEL &&
		    a->kind < ACTION_CLOSE_RING;
	if (a->kind == ACTION_DETACH || a->kind == ACTION_UPDATE ||
	    a->kind == ACTION_CLOSE_LINK) {
		a->target = rnd_below(r, MAX_LINKS);
		return;
	}
	a->target = rnd_below(r, c->nr_sqes);
	a->opcode = RND_OF(r, opcodes);
	a->flags = rnd_once_in(r, 2) ? 0 : rnd_below(r, 64);
}

static void make_actions(struct fuzz_case *c)
{
	unsigned int i;

	c->nr_actions = 1 + rnd_below(&c->rnd, MAX_ACTIONS);
	for (i = 0; i < c->nr_actions; i++)
		make_action(c, &c->actions[i]);
}

void case_make(struct fuzz_case *c, uint64_t seed, uint64_t number)
{
	memset(c, 0, sizeof(*c));
	c->seed = seed;
	c->number = number;
	c->rnd.state = rnd_mix(seed, number);
	c->rnd.tame = rnd_below(&c->rnd, 3);
	make_ring(c);
	make_lists(c);
	make_requests(c);
	if (rnd_below(&c->rnd, 5) < 2)
		make_policy(c);
	if (rnd_below(&c->rnd, 10) < 3)
		make_actions(c);
}
