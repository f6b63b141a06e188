// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where in its life a chain is when something happens to it. */
#include "round.h"

#include "child.h"
#include "kept.h"

/* --- steps of links, or of a SPAWN ------------------------------------------------- */

static void queue_nothing(struct round *r)
{
	if (r->whole)
		whole_step(&r->spawn, IORING_CHILD_UMASK)->off = 022;
	else
		q_nop(&r->ring);
}

/* Nothing but a policy minds that it fails. */
static void queue_forgiven(struct round *r)
{
	if (r->whole)
		whole_fail(&r->spawn)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	else
		hardlink(q_fail(&r->ring));
}

static void queue_open(struct round *r)
{
	if (r->whole)
		whole_wait_for(&r->spawn, r->fifo);
	else
		q_open(&r->ring, r->fifo, O_RDONLY, 0);
}

/* --- points --------------------------------------------------------------------------- */

/* A step that is read from a pipe into which nobody has written. */
static void queue_read(struct round *r)
{
	q_nop(&r->ring);
	r->current = 1;
	q_read(&r->ring, r->pipe[0], &r->byte, 1);
}

static void write_pipe(struct round *r)
{
	if (r->pipe[1] < 0)
		return;
	CHECK_EQ(write(r->pipe[1], "xx", 2), 2);
	close(r->pipe[1]);
	r->pipe[1] = -1;
}

/* The child that has waited for the SPAWN, and sleeps then, too, has it. */
static bool has_chain(struct round *r)
{
	r->began |= !r->in_kept || kept_runs(r->share->child);
	return r->began;
}

/* The step before is over, and the child sleeps. Those of a SPAWN do not tell. */
static bool in_second_step(struct round *r)
{
	return (r->whole || ring_has(r, 0)) && has_chain(r) &&
	       sleeps(r->share->child);
}

static void queue_fifo(struct round *r)
{
	queue_nothing(r);
	r->current = 1;
	queue_open(r);
}

static void open_fifo(struct round *r)
{
	if (r->fifo_fd < 0)
		r->fifo_fd = CHECK_SYS(
			open(r->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

static void queue_nop(struct round *r)
{
	r->current = 0;
	queue_nothing(r);
}

static void queue_nops(struct round *r)
{
	r->current = 12;
	for (int i = 0; i < 24; i++)
		queue_nothing(r);
}

static bool is_cloned(struct round *r)
{
	if (ring_has(r, CLONE))
		return true;
	return r->whole && r->share->child && has_chain(r);
}

/* The first request has no result yet, and all have been taken. */
static bool is_queued(struct round *r)
{
	return r->submitted && !io_uring_sq_ready(&r->ring.uring);
}

/* No room for a child: see round.c */
static bool was_asked(struct round *r)
{
	return r->program.life->left > 0;
}

static void make_room(struct round *r)
{
	(void)r;
	write_file(CHILD_GROUP "/pids.max", "max", 0);
}

static bool is_held(struct round *r)
{
	return hold_reached(&r->hold);
}

static bool in_policy(struct round *r)
{
	return r->program.life->held;
}

/* The program may have been unloaded: see unload_own(). */
static void let_policy(struct round *r)
{
	if (r->program.life)
		r->program.life->hold_at = 0;
}

static void let_clone(struct round *r)
{
	make_room(r);
	let_policy(r);
}

static void queue_held_step(struct round *r)
{
	r->program.life->hold_at = IORING_POLICY_BEFORE_STEP;
	queue_nop(r);
}

static void queue_held_clone(struct round *r)
{
	r->program.life->hold_at = IORING_POLICY_CLONE;
	queue_nop(r);
}

static void queue_failing(struct round *r)
{
	r->program.life->stays = 1;
	queue_nop(r);
	r->current = 1;
	queue_forgiven(r);
}

static bool in_delay(struct round *r)
{
	return r->program.life->failed > 0;
}

static void stay_no_longer(struct round *r)
{
	if (r->program.life)
		r->program.life->stays = 0;
}

static void queue_staging(struct round *r)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_READ,
		.fd = r->pipe[0],
		.addr = (uintptr_t)&r->byte,
		.len = 1,
		.off = -1ULL,
	};

	memcpy(r->program.life->sqe, &sqe, sizeof(sqe));
	r->program.life->stages = 1;
	queue_failing(r);
}

static bool is_staged(struct round *r)
{
	return in_delay(r) && sleeps(r->share->child);
}

static void queue_held_exec(struct round *r)
{
	queue_nop(r);
	r->current = 1;
	r->argv[1] = r->hold.page;
}

static void let_exec(struct round *r)
{
	hold_release(&r->hold, "7");
}

/* Once it is there it is let go: from then on it is anywhere in EXEC. */
static bool is_executing(struct round *r)
{
	if (!hold_reached(&r->hold))
		return false;
	let_exec(r);
	return true;
}

static void queue_program(struct round *r)
{
	static char sleeper[] = "sleep";

	queue_nop(r);
	r->argv[1] = sleeper;
}

static bool is_program(struct round *r)
{
	if (r->whole)
		return ring_has(r, CLONE) && tring_res(&r->ring, CLONE) > 0;
	return ring_has(r, r->steps - 1) &&
	       tring_res(&r->ring, r->steps - 1) == 0;
}

static void nothing(struct round *r)
{
	(void)r;
}

const struct point points[] = {
	{ "CLONE drains", UNISSUED, .drains = true, .queue = queue_nop,
	  .reached = is_queued, .release = write_pipe },
	{ "CLONE is linked behind a read", UNISSUED, .queue = queue_nop,
	  .reached = is_queued, .release = write_pipe },
	{ "CLONE is to be tried again", NO_CHILD, .queue = queue_nop,
	  .events = IORING_POLICY_CLONE, .reached = was_asked,
	  .release = make_room },
	{ "the policy runs for CLONE", NO_CHILD, .in_submitter = true,
	  .events = IORING_POLICY_CLONE, .queue = queue_held_clone,
	  .reached = in_policy, .release = let_clone },
	{ "CLONE has its CQE", IN_STEP, .passes = true, .links_only = true,
	  .queue = queue_nop, .reached = is_cloned, .release = nothing },
	{ "between steps", IN_STEP, .passes = true, .queue = queue_nops,
	  .reached = is_cloned, .release = nothing },
	{ "a step reads a pipe", IN_STEP, .links_only = true,
	  .queue = queue_read, .reached = in_second_step, .release = write_pipe },
	{ "a step opens a FIFO", IN_STEP, .queue = queue_fifo,
	  .reached = in_second_step, .release = open_fifo },
	{ "the policy runs", IN_STEP, .events = IORING_POLICY_BEFORE_STEP,
	  .queue = queue_held_step, .reached = in_policy,
	  .release = let_policy },
	{ "the policy delays", IN_STEP, .queue = queue_failing,
	  .reached = in_delay, .release = stay_no_longer },
	{ "a staged read blocks", IN_STEP, .queue = queue_staging,
	  .reached = is_staged, .release = write_pipe },
	{ "EXEC reads its arguments", IN_STEP, .queue = queue_held_exec,
	  .reached = is_held, .release = let_exec },
	{ "EXEC is on its way", IN_STEP, .passes = true,
	  .queue = queue_held_exec, .reached = is_executing,
	  .release = let_exec },
	{ "the program runs", IS_PROGRAM, .queue = queue_program,
	  .reached = is_program, .release = nothing },
};
const unsigned int nr_points = sizeof(points) / sizeof(points[0]);
