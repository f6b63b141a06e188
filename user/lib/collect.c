// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the CQEs of a chain to its outcome. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actor.h"
#include "common/execvp.h"
#include "common/sized.h"
#include "exit_status.h"
#include "internal.h"
#include "pool.h"
#include "whole.h"

/* --- the story of one chain ---------------------------------------------------- */

/* Is it an attempt of spawnpol_chain_search()? */
static bool is_search(const struct spawnpol_chain *chain, unsigned int nr)
{
	const struct step *step = chain_nth_step(chain, nr);

	return step->kind == SPAWNPOL_KIND_EXEC &&
	       step->sqe.ioprio & IORING_EXEC_SEARCH;
}

/*
 * CLONE, the deadline and each EXEC have one CQE, whatever happens. Actions
 * have one only if something is wrong with them. Without a program there is a NOP.
 */
void story_begin(struct spawnpol_chain *chain)
{
	chain->pidfd = -1;
	chain->story = (struct story) {
		.pending = chain->whole.used ? 1 :
			   1 + chain->has_deadline + (chain->programs.nr ?: 1),
		.ran = -1,
		.failed = -1,
		.torn_at = chain_nr_steps(chain),
	};
}

/*
 * A search that found nothing ends like execvp(3): that there was something
 * which may not be executed outweighs that nothing was elsewhere.
 */
static bool outweighed(struct spawnpol_chain *chain, unsigned int nr, int error)
{
	const struct story *s = &chain->story;

	return s->error == -EACCES && execvp_goes_on(-error) &&
	       is_search(chain, s->failed) && is_search(chain, nr);
}

/*
 * Which failure ended the chain? The last one told, except that -ECANCELED is
 * also the word for what came after the end. So it counts only if nothing
 * else can have been the end: no failure yet, or only forgiven ones and this is
 * an action (which would have been silent, had it come after the end).
 */
static void note_failure(struct spawnpol_chain *chain, unsigned int nr, int error)
{
	struct story *s = &chain->story;
	const struct step *before;

	if (outweighed(chain, nr, error))
		return;
	if (error == -ECANCELED && s->failed >= 0) {
		before = chain_nth_step(chain, s->failed);
		if (nr >= chain->actions.nr ||
		    !(before->sqe.flags & IOSQE_IO_HARDLINK))
			return;
	}
	s->failed = nr;
	s->error = error;
}

static void note_step(struct spawnpol_chain *chain, unsigned int nr, int res)
{
	bool exec = nr >= chain->actions.nr;

	if (nr >= chain->story.torn_at)
		res = -ECANCELED;
	if (res < 0)
		note_failure(chain, nr, res);
	else if (exec)
		chain->story.ran = nr;
	else
		/* told although it did not fail: a short read or write */
		note_failure(chain, nr, -EIO);
}

/* After an action that has failed, it is cancelled as well. */
static void note_nop(struct spawnpol_chain *chain, int res)
{
	if (res < 0 && chain->story.failed < 0)
		chain->story.error = res;
}

static void note_clone(struct spawnpol_chain *chain, int res)
{
	chain->story.clone_res = res;
	/* the kernel has taken back what it may have told, but not that of a kept child */
	if (res < 0 && !chain->told.report.pid && !kept_is_there(&chain->kept))
		chain->pidfd = -1;
}

/* Returns whether the CQE was one of those that always come. */
static bool note_cqe(struct spawnpol_chain *chain, unsigned int index, int res,
		     unsigned int flags)
{
	const unsigned int nr = index - INDEX_STEP;
	struct story *s = &chain->story;

	if (chain->whole.used) {
		whole_note(chain, res, flags);
		return true;
	}

	switch (index) {
	case INDEX_CLONE:
		note_clone(chain, res);
		return true;
	case INDEX_DEADLINE:
		s->late = res == -ETIME;
		return true;
	default:
		break;
	}
	if (nr == chain->actions.nr && kept_nr_nops(chain))
		note_nop(chain, res);
	else
		note_step(chain, nr, res);
	return nr >= chain->actions.nr;
}

/* What the step works on, if that is a path. */
static const char *path_of(const struct step *step)
{
	const char *path = (const char *)(uintptr_t)step->sqe.addr;

	switch (step->kind) {
	case SPAWNPOL_KIND_EXEC:
		/* read only where it is likely to be empty: it may be borrowed */
		if (step->sqe.rw_flags & AT_EMPTY_PATH && !*path)
			return NULL;
		return path;
	case SPAWNPOL_KIND_OPEN:
	case SPAWNPOL_KIND_CHDIR:
	case SPAWNPOL_KIND_CHROOT:
		return path;
	default:
		return NULL;
	}
}

static void name_step(struct spawnpol_chain *chain, struct spawnpol_outcome *out)
{
	const struct step *step;

	out->kind = SPAWNPOL_KIND_CLONE;
	if (out->step < 0)
		return;
	step = chain_nth_step(chain, out->step);
	out->kind = step->kind;
	out->path = whole_path(chain, out->step) ?: path_of(step);
}

static void story_end(struct spawnpol_chain *chain, struct spawnpol_outcome *out)
{
	const struct story *s = &chain->story;

	*out = (struct spawnpol_outcome) {
		.chain = chain,
		.user = chain->user,
		.pid = s->clone_res > 0 ? s->clone_res : 0,
		.pidfd = chain->pidfd,
		.child = s->child,
		.step = s->failed,
		.error = s->error,
	};
	if (s->ran >= 0) {
		out->error = 0;
		out->step = s->ran;
	} else if (s->torn_at < chain_nr_steps(chain)) {
		out->error = -EAGAIN;
		out->step = -1;
	} else if (s->late) {
		out->error = -ETIME;
	} else if (s->clone_res < 0 && s->error == -ECANCELED) {
		/* else a step was refused, and CLONE because of it */
		out->error = s->clone_res;
	}
	if (s->clone_res < 0 && (s->late || s->error == -ECANCELED))
		out->step = -1;
	name_step(chain, out);
	if (out->error && out->pidfd >= 0) {
		close(out->pidfd);
		out->pidfd = -1;
	}
}

/* All CQEs of the launch are there. */
static void launch_ended(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			 struct spawnpol_outcome *out)
{
	ring->outcomes--;
	if (!chain->whole.used)
		kept_note_links(chain);
	story_end(chain, out);
	pool_outcome(ring, chain);
	if (chain->want_exit && chain->story.ran >= 0 && !ring->closing) {
		exit_wait(ring, chain);
		return;
	}
	ring->outcomes -= chain->want_exit;
	chain->flight = 0;
}

static void program_ended(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
			  int res, struct spawnpol_outcome *out)
{
	ring->outcomes--;
	chain->flight = 0;
	exit_outcome(chain, res, out);
}

/* With ring->lock held. */
static int handle_cqe(struct spawnpol_ring *ring, const struct io_uring_cqe *cqe,
		      struct spawnpol_outcome *out)
{
	uint64_t data = cqe->user_data & ~(0xffffULL << 48);
	unsigned int index = data % CHAIN_ALIGN;
	struct spawnpol_chain *chain = (void *)(uintptr_t)(data - index);

	if (cqe->user_data >> 48 != ring->tag)
		return SPAWNPOL_CQE_FOREIGN;
	/* of a cancellation, or of what a policy has put in a step's place */
	if (!chain || cqe->flags & SPAWNPOL_CQE_F_STAGED)
		return SPAWNPOL_CQE_TAKEN;
	if (index == INDEX_SLOT) {
		pool_made((struct pool_slot *)chain, cqe->res);
		return SPAWNPOL_CQE_TAKEN;
	}
	if (index == INDEX_ACTOR) {
		actor_ended(ring, (struct spawnpol_actor *)chain, cqe->res, out);
		return SPAWNPOL_CQE_OUTCOME;
	}
	if (index == INDEX_EXIT) {
		ring->pending--;
		if (exit_wait_again(ring, chain, cqe->res))
			return SPAWNPOL_CQE_TAKEN;
		program_ended(ring, chain, cqe->res, out);
		return SPAWNPOL_CQE_OUTCOME;
	}
	if (!note_cqe(chain, index, cqe->res, cqe->flags))
		return SPAWNPOL_CQE_TAKEN;
	ring->pending--;
	if (--chain->story.pending || pool_again(ring, chain))
		return SPAWNPOL_CQE_TAKEN;
	launch_ended(ring, chain, out);
	return SPAWNPOL_CQE_OUTCOME;
}

int spawnpol_handle_cqe_sized(struct spawnpol_ring *ring,
			      const struct io_uring_cqe *cqe,
			      struct spawnpol_outcome *out, size_t size)
{
	struct spawnpol_outcome outcome;
	int ret = ring_usable(ring);

	if (ret)
		return ret;
	if (size < OUTCOME_LEAST)
		return -EINVAL;
	pthread_mutex_lock(&ring->lock);
	exit_retry(ring);
	ret = handle_cqe(ring, cqe, &outcome);
	pthread_mutex_unlock(&ring->lock);
	if (ret == SPAWNPOL_CQE_OUTCOME)
		sized_write(out, size, &outcome, sizeof(outcome));
	return ret;
}

/* --- outcomes that are not collected yet ------------------------------------------- */

/* Where it says of the chain or actor that is in flight. */
static uint64_t *flight_of(const struct spawnpol_outcome *out)
{
	return out->actor ? &out->actor->flight : &out->chain->flight;
}

/* It stays in flight until it is collected. */
static void stash(struct spawnpol_ring *ring, const struct spawnpol_outcome *out)
{
	struct stashed *s = out->actor ? &out->actor->stashed :
			    &out->chain->stashed[out->kind == SPAWNPOL_KIND_EXIT];
	uint64_t *flight = flight_of(out);

	*s = (struct stashed) { .out = *out, .last = !*flight };
	*flight = ring->id;
	if (!ring->stash)
		ring->stash_end = &ring->stash;
	*ring->stash_end = s;
	ring->stash_end = &s->next;
}

static bool unstash(struct spawnpol_ring *ring, struct spawnpol_outcome *out)
{
	struct stashed *s = ring->stash;

	if (!s)
		return false;
	ring->stash = s->next;
	*out = s->out;
	if (s->last)
		*flight_of(out) = 0;
	return true;
}

/* Takes what has come. True: the outcome of this chain was among it. */
static bool reap_one(struct spawnpol_ring *ring, const struct spawnpol_chain *chain,
		     struct spawnpol_outcome *to)
{
	struct spawnpol_outcome out;
	struct io_uring_cqe *cqe;
	bool found = false;

	while (!found && !io_uring_peek_cqe(ring->uring, &cqe)) {
		if (handle_cqe(ring, cqe, &out) == SPAWNPOL_CQE_OUTCOME) {
			found = chain && out.chain == chain;
			if (found)
				*to = out;
			else
				stash(ring, &out);
		}
		io_uring_cqe_seen(ring->uring, cqe);
	}
	return found;
}

int collect_look(struct spawnpol_ring *ring, const struct spawnpol_chain *chain,
		 struct spawnpol_outcome *out)
{
	bool found;
	int err;

	pthread_mutex_lock(&ring->lock);
	found = reap_one(ring, chain, out);
	err = exit_submit(ring);
	pthread_mutex_unlock(&ring->lock);
	return found ? 1 : err;
}

/* Note what has become of requests of pools. Their CQEs stay, and say nothing any more. */
static void note_made(struct spawnpol_ring *ring)
{
	const uint64_t of_no_chain = (uint64_t)ring->tag << 48;
	struct spawnpol_outcome none;
	struct io_uring_cqe *cqe;
	unsigned int head;

	io_uring_for_each_cqe(ring->uring, head, cqe) {
		if (cqe->user_data >> 48 != ring->tag ||
		    cqe->user_data % CHAIN_ALIGN != INDEX_SLOT)
			continue;
		handle_cqe(ring, cqe, &none);
		cqe->user_data = of_no_chain;
	}
}

void collect_before_submit(struct spawnpol_ring *ring)
{
	if (ring->wrapped || pthread_mutex_trylock(&ring->collecting))
		return;
	/* for what the kernel holds back (DEFER_TASKRUN) */
	ring_enter(ring, 0, -1, NULL);
	note_made(ring);
	pthread_mutex_unlock(&ring->collecting);
}

int collect_one(struct spawnpol_ring *ring, const struct spawnpol_chain *chain,
		struct spawnpol_outcome *out)
{
	int ret;

	do {
		ret = collect_look(ring, chain, out);
		if (!ret)
			ret = ring_enter(ring, 1, -1, NULL);
		else if (ret > 0)
			return 0;
	} while (ret >= 0 || ret == -EINTR);
	return ret;
}

/* --- collecting ------------------------------------------------------------------ */

/* One collector at a time; false if another one did not finish in time. */
static bool begin_collecting(struct spawnpol_ring *ring, int64_t until)
{
	struct timespec ts = {
		.tv_sec = until / 1000,
		.tv_nsec = until % 1000 * 1000000,
	};

	if (until < 0)
		return !pthread_mutex_lock(&ring->collecting);
	return !pthread_mutex_clocklock(&ring->collecting, CLOCK_MONOTONIC, &ts);
}

/* The caller's array, of which nr elements are filled. */
struct outcomes {
	char *to;
	size_t size;		/* of an element */
	unsigned int nr, max;
};

static void put(struct outcomes *o, const struct spawnpol_outcome *out)
{
	sized_write(o->to + o->nr++ * o->size, o->size, out, sizeof(*out));
}

/* What has come up to now. Takes no CQE more than it needs. */
static void reap(struct spawnpol_ring *ring, struct outcomes *o)
{
	struct spawnpol_outcome out;
	struct io_uring_cqe *cqe;

	while (o->nr < o->max && unstash(ring, &out))
		put(o, &out);
	while (o->nr < o->max && !io_uring_peek_cqe(ring->uring, &cqe)) {
		if (handle_cqe(ring, cqe, &out) == SPAWNPOL_CQE_OUTCOME)
			put(o, &out);
		io_uring_cqe_seen(ring->uring, cqe);
	}
}

/* With ring->collecting held. 0, or why waiting has ended. */
static int collect(struct spawnpol_ring *ring, struct outcomes *o,
		   unsigned int min, int64_t until)
{
	unsigned int left, want;
	int err = 0, failed;

	for (;;) {
		pthread_mutex_lock(&ring->lock);
		reap(ring, o);
		failed = exit_submit(ring);
		left = ring->outcomes;
		/* who does not wait, or ends the ring, is to see to requests of pools, too */
		if (!min || ring->closing)
			left += ring->making;
		/*
		 * If everything that will come is wanted, sleep through all of it:
		 * CLONE's CQE alone need not wake anybody.
		 */
		want = o->nr < min && min - o->nr >= left ? ring->pending ?: 1 : 1;
		pthread_mutex_unlock(&ring->lock);
		/* more than that the time is over */
		err = failed ? failed : err;
		if (err || !left || (min && o->nr >= min) || o->nr == o->max)
			return err;
		/* for min 0, only what the kernel holds back (DEFER_TASKRUN) */
		err = ring_enter(ring, min ? want : 0, until, NULL);
		if (!min && !err)
			err = -ETIME;
	}
}

int spawnpol_collect_sized(struct spawnpol_ring *ring,
			   struct spawnpol_outcome *out, size_t size,
			   unsigned int max, unsigned int min, int timeout_ms)
{
	int64_t until = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	struct outcomes o = { .to = (char *)out, .size = size, .max = max };
	int err = ring_usable(ring);

	if (err)
		return err;
	if (ring->wrapped)
		return -EOPNOTSUPP;
	if (!max || max < min || size < OUTCOME_LEAST)
		return -EINVAL;
	if (!begin_collecting(ring, min ? until : 0))
		return 0;
	err = collect(ring, &o, min, until);
	pthread_mutex_unlock(&ring->collecting);
	if (o.nr)
		return o.nr;
	if (err == -ETIME)
		return 0;
	if (!err)
		err = min ? -ECHILD : 0;
	return err;
}
