/* SPDX-License-Identifier: GPL-2.0 */
/* Chains that wait to be started: see queue.c. */
#ifndef IOU_QUEUE_H
#define IOU_QUEUE_H

#include <linux/io_uring_types.h>

struct io_chain;

/* The queue of the current submitter of @ctx, made if need be; or NULL. */
struct io_spawn_queue *io_spawn_queue_of(struct io_ring_ctx *ctx);
/* The chain gets its place in the queue. It is not the caller's any more. */
void io_chain_enqueue(struct io_chain *chain, struct io_spawn_queue *queue);
/* The starter puts the chain back into its queue, after @delay in jiffies. */
void io_chain_pause(struct io_chain *chain, unsigned long delay);
/* For who cancels a chain without a child, under ctx->spawn.lock. */
void io_chain_stop_start(struct io_chain *chain);
/* A chain of the queue is at its end, and its requests have been counted down. */
void io_spawn_queue_done(struct io_spawn_queue *queue);

/* Whether a task may make the child of a chain. Under RCU if it is another one. */
bool io_may_start(struct io_chain *chain, struct task_struct *task);

#endif
