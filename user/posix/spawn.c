// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix_spawn() and posix_spawnp() by chains. libc's own functions handle what a chain
 * cannot do, and each spawn for which the kernel has made no child, so that a caller
 * sees only results that libc also has.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "posix.h"

/* --- a chain ----------------------------------------------------------------------- */

/* A directory so long that no path has it. */
static bool has_endless_directory(const char *path)
{
	size_t len = strcspn(path, ":");

	for (; path[len] && len < PATH_MAX; len = strcspn(path, ":"))
		path += len + 1;
	return len >= PATH_MAX;
}

/* What the search in libc makes of odd names and paths is best done there. */
static bool add_search(struct request *rq)
{
	const char *path = getenv("PATH");
	int err;

	if (!*rq->file || strnlen(rq->file, NAME_MAX + 1) > NAME_MAX)
		return leave(rq, "no name of a file", 0);
	if (path && has_endless_directory(path))
		return leave(rq, "a very long directory in PATH", 0);
	err = spawnpol_chain_search(rq->chain, rq->file, path);
	return err ? leave(rq, "a search that cannot be a request", err) : true;
}

/*
 * The name that posix_spawn() is given is executed as it is: like an attempt of a search
 * that the caller makes, it is none for which a policy searches.
 */
static bool add_program(struct request *rq)
{
	int err;

	if (rq->search && !strchr(rq->file, '/'))
		return add_search(rq);
	err = spawnpol_chain_program_at(rq->chain, AT_FDCWD, rq->file, 0);
	return err ? leave(rq, "too many steps", err) : true;
}

static bool add_arguments(struct request *rq)
{
	static char *nothing[] = { NULL }, *no_name[] = { "", NULL };
	int err;

	/* as execve(2), no arguments are one that is empty */
	err = spawnpol_chain_argv(rq->chain, *rq->argv ? rq->argv : no_name) ?:
	      spawnpol_chain_envp(rq->chain, rq->envp ? rq->envp : nothing);
	return err ? leave(rq, "arguments that cannot be kept", err) : true;
}

/*
 * The child reads what the caller passed until the program is executed. Under a policy
 * a handler can have run by then, and what was passed may be gone: it is copied.
 */
static bool build(struct request *rq)
{
	spawnpol_chain_borrow(rq->chain, !policy_wanted());
	return add_attributes(rq) && add_file_actions(rq) && add_mask(rq) &&
	       add_arguments(rq) && add_program(rq);
}

/* --- a spawn ----------------------------------------------------------------------- */

/* A ring with room for the chain, in place of one without. */
static bool make_room(struct thread *th, struct request *rq)
{
	int nr = spawnpol_ring_nr_sqes(th->ring, rq->chain);

	return nr < 0 ? leave(rq, "a search that cannot be steps", nr) :
			thread_ring(th, rq, nr);
}

static bool try_in_thread(struct request *rq, pid_t *pid, int *result)
{
	struct thread *th = thread_begin(rq);
	bool done;

	if (!th)
		return false;
	done = thread_ring(th, rq, 1) && build(rq) && make_room(th, rq) &&
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
 * No signal handler, and no cancellation, sees the thread in the middle of this, except
 * where it waits for the child. All signals are blocked, also libc's own.
 */
static bool try_engine(struct request *rq, pid_t *pid, int *result)
{
	bool done;

	if (!next_is_libcs(rq)) {
		policy_missed(another_library, 0);
		return leave(rq, another_library, 0);
	}
	if (engine_missing(rq))
		return false;
	if (!rq->file || !rq->argv)
		return leave(rq, "no program or no arguments", 0);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &rq->cancel);
	set_mask(~0ULL, &rq->mask);
	done = try_in_thread(rq, pid, result);
	set_mask(rq->mask, NULL);
	pthread_setcancelstate(rq->cancel, NULL);
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
	return next_call(rq, pid);
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
