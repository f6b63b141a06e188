// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A SPAWN as links: for the judge, which knows what becomes of links, and to be run
 * as its twin.
 */
#include "whole_model.h"
#include "../lib/link_sqe.h"
#include "world.h"

#include <limits.h>
#include <string.h>

#define MAX_TWIN_STEPS 40
#define MAX_CANDIDATES 24
/* Nobody waits for such a deadline. */
#define FOR_EVER 100000000000ULL

static struct io_uring_sqe *add(struct fuzz_case *c, unsigned int opcode)
{
	struct io_uring_sqe *sqe = &c->sqes[c->nr_sqes];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->flags = IOSQE_IO_LINK;
	sqe->user_data = c->nr_sqes++;
	return sqe;
}

/* What its addr points to is in the arena then. */
static void add_clone(struct fuzz_case *c, const struct io_uring_spawn *arg)
{
	struct io_uring_sqe *sqe = add(c, SPAWNPOL_OP_CLONE);
	struct io_uring_clone_kept kept;

	sqe_clone(sqe, arg, &kept);
	if (arg->flags & CLONE_KEPT_FLAGS)
		sqe->addr = arena_put(&kept, sizeof(kept));
}

static struct io_uring_sqe *add_exec(struct fuzz_case *c,
				     const struct io_uring_spawn *arg)
{
	struct io_uring_sqe *sqe = add(c, SPAWNPOL_OP_EXEC);

	sqe_program(sqe, arg);
	return sqe;
}

static void end_links(struct fuzz_case *c)
{
	c->sqes[c->nr_sqes - 1].flags &= ~(IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

/* A search is one EXEC there. */
bool whole_as_links(const struct whole *w, struct fuzz_case *c, unsigned int at)
{
	unsigned int i;

	if (at + w->nr_steps + 2 > MAX_SQES)
		return false;
	c->nr_sqes = at;
	add_clone(c, &w->arg);
	for (i = 0; i < w->nr_steps; i++)
		sqe_step(add(c, SPAWNPOL_OP_CHILD), &w->steps[i]);
	if (!w->no_program)
		add_exec(c, &w->arg);
	else if (links_end_with_nop(&w->arg, w->steps))
		add(c, IORING_OP_NOP);
	end_links(c);
	return true;
}

/* --- the twin ------------------------------------------------------------------- */

static bool add_candidates(struct fuzz_case *c, const struct whole *w)
{
	struct io_uring_sqe *sqe;
	char path[PATH_MAX];
	unsigned int i;

	c->nr_sqes--;
	for (i = 0; i < w->nr_candidates; i++) {
		if (!whole_candidate(w, i, path))
			return false;
		sqe = add_exec(c, &w->arg);
		sqe->addr = arena_text(path);
		sqe->ioprio = IORING_EXEC_SEARCH;
	}
	end_links(c);
	return true;
}

static bool stages_requests(const struct fuzz_case *c)
{
	unsigned int i;

	/* what they read or write is not the same each time */
	for (i = 0; i < c->nr_rules; i++)
		if (c->rules[i].stage == ENGINE_STAGE_SQE)
			return true;
	return false;
}

/*
 * By their names, directories are not found where a root is another one, and not
 * searched by who may not enter the world's.
 */
static bool finds_other_directories(const struct whole *w)
{
	unsigned int i;

	for (i = 0; w->registered && i < w->nr_steps; i++)
		if (w->steps[i].cmd == IORING_CHILD_CHROOT ||
		    w->steps[i].cmd == IORING_CHILD_SETRESUID)
			return true;
	return false;
}

static bool limits_something(const struct whole *w)
{
	unsigned int i;

	/* where the kernel puts a stack is chance */
	for (i = 0; i < w->nr_steps; i++)
		if (w->steps[i].cmd == IORING_CHILD_RLIMIT)
			return true;
	return false;
}

static bool can_be_links(const struct fuzz_case *c, const struct whole *w)
{
	if (w->unlike_links || w->nr_steps > MAX_TWIN_STEPS ||
	    w->nr_candidates > MAX_CANDIDATES || limits_something(w) ||
	    finds_other_directories(w))
		return false;
	if (w->arg.timeout_ns && w->arg.timeout_ns < FOR_EVER)
		return false;
	if (!c->nr_links)
		return true;
	/* a policy is asked about each link, and is told of a search in another way */
	return !w->searches && !w->arg.shell && !stages_requests(c) &&
	       !(w->arg.flags & IORING_SPAWN_AS_IS) &&
	       !(w->no_program && links_end_with_nop(&w->arg, w->steps));
}

bool twin_make(const struct fuzz_case *c, const struct seen *seen,
	       struct fuzz_case *twin)
{
	struct whole w;

	if (c->nr_sqes != 1 || !is_whole(c, 0) || c->nr_actions ||
	    c->sqes[0].flags & (IOSQE_CQE_SKIP_SUCCESS | IOSQE_IO_LINK |
				IOSQE_IO_HARDLINK))
		return false;
	whole_read(c, 0, &w);
	if (!can_be_links(c, &w))
		return false;
	w.arg.child = kept_place(seen, w.arg.child);
	*twin = *c;
	if (!whole_as_links(&w, twin, 0))
		return false;
	if (w.searches && !add_candidates(twin, &w))
		return false;
	twin->submit[0] = false;
	twin->submit[twin->nr_sqes - 1] = true;
	return true;
}
