/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CONSULT_H
#define IOU_CONSULT_H

#include "chain.h"

#ifdef CONFIG_IO_URING_BPF
/* What policies see of a chain that does not change. */
void io_chain_init_run(struct io_chain *chain);
/* Let the policy at @nr of the list be the one that is asked. */
void io_chain_turn_to(struct io_chain *chain, unsigned int nr);
/* Ask its program about an event. Negative: it has been detached meanwhile. */
int io_chain_consult(struct io_chain *chain, struct io_kiocb *req, u32 event);
#else
static inline void io_chain_init_run(struct io_chain *chain)
{
}
#endif

#endif
