// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole spawns as chains of links. */
#include "links.h"

bool by_links;

#define SECOND 1000000000ULL

/* --- as links -------------------------------------------------------------------------- */

/* After what is allowed to fail there is something that succeeds. */
static bool ends_with_nop(const struct whole *w)
{
	const unsigned int nr = w->arg.nr_steps;

	return !w->arg.path &&
	       (!nr || w->steps[nr - 1].flags & IORING_SPAWN_STEP_MAY_FAIL);
}

static unsigned int nr_links(const struct whole *w)
{
	return w->arg.nr_steps + (w->arg.path || ends_with_nop(w));
}

/* It is read when the request is prepared. */
static void fill_kept(struct whole *w, struct io_uring_sqe *sqe)
{
	w->kept = (struct io_uring_clone_kept){
		.clone_args = w->arg.clone_args,
		.clone_args_size = w->arg.clone_args_size,
		.child = w->arg.child,
		.keep_ns = w->arg.keep_ns,
	};
	sqe->addr = (uintptr_t)&w->kept;
	sqe->len = sizeof(w->kept);
}

static struct io_uring_sqe *q_first(struct tring *r, struct whole *w)
{
	const uint32_t kept = IORING_CLONE_KEEP | IORING_CLONE_CHILD |
			      IORING_CLONE_COPY;
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_CLONE);

	sqe->rw_flags = w->arg.flags;
	sqe->off = w->arg.cookie;
	sqe->file_index = w->arg.slot;
	sqe->addr3 = w->arg.files;
	sqe->addr = w->arg.clone_args;
	sqe->len = w->arg.clone_args_size;
	if (w->arg.flags & kept)
		fill_kept(w, sqe);
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

static void q_step(struct tring *r, const struct io_uring_spawn_step *step,
		   uint64_t user_data)
{
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_CHILD);

	sqe->len = step->cmd;
	sqe->fd = step->fd;
	sqe->rw_flags = step->child_flags;
	sqe->addr = step->addr;
	sqe->off = step->off;
	sqe->addr3 = step->addr3;
	sqe->__pad2[0] = step->addr4;
	sqe->user_data = user_data;
	if (step->flags & IORING_SPAWN_STEP_FIXED)
		sqe->flags |= IOSQE_FIXED_FILE;
	if (step->flags & IORING_SPAWN_STEP_MAY_FAIL)
		hardlink(sqe);
}

static void q_program(struct tring *r, const struct whole *w, uint64_t user_data)
{
	struct io_uring_sqe *sqe = q_op(r, SPAWNPOL_OP_EXEC);

	sqe->fd = w->arg.dfd;
	sqe->addr = w->arg.path;
	sqe->addr2 = w->arg.argv;
	sqe->addr3 = w->arg.envp;
	sqe->rw_flags = w->arg.exec_flags;
	sqe->user_data = user_data;
}

static struct io_uring_sqe *q_links(struct tring *r, struct whole *w,
				    uint64_t user_data)
{
	const unsigned int nr = w->arg.nr_steps;
	struct io_uring_sqe *clone;
	unsigned int i;

	tring_end(r);
	clone = q_first(r, w);
	clone->user_data = user_data;
	q_deadline(r, w, user_data);
	for (i = 0; i < nr; i++)
		q_step(r, &w->steps[i], LINK_OF(user_data, i));
	if (w->arg.path)
		q_program(r, w, LINK_OF(user_data, nr));
	else if (ends_with_nop(w))
		q_op(r, IORING_OP_NOP)->user_data = LINK_OF(user_data, nr);
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
