/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of IORING_OP_CHILD. Each runs in the child, and returns its
 * result or an error.
 */
#ifndef IOU_CHILD_CMD_H
#define IOU_CHILD_CMD_H

#include <linux/io_uring_types.h>
#include <linux/types.h>

#include "call.h"

struct filename;
struct io_uring_spawn_step;

/* How many descriptors IORING_CHILD_CLOSE_EXCEPT can keep. */
#define IO_CHILD_MAX_KEPT	65536

struct io_child {
	struct file			*file;	/* a registered one, or NULL */
	struct filename			*path;	/* what addr pointed to, or NULL */
	u64				addr;
	u64				off;
	u64				addr3;
	u64				addr4;
	u32				cmd;
	u32				flags;
	int				fd;
};

/*
 * Make a command of a step of SPAWN. Its path is imported, and child->path is to be
 * put, also if this fails. -EOPNOTSUPP: there is no such command; -EINVAL, and for a
 * path -EFAULT, -ENAMETOOLONG, -ENOMEM, -ENOENT.
 */
int io_child_prep_step(struct io_child *child, const struct io_uring_spawn_step *step);

/*
 * For commands that stand in for more than one call: make this one, in place of
 * which @run does the work. Returns its result or an error.
 */
int io_child_call(struct io_child *child, const struct io_call *call,
		  int (*run)(struct io_child *child, const struct io_call *call));

/* child_fs.c */
int io_child_dup(struct io_child *child);
int io_child_open(struct io_child *child);
int io_child_chdir(struct io_child *child);
int io_child_fchdir(struct io_child *child);
int io_child_chroot(struct io_child *child);
int io_child_umask(struct io_child *child);
int io_child_close_range(struct io_child *child);
int io_child_close_except(struct io_child *child);

/* child_task.c */
int io_child_setsid(struct io_child *child);
int io_child_setpgid(struct io_child *child);
int io_child_tcsetpgrp(struct io_child *child);
int io_child_sigmask(struct io_child *child);
int io_child_sigdefault(struct io_child *child);
int io_child_sigignore(struct io_child *child);
int io_child_unshare(struct io_child *child);
int io_child_setns(struct io_child *child);

/* child_cred.c */
/* To be called before others may be let in by a change. */
void io_child_guard_memory(void);
int io_child_setgroups(struct io_child *child);
int io_child_setresgid(struct io_child *child);
int io_child_setresuid(struct io_child *child);
int io_child_capset(struct io_child *child);
int io_child_prctl(struct io_child *child);
int io_child_dumpable(struct io_child *child);
int io_child_landlock(struct io_child *child);

/* child_limit.c */
int io_child_rlimit(struct io_child *child);
int io_child_nice(struct io_child *child);
int io_child_sched(struct io_child *child);
int io_child_affinity(struct io_child *child);
int io_child_ioprio(struct io_child *child);
int io_child_oom_score_adj(struct io_child *child);

#endif
