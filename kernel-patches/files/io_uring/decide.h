/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_DECIDE_H
#define IOU_DECIDE_H

#include "chain.h"

#ifdef CONFIG_IO_URING_BPF
/*
 * Run the step at hand of a chain that has a policy. Returns whether the next one
 * is to run.
 */
bool io_chain_decide(struct io_chain *chain);
/*
 * CLONE has failed, and there is a policy. Runs in the starter and may sleep.
 * Returns 0 if CLONE is to be tried again, @delay nanoseconds from now, or the
 * error that it ends with.
 */
int io_chain_decide_clone(struct io_chain *chain, int error, u64 *delay);
/* What is left of staging. */
void io_chain_drop_staged(struct io_chain *chain);
#else
static inline bool io_chain_decide(struct io_chain *chain)
{
	return false;
}

static inline int io_chain_decide_clone(struct io_chain *chain, int error,
					u64 *delay)
{
	return error;
}

static inline void io_chain_drop_staged(struct io_chain *chain)
{
}
#endif

#endif
