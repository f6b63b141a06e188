// SPDX-License-Identifier: GPL-2.0
/*
 * What a launcher was like when it had a child made: see kept.h.
 *
 * A child gets from its parent what that has at the time. One that was made ahead must
 * not bring back what the launcher has given up since, nor lack what it has been put
 * under. What can be changed in a child without asking anybody is copied when it is
 * used (kept_take.c). The rest is compared, and this is the list of it.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/mempolicy.h>
#include <linux/nospec.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/string.h>
#include <linux/tty.h>

#include "../kernel/cgroup/cgroup-internal.h"

#include "kept.h"
#include "rights.h"

/* Flags that prctl(2) sets, and fork copies. */
#define IO_KEPT_FLAGS	(PF_MCE_PROCESS | PF_MCE_EARLY | PF_MEMALLOC_NOIO | \
			 PF_LOCAL_THROTTLE)
/* A tracer with one of these gets what a child would be. */
#define IO_KEPT_TRACED	(PT_EVENT_FLAG(PTRACE_EVENT_FORK) | \
			 PT_EVENT_FLAG(PTRACE_EVENT_VFORK) | \
			 PT_EVENT_FLAG(PTRACE_EVENT_CLONE))

/* --- taking notes --------------------------------------------------------------- */

static unsigned int io_traced_events(void)
{
	return current->ptrace & IO_KEPT_TRACED;
}

static struct pid *io_get_tracer(void)
{
	struct task_struct *tracer;

	if (likely(!io_traced_events()))
		return NULL;
	guard(rcu)();
	tracer = ptrace_parent(current);
	return tracer ? get_pid(task_pid(tracer)) : NULL;
}

static unsigned long io_arch_flags(void)
{
#ifdef CONFIG_X86
	return read_task_thread_flags(current) & (_TIF_NOTSC | _TIF_NOCPUID);
#else
	return 0;
#endif
}

static u64 io_own_slice(void)
{
	return current->se.custom_slice ? current->se.slice : 0;
}

static void io_kept_mark_ids(struct io_kept_marks *marks)
{
	guard(rcu)();
	marks->tgid = get_pid(task_tgid(current));
	marks->pgrp = get_pid(task_pgrp(current));
	marks->session = get_pid(task_session(current));
}

static void io_kept_mark_sched(struct io_kept_marks *marks)
{
	marks->policy = current->policy;
	marks->static_prio = current->static_prio;
	marks->rt_priority = current->rt_priority;
	marks->reset_on_fork = current->sched_reset_on_fork;
	marks->slice = io_own_slice();
#ifdef CONFIG_UCLAMP_TASK
	memcpy(marks->clamps, current->uclamp_req, sizeof(marks->clamps));
#endif
	cpumask_copy(marks->cpus, &current->cpus_mask);
}

int io_kept_mark(struct io_kept_marks *marks)
{
	unsigned int i;

	if (!alloc_cpumask_var(&marks->cpus, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	io_kept_mark_ids(marks);
	marks->tty = get_current_tty();
	marks->cred = get_current_cred();
	marks->nsproxy = current->nsproxy;
	get_nsproxy(marks->nsproxy);
#ifdef CONFIG_CGROUPS
	spin_lock_irq(&css_set_lock);
	marks->cset = task_css_set(current);
	get_css_set(marks->cset);
	spin_unlock_irq(&css_set_lock);
#endif
#ifdef CONFIG_SECCOMP_FILTER
	marks->filter = current->seccomp.filter;
#endif
	marks->traced = io_traced_events();
	marks->tracer = io_get_tracer();
	marks->flags = current->flags & IO_KEPT_FLAGS;
	marks->atomic_flags = READ_ONCE(current->atomic_flags);
	marks->arch_flags = io_arch_flags();
	for (i = 0; i < IO_KEPT_SPEC; i++)
		marks->spec[i] = arch_prctl_spec_ctrl_get(current, i);
	io_kept_mark_sched(marks);
	return 0;
}

int io_kept_copy_marks(struct io_kept_marks *marks, const struct io_kept_marks *from)
{
	cpumask_var_t cpus;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	cpumask_copy(cpus, from->cpus);
	*marks = *from;
#ifdef CONFIG_CPUMASK_OFFSTACK
	marks->cpus = cpus;
#endif
	get_pid(marks->tgid);
	get_pid(marks->pgrp);
	get_pid(marks->session);
	tty_kref_get(marks->tty);
	get_cred(marks->cred);
	get_nsproxy(marks->nsproxy);
#ifdef CONFIG_CGROUPS
	get_css_set(marks->cset);
#endif
	get_pid(marks->tracer);
	return 0;
}

void io_kept_put_marks(struct io_kept_marks *marks)
{
	/* there are none */
	if (!marks->cred)
		return;
	put_pid(marks->tgid);
	put_pid(marks->pgrp);
	put_pid(marks->session);
	tty_kref_put(marks->tty);
	put_cred(marks->cred);
	put_nsproxy(marks->nsproxy);
#ifdef CONFIG_CGROUPS
	put_css_set(marks->cset);
#endif
	put_pid(marks->tracer);
	free_cpumask_var(marks->cpus);
}

/* --- comparing -------------------------------------------------------------------- */

static bool io_same_place(const struct io_kept_marks *marks)
{
	guard(rcu)();
	return marks->pgrp == task_pgrp(current) &&
	       marks->session == task_session(current) &&
	       marks->tty == READ_ONCE(current->signal->tty);
}

/* By value: who enters others and comes back has a new structure. */
static bool io_same_namespaces(const struct nsproxy *a, const struct nsproxy *b)
{
	return a == b ||
	       (a->uts_ns == b->uts_ns && a->ipc_ns == b->ipc_ns &&
		a->mnt_ns == b->mnt_ns && a->net_ns == b->net_ns &&
		a->pid_ns_for_children == b->pid_ns_for_children &&
		a->time_ns == b->time_ns &&
		a->time_ns_for_children == b->time_ns_for_children &&
		a->cgroup_ns == b->cgroup_ns);
}

/* What confines it. */
static bool io_same_bounds(const struct io_kept_marks *marks)
{
	unsigned int i;

#ifdef CONFIG_SECCOMP_FILTER
	if (marks->filter != current->seccomp.filter)
		return false;
#endif
#ifdef CONFIG_CGROUPS
	guard(rcu)();
	if (marks->cset != task_css_set(current))
		return false;
#endif
	for (i = 0; i < IO_KEPT_SPEC; i++) {
		if (marks->spec[i] != arch_prctl_spec_ctrl_get(current, i))
			return false;
	}
	return io_same_namespaces(marks->nsproxy, current->nsproxy) &&
	       marks->atomic_flags == READ_ONCE(current->atomic_flags) &&
	       marks->arch_flags == io_arch_flags() &&
	       marks->flags == (current->flags & IO_KEPT_FLAGS);
}

static bool io_same_tracer(const struct io_kept_marks *marks)
{
	struct pid *tracer;

	if (marks->traced != io_traced_events())
		return false;
	if (likely(!marks->traced))
		return true;
	tracer = io_get_tracer();
	put_pid(tracer);
	return marks->tracer == tracer;
}

static bool io_same_sched(const struct io_kept_marks *marks)
{
#ifdef CONFIG_UCLAMP_TASK
	if (memcmp(marks->clamps, current->uclamp_req, sizeof(marks->clamps)))
		return false;
#endif
	return marks->policy == current->policy &&
	       marks->static_prio == current->static_prio &&
	       marks->rt_priority == current->rt_priority &&
	       marks->reset_on_fork == current->sched_reset_on_fork &&
	       marks->slice == io_own_slice() &&
	       cpumask_equal(marks->cpus, &current->cpus_mask);
}

static bool io_same_audit(struct task_struct *task)
{
#ifdef CONFIG_AUDIT
	if (READ_ONCE(task->signal->audit_tty) !=
	    READ_ONCE(current->signal->audit_tty))
		return false;
#endif
	return uid_eq(audit_get_loginuid(task), audit_get_loginuid(current)) &&
	       audit_get_sessionid(task) == audit_get_sessionid(current);
}

/* Who has got at the child while the launcher let him is not to stay. */
static bool io_is_watched(struct task_struct *task)
{
	return READ_ONCE(task->ptrace) && !io_traced_events() &&
	       get_dumpable(current->mm) != SUID_DUMP_USER;
}

static bool io_same_ports(struct task_struct *task)
{
#ifdef CONFIG_X86_IOPL_IOPERM
	return task->thread.io_bitmap == current->thread.io_bitmap &&
	       task->thread.iopl_emul == current->thread.iopl_emul;
#else
	return true;
#endif
}

/* What no step changes: the child has what the launcher had. */
static bool io_same_as_child(struct task_struct *task)
{
	bool same;

#ifdef CONFIG_SCHED_CORE
	if (task->core_cookie != current->core_cookie)
		return false;
#endif
	if (io_is_watched(task) || !io_same_audit(task) ||
	    !security_task_same(task, current))
		return false;
#ifdef CONFIG_NUMA
	task_lock(task);
	same = mpol_equal(task->mempolicy, current->mempolicy);
	task_unlock(task);
#else
	same = true;
#endif
	return same && io_same_ports(task);
}

int io_kept_compare(const struct io_kept *kept)
{
	const struct io_kept_marks *marks = &kept->marks;

	return io_same_creds(marks->cred, current_cred()) && io_same_place(marks) &&
	       io_same_bounds(marks) && io_same_tracer(marks) &&
	       io_same_sched(marks) && io_same_as_child(kept->task) ? 0 : -ESTALE;
}

bool io_kept_is_foreign(const struct io_kept_marks *marks)
{
	return !io_same_access(marks->cred, current_cred());
}
