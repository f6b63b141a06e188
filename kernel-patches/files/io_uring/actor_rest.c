// SPDX-License-Identifier: GPL-2.0
/*
 * Actors that have more to do, and let others go first.
 *
 * Task work that queues itself would keep its task from user mode and from its timeouts,
 * so a worker queues it again; with a signal pending, a tick later. For several of them
 * that is not enough, as one is queued while another one runs: now and then all of a ring
 * rest at the same time. An SQ thread runs no more than so much task work at a time.
 *
 * One that is to end and waits for what it has in flight comes back to cancel that again.
 */
#include <linux/kernel.h>
#include <linux/io_uring.h>
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "io_uring.h"
#include "actor.h"

#define IO_ACTOR_BUSY_TIME	8	/* jiffies between one rest and the next ... */
#define IO_ACTOR_REST_TIME	2	/* ... and of a rest: a whole one at least */

static void io_actor_sleep(struct io_actor *actor, unsigned long delay)
{
	guard(spinlock)(&actor->lock);
	/* the last completion has come meanwhile, or one that it is told of */
	if (actor->phase != IO_ACTOR_ACTS &&
	    (!io_actor_pending(actor) || actor->head != actor->tail))
		delay = 0;
	actor->paused = true;
	actor->expects = actor->phase == IO_ACTOR_IS_CANCELLED;
	queue_delayed_work(system_unbound_wq, &actor->pause, delay);
}

/* Until what is in flight is cancelled once more; with a signal pending, for a tick. */
static unsigned long io_actor_delay(struct io_actor *actor)
{
	unsigned long now = jiffies;

	if (actor->phase == IO_ACTOR_ACTS || !time_before(now, actor->retry_at))
		return 1;
	return actor->retry_at - now;
}

void io_actor_pause(struct io_actor *actor)
{
	io_actor_sleep(actor, io_actor_delay(actor));
}

/* How long those that have yielded rest. */
static unsigned long io_actor_rest(const struct io_ring_spawn *spawn)
{
	unsigned long now = jiffies;

	return time_before(now, spawn->rest_until) ? spawn->rest_until - now : 0;
}

void io_actor_yield(struct io_actor *actor)
{
	struct io_ring_spawn *spawn = &actor->ctx->spawn;

	if (actor->ctx->flags & IORING_SETUP_SQPOLL) {
		io_req_task_work_add(actor->req);
		return;
	}
	actor->yielded = true;
	if (spawn->nr_yielded++ &&
	    time_after(jiffies, spawn->rest_until + IO_ACTOR_BUSY_TIME))
		spawn->rest_until = jiffies + IO_ACTOR_REST_TIME;
	io_actor_sleep(actor, io_actor_rest(spawn));
}

/* One that is to end does not rest. */
bool io_actor_rests(struct io_actor *actor)
{
	struct io_ring_spawn *spawn = &actor->ctx->spawn;
	unsigned long delay = io_actor_rest(spawn);

	if (!actor->yielded)
		return false;
	if (delay && actor->phase == IO_ACTOR_ACTS && !READ_ONCE(actor->stop)) {
		io_actor_sleep(actor, delay);
		return true;
	}
	actor->yielded = false;
	spawn->nr_yielded--;
	return false;
}
