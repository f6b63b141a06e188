/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Children that wait in the kernel between chains, and are known by a number of their
 * ring. This is the way of one:
 *
 *	io_kept_prepare()	the starter of its first chain makes the	kept.c
 *				object, and notes what its thread is like	kept_marks.c
 *	io_kept_rest()		the child, its chain at an end, lets go of
 *				the memory and waits: io_kept_wait()		kept.c
 *	io_kept_claim()		another chain names it, when it is issued	kept.c
 *	io_kept_hand()		... and is handed to it by its starter,		kept_take.c
 *				who compares his thread with what was noted,
 *				and adds what is to be copied from it
 *	io_taken_begin()	the child makes that its own			kept_take.c
 *	io_kept_end()		it dies, or is a program			kept.c
 *
 * A chain that is a copy's goes the same way to the child that is copied, which makes
 * the copy and waits again.
 */
#ifndef IOU_KEPT_H
#define IOU_KEPT_H

#include <linux/cpumask.h>
#include <linux/io_uring_types.h>
#include <linux/list.h>
#include <linux/path.h>
#include <linux/refcount.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/types.h>

struct cred;
struct css_set;
struct files_struct;
struct io_cancel_data;
struct io_chain;
struct io_child;
struct mm_struct;
struct nsproxy;
struct pid;
struct seq_file;
struct tty_struct;

/* Of one ring; one more fails with -EAGAIN. */
#define IO_SPAWN_MAX_KEPT	16384

/* Kinds of speculation that prctl(2) controls. */
#define IO_KEPT_SPEC		3

/*
 * What the thread was like that had the child made, as far as a child gets it from its
 * parent, and cannot be given it later. References are held, so that what is the same
 * pointer later is the same.
 */
struct io_kept_marks {
	struct pid		*tgid;
	struct pid		*pgrp;
	struct pid		*session;
	struct tty_struct	*tty;
	const struct cred	*cred;
	struct nsproxy		*nsproxy;
#ifdef CONFIG_CGROUPS
	struct css_set		*cset;
#endif
#ifdef CONFIG_SECCOMP_FILTER
	/* the child's filters hold it */
	struct seccomp_filter	*filter;
#endif
	struct pid		*tracer;	/* who gets its children, too, or NULL */
	unsigned int		traced;		/* ... and which */
	unsigned int		flags;		/* PF_* */
	unsigned long		atomic_flags;	/* PFA_* */
	unsigned long		arch_flags;	/* TIF_* */
	int			spec[IO_KEPT_SPEC];
	unsigned int		policy;
	int			static_prio;
	unsigned int		rt_priority;
	bool			reset_on_fork;
	u64			slice;		/* 0: the scheduler's */
#ifdef CONFIG_UCLAMP_TASK
	struct uclamp_se	clamps[UCLAMP_CNT];
#endif
	cpumask_var_t		cpus;
};

/* What steps have set in the child: it is not copied from a launcher any more. */
enum {
	IO_SETS_CWD		= 1U << 0,
	IO_SETS_ROOT		= 1U << 1,
	IO_SETS_UMASK		= 1U << 2,
	IO_SETS_SIGMASK		= 1U << 3,
	IO_SETS_SLACK		= 1U << 4,
	IO_SETS_IOPRIO		= 1U << 5,
	IO_SETS_OOM_SCORE	= 1U << 6,
};

struct io_kept_set {
	unsigned int		what;		/* IO_SETS_* */
	unsigned int		limits;		/* a bit for each RLIMIT_* */
	u64			signals;	/* actions; bit 0 is signal 1 */
	sigset_t		blocked;	/* with IO_SETS_SIGMASK */
	bool			undumpable;	/* what the program is to be */
};

/* Changes under ctx->spawn.lock. */
enum io_kept_state {
	IO_KEPT_MADE,		/* there is no child yet, or it runs its first chain */
	IO_KEPT_WAITING,
	IO_KEPT_BUSY,		/* a chain has claimed it */
	IO_KEPT_GONE,
};

/* The child has a reference, and each chain that names it. */
struct io_kept {
	refcount_t		refs;
	struct rcu_head		rcu;
	struct io_ring_ctx	*ctx;
	u32			number;
	bool			staged;		/* by an actor */
	u8			opcode;		/* of what made it ... */
	u64			user_data;
	struct task_struct	*maker;		/* ... and its task: to be compared only */
	struct io_kept_marks	marks;

	/* under ctx->spawn.lock */
	enum io_kept_state	state;
	int			spared_by;	/* io_cancel_data::seq: it has cancelled a chain */
	struct task_struct	*task;		/* NULL: there is none yet */
	pid_t			pid;		/* as the launcher knows it */
	bool			foreign;	/* has other credentials than the launcher */
	bool			ended;		/* is told to end */
	struct list_head	chains;		/* that are handed to it */

	/* the child's */
	struct io_kept_set	set;
	struct mm_struct	*mm;		/* of its program, made ahead, or NULL */
	struct files_struct	*files;		/* of the next copy, likewise */
	bool			prepared;	/* ... as far as that could be done */
	bool			copied;		/* there are copies of it */
	long			limit;		/* jiffies that it waits at most */
};

/* What goes with a chain to a child that waits. */
struct io_taken {
	struct mm_struct	*mm;		/* a user; NULL: it has it now */
	struct files_struct	*files;		/* those to be added, or of a copy, or NULL */
	struct io_kept_set	set;		/* of what a copy is made of */
	struct path		pwd;
	struct path		root;
	umode_t			umask;
	u64			ignored;	/* signals; bit 0 is signal 1 */
	short			oom_score_adj;
	short			oom_score_adj_min;
	struct rlimit		limits[RLIM_NLIMITS];
};

/* --- kept_marks.c ------------------------------------------------------------- */

/* Of the current task. 0 or -ENOMEM. */
int io_kept_mark(struct io_kept_marks *marks);
int io_kept_copy_marks(struct io_kept_marks *marks, const struct io_kept_marks *from);
void io_kept_put_marks(struct io_kept_marks *marks);
/*
 * Whether a child of the current task would be like this one. 0 or -ESTALE.
 */
int io_kept_compare(const struct io_kept *kept);
/* Whether the current task, the child, has other credentials than who had it made. */
bool io_kept_is_foreign(const struct io_kept_marks *marks);

/* --- kept.c --------------------------------------------------------------------- */

/*
 * The chain is one that names a child: find that. -ESRCH, -EBUSY. The claim is given up
 * by io_kept_forget(), if the chain does not get to the child.
 */
int io_kept_claim(struct io_chain *chain);
/* The child to be made is to be kept. -EAGAIN, -ENOMEM. By the starter. */
int io_kept_prepare(struct io_chain *chain);
/* It could not be made. */
void io_kept_drop(struct io_chain *chain);
/* There is a child. Under ctx->spawn.lock. */
void io_kept_made(struct io_chain *chain, struct task_struct *child);
/* The chain has nothing to do with children that wait any more. */
void io_kept_forget(struct io_chain *chain);
void io_kept_put(struct io_kept *kept);

/*
 * In the child: this command has been done, which sets IO_SETS_*. It keeps that, whatever
 * its launcher has by then.
 */
void io_kept_note(struct io_kept *kept, const struct io_child *child, u32 sets);
/* In the child, which is at the end of a chain and is to wait: others find it so. */
void io_kept_rest(struct io_chain *chain);
/* Wait for the next chain. NULL: the child is to end, and nothing is left to it. */
struct io_chain *io_kept_wait(struct io_kept *kept);
/* Returns false if it is to end. */
bool io_kept_take_signals(void);
/* Its chain has ended: it is about to wait, or nobody gets to it. Under ctx->spawn.lock. */
void io_kept_settle(struct io_kept *kept, bool stays);
/* It is a program, or ends: what has been handed to it fails. */
void io_kept_end(struct io_kept *kept);

/* End those that @cd matches, or without it those of @task, or all. How many. */
unsigned int io_kept_cancel(struct io_ring_ctx *ctx, struct io_cancel_data *cd,
			    struct task_struct *task, bool one);

/* --- kept_take.c ------------------------------------------------------------------ */

/* Hand the chain to the child that it names. By the starter. 0 or an error. */
int io_kept_hand(struct io_chain *chain);
/* In that child, or the copy: be what the launcher is. 0 or an error. */
int io_taken_begin(struct io_chain *chain);
/* In a child that is to be copied: make the copy. The chain is not its own any more. */
void io_kept_copy(struct io_kept *kept, struct io_chain *chain);
/* A table of the current task's descriptors for its next copy, or NULL. */
struct files_struct *io_kept_dup_files(void);
/* Give the copy, which has not begun, the memory that was made ahead for a program. */
void io_kept_give_mm(struct io_chain *chain, struct task_struct *copy);
void io_taken_free(struct io_taken *taken);

#ifdef CONFIG_IO_URING_SPAWN
void io_kept_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx);
#else
static inline void io_kept_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
}
#endif

#endif
