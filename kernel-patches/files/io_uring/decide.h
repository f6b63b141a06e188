/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_DECIDE_H
#define IOU_DECIDE_H

#include "chain.h"

#ifdef CONFIG_IO_URING_BPF
/* Run a step of a chain that has a policy. */
enum io_step_end io_chain_decide(struct io_chain *chain, struct io_kiocb *req);
/*
 * CLONE has failed, and there is a policy. Runs in the submitter and may sleep.
 * Returns 0 if CLONE is to be tried again, @delay nanoseconds from now, or the
 * error that it ends with.
 */
int io_chain_decide_clone(struct io_chain *chain, int error, u64 *delay);
#else
static inline enum io_step_end io_chain_decide(struct io_chain *chain,
					       struct io_kiocb *req)
{
	return IO_STEP_LAST;
}

static inline int io_chain_decide_clone(struct io_chain *chain, int error,
					u64 *delay)
{
	return error;
}
#endif

#endif
