/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the child does before it executes the program: spawnpol_actions(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ACTION_H
#define SPAWNPOL_PART_ACTION_H

#include "chain.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Actions: what the child does before it executes the program, in the order
 * of the calls, each one step. Descriptor numbers are the child's, which starts
 * with a copy of the submitter's table. -EBADF: a negative number.
 */

/*
 * Standard input, output and errors, all at once. Stream i is the file paths[i], if that
 * is not NULL, and else a copy of descriptor fds[i], or stays as it is if that is -1.
 * paths or fds can be NULL. The descriptors are those before the call: { 1, 0, 2 }
 * exchanges input and output. Close-on-exec is cleared, also of a stream that becomes
 * itself.
 *
 * Input is opened for reading, the others for writing; if they do not exist they are
 * created with mode 0666 less the umask. flags of O_TRUNC, O_APPEND, O_EXCL, and
 * O_NOFOLLOW are for those that are written. Output and errors in files of the same name
 * are one file, opened once.
 *
 * At most six steps. An exchange takes a number meanwhile that is not open in this
 * process, the highest up to 255. -EBADF: a number below -1. -EINVAL: other flags.
 * -EMFILE: no number is left.
 */
int spawnpol_chain_stdio(struct spawnpol_chain *chain, const int fds[3],
			 const char *const paths[3], int flags);

/*
 * Open path and let the child have it as number fd; what was open there is
 * closed. flags and mode are those of open(2); O_CLOEXEC closes it again when
 * the program starts. One kernel command (IORING_CHILD_OPEN), so that the
 * number does not depend on which others are free.
 */
int spawnpol_chain_open(struct spawnpol_chain *chain, int fd, const char *path,
			int flags, mode_t mode);

/* As dup2(2); from == to clears close-on-exec, so that the program gets it. */
int spawnpol_chain_dup(struct spawnpol_chain *chain, int from, int to);

/* File index of the ring's registered files becomes descriptor number to. */
int spawnpol_chain_install(struct spawnpol_chain *chain, unsigned int index,
			   int to);

/* Close fd; that it is not open is an error, see spawnpol_chain_may_fail(). */
int spawnpol_chain_close(struct spawnpol_chain *chain, int fd);

/* Set or clear close-on-exec of fd. */
int spawnpol_chain_cloexec(struct spawnpol_chain *chain, int fd, bool on);

/* Close first to last, ~0U for all from there on. -EINVAL: first > last. */
int spawnpol_chain_close_range(struct spawnpol_chain *chain, unsigned int first,
			       unsigned int last);

/* Close all but the nr descriptors at fds, which need not be open. */
int spawnpol_chain_close_except(struct spawnpol_chain *chain, const int *fds,
				size_t nr);

int spawnpol_chain_chdir(struct spawnpol_chain *chain, const char *path);
int spawnpol_chain_fchdir(struct spawnpol_chain *chain, int fd);
/* The directory becomes the root; the working directory stays. */
int spawnpol_chain_chroot(struct spawnpol_chain *chain, const char *path);
/* -EINVAL: above 0777. */
int spawnpol_chain_umask(struct spawnpol_chain *chain, mode_t mask);

/* A new session; a process group, 0 for one of its own (-EINVAL: negative). */
int spawnpol_chain_setsid(struct spawnpol_chain *chain);
int spawnpol_chain_setpgid(struct spawnpol_chain *chain, pid_t pgid);

/*
 * Put process group pgid, 0 for the child's, in the foreground of terminal fd;
 * also from the background, as tcsetpgrp(3) with SIGTTOU blocked.
 */
int spawnpol_chain_tcsetpgrp(struct spawnpol_chain *chain, int fd, pid_t pgid);

/*
 * Signals that are blocked when the program starts (if not called, the
 * submitter's), that get their default action, that are ignored. -EINVAL:
 * ignoring SIGKILL or SIGSTOP.
 */
int spawnpol_chain_sigmask(struct spawnpol_chain *chain, const sigset_t *set);
int spawnpol_chain_sigdefault(struct spawnpol_chain *chain, const sigset_t *set);
int spawnpol_chain_sigignore(struct spawnpol_chain *chain, const sigset_t *set);

/*
 * Leave namespaces, CLONE_NEW* bits as unshare(2) has them, or join one
 * as setns(2). New pid namespaces are for the program's children; that the
 * child itself starts in one, see spawnpol_chain_namespaces().
 */
int spawnpol_chain_unshare(struct spawnpol_chain *chain, uint64_t flags);
int spawnpol_chain_setns(struct spawnpol_chain *chain, int fd, int type);

/*
 * Change the child's credentials, as the system calls of these names do; -1
 * leaves an id as it is. Later actions, and the execution of the program,
 * have the new ones. To drop privileges: groups, gids, uids, in this order.
 *
 * The submitter's memory, which the child shares until then, becomes undumpable,
 * lest others reach it by the child, and stays so. prctl(2) with PR_SET_DUMPABLE
 * undoes that; it is safe only when no such child is left.
 */
int spawnpol_chain_setgroups(struct spawnpol_chain *chain, const gid_t *groups,
			     size_t nr);
int spawnpol_chain_setresgid(struct spawnpol_chain *chain, gid_t real,
			     gid_t effective, gid_t saved);
int spawnpol_chain_setresuid(struct spawnpol_chain *chain, uid_t real,
			     uid_t effective, uid_t saved);

/* Capability sets, bit n for capability n; see capabilities(7). Likewise. */
int spawnpol_chain_capset(struct spawnpol_chain *chain, uint64_t effective,
			  uint64_t permitted, uint64_t inheritable);

/*
 * One of PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, PR_SET_KEEPCAPS,
 * PR_SET_SECUREBITS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_SET_TIMERSLACK,
 * PR_SET_CHILD_SUBREAPER, with prctl(2)'s second and third argument; the kernel
 * refuses others (-EINVAL in the outcome). A change of ids forgets the
 * death signal.
 */
int spawnpol_chain_prctl(struct spawnpol_chain *chain, int option,
			 unsigned long arg2, unsigned long arg3);

/*
 * Whether the program starts dumpable. If it does not, nobody can trace it or read its
 * core, as if its file could not be read; if it does, that is as the kernel decides.
 */
int spawnpol_chain_dumpable(struct spawnpol_chain *chain, bool on);

/*
 * Set a seccomp filter, which is copied, or restrict by a Landlock ruleset. Both
 * need PR_SET_NO_NEW_PRIVS before, or CAP_SYS_ADMIN. A filter is asked about
 * execveat(2) when the program is executed.
 */
int spawnpol_chain_seccomp(struct spawnpol_chain *chain,
			   const struct sock_fprog *prog);
int spawnpol_chain_landlock(struct spawnpol_chain *chain, int ruleset_fd);

/* Limits: prlimit(2); setpriority(2); the value of proc(5)'s oom_score_adj. */
int spawnpol_chain_rlimit(struct spawnpol_chain *chain, int resource,
			  const struct rlimit *limit);
int spawnpol_chain_nice(struct spawnpol_chain *chain, int nice);
int spawnpol_chain_oom_score_adj(struct spawnpol_chain *chain, int adj);

/*
 * Scheduling: sched_setattr(2), attr->size bytes of which are copied (-EINVAL:
 * too few); sched_setaffinity(2), size in bytes; ioprio_set(2).
 */
int spawnpol_chain_sched(struct spawnpol_chain *chain,
			 const struct sched_attr *attr);
int spawnpol_chain_affinity(struct spawnpol_chain *chain, size_t size,
			    const void *mask);
int spawnpol_chain_ioprio(struct spawnpol_chain *chain, int ioprio);

/*
 * Any request whose operation is legal in a child. user_data is replaced;
 * flags can be IOSQE_FIXED_FILE (else -EINVAL). What it points to is the
 * caller's and must stay until the outcome. LINK_TIMEOUT is -EINVAL; CLONE and EXEC,
 * which each kernel gives its own numbers, are that when the chain is submitted.
 */
int spawnpol_chain_sqe(struct spawnpol_chain *chain,
		       const struct io_uring_sqe *sqe);

/*
 * The chain goes on if the action added last fails, as with IOSQE_IO_HARDLINK.
 * -EINVAL: there is none.
 */
int spawnpol_chain_may_fail(struct spawnpol_chain *chain);

#ifdef __cplusplus
}
#endif

#endif
