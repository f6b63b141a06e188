// SPDX-License-Identifier: GPL-2.0
/*
 * A task that shares its parent's memory and stays in the kernel until it
 * executes a program. Debuggers see what they see of vfork(2).
 */
#include <linux/kernel.h>
#include <linux/cgroup.h>
#include <linux/completion.h>
#include <linux/mmu_context.h>
#include <linux/oom.h>
#include <linux/ptrace.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/swait.h>
#include <linux/task_work.h>
#include <linux/user_events.h>

#include <trace/events/sched.h>

#include "spawn_task.h"

/* Threads without memory that are passed over: ended, but not reaped. */
#define SPAWN_MAX_THREADS	64

struct task_struct *io_spawn_task_create(struct kernel_clone_args *args,
					 int *trace)
{
	struct task_struct *child;

	args->flags |= CLONE_VM | CLONE_VFORK;
	/* blocks all signals but two, before anybody can send one */
	args->user_worker = 1;

	/* no children for a task that is already on its way out */
	if (current->flags & (PF_SIGNALED | PF_POSTCOREDUMP))
		return ERR_PTR(-EINTR);

	*trace = 0;
	if (unlikely(ptrace_event_enabled(current, PTRACE_EVENT_VFORK)))
		*trace = PTRACE_EVENT_VFORK;

	child = copy_process(NULL, *trace, NUMA_NO_NODE, args);
	if (IS_ERR(child))
		return child;

	/* it is no worker: it is throttled, scheduled and killed like others */
	child->flags &= ~PF_USER_WORKER;
	child->flags |= PF_SPAWN;
	/* debuggers expect a child of vfork in the call of its parent */
	instruction_pointer_set(task_pt_regs(child),
				instruction_pointer(current_pt_regs()));
	user_stack_pointer_set(task_pt_regs(child),
			       user_stack_pointer(current_pt_regs()));
	/* what the interrupted system call of the parent is to restore */
	clear_tsk_restore_sigmask(child);
	trace_sched_process_fork(current, child);
	return child;
}

/* Whether there may be something to do before the wait goes on. */
static bool io_spawn_wait_interrupted(void)
{
	return test_thread_flag(TIF_NOTIFY_SIGNAL) || task_work_pending(current);
}

static void io_spawn_run_task_work(void)
{
	clear_notify_signal();
	if (task_work_pending(current))
		task_work_run();
}

/* A pending signal is for later, but keeps task work from ending the sleep. */
static void io_spawn_sleep(void)
{
	cgroup_enter_frozen();
	if (task_sigpending(current))
		schedule_timeout(HZ / 20);
	else
		schedule();
	cgroup_leave_frozen(false);
}

/*
 * Wait until the child lets go of the memory. It can need the task work of this
 * task for that: a file that has been closed here, and is not released yet, is
 * the other end of a pipe that the child reads. Returns false if the current
 * task is killed.
 */
static bool io_spawn_wait_done(struct completion *done)
{
	DECLARE_SWAITQUEUE(wait);

	for (;;) {
		io_spawn_run_task_work();
		prepare_to_swait_exclusive(&done->wait, &wait,
					   TASK_FREEZABLE |
					   (task_sigpending(current) ?
					    TASK_KILLABLE : TASK_INTERRUPTIBLE));
		if (completion_done(done) || fatal_signal_pending(current))
			break;
		if (!io_spawn_wait_interrupted())
			io_spawn_sleep();
	}
	finish_swait(&done->wait, &wait);
	return completion_done(done);
}

static void io_spawn_forget_done(struct task_struct *child)
{
	task_lock(child);
	child->vfork_done = NULL;
	task_unlock(child);
}

void io_spawn_task_start(struct task_struct *child, struct completion *shares,
			 int trace)
{
	bool tell_done = ptrace_event_enabled(current, PTRACE_EVENT_VFORK_DONE);
	struct completion done;
	struct pid *pid;

	init_completion(shares);
	child->vfork_done = shares;
	if (likely(!trace && !tell_done)) {
		wake_up_new_task(child);
		return;
	}

	pid = get_task_pid(child, PIDTYPE_PID);
	get_task_struct(child);
	if (tell_done) {
		init_completion(&done);
		child->vfork_done = &done;
	}
	wake_up_new_task(child);
	if (trace)
		ptrace_event_pid(trace, pid);
	if (tell_done) {
		if (io_spawn_wait_done(&done))
			ptrace_event_pid(PTRACE_EVENT_VFORK_DONE, pid);
		else
			io_spawn_forget_done(child);
	}
	put_task_struct(child);
	put_pid(pid);
}

void io_spawn_task_end(struct completion *shares)
{
	if (!current->vfork_done)
		return;
	task_lock(current);
	/* it may also be that of a parent who waits */
	if (current->vfork_done == shares)
		current->vfork_done = NULL;
	task_unlock(current);
}

void io_spawn_task_drop_signals(const sigset_t *keep)
{
	sigset_t mask = *keep;
	kernel_siginfo_t info;
	enum pid_type type;

	spin_lock_irq(&current->sighand->siglock);
	while (dequeue_signal(&mask, &info, &type))
		;
	spin_unlock_irq(&current->sighand->siglock);
}

void io_spawn_task_done(const sigset_t *blocked)
{
	sigset_t mask = *blocked;

	current->flags &= ~PF_SPAWN;
	set_current_blocked(&mask);
}

/* --- without memory ------------------------------------------------------------ */

/*
 * Work that was queued while there was memory can look at it, and the scheduler queues
 * such work from its tick: so none is left when interrupts are off.
 */
static void io_spawn_task_lock(void)
{
	for (;;) {
		task_lock(current);
		/* for membarrier(2): what was done with the memory is done */
		smp_mb__after_spinlock();
		local_irq_disable();
		if (likely(!task_work_pending(current)))
			return;
		local_irq_enable();
		task_unlock(current);
		task_work_run();
	}
}

void io_spawn_task_leave_mm(void)
{
	struct mm_struct *mm = current->mm;

	exec_mm_release(current, mm);
	user_events_exit(current);
	sched_mm_cid_before_execve(current);
	mmgrab_lazy_tlb(mm);
	io_spawn_task_lock();
	/* what the launcher lets others do can change while it waits */
	current->user_dumpable = 0;
	current->mm = NULL;
	membarrier_update_current_mm(NULL);
	enter_lazy_tlb(mm, current);
	local_irq_enable();
	task_unlock(current);
	mm_update_next_owner(mm);
	mmput(mm);
	if (test_thread_flag(TIF_MEMDIE))
		exit_oom_victim();
}

void io_spawn_guard_memory(struct mm_struct *mm)
{
	if (get_dumpable(mm) == SUID_DUMP_USER)
		set_dumpable(mm, suid_dumpable ? SUID_DUMP_ROOT : SUID_DUMP_DISABLE);
	/* pairs with the barrier in __ptrace_may_access() */
	smp_wmb();
}

void io_spawn_task_take_mm(struct mm_struct *mm, bool foreign)
{
	struct mm_struct *active_mm;

	if (unlikely(foreign))
		io_spawn_guard_memory(mm);
	task_lock(current);
	local_irq_disable();
	active_mm = current->active_mm;
	current->active_mm = mm;
	current->mm = mm;
	membarrier_update_current_mm(mm);
	switch_mm_irqs_off(active_mm, mm, current);
	local_irq_enable();
	task_unlock(current);
#ifdef finish_arch_post_lock_switch
	finish_arch_post_lock_switch();
#endif
	/* for membarrier(2), a barrier as well */
	mmdrop_lazy_tlb(active_mm);
	sched_mm_cid_after_execve(current);
}

/* --- out of memory --------------------------------------------------------------- */

/*
 * For the OOM killer: whether the memory of such a task is its parent's. So it is
 * as long as a thread of the parent's group has it; the first that has any memory
 * decides, among the first few. Under RCU, and locks of the caller's.
 */
bool spawn_parent_shares_mm(struct task_struct *tsk)
{
	struct task_struct *parent = rcu_dereference(tsk->real_parent), *t;
	unsigned int left = SPAWN_MAX_THREADS;
	struct mm_struct *mm;

	for_each_thread(parent, t) {
		if (!left--)
			break;
		mm = READ_ONCE(t->mm);
		if (mm)
			return mm == tsk->mm;
	}
	return false;
}
