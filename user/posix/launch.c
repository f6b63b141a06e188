// SPDX-License-Identifier: LGPL-2.1-or-later
/* Launching a chain, and waiting until the child has become the program. */
#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posix.h"

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
	struct io_uring_sqe sqe;

	return out->error == -EBADF && out->kind == SPAWNPOL_KIND_DUP &&
	       !rq->creates &&
	       !spawnpol_chain_step(rq->chain, out->step, NULL, &sqe) &&
	       is_ring(sqe.fd);
}

/* --- waiting ------------------------------------------------------------------------- */

/*
 * Wait with the caller's own signal mask and cancelability: a handler finds the thread
 * as if it had not called anything. It may return, spawn, fork or leave by longjmp(3).
 */
static int wait_with_signals(struct thread *th, struct request *rq)
{
	sigset_t mask;
	int ret;

	sigemptyset(&mask);
	memcpy(&mask, &rq->mask, sizeof(rq->mask));
	th->waiting = rq;
	pthread_setcancelstate(rq->cancel, NULL);
	ret = spawnpol_ring_wait(th->ring, -1, &mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	th->waiting = NULL;
	return ret;
}

/*
 * Under a policy that can take as long as the policy's delays, and signals are to be
 * delivered meanwhile. Without one a child takes no longer than libc's, which blocks
 * signals, too. 1, or an error; -ESTALE: the call is not this thread's any more.
 */
static int collect(struct thread *th, struct request *rq,
		   struct spawnpol_outcome *out)
{
	unsigned int call = th->call;
	int ret;

	if (!policy_wanted()) {
		do {
			ret = spawnpol_collect(th->ring, out, 1, 1, -1);
		} while (ret == -EINTR);
		return ret;
	}
	do {
		ret = wait_with_signals(th, rq);
		if (th->call != call)
			return -ESTALE;
		if (ret < 0 && ret != -EINTR)
			return ret;
		ret = spawnpol_collect(th->ring, out, 1, 0, 0);
	} while (!ret);
	return ret;
}

/* --- the launch ---------------------------------------------------------------------- */

/* What has become of the spawn is not known: it must not be done a second time. */
static bool lose(struct thread *th, int error, int *result)
{
	if (error == -ESTALE) {
		*result = ECANCELED;
		return true;
	}
	thread_drop(th);
	*result = error ? -error : EIO;
	return true;
}

bool launch(struct thread *th, struct request *rq, pid_t *pid, int *result)
{
	struct spawnpol_outcome out;
	int ret = spawnpol_submit(th->ring, &rq->chain, 1);

	if (ret < 1) {
		/* it may not be this thread's, see may_use() */
		if (ret != -EAGAIN && ret != -ENOMEM)
			thread_drop(th);
		return leave(rq, "the chain was not taken", ret);
	}
	ret = collect(th, rq, &out);
	if (ret < 1)
		return lose(th, ret, result);
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
