// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix_spawn() and posix_spawnp() by chains. What a chain cannot do, and every
 * spawn for which the kernel has made no child, is left to libc's own functions,
 * so that there is no result which libc would not have had.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix.h"

/* The function that a call goes to if the engine does not do it. */
struct next {
	_Atomic(spawn_fn *) function;
	atomic_bool is_libcs;
};

static struct next next_spawn, next_spawnp;

/*
 * The dynamic linker's next one is libc's, or that of another library which stands in
 * for libc's and comes after this one. A library loaded by dlopen(3) has nothing after
 * it: libc came before.
 */
static void find_next(struct next *next, const char *name)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *of_libc = libc ? dlsym(libc, name) : NULL;
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		function = of_libc;
	next->is_libcs = function == of_libc;
	next->function = function;
}

/*
 * Before main() is called: later, in a child of fork(2), the dynamic linker's lock may
 * belong to a thread that is not there any more.
 */
__attribute__((constructor)) static void find_both(void)
{
	find_next(&next_spawn, "posix_spawn");
	find_next(&next_spawnp, "posix_spawnp");
}

static const struct next *next_of(const struct request *rq)
{
	const struct next *next = rq->search ? &next_spawnp : &next_spawn;

	/* called from a constructor that runs before this library's */
	if (!next->function)
		find_both();
	return next;
}

/* --- a chain ----------------------------------------------------------------------- */

/* What the search in libc makes of odd names and paths is best done there. */
static bool add_search(struct request *rq)
{
	const char *path = getenv("PATH");
	int err;

	if (!*rq->file || strnlen(rq->file, NAME_MAX + 1) > NAME_MAX)
		return leave(rq, "no name of a file", 0);
	if (path && strnlen(path, PATH_MAX) == PATH_MAX)
		return leave(rq, "a very long PATH", 0);
	err = spawnpol_chain_search(rq->chain, rq->file, path);
	return err ? leave(rq, "a search that cannot be steps", err) : true;
}

/*
 * The name that posix_spawn() is given is executed as it is: like an attempt of a search
 * that the caller makes, it is none for which a policy searches.
 */
static bool add_program(struct request *rq)
{
	static char *nothing[] = { NULL };
	int err;

	rq->chain->argv = (char **)rq->argv;
	rq->chain->envp = rq->envp ? (char **)rq->envp : nothing;
	if (rq->search && !strchr(rq->file, '/'))
		return add_search(rq);
	err = chain_add_exec(rq->chain, AT_FDCWD, rq->file, 0,
			     IORING_EXEC_SEARCH);
	return err ? leave(rq, "too many steps", err) : true;
}

static bool build(struct request *rq)
{
	return add_attributes(rq) && add_file_actions(rq) && add_mask(rq) &&
	       add_program(rq);
}

/* --- a spawn ----------------------------------------------------------------------- */

/*
 * The child of a spawn that failed is on its way out and has the caller's files open
 * until then, where libc's would be dead. It is no zombie ever, and cannot be taken
 * from anybody: this only waits. __WNOTHREAD: not for another thread's child, which
 * may have the same id by now. What is counted for limits is given back a moment
 * after there is nothing left to wait for.
 */
static void wait_gone(pid_t pid)
{
	siginfo_t info;
	int tries = 1000;

	while (waitid(P_PID, pid, &info,
		      WEXITED | WNOWAIT | __WALL | __WNOTHREAD) &&
	       errno == EINTR)
		;
	while (tries-- && (!kill(pid, 0) || errno == EPERM))
		sched_yield();
}

static bool is_ring(int fd)
{
	char path[32], target[32] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, target, sizeof(target) - 1) > 0 &&
	       !strcmp(target, "anon_inode:[io_uring]");
}

/*
 * The child closes rings that are close-on-exec before its first step, so that one
 * cannot be handed on by a dup2. Doing it all again is no harm, unless a file is to
 * be new.
 */
static bool has_no_ring(const struct request *rq,
			const struct spawnpol_outcome *out)
{
	return out->error == -EBADF && out->kind == SPAWNPOL_KIND_DUP &&
	       !rq->creates &&
	       is_ring(chain_nth_step(rq->chain, out->step)->sqe.fd);
}

/* False: no child was made, and libc is to try. Otherwise *result is the call's. */
static bool launch(struct thread *th, struct request *rq, pid_t *pid, int *result)
{
	struct spawnpol_outcome out;
	int ret = spawnpol_submit(th->ring, &rq->chain, 1);

	if (ret < 1) {
		/* it may not be this thread's, see may_use() */
		if (ret != -EAGAIN && ret != -ENOMEM)
			thread_drop(th);
		return leave(rq, "the chain was not taken", ret);
	}
	do {
		ret = spawnpol_collect(th->ring, &out, 1, 1, -1);
	} while (ret == -EINTR);
	if (ret < 1) {
		/* whatever has become of it must not be done a second time */
		thread_drop(th);
		*result = ret ? -ret : EIO;
		return true;
	}
	if (!out.pid)
		return leave(rq, "no child", out.error);
	if (!out.error && pid)
		*pid = out.pid;
	if (out.error)
		wait_gone(out.pid);
	if (has_no_ring(rq, &out))
		return leave(rq, "a dup2 of a ring", out.error);
	*result = -out.error;
	return true;
}

static bool try_in_thread(struct request *rq, pid_t *pid, int *result)
{
	struct thread *th = thread_begin(rq);
	bool done;

	if (!th)
		return false;
	done = thread_ring(th, rq, 1) && build(rq) &&
	       thread_ring(th, rq, 1 + chain_nr_steps(rq->chain)) &&
	       launch(th, rq, pid, result);
	thread_end(th);
	return done;
}

static void set_mask(uint64_t mask, uint64_t *old)
{
	syscall(__NR_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof(mask));
}

static const char another_library[] = "another library has this function, too";

/*
 * No signal handler, and no cancellation, sees the thread in the middle of this.
 * All signals are blocked, also libc's own.
 */
static bool try_engine(struct request *rq, pid_t *pid, int *result)
{
	int cancel;
	bool done;

	if (!next_of(rq)->is_libcs) {
		policy_missed(another_library, 0);
		return leave(rq, another_library, 0);
	}
	if (engine_missing(rq))
		return false;
	if (!rq->file || !rq->argv)
		return leave(rq, "no program or no arguments", 0);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	set_mask(~0ULL, &rq->mask);
	done = try_in_thread(rq, pid, result);
	set_mask(rq->mask, NULL);
	pthread_setcancelstate(cancel, NULL);
	return done;
}

static int spawn(struct request *rq, pid_t *pid)
{
	int result = 0, error = errno;

	if (try_engine(rq, pid, &result)) {
		errno = error;
		return result;
	}
	say_left(rq);
	errno = error;
	return next_of(rq)->function(pid, rq->file, rq->actions, rq->attr,
				     rq->argv, rq->envp);
}

int posix_spawn(pid_t *pid, const char *file,
		const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[],
		char *const envp[])
{
	struct request rq = {
		.file = file, .actions = actions, .attr = attr,
		.argv = argv, .envp = envp,
	};

	return spawn(&rq, pid);
}

int posix_spawnp(pid_t *pid, const char *file,
		 const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attr, char *const argv[],
		 char *const envp[])
{
	struct request rq = {
		.file = file, .actions = actions, .attr = attr,
		.argv = argv, .envp = envp, .search = true,
	};

	return spawn(&rq, pid);
}
