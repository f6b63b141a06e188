/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains, their programs and attributes: spawnpol_chain(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_CHAIN_H
#define SPAWNPOL_PART_CHAIN_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One program to be launched, and how. */
struct spawnpol_chain;

/* What requests of a chain are. */
enum spawnpol_kind {
	SPAWNPOL_KIND_CLONE,		/* making the child */
	SPAWNPOL_KIND_EXEC,		/* executing the program */
	SPAWNPOL_KIND_OPEN,
	SPAWNPOL_KIND_DUP,
	SPAWNPOL_KIND_INSTALL,
	SPAWNPOL_KIND_CLOSE,
	SPAWNPOL_KIND_CHDIR,
	SPAWNPOL_KIND_FCHDIR,
	SPAWNPOL_KIND_SETSID,
	SPAWNPOL_KIND_SETPGID,
	SPAWNPOL_KIND_SQE,		/* of spawnpol_chain_sqe() */
	SPAWNPOL_KIND_CLOEXEC,
	SPAWNPOL_KIND_CLOSE_RANGE,
	SPAWNPOL_KIND_CLOSE_EXCEPT,
	SPAWNPOL_KIND_CHROOT,
	SPAWNPOL_KIND_UMASK,
	SPAWNPOL_KIND_TCSETPGRP,
	SPAWNPOL_KIND_SIGMASK,
	SPAWNPOL_KIND_SIGDEFAULT,
	SPAWNPOL_KIND_SIGIGNORE,
	SPAWNPOL_KIND_SETGROUPS,
	SPAWNPOL_KIND_SETRESGID,
	SPAWNPOL_KIND_SETRESUID,
	SPAWNPOL_KIND_CAPSET,
	SPAWNPOL_KIND_PRCTL,
	SPAWNPOL_KIND_DUMPABLE,
	SPAWNPOL_KIND_SECCOMP,
	SPAWNPOL_KIND_LANDLOCK,
	SPAWNPOL_KIND_RLIMIT,
	SPAWNPOL_KIND_NICE,
	SPAWNPOL_KIND_SCHED,
	SPAWNPOL_KIND_AFFINITY,
	SPAWNPOL_KIND_IOPRIO,
	SPAWNPOL_KIND_OOM_SCORE_ADJ,
	SPAWNPOL_KIND_UNSHARE,
	SPAWNPOL_KIND_SETNS,
	SPAWNPOL_KIND_EXIT,		/* the end of the program */
	SPAWNPOL_KIND_ACTOR,		/* of no chain: spawnpol_actor(3) */
};

/* Steps one chain can have, programs included. */
#define SPAWNPOL_MAX_STEPS 250

/*
 * An empty chain. The caller owns it: spawnpol_chain_free(). -ENOMEM.
 *
 * The calls below add to a chain. Strings and arrays are copied, descriptors
 * are not: they must stay open until the outcome. Errors stick: after the first
 * one, everything else done with the chain returns it, spawnpol_submit() too, so
 * checking there alone is enough. Common to all of them:
 *
 * -ENOMEM	no memory
 * -E2BIG	more than SPAWNPOL_MAX_STEPS steps
 * -EINVAL	NULL where there is to be data
 * -EBUSY	the chain is in flight; this error does not stick
 */
int spawnpol_chain_new(struct spawnpol_chain **chain);

/*
 * Free a chain. Not one in flight: that has no effect and returns -EBUSY,
 * because the child still reads its strings. NULL is 0.
 */
int spawnpol_chain_free(struct spawnpol_chain *chain);

/*
 * Make a chain as it was when new, but keep the memory that it has for what is added
 * next: a chain that is used again and again in the same way does not allocate.
 * -EBUSY: it is in flight.
 */
int spawnpol_chain_reset(struct spawnpol_chain *chain);

/*
 * From here on do not copy strings and arrays that calls are given, or do so again
 * (off). What was not copied is the caller's and must stay as it is for as long as the
 * chain has it: until spawnpol_chain_reset(), _free(), or a call that replaces it.
 * Calls that make something new of their arguments, spawnpol_chain_search(), _files(),
 * and _set_tid(), copy all the same. A new chain, and one that was reset, copies.
 */
int spawnpol_chain_borrow(struct spawnpol_chain *chain, bool on);

/* The error that stuck, or 0. */
int spawnpol_chain_error(const struct spawnpol_chain *chain);

/*
 * What a chain consists of: how many steps, and, for step nr as outcomes and policies
 * count, its kind and the request. The numbers of EXEC and CHILD, and EXEC's argv and
 * envp, are filled in only when the chain is submitted. kind and sqe can be NULL.
 * -ENOENT: there is no such step. -E2BIG: it is an attempt of a search that has too many
 * to be links.
 */
unsigned int spawnpol_chain_nr_steps(const struct spawnpol_chain *chain);
int spawnpol_chain_step(const struct spawnpol_chain *chain, unsigned int nr,
			enum spawnpol_kind *kind, struct io_uring_sqe *sqe);

/*
 * The program. A path with a slash is executed as it is. A bare name can only
 * be found by a policy: CLONE then asks for one by itself (without one the
 * outcome is -ENOLINK), and the EXEC names no directory, so that the working
 * directory is never searched: a policy sees BEFORE_EXEC, or FAILED with -EBADF.
 *
 * If called again, the further programs are tried in turn when those before
 * them could not be executed, by the kernel's link rules and without a policy.
 * -EINVAL: the empty string.
 */
int spawnpol_chain_program(struct spawnpol_chain *chain, const char *path);

/*
 * The program NAME, looked for as execvp(3) does: each directory of path, a list
 * as in PATH, is tried until there is one where it can be executed; an empty
 * element is the working directory. All that happens in the child, after the
 * actions, without a policy. A name with a slash is executed as it is. path NULL:
 * the system's default one (confstr(3)).
 *
 * One step for each directory. The outcome's error is -EACCES if nothing was found
 * and an attempt said so, and else the last one's; an error that means more than
 * "not here" (-ENOEXEC, -ETXTBSY …) ends the launch. Directories whose names are
 * too long for any path are left out.
 *
 * Where the chain becomes one request (spawnpol_ring_uses_spawn()), path can be as long
 * as the kernel takes, 131071 bytes, and to policies the search is one step. As links,
 * actions and directories are SPAWNPOL_MAX_STEPS at most, else spawnpol_submit() returns
 * -E2BIG, and the kernel must know IORING_EXEC_SEARCH (exec_ioprio of spawnpol_query()):
 * -EINVAL in the outcome.
 *
 * -EINVAL	name is NULL
 * -ENOENT	name is empty
 * -ENAMETOOLONG name is longer than a file's name can be, or all directories are too long
 * -E2BIG	path is longer, or, with another program before or after, has too many
 *		directories
 */
int spawnpol_chain_search(struct spawnpol_chain *chain, const char *name,
			  const char *path);

/*
 * The program NAME, looked for in the open directories of the ring's list index
 * (spawnpol_ring_open_search()). It is the chain's only program, and one step. A name with
 * a slash is executed as it is. outcome.path is the last directory's candidate if it was
 * not found, and the name if it runs.
 *
 * Only one request can say this: spawnpol_submit() returns -EOPNOTSUPP where the chain
 * would be links (spawnpol_ring_uses_spawn()), and where the kernel has no such lists. The
 * outcome is -ENXIO if the ring has no such list.
 *
 * -EINVAL	name is NULL, index is 16 or more, or there is another program before or
 *		after
 * -ENOENT	name is empty
 * -ENAMETOOLONG name is longer than a file's name can be
 */
int spawnpol_chain_search_open(struct spawnpol_chain *chain, const char *name,
			       unsigned int index);

/*
 * The program at path, as execveat(2) finds it: relative to the directory open at
 * dirfd, or to the working directory (AT_FDCWD), also without a slash. at_flags are
 * AT_*. No policy is asked for.
 *
 * To the kernel it is an attempt of a search (IORING_EXEC_SEARCH): the default policy
 * does not search for it, and a program after it is tried only if this one fails with
 * an error after which execvp(3) goes on. A path that is borrowed is not read here.
 *
 * -EINVAL	path is NULL, or empty without AT_EMPTY_PATH
 * -EBADF	dirfd is negative, but not AT_FDCWD
 */
int spawnpol_chain_program_at(struct spawnpol_chain *chain, int dirfd,
			      const char *path, int at_flags);

/* The program open at fd, as execveat(2) with AT_EMPTY_PATH. -EBADF: fd < 0. */
int spawnpol_chain_program_fd(struct spawnpol_chain *chain, int fd);

/*
 * The program's arguments; if not called, the program's path alone. NULL or an
 * empty array: -EINVAL.
 */
int spawnpol_chain_argv(struct spawnpol_chain *chain, char *const argv[]);

/*
 * The program's environment; if not called, or with NULL, the submitter's own
 * (environ), read when the program is executed: leave it alone until the
 * outcome.
 */
int spawnpol_chain_envp(struct spawnpol_chain *chain, char *const envp[]);

/* Attributes: how the child is made. All are off in a new chain. */

/* The outcome carries a pidfd (close-on-exec). */
int spawnpol_chain_pidfd(struct spawnpol_chain *chain, bool on);

/* Start in the cgroup (version 2) whose directory is open at fd. */
int spawnpol_chain_cgroup(struct spawnpol_chain *chain, int fd);

/*
 * Signal for the parent when the child ends, 0 for none; SIGCHLD if not called.
 * As after any execve(2), a program's is SIGCHLD whatever is said here.
 */
int spawnpol_chain_exit_signal(struct spawnpol_chain *chain, int sig);

/* Signals the submitter handles are at their default; the rest as always. */
int spawnpol_chain_clear_sighand(struct spawnpol_chain *chain, bool on);

/* New namespaces: CLONE_NEW* bits as clone3(2) has them. -EINVAL: others. */
int spawnpol_chain_namespaces(struct spawnpol_chain *chain, uint64_t flags);

/* Ask for these pids, innermost pid namespace first; at most 32, else -EINVAL. */
int spawnpol_chain_set_tid(struct spawnpol_chain *chain, const pid_t *tids,
			   size_t nr);

/* Files that spawnpol_chain_files() can list. */
#define SPAWNPOL_MAX_FILES 65536

/*
 * The child starts with these nr files, 0 for none, and no others, instead of with
 * a copy of the submitter's table: nothing leaks, and what the submitter has open
 * costs nothing. A source is a descriptor of the submitter or, with
 * IORING_CLONE_FILE_FIXED, a registered file of the ring; number is what the child
 * and the actions know it by, closed when the program starts with
 * IORING_CLONE_FILE_CLOEXEC. The list is copied. -E2BIG: above SPAWNPOL_MAX_FILES.
 * In the outcome of kind SPAWNPOL_KIND_CLONE: -EBADF, a source is not open or a number
 * not below RLIMIT_NOFILE; -EINVAL, unknown flags.
 */
int spawnpol_chain_files(struct spawnpol_chain *chain,
			 const struct io_uring_clone_file *files, size_t nr);

/*
 * Give the spawn ns nanoseconds from submission to the started program. Then
 * the child is killed and the outcome is -ETIME. 0: no deadline.
 */
int spawnpol_chain_deadline(struct spawnpol_chain *chain, uint64_t ns);

/*
 * Wait for the end of the program, too, on the ring. If the launch succeeded there is a
 * second outcome, of kind SPAWNPOL_KIND_EXIT, and the program has been waited for; until
 * then the chain is in flight. The kernel must have IORING_OP_WAITID (6.7).
 */
int spawnpol_chain_exit_status(struct spawnpol_chain *chain, bool on);

/* For the policy's eyes: ctx->cookie. */
int spawnpol_chain_cookie(struct spawnpol_chain *chain, uint64_t cookie);

/*
 * The slot whose policy applies; 0 is the ring's default one. -EINVAL: not
 * below IORING_SPAWN_SLOTS.
 */
int spawnpol_chain_slot(struct spawnpol_chain *chain, unsigned int slot);

/* Fail with -ENOLINK when no policy applies. */
int spawnpol_chain_need_policy(struct spawnpol_chain *chain, bool on);

/* For the caller's eyes: outcome.user. */
int spawnpol_chain_user(struct spawnpol_chain *chain, void *user);

#ifdef __cplusplus
}
#endif

#endif
