// SPDX-License-Identifier: LGPL-2.1-or-later
/* Putting chains into the SQ, submitting and cancelling them. */
#include <errno.h>
#include <unistd.h>

#include "exit_status.h"
#include "internal.h"
#include "pool.h"
#include "whole.h"

static uint64_t user_data(const struct spawnpol_ring *ring,
			  const struct spawnpol_chain *chain, unsigned int index)
{
	return (uint64_t)ring->tag << 48 | (uintptr_t)chain | index;
}

/* Requests after CLONE and the deadline. */
static unsigned int nr_links(const struct spawnpol_chain *chain)
{
	return chain_nr_steps(chain) + kept_nr_nops(chain);
}

static unsigned int nr_sqes(const struct spawnpol_chain *chain)
{
	return chain->whole.used ? 1 : 1 + chain->has_deadline + nr_links(chain);
}

/* What the kernel has taken is of no interest: it ends a link where submission ends. */
bool sq_has_open_link(const struct spawnpol_ring *ring)
{
	const struct io_uring_sq *sq = &ring->uring->sq;
	unsigned int shift = ring->uring->flags & IORING_SETUP_SQE128 ? 1 : 0;
	unsigned int last = sq->sqe_tail - 1;

	if (!ring->wrapped || sq->sqe_tail == io_uring_smp_load_acquire(sq->khead))
		return false;
	return sq->sqes[(last & sq->ring_mask) << shift].flags &
	       (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
}

/* --- filling SQEs; there is room for all of them ------------------------------ */

static struct io_uring_sqe *next_sqe(struct spawnpol_ring *ring,
				     const struct spawnpol_chain *chain,
				     unsigned int index,
				     const struct io_uring_sqe *from)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring->uring);

	*sqe = *from;
	sqe->user_data = user_data(ring, chain, index);
	return sqe;
}

static void begin_report(struct spawnpol_chain *chain)
{
	chain->told.report = (struct io_uring_spawn_report) {
		.size = TOLD_SIZE,
	};
}

static void put_clone(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_sqe sqe = {
		.opcode = ring->query.op_clone,
		.flags = IOSQE_IO_LINK,
		.off = chain->cookie,
		.file_index = chain->slot,
	};

	if (!args_are_plain(&chain->args)) {
		sqe.addr = (uintptr_t)&chain->args;
		sqe.len = sizeof(chain->args);
	}
	if (chain->need_policy || chain->bare_name)
		sqe.rw_flags |= IORING_CLONE_NEED_POLICY;
	if (ring->query.sqe_clone_flags & IORING_CLONE_REPORT) {
		begin_report(chain);
		sqe.rw_flags |= IORING_CLONE_REPORT;
		sqe.__pad2[0] = (uintptr_t)&chain->told;
	}
	if (chain->files) {
		sqe.rw_flags |= IORING_CLONE_FILES;
		sqe.addr3 = (uintptr_t)chain->files;
	}
	kept_fill_clone(chain, &sqe);
	next_sqe(ring, chain, INDEX_CLONE, &sqe);
}

static void put_deadline(struct spawnpol_ring *ring,
			 struct spawnpol_chain *chain)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_LINK_TIMEOUT,
		.flags = IOSQE_IO_LINK,
		.fd = -1,
		.addr = (uintptr_t)&chain->deadline,
		.len = 1,
	};

	next_sqe(ring, chain, INDEX_DEADLINE, &sqe);
}

static uint8_t opcode_of(const struct spawnpol_ring *ring,
			 const struct step *step)
{
	switch (step->kind) {
	case SPAWNPOL_KIND_EXEC:
		return ring->query.op_exec;
	case SPAWNPOL_KIND_CLOSE:
	case SPAWNPOL_KIND_SQE:
		return step->sqe.opcode;
	default:
		return ring->query.op_child;
	}
}

/* Among the requests of spawnpol_chain_sqe(). */
static bool has_clone_or_exec(const struct spawnpol_ring *ring,
			      const struct spawnpol_chain *chain)
{
	for (unsigned int i = 0; i < chain->actions.nr; i++) {
		const struct step *step = &chain->actions.v[i];

		if (step->kind == SPAWNPOL_KIND_SQE &&
		    (step->sqe.opcode == ring->query.op_clone ||
		     step->sqe.opcode == ring->query.op_exec))
			return true;
	}
	return false;
}

static void put_steps(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	char **argv = chain->argv ? chain->argv : chain->default_argv;
	char **envp = chain->envp ? chain->envp : environ;
	const struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	unsigned int nr = chain_nr_steps(chain);

	for (unsigned int i = 0; i < nr; i++) {
		const struct step *step = chain_nth_step(chain, i);
		struct io_uring_sqe *sqe;

		sqe = next_sqe(ring, chain, INDEX_STEP + i, &step->sqe);
		sqe->opcode = opcode_of(ring, step);
		if (step->kind != SPAWNPOL_KIND_EXEC)
			continue;
		sqe->addr2 = (uintptr_t)argv;
		sqe->addr3 = (uintptr_t)envp;
		/* the next program is tried if this one cannot be executed */
		if (i + 1 < nr)
			sqe->flags |= IOSQE_IO_HARDLINK;
	}
	if (kept_nr_nops(chain))
		next_sqe(ring, chain, INDEX_STEP + nr, &nop);
}

static void put_whole(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		      struct io_uring_sqe *sqe)
{
	whole_fill(chain, args_are_plain(&chain->args),
		   user_data(ring, chain, INDEX_STEP));
	begin_report(chain);
	*sqe = (struct io_uring_sqe) {
		.opcode = ring->query.op_spawn,
		.addr = (uintptr_t)&chain->whole.arg,
		.len = sizeof(chain->whole.arg),
		.user_data = user_data(ring, chain, INDEX_CLONE),
	};
}

bool submit_afresh(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_sqe *sqe = exit_sqe(ring);

	if (!sqe)
		return false;
	chain->story.afresh = false;
	put_whole(ring, chain, sqe);
	/* cancelled while there was no place: it has an outcome all the same */
	if (chain->story.given_up || ring->closing) {
		io_uring_prep_nop(sqe);
		sqe->user_data = user_data(ring, chain, INDEX_CLONE);
	}
	ring->to_submit = true;
	return true;
}

static void put_links(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	put_clone(ring, chain);
	if (chain->has_deadline)
		put_deadline(ring, chain);
	put_steps(ring, chain);
}

/* --- which requests, and how many ----------------------------------------------- */

static int check_chain(const struct spawnpol_ring *ring,
		       const struct spawnpol_chain *chain)
{
	if (chain->error)
		return chain->error;
	if (has_clone_or_exec(ring, chain) ||
	    (!chain_nr_programs(chain) && !kept_needs_no_program(&chain->kept)))
		return -EINVAL;
	return kept_check(ring, chain) ?: search_open_check(ring, chain);
}

int spawnpol_ring_nr_sqes(const struct spawnpol_ring *ring,
			  const struct spawnpol_chain *chain)
{
	int err = check_chain(ring, chain);

	if (err)
		return err;
	if (chain_is_whole(ring, chain))
		return 1;
	if (nr_links(chain) > SPAWNPOL_MAX_STEPS)
		return -E2BIG;
	return 1 + chain->has_deadline + nr_links(chain);
}

static int queue_one(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	unsigned int nr;
	int err;

	if (chain_is_busy(chain))
		return -EBUSY;
	err = check_chain(ring, chain);
	if (err)
		return err;
	chain->whole.used = chain_is_whole(ring, chain);
	err = chain->whole.used ? 0 : search_attempts(chain);
	if (err)
		return err;
	if (!chain->whole.used && nr_links(chain) > SPAWNPOL_MAX_STEPS)
		return -E2BIG;
	nr = nr_sqes(chain);
	if (nr > ring->uring->sq.ring_entries)
		return -E2BIG;
	if (io_uring_sq_space_left(ring->uring) < nr)
		return -EAGAIN;
	pool_take(ring, chain);
	story_begin(chain);
	chain->story.sq_start = ring->uring->sq.sqe_tail;
	if (chain->whole.used)
		put_whole(ring, chain, io_uring_get_sqe(ring->uring));
	else
		put_links(ring, chain);
	chain->flight = ring->id;
	ring->outcomes += 1 + chain->want_exit;
	ring->pending += chain->story.pending;
	return 0;
}

int spawnpol_queue(struct spawnpol_ring *ring,
		   struct spawnpol_chain *const chains[], unsigned int nr)
{
	unsigned int i;
	int err = ring_usable(ring);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	exit_retry(ring);
	if (nr && sq_has_open_link(ring))
		err = -EINPROGRESS;
	for (i = 0; i < nr && !err; i++)
		err = queue_one(ring, chains[i]);
	pthread_mutex_unlock(&ring->lock);
	if (!err)
		return nr;
	return i > 1 ? (int)i - 1 : err;
}

/* --- giving them to the kernel ------------------------------------------------- */

int ring_flush(struct spawnpol_ring *ring)
{
	bool polled = ring->uring->flags & IORING_SETUP_SQPOLL;
	int ret;

	do {
		ret = io_uring_submit(ring->uring);
	} while (!polled && (ret == -EINTR ||
			     (ret > 0 && io_uring_sq_ready(ring->uring))));
	if (ret >= 0)
		ret = !polled && io_uring_sq_ready(ring->uring) ? -EAGAIN : 0;
	if (!ret)
		ring->to_submit = false;
	return ret;
}

int ring_make_room(struct spawnpol_ring *ring)
{
	int err = ring_flush(ring);

	if (err || !(ring->uring->flags & IORING_SETUP_SQPOLL))
		return err;
	return io_uring_sqring_wait(ring->uring) < 0 ? -EAGAIN : 0;
}

bool sq_take_back(struct spawnpol_ring *ring, unsigned int from)
{
	struct io_uring_sq *sq = &ring->uring->sq;

	/* with SQPOLL its thread may be reading them right now */
	if (ring->uring->flags & IORING_SETUP_SQPOLL || (int)(from - *sq->khead) < 0)
		return false;
	sq->sqe_tail = from;
	sq->sqe_head = from;
	io_uring_smp_store_release(sq->ktail, from);
	return true;
}

/* Requests of the SQ that the kernel has not taken become NOPs. */
void sqe_to_nop(struct spawnpol_ring *ring, unsigned int from, unsigned int to)
{
	unsigned int shift = ring->uring->flags & IORING_SETUP_SQE128 ? 1 : 0;

	for (; from != to; from++) {
		unsigned int at = from & ring->uring->sq.ring_mask;
		struct io_uring_sqe *sqe = &ring->uring->sq.sqes[at << shift];
		struct io_uring_sqe nop = {
			.opcode = IORING_OP_NOP,
			.flags = sqe->flags & IOSQE_CQE_SKIP_SUCCESS,
			.fd = -1,
			.user_data = sqe->user_data,
		};

		*sqe = nop;
	}
}

/*
 * The kernel ran out of memory in the middle of a chain. The child will not
 * get to its EXEC; but the rest of the SQEs, submitted later without their
 * CLONE, would open and close files in this process.
 */
static void tear(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		 unsigned int head)
{
	unsigned int end = chain->story.sq_start + nr_sqes(chain);
	unsigned int first_step = end - nr_links(chain);

	sqe_to_nop(ring, head, end);
	chain->story.torn_at = (int)(head - first_step) > 0 ?
			       head - first_step : 0;
}

/*
 * Submitting has failed: take the chains out of the SQ that the kernel has not
 * begun with. They are the last in it. Returns how many stay.
 */
static unsigned int take_back(struct spawnpol_ring *ring,
			      struct spawnpol_chain *const chains[],
			      unsigned int nr)
{
	struct io_uring_sq *sq = &ring->uring->sq;
	unsigned int head = *sq->khead;

	if (ring->uring->flags & IORING_SETUP_SQPOLL)
		return nr;	/* its thread may be reading them right now */
	for (; nr; nr--) {
		struct spawnpol_chain *chain = chains[nr - 1];
		unsigned int start = chain->story.sq_start;
		unsigned int end = start + nr_sqes(chain);

		if ((int)(start - head) < 0) {
			if ((int)(end - head) > 0)
				tear(ring, chain, head);
			break;
		}
		sq->sqe_tail = start;
		chain->flight = 0;
		pool_give_back(ring, chain);
		ring->outcomes -= 1 + chain->want_exit;
		ring->pending -= chain->story.pending;
	}
	sq->sqe_head = sq->sqe_tail;
	io_uring_smp_store_release(sq->ktail, sq->sqe_tail);
	return nr;
}

static int submit_locked(struct spawnpol_ring *ring,
			 struct spawnpol_chain *const chains[], unsigned int nr)
{
	unsigned int i = 0;
	int err = 0, failed;

	if (sq_has_open_link(ring))
		return -EINPROGRESS;
	if (pool_is_expected(ring, chains, nr))
		collect_before_submit(ring);
	exit_retry(ring);
	while (i < nr) {
		err = queue_one(ring, chains[i]);
		if (!err) {
			i++;
			continue;
		}
		if (err != -EAGAIN)
			break;
		err = ring_make_room(ring);
		if (err)
			break;
	}
	failed = ring_flush(ring);
	if (failed) {
		err = failed;
		i = take_back(ring, chains, i);
	}
	return i || !err ? (int)i : err;
}

int spawnpol_submit(struct spawnpol_ring *ring,
		    struct spawnpol_chain *const chains[], unsigned int nr)
{
	int ret = ring_usable(ring);

	if (ret)
		return ret;
	pthread_mutex_lock(&ring->lock);
	ret = submit_locked(ring, chains, nr);
	pthread_mutex_unlock(&ring->lock);
	return ret;
}

/*
 * Kill the child. If it is the program already, which only its CQEs will tell, the wait
 * for its end is given up.
 */
static int cancel_launch(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring->uring);

	if (!sqe)
		return -EAGAIN;
	io_uring_prep_cancel64(sqe, user_data(ring, chain, INDEX_CLONE), 0);
	/* not finding it any more is fine; the CQE is recognised by no chain */
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = (uint64_t)ring->tag << 48;
	chain->story.given_up = true;
	return 0;
}

int spawnpol_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	int err = ring_usable(ring);

	if (err)
		return err;
	pthread_mutex_lock(&ring->lock);
	if (chain->flight != ring->id)
		err = -ENOENT;
	else if (sq_has_open_link(ring))
		err = -EINPROGRESS;
	else if (chain->story.waits)
		err = exit_cancel(ring, chain);
	else
		err = cancel_launch(ring, chain);
	if (!err)
		err = ring_flush(ring);
	pthread_mutex_unlock(&ring->lock);
	return err;
}
