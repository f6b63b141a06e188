/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libspawnpol: launch programs by chains of io_uring requests, under BPF
 * policies that decide about the steps that fail.
 *
 *	struct spawnpol_ring *ring;
 *	struct spawnpol_chain *chain;
 *	struct spawnpol_outcome out;
 *
 *	spawnpol_ring_open(&ring, 64, 0);
 *	spawnpol_chain_new(&chain);
 *	spawnpol_chain_open(chain, 1, "/tmp/log", O_WRONLY | O_CREAT, 0644);
 *	spawnpol_chain_program(chain, "/usr/bin/id");
 *	spawnpol_submit(ring, &chain, 1);
 *	spawnpol_collect(ring, &out, 1, 1, -1);
 *	if (!out.error)
 *		waitpid(out.pid, &status, 0);
 *
 * Calls that can fail return a negative errno value (errno itself says nothing);
 * spawnpol_advise() says in words what such an error means and what helps.
 * A call that failed has done nothing, if not said otherwise.
 *
 * There is no global state but the numbers by which the kernel knows policies,
 * which are asked for once. Calls on one ring can be made from several threads
 * at once (one lock per ring), unless the ring was set up for a single issuer.
 * A chain is used by one thread at a time. A thread that ends cancels what it
 * has submitted. After the builder nothing allocates memory.
 *
 * See libspawnpol(3).
 */
#ifndef SPAWNPOL_H
#define SPAWNPOL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's headers have arrays without a size, which C++ does not know. */
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
#include "io_uring_spawn.h"
#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif
#include "spawnpol_uapi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- the version ----------------------------------------------------------------- */

/* Of this header. SPAWNPOL_VERSION orders releases: compare it with SPAWNPOL_RELEASE(). */
#define SPAWNPOL_VERSION_MAJOR	0
#define SPAWNPOL_VERSION_MINOR	1
#define SPAWNPOL_VERSION_PATCH	0
#define SPAWNPOL_RELEASE(major, minor, patch) \
	((major) << 16 | (minor) << 8 | (patch))
#define SPAWNPOL_VERSION \
	SPAWNPOL_RELEASE(SPAWNPOL_VERSION_MAJOR, SPAWNPOL_VERSION_MINOR, \
			 SPAWNPOL_VERSION_PATCH)

/*
 * Of the library that is linked, which can be another: the value that SPAWNPOL_VERSION
 * had when it was built, and the same as "MAJOR.MINOR.PATCH", constant.
 */
unsigned int spawnpol_version(void);
const char *spawnpol_version_text(void);

/* --- structures that grow ---------------------------------------------------------- */

/*
 * Options: a structure whose first member is its size, with the members that are named
 * set and all others zero, which is their default.
 *
 *	SPAWNPOL_OPTS(spawnpol_attach_opts, opts, .slot = 3);
 *
 * Later releases add members at the end. A library that does not know a member refuses
 * it (-E2BIG) unless it is zero. (In C++ before C++20, which cannot name members:
 * "spawnpol_attach_opts opts = {}; opts.sz = sizeof(opts);")
 */
#define SPAWNPOL_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }

struct io_uring;
struct io_uring_cqe;
struct io_uring_sqe;
struct rlimit;
struct sched_attr;
struct sock_fprog;

/* --- rings: spawnpol_ring(3) ------------------------------------------------ */

/* A ring and what the library knows about it. */
struct spawnpol_ring;

/*
 * Make a ring with room for entries SQEs (a chain needs one for CLONE, one for
 * a deadline and one for each step). flags are IORING_SETUP_*; the library adds
 * SUBMIT_ALL and CLAMP. The caller owns *ring: spawnpol_ring_close().
 *
 * -EINVAL	the kernel knows no such flags, or IORING_SETUP_IOPOLL
 * -ENOSYS	the kernel has no io_uring
 * -EOPNOTSUPP	the kernel cannot spawn through io_uring
 * -EPROTO	it can, but with another ABI than this library's
 * -EPERM	io_uring is disabled here (sysctl kernel.io_uring_disabled)
 * -ENOMEM, -EMFILE, -ENFILE as io_uring_setup(2)
 */
int spawnpol_ring_open(struct spawnpol_ring **ring, unsigned int entries,
		       unsigned int flags);

/*
 * The same without a descriptor, not even for a moment, so that nobody sees,
 * inherits or closes it. The ring is registered with the calling thread
 * (IORING_SETUP_REGISTERED_FD_ONLY) and its memory kept from children of fork(2).
 * Only this thread can submit, collect, cancel and close; when it ends, the ring
 * does. In another thread and in a child of fork(2), spawnpol_ring_close() only
 * frees what was allocated for it, and nothing else must be done with it.
 * spawnpol_ring_fd() is -EBADF: no policy can be attached by its descriptor, and
 * no files be registered.
 *
 * -EINVAL	the kernel knows no such flags (before 6.5), or entries is 0;
 *		IORING_SETUP_IOPOLL, _CQSIZE, _ATTACH_WQ, _R_DISABLED, _NO_SQARRAY
 * -EBUSY	the thread has 16 registered rings already
 * -ENOMEM	no memory; on kernels that count rings, RLIMIT_MEMLOCK is reached
 * -EFAULT	the kernel could not have all of the ring's memory
 * -ENOSYS, -EOPNOTSUPP, -EPROTO, -EPERM, -ENFILE as above; never -EMFILE
 */
int spawnpol_ring_open_registered(struct spawnpol_ring **ring, unsigned int entries,
			      unsigned int flags);

/* The tag of rings made by spawnpol_ring_open*(); free to be used for others. */
#define SPAWNPOL_TAG 0x5350

/*
 * Use a ring that the caller has set up and goes on using. The caller keeps
 * uring, must keep it alive until spawnpol_ring_close(), and hands the CQEs to
 * spawnpol_handle_cqe(). tag tells the library's requests from the caller's:
 * it becomes the upper 16 bits of their user_data, so the caller's must differ
 * there. spawnpol_queue(), _submit() and _cancel() touch the SQ; the library's
 * lock does not protect it from the caller's other threads.
 *
 * Errors as spawnpol_ring_open().
 */
int spawnpol_ring_wrap(struct spawnpol_ring **ring, struct io_uring *uring,
		       uint16_t tag);

/*
 * Cancel the chains still in flight, wait for them, and free everything.
 * Programs already running are left alone; outcomes not collected are lost and
 * their pidfds closed. NULL does nothing. With a wrapped ring the caller must
 * have had the outcomes of all chains before; the io_uring is not touched.
 */
void spawnpol_ring_close(struct spawnpol_ring *ring);

/*
 * The ring's descriptor: for poll(2), where readable means that collect has
 * work to do, and for the policy calls below. Still owned by the ring. -EBADF:
 * it has none.
 */
int spawnpol_ring_fd(const struct spawnpol_ring *ring);

/* --- chains: spawnpol_chain(3) ---------------------------------------------- */

/* One program to be launched, and how. */
struct spawnpol_chain;

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
 * -EBUSY	the chain is in flight; this error does not stick
 */
int spawnpol_chain_new(struct spawnpol_chain **chain);

/*
 * Free a chain. Not one in flight: that has no effect and returns -EBUSY,
 * because the child still reads its strings. NULL is 0.
 */
int spawnpol_chain_free(struct spawnpol_chain *chain);

/* The error that stuck, or 0. */
int spawnpol_chain_error(const struct spawnpol_chain *chain);

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
 * element is the working directory. All that happens in the child, behind the
 * actions, without a policy. A name with a slash is executed as it is. path NULL:
 * the system's default one (confstr(3)).
 *
 * One step for each directory. The outcome's error is -EACCES if nothing was found
 * and an attempt said so, and else the last one's; an error that means more than
 * "not here" (-ENOEXEC, -ETXTBSY …) ends the launch. Directories whose names are
 * too long for any path are left out. The kernel must know IORING_EXEC_SEARCH
 * (exec_ioprio of spawnpol_query()): -EINVAL in the outcome.
 *
 * -EINVAL	name is NULL
 * -ENOENT	name is empty
 * -ENAMETOOLONG name is longer than a file's name can be
 */
int spawnpol_chain_search(struct spawnpol_chain *chain, const char *name,
			  const char *path);

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

/*
 * Actions: what the child does before it executes the program, in the order
 * of the calls, each one step. Descriptor numbers are the child's, which starts
 * with a copy of the submitter's table. -EBADF: a negative number.
 */

/*
 * Open path and let the child have it as number fd; what was open there is
 * closed. flags and mode are those of open(2); O_CLOEXEC closes it again when
 * the program starts. One kernel command (IORING_CHILD_OPEN), so that the
 * number does not depend on which others are free.
 */
int spawnpol_chain_open(struct spawnpol_chain *chain, int fd, const char *path,
			int flags, mode_t mode);

/* As dup2(2); from == to clears close-on-exec, so that the program gets it. */
int spawnpol_chain_dup2(struct spawnpol_chain *chain, int from, int to);

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
 * Leave namespaces behind, CLONE_NEW* bits as unshare(2) has them, or join one
 * as setns(2). New pid namespaces are for the program's children; that the
 * child itself starts in one, see spawnpol_chain_namespaces().
 */
int spawnpol_chain_unshare(struct spawnpol_chain *chain, uint64_t flags);
int spawnpol_chain_setns(struct spawnpol_chain *chain, int fd, int type);

/*
 * Change the child's credentials, as the system calls of these names do; -1
 * leaves an id as it is. Actions behind it, and the execution of the program,
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

/* Nobody may trace the program or have its core, as if it could not be read. */
int spawnpol_chain_undumpable(struct spawnpol_chain *chain);

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

/* --- launching: spawnpol_submit(3) ------------------------------------------- */

enum spawnpol_kind {
	SPAWNPOL_KIND_CLONE,		/* making the child */
	SPAWNPOL_KIND_EXEC,		/* executing the program */
	SPAWNPOL_KIND_OPEN,
	SPAWNPOL_KIND_DUP2,
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
	SPAWNPOL_KIND_UNDUMPABLE,
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
};

/* How a spawn ended. There is one for each chain submitted. */
struct spawnpol_outcome {
	struct spawnpol_chain *chain;	/* idle again: submit it anew or free it */
	void	*user;			/* of spawnpol_chain_user() */

	/*
	 * 0: the program runs. Else the error of the step that ended the chain
	 * as the policy, if there is one, left it; there is nothing to wait
	 * for, though the child may be on its way out for a moment.
	 * -ETIME	the deadline has passed
	 * -ECANCELED	cancelled, or a policy ended the chain
	 * -ENOLINK	(CLONE) no policy applies, but one was asked for
	 * -ETOOMANYREFS a policy has used up a budget
	 * -EBADRQC	a policy's verdict made no sense
	 */
	int	error;

	/*
	 * The child in the submitter's pid namespace, to be waited for like any
	 * other if error is 0. With an error: it was that, or 0 for none.
	 */
	pid_t	pid;

	/* If asked for and error is 0, now the caller's. Else -1. */
	int	pidfd;

	/*
	 * The EXEC that succeeded or the step that ended the chain, counted
	 * from 0 as policies count, and its kind; -1 with SPAWNPOL_KIND_CLONE.
	 */
	int	step;
	enum spawnpol_kind kind;
};

/*
 * Launch nr chains; those of one call start in their order. Returns how many
 * were given to the kernel. Fewer than nr is the error of the chain after them,
 * which the next call returns, as this one does when it is the first's:
 *
 * -EINVAL	the chain has no program, or CLONE or EXEC by spawnpol_chain_sqe()
 * -EBUSY	it is in flight already
 * -E2BIG	it needs more SQEs than the ring has
 * -EAGAIN	no room: collect outcomes first (or the kernel lacks memory)
 *
 * or what stuck to the chain, or an error of io_uring_enter(2). A chain that
 * was given to the kernel always has an outcome. Failures of the launch itself
 * are told there, not here.
 */
int spawnpol_submit(struct spawnpol_ring *ring,
		    struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * The same, but only put the requests into the SQ; submitting them is up to
 * the caller, by io_uring_submit() on the wrapped ring or by the next
 * spawnpol_submit(). -EAGAIN: no room in the SQ.
 */
int spawnpol_queue(struct spawnpol_ring *ring,
		   struct spawnpol_chain *const chains[], unsigned int nr);

/*
 * Take outcomes, at most max, in the order in which they got complete. Waits
 * until there are min, or nothing is in flight, or timeout_ms milliseconds have
 * passed (-1: no limit). min 0 does not wait. Returns how many, perhaps 0.
 *
 * -ECHILD	min > 0, but there is nothing in flight
 * -EINTR	a signal came before the first outcome
 * -EINVAL	max is 0 or less than min
 * -EOPNOTSUPP	the ring is a wrapped one
 *
 * If several threads collect, one waits for CQEs and the others for it.
 */
int spawnpol_collect(struct spawnpol_ring *ring, struct spawnpol_outcome *out,
		     unsigned int max, unsigned int min, int timeout_ms);

enum spawnpol_cqe {
	SPAWNPOL_CQE_FOREIGN	= 0,	/* not the library's */
	SPAWNPOL_CQE_TAKEN	= 1,	/* part of a spawn's story */
	SPAWNPOL_CQE_OUTCOME	= 2,	/* the end of it: *out is filled */
};

/*
 * For wrapped rings: look at one CQE, which stays the caller's to mark as seen.
 * Each of the library's CQEs must be passed here exactly once, in order.
 */
int spawnpol_handle_cqe(struct spawnpol_ring *ring,
			const struct io_uring_cqe *cqe,
			struct spawnpol_outcome *out);

/*
 * Kill the child of a chain in flight if it is not the program yet; the
 * outcome comes as always, -ECANCELED unless it was too late. -ENOENT: the
 * chain is not in flight on this ring. -EAGAIN: no room in the SQ.
 */
int spawnpol_cancel(struct spawnpol_ring *ring, struct spawnpol_chain *chain);

/* --- policies: spawnpol_policy(3) -------------------------------------------- */

/* Ask for the events that the program says it wants: spawnpol_policy_events(). */
#define SPAWNPOL_EVENTS_AUTO UINT32_MAX

/* How a policy is attached; budgets of 0 are the kernel's defaults. */
struct spawnpol_attach_opts {
	uint32_t slot;
	uint32_t events;	/* IORING_POLICY_* or SPAWNPOL_EVENTS_AUTO */
	uint32_t max_issues;	/* retries and staged requests of a chain */
	uint32_t max_staged;	/* requests staged by one run */
	uint64_t max_delay_ns;	/* sum of the delays of a chain */
};

/*
 * Attach the program prog_fd to the ring ring_fd, of this process or another's.
 * Returns the descriptor of a bpf_link (close-on-exec), which the caller owns:
 * the policy stays until its last descriptor and pin are gone. opts NULL: slot
 * 0, SPAWNPOL_EVENTS_AUTO, default budgets.
 *
 * spawnpol_policy_attach() is bpf(2)'s BPF_LINK_CREATE,
 * spawnpol_policy_attach_registered() the ring's own IORING_ATTACH_BPF, which
 * ring restrictions can allow or forbid. Neither needs privileges, but reading
 * the events does (CAP_SYS_ADMIN): unprivileged callers name them.
 *
 * -EINVAL	unknown events or slot; the program is no policy; IOPOLL ring;
 *		the kernel has no policies
 * -E2BIG	a budget above the kernel's ceiling
 * -EBUSY	the slot is taken
 * -EBADF	a descriptor is not open, or not of a ring or a program
 * -EOPNOTSUPP	the same of ring_fd; or the kernel has no policies
 * -EACCES	the ring's restrictions forbid it
 * -EPERM	SPAWNPOL_EVENTS_AUTO without CAP_SYS_ADMIN
 *
 * spawnpol_policy_attach() takes a temporary ring the first time: the errors of
 * spawnpol_ring_open(), if neither that nor ring_fd tells the kernel's numbers.
 */
int spawnpol_policy_attach(int ring_fd, int prog_fd,
			   const struct spawnpol_attach_opts *opts);
int spawnpol_policy_attach_registered(int ring_fd, int prog_fd,
				      const struct spawnpol_attach_opts *opts);

/*
 * Exchange the link's program, for chains under way too. old_fd >= 0: only if
 * that is the program now (else -EPERM). -ENOLINK: the ring is gone, or the
 * link was detached.
 */
int spawnpol_policy_update(int link_fd, int prog_fd, int old_fd);

/*
 * Take the policy off its ring now, also while others hold the link. The
 * descriptor stays the caller's to close. Doing so twice is no error.
 */
int spawnpol_policy_detach(int link_fd);

/*
 * What the kernel knows of the link. -EINVAL: a link of another type. To know the
 * type's number, the first call in a process can take a temporary ring; if that cannot
 * be had, errors are those of spawnpol_ring_open().
 */
int spawnpol_policy_info(int link_fd, struct spawnpol_link_info *info);

/*
 * The events a program wants: the value of its constant
 *	const volatile __u32 spawnpol_events
 * in the kernel's memory. *events is 0 if it has none. Needs CAP_SYS_ADMIN.
 */
int spawnpol_policy_events(int prog_fd, uint32_t *events);

/* --- the kernel: spawnpol_probe(3) ------------------------------------------- */

/*
 * Ask a ring what its kernel can do, and by which numbers it calls the operations and
 * types. All of *query is written; query->size becomes the bytes that the kernel
 * knows of, the rest is 0. -EOPNOTSUPP: it cannot spawn. -EPROTO: it can, but with
 * another ABI; query->abi then tells which, the rest is 0.
 */
int spawnpol_query(int ring_fd, struct io_uring_spawn_query *query);

/* What the running kernel can do. */
struct spawnpol_probe {
	int	error;		/* why spawnpol_ring_open() fails, or 0 */
	int	policy_error;	/* why policies cannot be used, or 0 */
	uint32_t ring_features;	/* IORING_FEAT_* */
	uint32_t resv;
	uint64_t ops[4];	/* operations the kernel has */
	uint64_t child_ops[4];	/* those that can be steps */
	struct io_uring_spawn_query query;	/* zero if there was no answer */
};

/*
 * Look at the running kernel. Returns 0 also when it can do nothing: see
 * probe->error. Takes a temporary ring. Whether the kernel's type information knows
 * the numbers of the query, too, says spawnpol_probe_names() of libspawnpol-bpf.
 */
int spawnpol_probe(struct spawnpol_probe *probe);

/* --- errors: spawnpol_advise(3) ----------------------------------------------- */

/* What was tried when the error came. */
enum spawnpol_topic {
	SPAWNPOL_TOPIC_RING,	/* ring_open, ring_wrap, query, probe->error */
	SPAWNPOL_TOPIC_CHAIN,	/* the builder, submit */
	SPAWNPOL_TOPIC_CLONE,	/* outcome of kind SPAWNPOL_KIND_CLONE */
	SPAWNPOL_TOPIC_STEP,	/* outcome of another kind */
	SPAWNPOL_TOPIC_EXEC,	/* outcome of kind SPAWNPOL_KIND_EXEC */
	SPAWNPOL_TOPIC_ATTACH,	/* policy_attach*, policy_events, policy_error */
	SPAWNPOL_TOPIC_LINK,	/* policy_update, _detach, _info */
};

struct spawnpol_advice {
	const char *text;	/* what the error means here */
	const char *remedy;	/* what helps, or NULL */
};

/*
 * Words for an error (negative, as returned), never none; the strings are
 * constant. Where the topic adds nothing to the errno's own meaning, text is
 * that of strerrordesc_np(3).
 */
struct spawnpol_advice spawnpol_advise(enum spawnpol_topic topic, int error);

/* "open", "exec" …, constant. */
const char *spawnpol_kind_name(enum spawnpol_kind kind);

/*
 * One line about an outcome, without newline: the step, what it worked on, the
 * error's text. "running as 1234" if there was none. Returns the line's length
 * and cuts like snprintf(3). Reads the chain, which must not be freed yet.
 */
int spawnpol_outcome_text(const struct spawnpol_outcome *out, char *buf,
			  size_t size);

#ifdef __cplusplus
}
#endif

#endif
