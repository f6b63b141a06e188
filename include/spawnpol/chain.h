/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chains, their programs and attributes: spawnpol_chain(3). Part of <spawnpol.h>. */
#ifndef SPAWNPOL_PART_CHAIN_H
#define SPAWNPOL_PART_CHAIN_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A chain: a program to launch, and how the child is prepared for it. */
struct spawnpol_chain;

/* Kinds of requests of a chain. */
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
	SPAWNPOL_KIND_ACTOR,		/* not of a chain: spawnpol_actor(3) */
};

/* Steps of a chain at most, programs included. */
#define SPAWNPOL_MAX_STEPS 250

/*
 * Make an empty chain in *chain. The caller owns it: spawnpol_chain_free(). -ENOMEM: no
 * memory.
 *
 * The calls below add to a chain. They copy strings and arrays. Descriptors are not
 * duplicated: keep them open until the outcome. Errors stick: after the first error, every
 * call that uses the chain returns this error, including spawnpol_submit(), so it is
 * enough to check there. All of the calls can fail with
 *
 * -ENOMEM	no memory
 * -E2BIG	more than SPAWNPOL_MAX_STEPS steps
 * -EINVAL	a required pointer is NULL
 * -EBUSY	the chain is in flight; this error does not stick
 */
int spawnpol_chain_new(struct spawnpol_chain **chain);

/*
 * Free a chain. -EBUSY: the chain is in flight and not freed, because the child still
 * reads its strings. With NULL the call does nothing and returns 0.
 */
int spawnpol_chain_free(struct spawnpol_chain *chain);

/*
 * Make a chain empty, as it was when new, but keep its memory for what is added next: a
 * chain that is used repeatedly in the same way does not allocate again. -EBUSY: the chain
 * is in flight.
 */
int spawnpol_chain_reset(struct spawnpol_chain *chain);

/*
 * Switch copying of strings and arrays off (on is true) or on again, for the calls that
 * follow. The caller owns data that was not copied, and must not change or free the data
 * while the chain refers to them: until spawnpol_chain_reset(), _free(), or a call that
 * replaces them. spawnpol_chain_search(), _files() and _set_tid() always copy. New chains
 * and chains after a reset copy.
 */
int spawnpol_chain_borrow(struct spawnpol_chain *chain, bool on);

/* Return the error that stuck, or 0. */
int spawnpol_chain_error(const struct spawnpol_chain *chain);

/*
 * The number of steps of a chain, and the kind and request of step nr, counted as in
 * outcomes and by policies. The requests lack what spawnpol_submit() fills in: the opcodes
 * of EXEC and CHILD, and EXEC's argv and envp. kind and sqe can be NULL. -ENOENT: there is
 * no such step. -E2BIG: the step belongs to a search with too many attempts for links.
 */
unsigned int spawnpol_chain_nr_steps(const struct spawnpol_chain *chain);
int spawnpol_chain_step(const struct spawnpol_chain *chain, unsigned int nr,
			enum spawnpol_kind *kind, struct io_uring_sqe *sqe);

/*
 * Set the program. A path with a slash is executed as it is. Only a policy can find a
 * bare name: CLONE then requires a policy (without one, the outcome is -ENOLINK). The EXEC
 * names no directory, so that the working directory is never searched; a policy sees
 * BEFORE_EXEC, or FAILED with -EBADF.
 *
 * Each further call adds a program. The kernel's link rules execute it, without a policy,
 * if all programs before it failed. -EINVAL: path is the empty string.
 */
int spawnpol_chain_program(struct spawnpol_chain *chain, const char *path);

/*
 * Set the program: name, searched for as execvp(3) does. The child tries each directory of
 * path, a list as in PATH, after the actions and without a policy, until it can execute
 * the program there. An empty element is the working directory. A name with a slash is
 * executed as it is. path NULL: the system's default path (confstr(3)).
 *
 * Each directory is a step. If the program is not found, the outcome's error is -EACCES if
 * any attempt failed with that, otherwise the error of the last attempt. An error that
 * means more than "not here" (-ENOEXEC, -ETXTBSY …) ends the launch. Directories whose
 * names are too long for a path are left out.
 *
 * If the chain is submitted as one request (spawnpol_ring_uses_spawn()), path can have
 * 131071 bytes, as many as the kernel accepts, and policies see the search as one step. As
 * links, actions and directories together can be SPAWNPOL_MAX_STEPS; with more,
 * spawnpol_submit() fails with -E2BIG. Links also need a kernel with IORING_EXEC_SEARCH
 * (exec_ioprio of spawnpol_query()); otherwise the outcome is -EINVAL.
 *
 * -EINVAL	name is NULL
 * -ENOENT	name is empty
 * -ENAMETOOLONG name is longer than a file's name can be, or all directories are too long
 * -E2BIG	path is longer than 131071 bytes, or has too many directories for a chain
 *		with several programs
 */
int spawnpol_chain_search(struct spawnpol_chain *chain, const char *name,
			  const char *path);

/*
 * Set the program: name, searched for in the open directories of the ring's list index
 * (spawnpol_ring_open_search()). It must be the chain's only program, and is one step. A
 * name with a slash is executed as it is. outcome.path is the name if the program runs,
 * and the candidate in the last directory if the program was not found.
 *
 * Only IORING_OP_SPAWN has such a search: spawnpol_submit() fails with -EOPNOTSUPP if the
 * chain would be submitted as links (spawnpol_ring_uses_spawn()), or if the kernel has no
 * such lists. If the ring has no list with this number, the outcome is -ENXIO.
 *
 * -EINVAL	name is NULL, index is 16 or more, or the chain has another program (before
 *		or after this call)
 * -ENOENT	name is empty
 * -ENAMETOOLONG name is longer than a file's name can be
 */
int spawnpol_chain_search_open(struct spawnpol_chain *chain, const char *name,
			       unsigned int index);

/*
 * Set the program: path as execveat(2) resolves it, relative to the directory open at
 * dirfd or to the working directory (AT_FDCWD), also without a slash. at_flags are AT_*.
 * The chain does not require a policy.
 *
 * The kernel treats the EXEC as an attempt of a search (IORING_EXEC_SEARCH): the default
 * policy does not search for the program, and a program after it is tried only if this one
 * fails with an error after which execvp(3) goes on. This call does not read a path that
 * the chain borrows.
 *
 * -EINVAL	path is NULL, or empty without AT_EMPTY_PATH
 * -EBADF	dirfd is negative, but not AT_FDCWD
 */
int spawnpol_chain_program_at(struct spawnpol_chain *chain, int dirfd,
			      const char *path, int at_flags);

/* Set the program: the file open at fd (execveat(2), AT_EMPTY_PATH). -EBADF: fd < 0. */
int spawnpol_chain_program_fd(struct spawnpol_chain *chain, int fd);

/*
 * Set the program's arguments; the default is the program's path alone. -EINVAL: argv is
 * NULL or empty.
 */
int spawnpol_chain_argv(struct spawnpol_chain *chain, char *const argv[]);

/*
 * Set the program's environment. By default, or with NULL, the program gets the
 * submitter's (environ), which the kernel reads when it executes the program: do not
 * change it until the outcome.
 */
int spawnpol_chain_envp(struct spawnpol_chain *chain, char *const envp[]);

/* Attributes: how the child is made. In a new chain all are off. */

/* Put a pidfd (close-on-exec) into the outcome. */
int spawnpol_chain_pidfd(struct spawnpol_chain *chain, bool on);

/* Start the child in the cgroup (version 2) whose directory is open at fd. */
int spawnpol_chain_cgroup(struct spawnpol_chain *chain, int fd);

/*
 * Set the signal that the parent gets when the child ends; 0: none. The default is
 * SIGCHLD. As after any execve(2), the end of a program is always signalled by SIGCHLD.
 */
int spawnpol_chain_exit_signal(struct spawnpol_chain *chain, int sig);

/* Reset the signals that the submitter handles to their default; others are inherited. */
int spawnpol_chain_clear_sighand(struct spawnpol_chain *chain, bool on);

/* Make new namespaces: CLONE_NEW* bits as for clone3(2). -EINVAL: other bits. */
int spawnpol_chain_namespaces(struct spawnpol_chain *chain, uint64_t flags);

/* Choose the pids, innermost pid namespace first. -EINVAL: more than 32. */
int spawnpol_chain_set_tid(struct spawnpol_chain *chain, const pid_t *tids,
			   size_t nr);

/* Files that spawnpol_chain_files() can list. */
#define SPAWNPOL_MAX_FILES 65536

/*
 * Let the child start with these nr files (0: none) instead of a copy of the submitter's
 * table: no other descriptor leaks, and the launch does not get slower with the number of
 * files that the submitter has open. source is a descriptor of the submitter or, with
 * IORING_CLONE_FILE_FIXED, the index of a registered file of the ring. number is the
 * descriptor in the child, for actions too. IORING_CLONE_FILE_CLOEXEC closes it when the
 * program starts. The list is copied, also by a chain that borrows.
 *
 * -E2BIG: nr is above SPAWNPOL_MAX_FILES. In the outcome, with SPAWNPOL_KIND_CLONE:
 * -EBADF, a source is not open or a number not below RLIMIT_NOFILE; -EINVAL, unknown flags.
 */
int spawnpol_chain_files(struct spawnpol_chain *chain,
			 const struct io_uring_clone_file *files, size_t nr);

/*
 * Limit the time from submission to the start of the program to ns nanoseconds. After
 * that, the kernel kills the child and the outcome is -ETIME. 0: no deadline.
 */
int spawnpol_chain_deadline(struct spawnpol_chain *chain, uint64_t ns);

/*
 * Let the library also wait for the end of the program, on the ring. If the launch
 * succeeds, a second outcome, of kind SPAWNPOL_KIND_EXIT, has the status. The chain is in
 * flight until then. Needs a kernel with IORING_OP_WAITID (6.7).
 */
int spawnpol_chain_exit_status(struct spawnpol_chain *chain, bool on);

/* Set a value for the policy: ctx->cookie. */
int spawnpol_chain_cookie(struct spawnpol_chain *chain, uint64_t cookie);

/*
 * Select the slot whose policies apply; the default is 0. -EINVAL: slot is not below
 * IORING_SPAWN_SLOTS.
 */
int spawnpol_chain_slot(struct spawnpol_chain *chain, unsigned int slot);

/* Let the launch fail with -ENOLINK if no policy applies. */
int spawnpol_chain_need_policy(struct spawnpol_chain *chain, bool on);

/* Set a pointer for the caller: outcome.user. */
int spawnpol_chain_user(struct spawnpol_chain *chain, void *user);

#ifdef __cplusplus
}
#endif

#endif
