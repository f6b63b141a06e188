/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_STAGE_H
#define IOU_STAGE_H

#include "chain.h"

/*
 * Issue what the policy has staged, up to the first failure. Returns false if
 * the chain is over: it has been cancelled (no error in the step's result), or
 * has used up its budget.
 */
bool io_chain_issue_staged(struct io_chain *chain);
/* What it has staged and asked to be issued is not. */
void io_chain_trace_staged(struct io_chain *chain);
/* Whether the policy may have one more request issued. */
bool io_chain_charge(struct io_chain *chain);
/* The EXEC that staging refers to: this request, or the next one that is. */
struct io_kiocb *io_exec_at_hand(struct io_kiocb *req);
/* Without it, an interpreter gets the EXEC's own path. */
void io_chain_forget_tried(struct io_chain *chain);

#endif
