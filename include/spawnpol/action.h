/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions of a chain: spawnpol_actions(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_ACTION_H
#define SPAWNPOL_PART_ACTION_H

#include "chain.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Actions: what the child does before it executes the program, in the order of the calls.
 * Each action is one step. Descriptors are the child's. The child starts with a copy of
 * the submitter's table, or with the files of spawnpol_chain_files(). -EBADF: a descriptor
 * is negative.
 */

/*
 * Set the child's standard input, output and error. Stream i becomes the file paths[i];
 * if that is NULL, a copy of descriptor fds[i]; if that is -1, it stays as it is. paths
 * and fds can be NULL. fds refer to descriptors before the call: { 1, 0, 2 } exchanges
 * input and output. The call clears close-on-exec of the streams, also of a stream that
 * is a copy of itself.
 *
 * Input is opened for reading, output and error for writing. An output file that does not
 * exist is created with mode 0666 less the umask. flags are O_TRUNC, O_APPEND, O_EXCL and
 * O_NOFOLLOW, and apply to output files. If output and error name the same path, it is
 * opened once.
 *
 * At most six steps. An exchange temporarily uses the highest descriptor up to 255 that
 * this process does not have open. -EBADF: an element of fds is below -1. -EINVAL: other
 * flags. -EMFILE: no descriptor is free for an exchange.
 */
int spawnpol_chain_stdio(struct spawnpol_chain *chain, const int fds[3],
			 const char *const paths[3], int flags);

/*
 * Open path as descriptor fd; a file that was open there is closed. flags and mode are
 * those of open(2). With O_CLOEXEC the descriptor is closed when the program starts. The
 * step is one kernel command (IORING_CHILD_OPEN), so the number does not depend on which
 * other descriptors are free.
 */
int spawnpol_chain_open(struct spawnpol_chain *chain, int fd, const char *path,
			int flags, mode_t mode);

/* As dup2(2); from == to clears close-on-exec, so that the program gets the descriptor. */
int spawnpol_chain_dup(struct spawnpol_chain *chain, int from, int to);

/* Make the ring's registered file number index descriptor to. */
int spawnpol_chain_install(struct spawnpol_chain *chain, unsigned int index,
			   int to);

/* Close fd. The step fails if fd is not open; see spawnpol_chain_may_fail(). */
int spawnpol_chain_close(struct spawnpol_chain *chain, int fd);

/* Set or clear close-on-exec of fd. */
int spawnpol_chain_cloexec(struct spawnpol_chain *chain, int fd, bool on);

/* Close descriptors first to last; last ~0U: all from first. -EINVAL: first > last. */
int spawnpol_chain_close_range(struct spawnpol_chain *chain, unsigned int first,
			       unsigned int last);

/* Close all descriptors except the nr ones at fds, which need not be open. */
int spawnpol_chain_close_except(struct spawnpol_chain *chain, const int *fds,
				size_t nr);

int spawnpol_chain_chdir(struct spawnpol_chain *chain, const char *path);
int spawnpol_chain_fchdir(struct spawnpol_chain *chain, int fd);
/* Make path the root directory; the working directory stays. */
int spawnpol_chain_chroot(struct spawnpol_chain *chain, const char *path);
/* Set the umask. -EINVAL: mask is above 0777. */
int spawnpol_chain_umask(struct spawnpol_chain *chain, mode_t mask);

/*
 * Make a session; enter process group pgid, or with 0 a new one. -EINVAL: pgid is
 * negative.
 */
int spawnpol_chain_setsid(struct spawnpol_chain *chain);
int spawnpol_chain_setpgid(struct spawnpol_chain *chain, pid_t pgid);

/*
 * Put process group pgid (0: the child's) into the foreground of terminal fd. Like
 * tcsetpgrp(3) with SIGTTOU blocked, this works from the background too. -EINVAL: pgid is
 * negative.
 */
int spawnpol_chain_tcsetpgrp(struct spawnpol_chain *chain, int fd, pid_t pgid);

/*
 * Set the signals that are blocked when the program starts (default: the submitter's),
 * that get their default action, and that are ignored. -EINVAL: SIGKILL or SIGSTOP is to
 * be ignored.
 */
int spawnpol_chain_sigmask(struct spawnpol_chain *chain, const sigset_t *set);
int spawnpol_chain_sigdefault(struct spawnpol_chain *chain, const sigset_t *set);
int spawnpol_chain_sigignore(struct spawnpol_chain *chain, const sigset_t *set);

/*
 * Leave namespaces (CLONE_NEW* bits as for unshare(2)), or join one as setns(2). Only the
 * program's children are in a new pid namespace; to start the child itself in one, use
 * spawnpol_chain_namespaces().
 */
int spawnpol_chain_unshare(struct spawnpol_chain *chain, uint64_t flags);
int spawnpol_chain_setns(struct spawnpol_chain *chain, int fd, int type);

/*
 * Change the child's credentials, as the system calls of these names do; -1 leaves an id
 * unchanged. The new credentials apply to later actions and to the execution of the
 * program. To drop privileges, set groups, gids and uids, in this order.
 *
 * Until the program starts, the child shares the submitter's memory. The kernel makes
 * this memory undumpable, so that other processes cannot access it through the child, and
 * leaves it undumpable. prctl(2) with PR_SET_DUMPABLE makes it dumpable again; do this
 * only when no such child is left.
 */
int spawnpol_chain_setgroups(struct spawnpol_chain *chain, const gid_t *groups,
			     size_t nr);
int spawnpol_chain_setresgid(struct spawnpol_chain *chain, gid_t real,
			     gid_t effective, gid_t saved);
int spawnpol_chain_setresuid(struct spawnpol_chain *chain, uid_t real,
			     uid_t effective, uid_t saved);

/*
 * Set capability sets, bit n for capability n; see capabilities(7). The memory becomes
 * undumpable, as above.
 */
int spawnpol_chain_capset(struct spawnpol_chain *chain, uint64_t effective,
			  uint64_t permitted, uint64_t inheritable);

/*
 * Call prctl(2) with option PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, PR_SET_KEEPCAPS,
 * PR_SET_SECUREBITS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_SET_TIMERSLACK,
 * PR_SET_CHILD_SUBREAPER or PR_SET_SPECULATION_CTRL. For PR_SET_SECCOMP, use
 * spawnpol_chain_seccomp(). With other options the outcome is -EINVAL. A later change of
 * ids clears the death signal. -EINVAL: option is negative.
 */
int spawnpol_chain_prctl(struct spawnpol_chain *chain, int option,
			 unsigned long arg2, unsigned long arg3);

/*
 * If on is false, the program starts undumpable: other processes can neither trace it nor
 * read its core, as if its file were unreadable. If on is true, the kernel decides.
 */
int spawnpol_chain_dumpable(struct spawnpol_chain *chain, bool on);

/*
 * Set a seccomp filter, which is copied, or restrict the child by a Landlock ruleset.
 * Both need PR_SET_NO_NEW_PRIVS before, or CAP_SYS_ADMIN. The kernel asks the filter about
 * the system calls that later actions stand for, and about execveat(2) for the program.
 */
int spawnpol_chain_seccomp(struct spawnpol_chain *chain,
			   const struct sock_fprog *prog);
int spawnpol_chain_landlock(struct spawnpol_chain *chain, int ruleset_fd);

/*
 * Set a limit as prlimit(2) (-EINVAL: resource is negative, or the soft limit is above the
 * hard one), the nice value as setpriority(2), proc(5)'s oom_score_adj.
 */
int spawnpol_chain_rlimit(struct spawnpol_chain *chain, int resource,
			  const struct rlimit *limit);
int spawnpol_chain_nice(struct spawnpol_chain *chain, int nice);
int spawnpol_chain_oom_score_adj(struct spawnpol_chain *chain, int adj);

/*
 * Set the scheduling as sched_setattr(2) (attr->size bytes are copied; -EINVAL: fewer than
 * 48), the CPUs as sched_setaffinity(2) (size in bytes; -EINVAL: 0), the I/O priority as
 * ioprio_set(2) (-EINVAL: not a priority).
 */
int spawnpol_chain_sched(struct spawnpol_chain *chain,
			 const struct sched_attr *attr);
int spawnpol_chain_affinity(struct spawnpol_chain *chain, size_t size,
			    const void *mask);
int spawnpol_chain_ioprio(struct spawnpol_chain *chain, int ioprio);

/*
 * Add any request whose operation is legal in a child. The library replaces user_data.
 * flags can be IOSQE_FIXED_FILE. The caller owns the memory that the request refers to,
 * and must not change or free it until the outcome. -EINVAL: other flags, LINK_TIMEOUT.
 * CLONE and EXEC are rejected when the chain is submitted, as their numbers depend on the
 * kernel.
 */
int spawnpol_chain_sqe(struct spawnpol_chain *chain,
		       const struct io_uring_sqe *sqe);

/*
 * Let the chain go on if the last added action fails, as with IOSQE_IO_HARDLINK. -EINVAL:
 * the chain has no action.
 */
int spawnpol_chain_may_fail(struct spawnpol_chain *chain);

#ifdef __cplusplus
}
#endif

#endif
