// SPDX-License-Identifier: GPL-2.0
/*
 * Children that wait between chains: their lives, see kept.h.
 *
 * Chains that are handed to one stand in its list, and are nobody's as long as they
 * do: cancelling takes them out (io_chain_stop_start()), and leaves the child alone.
 */
#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/binfmts.h>
#include <linux/errno.h>
#include <linux/fdtable.h>
#include <linux/io_uring.h>
#include <linux/jiffies.h>
#include <linux/percpu-refcount.h>
#include <linux/prctl.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/xarray.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "cancel.h"
#include "chain.h"
#include "child_cmd.h"
#include "clone.h"
#include "kept.h"
#include "spawn_task.h"

/* The last number that was given to a child, of any ring. */
static atomic_t io_kept_last;

/* --- making ------------------------------------------------------------------- */

static int io_kept_insert(struct io_kept *kept)
{
	int ret = -EBUSY;

	while (ret == -EBUSY) {
		kept->number = atomic_inc_return(&io_kept_last) & INT_MAX;
		if (kept->number)
			ret = xa_insert(&kept->ctx->spawn.kept, kept->number, kept,
					GFP_KERNEL_ACCOUNT);
	}
	return ret;
}

static unsigned long io_kept_limit(u64 ns)
{
	return ns ? min(nsecs_to_jiffies(ns) + 1, (unsigned long)MAX_SCHEDULE_TIMEOUT) :
		    MAX_SCHEDULE_TIMEOUT;
}

static int io_kept_init(struct io_kept *kept, struct io_chain *chain)
{
	refcount_set(&kept->refs, 1);
	INIT_LIST_HEAD(&kept->chains);
	kept->ctx = chain->ctx;
	kept->opcode = chain->plan ? IORING_OP_SPAWN : IORING_OP_CLONE;
	kept->user_data = chain->user_data;
	kept->staged = chain->owner;
	kept->maker = chain->task;
	return chain->from ? io_kept_copy_marks(&kept->marks, &chain->from->marks) :
			     io_kept_mark(&kept->marks);
}

static void io_kept_free(struct io_kept *kept)
{
	io_kept_put_marks(&kept->marks);
	if (kept->task)
		put_task_struct(kept->task);
	kfree_rcu(kept, rcu);
}

void io_kept_put(struct io_kept *kept)
{
	if (kept && refcount_dec_and_test(&kept->refs))
		io_kept_free(kept);
}

static struct io_kept *io_kept_make(struct io_chain *chain)
{
	struct io_kept *kept;
	int ret;

	kept = kzalloc(sizeof(*kept), GFP_KERNEL_ACCOUNT);
	if (!kept)
		return ERR_PTR(-ENOMEM);
	ret = io_kept_init(kept, chain);
	if (!ret)
		ret = io_kept_insert(kept);
	if (!ret)
		return kept;
	io_kept_put(kept);
	return ERR_PTR(ret);
}

int io_kept_prepare(struct io_chain *chain)
{
	struct io_ring_ctx *ctx = chain->ctx;
	struct io_kept *kept;

	if (atomic_inc_return(&ctx->spawn.nr_kept) > IO_SPAWN_MAX_KEPT) {
		atomic_dec(&ctx->spawn.nr_kept);
		return -EAGAIN;
	}
	kept = io_kept_make(chain);
	if (IS_ERR(kept)) {
		atomic_dec(&ctx->spawn.nr_kept);
		return PTR_ERR(kept);
	}
	/* the child's, and the chain's */
	refcount_inc(&kept->refs);
	percpu_ref_get(&ctx->refs);
	if (chain->start.args->args.flags & CLONE_CLEAR_SIGHAND)
		kept->set.signals = ~0ULL;
	chain->kept = kept;
	return 0;
}

void io_kept_made(struct io_chain *chain, struct task_struct *child)
{
	struct io_kept *kept = chain->kept;

	lockdep_assert_held(&chain->ctx->spawn.lock);

	kept->task = get_task_struct(child);
	kept->pid = chain->pid;
}

/* --- naming one ------------------------------------------------------------------ */

static struct io_kept *io_kept_find(struct io_ring_ctx *ctx, u32 number)
{
	struct io_kept *kept;

	guard(rcu)();
	kept = xa_load(&ctx->spawn.kept, number);
	return kept && refcount_inc_not_zero(&kept->refs) ? kept : NULL;
}

static int io_kept_reserve(struct io_kept *kept)
{
	guard(spinlock_irq)(&kept->ctx->spawn.lock);
	switch (kept->state) {
	case IO_KEPT_MADE:
	case IO_KEPT_GONE:
		return -ESRCH;
	case IO_KEPT_BUSY:
		return -EBUSY;
	case IO_KEPT_WAITING:
		break;
	}
	/* copies of it are to be made */
	if (!list_empty(&kept->chains))
		return -EBUSY;
	kept->state = IO_KEPT_BUSY;
	return 0;
}

int io_kept_claim(struct io_chain *chain)
{
	const struct io_clone_args *args = chain->start.args;
	struct io_kept *kept;
	int ret;

	if (likely(!args))
		return 0;
	chain->keeps = args->keep;
	chain->keep_ns = args->keep_ns;
	if (!args->child)
		return 0;
	kept = io_kept_find(chain->ctx, args->child);
	if (!kept)
		return -ESRCH;
	if (args->copy) {
		chain->from = kept;
		return 0;
	}
	ret = io_kept_reserve(kept);
	if (ret) {
		io_kept_put(kept);
		return ret;
	}
	chain->kept = kept;
	chain->in_kept = true;
	chain->claims = true;
	return 0;
}

/* Nothing gets to it any more, and nobody finds it. */
static void io_kept_remove(struct io_kept *kept)
{
	struct io_ring_ctx *ctx = kept->ctx;

	xa_erase(&ctx->spawn.kept, kept->number);
	atomic_dec(&ctx->spawn.nr_kept);
	percpu_ref_put(&ctx->refs);
	io_kept_put(kept);
}

/* Without a child. */
void io_kept_drop(struct io_chain *chain)
{
	io_kept_remove(chain->kept);
	io_kept_put(chain->kept);
	chain->kept = NULL;
}

/* The chain has not come to it. */
static void io_kept_unclaim(struct io_chain *chain)
{
	guard(spinlock_irq)(&chain->ctx->spawn.lock);
	if (chain->kept->state == IO_KEPT_BUSY)
		chain->kept->state = IO_KEPT_WAITING;
	chain->claims = false;
}

void io_kept_forget(struct io_chain *chain)
{
	if (likely(!chain->kept && !chain->from))
		return;
	if (chain->claims)
		io_kept_unclaim(chain);
	else if (chain->kept && !chain->kept->task)
		io_kept_drop(chain);
	io_kept_put(chain->kept);
	io_kept_put(chain->from);
	io_taken_free(chain->taken);
	chain->kept = NULL;
	chain->from = NULL;
	chain->taken = NULL;
}

/* --- waiting ---------------------------------------------------------------------- */

void io_kept_note(struct io_kept *kept, const struct io_child *child, u32 sets)
{
	struct io_kept_set *set = &kept->set;

	set->what |= sets;
	switch (child->cmd) {
	case IORING_CHILD_RLIMIT:
		set->limits |= BIT(child->off);
		break;
	case IORING_CHILD_SIGDEFAULT:
	case IORING_CHILD_SIGIGNORE:
		set->signals |= child->off;
		break;
	case IORING_CHILD_PRCTL:
		if (child->flags == PR_SET_TIMERSLACK)
			set->what |= IO_SETS_SLACK;
		break;
	}
}

void io_kept_rest(struct io_chain *chain)
{
	struct io_kept *kept = chain->kept;
	bool foreign = io_kept_is_foreign(&kept->marks);

	if (kept->set.what & IO_SETS_SIGMASK)
		kept->set.blocked = chain->snapshot.blocked;
	kept->set.undumpable = chain->child_state.undumpable;
	kept->prepared = false;
	kept->limit = io_kept_limit(chain->keep_ns);
	io_spawn_task_leave_mm();

	guard(spinlock_irq)(&chain->ctx->spawn.lock);
	kept->foreign = foreign;
	kept->state = IO_KEPT_WAITING;
}

/* The next chain that was handed to it, or NULL. */
static struct io_chain *io_kept_pick(struct io_kept *kept)
{
	struct io_chain *chain;

	guard(spinlock_irq)(&kept->ctx->spawn.lock);
	chain = list_first_entry_or_null(&kept->chains, struct io_chain, start.node);
	if (!chain)
		return NULL;
	list_del(&chain->start.node);
	chain->state = IO_CHAIN_STARTING;
	return chain;
}

bool io_kept_take_signals(void)
{
	struct ksignal ksig = {};

	if (task_work_pending(current))
		task_work_run();
	if (signal_pending(current))
		get_signal(&ksig);
	return !(current->flags & PF_SIGNALED);
}

/* For its program or that of its next copy. What cannot be made now is made then. */
static void io_kept_get_ready(struct io_kept *kept)
{
	kept->prepared = true;
	kept->mm = kept->mm ?: spawn_mm_prepare();
	if (unlikely(kept->copied))
		kept->files = kept->files ?: io_kept_dup_files();
}

static void io_kept_drop_files(struct io_kept *kept)
{
	if (kept->files)
		put_files_struct(kept->files);
	kept->files = NULL;
}

/*
 * Sleep for @left at most, and return what is left of that. Who has nothing to do for a
 * tick gets ready for what comes next; one that is wanted at once is not kept by that.
 */
static long io_kept_idle(struct io_kept *kept, long left)
{
	if (kept->prepared)
		return schedule_timeout(left);
	if (schedule_timeout(1))
		return left;
	io_kept_get_ready(kept);
	return left == MAX_SCHEDULE_TIMEOUT ? left : left - 1;
}

static struct io_chain *io_kept_sleep(struct io_kept *kept)
{
	long left = kept->limit;
	struct io_chain *chain;

	for (;;) {
		/* a signal that is taken is not pending any more, wherever that was */
		if (!io_kept_take_signals())
			return NULL;
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		chain = io_kept_pick(kept);
		if (chain || !left)
			break;
		if (!task_work_pending(current) && !signal_pending(current))
			left = io_kept_idle(kept, left);
		__set_current_state(TASK_RUNNING);
	}
	__set_current_state(TASK_RUNNING);
	return chain;
}

/* From here on the chain is the child's. */
static bool io_kept_accept(struct io_kept *kept, struct io_chain *chain)
{
	struct io_ring_ctx *ctx = kept->ctx;

	guard(spinlock_irq)(&ctx->spawn.lock);
	if (chain->cancelled)
		return false;
	chain->claims = false;
	chain->child = current;
	chain->state = IO_CHAIN_RUNNING;
	ctx->spawn.nr_waiting--;
	return true;
}

struct io_chain *io_kept_wait(struct io_kept *kept)
{
	struct io_chain *chain;

	while ((chain = io_kept_sleep(kept))) {
		if (chain->from) {
			io_kept_copy(kept, chain);
			continue;
		}
		if (io_kept_accept(kept, chain)) {
			/* it can change them */
			io_kept_drop_files(kept);
			return chain;
		}
		io_chain_abandon(chain, -ECANCELED);
	}
	io_kept_end(kept);
	return NULL;
}

void io_kept_settle(struct io_kept *kept, bool stays)
{
	lockdep_assert_held(&kept->ctx->spawn.lock);

	kept->state = stays ? IO_KEPT_BUSY : IO_KEPT_GONE;
}

void io_kept_end(struct io_kept *kept)
{
	struct io_ring_ctx *ctx = kept->ctx;
	struct io_chain *chain;

	spin_lock_irq(&ctx->spawn.lock);
	io_kept_settle(kept, false);
	spin_unlock_irq(&ctx->spawn.lock);

	while ((chain = io_kept_pick(kept))) {
		io_chain_abandon(chain, -ESRCH);
		cond_resched();
	}
	if (kept->mm)
		spawn_mm_put(kept->mm);
	kept->mm = NULL;
	io_kept_drop_files(kept);
	io_kept_remove(kept);
}

/* --- ending them -------------------------------------------------------------------- */

/* The next of the ring from @index on, with a reference. */
static struct io_kept *io_kept_next(struct io_ring_ctx *ctx, unsigned long *index)
{
	struct io_kept *kept;

	guard(rcu)();
	kept = xa_find(&ctx->spawn.kept, index, ULONG_MAX, XA_PRESENT);
	while (kept && !refcount_inc_not_zero(&kept->refs))
		kept = xa_find_after(&ctx->spawn.kept, index, ULONG_MAX, XA_PRESENT);
	return kept;
}

/*
 * The request that made it is complete, and its user_data may be another's by now: who
 * means the child says so by the operation.
 */
static bool io_kept_match(struct io_kept *kept, struct io_cancel_data *cd,
			  struct task_struct *task)
{
	/* what an actor has made is the ring's once it waits, and has no user_data there */
	if (cd && kept->staged && !(cd->flags & IORING_ASYNC_CANCEL_ANY) &&
	    cd->flags & IORING_ASYNC_CANCEL_USERDATA)
		return false;
	if (cd)
		return !cd->owner && cd->flags & IORING_ASYNC_CANCEL_OP &&
		       io_cancel_match(cd, kept->opcode, kept->user_data);
	return !task || kept->maker == task;
}

/*
 * One that runs its first chain is found by that, and for who cancels requests one that
 * runs any. Returns whether there was something to do.
 */
static bool io_kept_kill(struct io_kept *kept, struct io_cancel_data *cd)
{
	guard(spinlock_irq)(&kept->ctx->spawn.lock);
	if (kept->ended || kept->state == IO_KEPT_MADE || kept->state == IO_KEPT_GONE)
		return false;
	if (cd && (kept->state != IO_KEPT_WAITING || kept->spared_by == cd->seq))
		return false;
	kept->ended = true;
	send_sig(SIGKILL, kept->task, 1);
	return true;
}

unsigned int io_kept_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd,
			    struct task_struct *task, bool one)
{
	unsigned long index = 0;
	struct io_kept *kept;
	unsigned int nr = 0;

	while (!(one && nr) && (kept = io_kept_next(ctx, &index))) {
		if (io_kept_match(kept, cd, task) && io_kept_kill(kept, cd))
			nr++;
		io_kept_put(kept);
		index++;
		cond_resched();
	}
	return nr;
}

/* --- telling ------------------------------------------------------------------------ */

#ifdef CONFIG_PROC_FS
void io_kept_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
	unsigned long index = 0;
	enum io_kept_state state;
	struct io_kept *kept;

	while ((kept = io_kept_next(ctx, &index))) {
		state = READ_ONCE(kept->state);
		if (state == IO_KEPT_WAITING || state == IO_KEPT_BUSY)
			seq_printf(m, "SpawnChild:\tnumber %u pid %d %s\n", kept->number,
				   kept->pid, state == IO_KEPT_BUSY ? "busy" : "waiting");
		io_kept_put(kept);
		index++;
		cond_resched();
	}
}
#endif
