/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a ring and its submitters carry for the processes that they spawn: parts
 * of struct io_ring_ctx and struct io_uring_task. See io_uring/chain.h.
 */
#ifndef _LINUX_IO_URING_SPAWN_H
#define _LINUX_IO_URING_SPAWN_H

#include <linux/list.h>
#include <linux/signal_types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>
#include <linux/xarray.h>

#include <uapi/linux/io_uring_spawn.h>

struct io_actor_stage;
struct io_policy_list;
struct io_search_dirs;
struct io_spawn_queue;
struct pid;

/* What a submitting thread was like, for the program to inherit. */
struct io_spawn_snapshot {
	sigset_t		blocked;
	u64			timer_slack;
	u32			personality;
	u32			pkru;
	int			ioprio;
};

/* Written under io_policy_mutex. */
struct io_policy_slot {
	struct io_policy_list __rcu *list;	/* NULL: empty */
	u64			changes;	/* so far */
};

struct io_ring_spawn {
#ifdef CONFIG_IO_URING_SPAWN
	/* taken with interrupts off: a deadline can come at any time */
	spinlock_t		lock;
	/* chains whose child is no program yet, and those that are cancelled */
	struct list_head	chains;
	struct list_head	cancelled;
	unsigned int		nr_chains;	/* in both */
	/* those that have no child yet: IO_SPAWN_MAX_WAITING at most */
	unsigned int		nr_waiting;
	/* cancelled before they had a child; the reaper completes them */
	struct list_head	doomed;
	struct work_struct	reaper;
	/* with an SQ thread: chains to be started */
	struct io_spawn_queue	*queue;
	/* ... by the thread that made the ring, if it can, or else another */
	struct pid		*maker;
	/* ... and what their programs inherit of it */
	struct io_spawn_snapshot inherited;
	/* written under the ring's lock and this one, read under either; or NULL */
	struct io_search_dirs	*searches[IORING_SPAWN_SEARCHES];
	/* children that wait between spawns, by their numbers: see io_uring/kept.h */
	struct xarray		kept;
	atomic_t		nr_kept;
#endif
#ifdef CONFIG_IO_URING_BPF
	struct io_policy_slot	slots[IORING_SPAWN_SLOTS];
	/* likewise of programs that IORING_OP_BPF runs */
	struct io_policy_slot	op_slots[IORING_SPAWN_SLOTS];
	/* IORING_OP_BPF requests that are running: see io_uring/actor.h */
	struct xarray		actors;
	/* where the program that runs stages; under the ring's lock, NULL before any */
	struct io_actor_stage	*stage;
	/* how many have more to do, and until when in jiffies they all rest; likewise */
	unsigned int		nr_yielded;
	unsigned long		rest_until;
	/* what user space calls the ring, 0 until it has to be called something */
	u64			id;
#endif
};

#endif
