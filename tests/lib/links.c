// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole spawns as chains of links. */
#include "links.h"
#include "link_sqe.h"

bool by_links;

#define SECOND 1000000000ULL

/* --- as links -------------------------------------------------------------------------- */

static bool ends_with_nop(const struct whole *w)
{
	return links_end_with_nop(&w->arg, w->steps);
}

static unsigned int nr_links(const struct whole *w)
{
	return w->arg.nr_steps + (w->arg.path || ends_with_nop(w));
}

static struct io_uring_sqe *q_first(struct tring *r, struct whole *w)
{
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_CLONE);

	sqe_clone(sqe, &w->arg, &w->kept);
	if (w->arg.report) {
		sqe->rw_flags |= IORING_CLONE_REPORT;
		sqe->__pad2[0] = w->arg.report;
	}
	return sqe;
}

static void q_deadline(struct tring *r, struct whole *w, uint64_t user_data)
{
	struct io_uring_sqe *sqe;

	if (!w->arg.timeout_ns)
		return;
	sqe = q_op(r, IORING_OP_LINK_TIMEOUT);
	w->deadline.tv_sec = w->arg.timeout_ns / SECOND;
	w->deadline.tv_nsec = w->arg.timeout_ns % SECOND;
	sqe->addr = (uintptr_t)&w->deadline;
	sqe->len = 1;
	sqe->user_data = LINK_DEADLINE(user_data);
}

static struct io_uring_sqe *q_links(struct tring *r, struct whole *w,
				    uint64_t user_data)
{
	const unsigned int nr = w->arg.nr_steps;
	struct io_uring_sqe *clone, *sqe;
	unsigned int i;

	tring_end(r);
	clone = q_first(r, w);
	clone->user_data = user_data;
	q_deadline(r, w, user_data);
	for (i = 0; i < nr_links(w); i++) {
		sqe = q_nop(r);
		sqe->user_data = LINK_OF(user_data, i);
		if (i < nr)
			sqe_step(sqe, &w->steps[i]);
		else if (w->arg.path)
			sqe_program(sqe, &w->arg);
	}
	tring_end(r);
	return clone;
}

/* --- what comes of them ------------------------------------------------------------------ */

static bool may_fail(const struct whole *w, unsigned int nth)
{
	return nth < w->arg.nr_steps &&
	       w->steps[nth].flags & IORING_SPAWN_STEP_MAY_FAIL;
}

static bool is_late(struct tring *r, const struct whole *w, uint64_t user_data)
{
	int res;

	if (!w->arg.timeout_ns)
		return false;
	res = tring_res(r, LINK_DEADLINE(user_data));
	if (res != -ETIME)
		EXPECT_EQ(res, -ECANCELED);
	return res == -ETIME;
}

/* The error of the step that has ended it, or 0. CLONE's own ends it as well. */
static int links_error(struct tring *r, const struct whole *w, uint64_t user_data,
		       int clone)
{
	int error = clone < 0 ? clone : 0, refused = 0, res;
	unsigned int i;

	for (i = 0; i < nr_links(w); i++) {
		res = tring_res(r, LINK_OF(user_data, i));
		/* CLONE leaves it to the step that is refused to say why */
		if (clone == -ECANCELED && res < 0 && res != -ECANCELED)
			refused = res;
		else if (error)
			EXPECT_EQ(res, -ECANCELED);
		else if (res < 0 && !may_fail(w, i))
			error = res;
	}
	return refused ?: error;
}

static int links_res(struct tring *r, struct whole *w, uint64_t user_data)
{
	const bool keeps = w->arg.flags & IORING_CLONE_KEEP;
	const bool in_child = w->arg.flags & IORING_CLONE_CHILD;
	const int clone = tring_res(r, user_data);
	int error = links_error(r, w, user_data, clone);

	if (is_late(r, w, user_data))
		return -ETIME;
	if (keeps && in_child && clone > 0)
		EXPECT_EQ(clone, (int)w->arg.child);
	if (error)
		return error;
	/* the pid of the program, but with KEEP the number has been told */
	if (w->arg.path)
		return keeps ? w->told.report.pid : clone;
	return keeps ? clone : in_child ? 0 : -ECANCELED;
}

/* --- in either form ------------------------------------------------------------------------ */

struct io_uring_sqe *q_spawn(struct tring *r, struct whole *w, uint64_t user_data)
{
	struct io_uring_sqe *sqe;

	if (by_links)
		return q_links(r, w, user_data);
	sqe = q_whole(r, w);
	sqe->user_data = user_data;
	return sqe;
}

int spawn_res(struct tring *r, struct whole *w, uint64_t user_data)
{
	return by_links ? links_res(r, w, user_data) : tring_res(r, user_data);
}

unsigned int spawn_cqes(const struct whole *w)
{
	return by_links ? 1 + !!w->arg.timeout_ns + nr_links(w) : 1;
}

int spawn_run(struct tring *r, struct whole *w)
{
	int res;

	tring_forget(r);
	q_spawn(r, w, WHOLE);
	tring_submit(r);
	res = spawn_res(r, w, WHOLE);
	tring_total(r, spawn_cqes(w));
	return res;
}
