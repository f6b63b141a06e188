// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ends of programs as outcomes. */
#include <errno.h>
#include <sys/wait.h>

#include "exit_status.h"

/* Linux 6.7; in the headers of liburing since 2.6. */
#define OP_WAITID	50

static uint64_t user_data(const struct spawnpol_ring *ring,
			  const struct spawnpol_chain *chain)
{
	return (uint64_t)ring->tag << 48 | (uintptr_t)chain | INDEX_EXIT;
}

/*
 * An entry of the SQ, if need be after what is there was submitted. There is none as long
 * as it would be a part of the caller's link: run after the requests before it, or not
 * at all, and the caller's next request after the end of the program.
 */
struct io_uring_sqe *exit_sqe(struct spawnpol_ring *ring)
{
	struct io_uring_sqe *sqe;

	if (sq_has_open_link(ring))
		return NULL;
	sqe = io_uring_get_sqe(ring->uring);
	if (sqe || io_uring_submit(ring->uring) < 0)
		return sqe;
	return io_uring_get_sqe(ring->uring);
}

/* A wait that was given up still has its outcome, by a request that does nothing. */
static bool put_wait(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_sqe *sqe = exit_sqe(ring);

	if (!sqe)
		return false;
	if (chain->story.given_up)
		io_uring_prep_nop(sqe);
	else
		*sqe = (struct io_uring_sqe){
			.opcode = OP_WAITID,
			.len = P_PID,
			.fd = chain->story.clone_res,
			.addr2 = (uintptr_t)&chain->exit,
			.file_index = WEXITED,
		};
	sqe->user_data = user_data(ring, chain);
	ring->to_submit = true;
	return true;
}

static bool put_next(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	return chain->story.afresh ? submit_afresh(ring, chain) : put_wait(ring, chain);
}

void exit_put(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	if (put_next(ring, chain))
		return;
	chain->next = ring->delayed;
	ring->delayed = chain;
}

void exit_wait(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	/* it stays so if the request is never carried out: exit_outcome() */
	chain->exit.si_pid = 0;
	chain->story.waits = true;
	ring->pending++;
	exit_put(ring, chain);
}

/*
 * The kernel ends the requests of threads that are gone (-ECANCELED), or carries them out
 * without their memory (-EFAULT). In either case nobody has waited for the program.
 *
 * -ECHILD is final. Somebody has waited for the program, or nobody can (SIGCHLD is
 * ignored), and its pid can be another child's by now, which is not ours to wait for. A
 * request has the process itself, not its pid, so it can only be said once.
 */
bool exit_wait_again(struct spawnpol_ring *ring, struct spawnpol_chain *chain,
		     int res)
{
	struct story *s = &chain->story;

	if (res >= 0 || res == -ECHILD || ring->closing || s->given_up ||
	    s->waits_again)
		return false;
	s->waits_again = true;
	exit_wait(ring, chain);
	return true;
}

void exit_retry(struct spawnpol_ring *ring)
{
	while (ring->delayed && put_next(ring, ring->delayed))
		ring->delayed = ring->delayed->next;
}

int exit_submit(struct spawnpol_ring *ring)
{
	exit_retry(ring);
	return ring->to_submit ? ring_flush(ring) : 0;
}

/* Is its request not in the SQ yet? */
static bool is_delayed(const struct spawnpol_ring *ring,
		       const struct spawnpol_chain *chain)
{
	const struct spawnpol_chain *at = ring->delayed;

	while (at && at != chain)
		at = at->next;
	return at;
}

int exit_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct io_uring_sqe *sqe;

	if (is_delayed(ring, chain)) {
		chain->story.given_up = true;
		exit_retry(ring);
		chain->story.given_up = !is_delayed(ring, chain);
		return chain->story.given_up ? 0 : -EAGAIN;
	}
	sqe = exit_sqe(ring);
	if (!sqe)
		return -EAGAIN;
	chain->story.given_up = true;
	io_uring_prep_cancel64(sqe, user_data(ring, chain), 0);
	sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = (uint64_t)ring->tag << 48;
	return 0;
}

/* As waitpid(2) encodes it. */
static int status_of(const siginfo_t *info)
{
	switch (info->si_code) {
	case CLD_EXITED:
		return (info->si_status & 0xff) << 8;
	case CLD_DUMPED:
		return info->si_status | WCOREFLAG;
	default:
		return info->si_status;
	}
}

void exit_outcome(const struct spawnpol_chain *chain, int res,
		  struct spawnpol_outcome *out)
{
	*out = (struct spawnpol_outcome){
		.chain = (struct spawnpol_chain *)chain,
		.user = chain->user,
		.pid = chain->story.clone_res,
		.pidfd = -1,
		.step = chain->story.ran,
		.kind = SPAWNPOL_KIND_EXIT,
		.error = res < 0 ? res : chain->exit.si_pid ? 0 : -ECANCELED,
	};
	if (!out->error)
		out->status = status_of(&chain->exit);
}
