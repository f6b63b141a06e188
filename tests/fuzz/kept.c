// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children of a case: those that wait before its first request, and what is there of
 * them, and of others, after its last CQE.
 */
#include "run.h"
#include "child.h"
#include "whole_model.h"
#include "world.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MAKER (ACTION_DATA + 100) /* user_data */
#define KEY "SpawnChild:\tnumber "

bool kept_use(const struct fuzz_case *c, unsigned int at, struct kept_use *use)
{
	struct io_uring_clone_kept kept;
	static struct whole w;

	if (clone_is_kept(c, at, &kept)) {
		*use = (struct kept_use){ c->sqes[at].rw_flags, kept.child,
					  kept.keep_ns };
		return true;
	}
	if (!is_whole(c, at) || !whole_is_kept(c, at))
		return false;
	whole_read(c, at, &w);
	*use = (struct kept_use){ w.arg.flags, w.arg.child, w.arg.keep_ns };
	return true;
}

bool case_has_kept(const struct fuzz_case *c)
{
	struct kept_use use;
	unsigned int i;

	for (i = 0; i < c->nr_sqes; i++)
		if (kept_use(c, i, &use))
			return true;
	return false;
}

uint32_t kept_place(const struct seen *seen, uint32_t number)
{
	unsigned int i;

	for (i = 0; number && i < MAX_KEPT; i++)
		if (seen->made[i] == number)
			return i + 1;
	return number;
}

/* A SPAWN without steps and program: the child waits, or ends. */
static int spawn_one(const struct fuzz_case *c, struct io_uring *ring, unsigned int flags,
		     unsigned int child)
{
	struct io_uring_spawn arg = { .flags = flags, .child = child };
	struct io_uring_sqe *sqe = CHECK_PTR(io_uring_get_sqe(ring));
	struct io_uring_cqe *cqe;
	int res;

	memset(sqe, 0, c->ring_flags & IORING_SETUP_SQE128 ? 128 : 64);
	sqe->opcode = SPAWNPOL_OP_SPAWN;
	sqe->addr = (uintptr_t)&arg;
	sqe->len = sizeof(arg);
	sqe->user_data = MAKER;
	/* an SQ thread counts a request as taken after its CQE: liburing counts both */
	CHECK_GT(io_uring_submit(ring), 0);
	CHECK_OK(io_uring_wait_cqe(ring, &cqe));
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static int make_one(const struct fuzz_case *c, struct io_uring *ring)
{
	int res;

	for (;;) {
		res = spawn_one(c, ring, IORING_SPAWN_KEEP | IORING_SPAWN_FILES, 0);
		if (res < 0 || res > MAX_KEPT)
			return res;
		/* the first since boot: such numbers stand for children in a case */
		CHECK_EQ(spawn_one(c, ring, IORING_SPAWN_CHILD, res), 0);
	}
}

/* Where a request names it. */
static uint32_t *named(const struct fuzz_case *c, unsigned int at)
{
	uint64_t addr = c->sqes[at].addr;

	return is_whole(c, at) ? &((struct io_uring_spawn *)addr)->child :
				 &((struct io_uring_clone_kept *)addr)->child;
}

/* The structures are read when they are submitted. */
static void fill_in(const struct fuzz_case *c, const struct seen *seen)
{
	struct kept_use use;
	unsigned int i;

	for (i = 0; i < c->nr_sqes; i++)
		if (kept_use(c, i, &use) && use.child && use.child <= MAX_KEPT)
			*named(c, i) = seen->made[use.child - 1];
}

void kept_begin(const struct fuzz_case *c, struct io_uring *ring, struct seen *seen)
{
	unsigned int i;
	int res;

	if (!case_has_kept(c))
		return;
	for (i = 0; i < MAX_KEPT; i++) {
		res = make_one(c, ring);
		/* such a ring has no SPAWN at all */
		if (!(c->ring_flags & IORING_SETUP_IOPOLL))
			CHECK_GT(res, MAX_KEPT);
		seen->made[i] = res > 0 ? res : INT_MAX - 2;
	}
	fill_in(c, seen);
}

/* With @seen, note them; else end those that wait. */
static unsigned int each_shown(struct io_uring *ring, struct seen *seen)
{
	const char *at = fdinfo_of(ring->ring_fd);
	unsigned int nr = 0;
	int number, pid;

	for (; (at = strstr(at, KEY)); at++) {
		if (sscanf(at + strlen(KEY), "%d pid %d", &number, &pid) != 2)
			continue;
		if (!seen)
			kill(pid, SIGKILL);
		else if (nr < MAX_SHOWN)
			seen->shown[nr] = number;
		nr++;
	}
	return nr;
}

void kept_look(const struct fuzz_case *c, struct io_uring *ring, struct seen *seen)
{
	if (case_has_kept(c))
		seen->nr_shown = each_shown(ring, seen);
}

void kept_kill(struct io_uring *ring)
{
	each_shown(ring, NULL);
}
