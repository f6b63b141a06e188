// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each thread that spawns has a ring without a descriptor, made at its first spawn, and
 * a chain that it uses again and again. Both end with the thread.
 *
 * A child of fork(2) has a copy of these variables but no such ring. A child of
 * vfork(2) shares the variables with the thread that waits for it. Neither may use the
 * ring. The child of fork(2) forgets the ring. The child of vfork(2), like any other
 * that a bare clone(2) makes, is recognized by its ids, or, as ids can be the same in
 * different pid namespaces, by a page that the kernel clears in copies of the memory.
 *
 * While a call waits under a policy, signal handlers run in the middle of it. A handler
 * that spawns does so by libc, because the ring is in use. In a child that a handler
 * forks and that returns from the handler, the call is over. A handler that leaves by
 * longjmp(3) leaves a chain in flight, which the thread's next call ends.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "posix.h"

#define ENTRIES		64	/* SQEs: enough for nearly all that is asked */
#define ENTRIES_MOST	256	/* and for the longest chain */

static __thread struct thread mine
	__attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool key_made;
static pid_t process;		/* whose threads may use the engine */
static volatile char *original;	/* 0 in processes that are copies of it */
static bool actions_known;

/* Why this process cannot use the engine at all, once that is known. */
static _Atomic(const char *) missing;
static atomic_int missing_error;

/* --- life ------------------------------------------------------------------------ */

void thread_drop(struct thread *th)
{
	struct spawnpol_ring *ring = th->ring;

	th->ring = NULL;
	spawnpol_ring_close(ring);
}

/* What the kernel may still read is left to it. */
static void clear_chain(struct thread *th)
{
	if (th->chain && spawnpol_chain_reset(th->chain))
		th->chain = NULL;
}

static void thread_free(void *arg)
{
	struct thread *th = arg;

	/* a signal handler must not spawn with what is half gone */
	th->busy = true;
	thread_drop(th);
	spawnpol_chain_free(th->chain);
	*th = (struct thread){};
}

/* Whatever waits for a chain is told by the changed number that it is not its own. */
static void end_call(struct thread *th)
{
	th->call++;
	th->waiting = NULL;
	th->busy = false;
}

static void forget_in_child(void)
{
	process = getpid();
	if (original)
		*original = 1;
	spawnpol_ring_close(mine.ring);
	mine.ring = NULL;
	if (mine.busy)
		end_call(&mine);
}

/*
 * The first call may come from a child that shares the memory, so the process
 * has to be known before. Everything else can wait: programs that never spawn have
 * this library, too. Calls of other libraries' constructors come too early and
 * are left to libc.
 */
__attribute__((constructor)) static void know_process(void)
{
	if (!pthread_atfork(NULL, NULL, forget_in_child))
		process = getpid();
}

static void mark_original(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK)) {
		munmap(page, size);
		return;
	}
	*page = 1;
	original = page;
}

static void init(void)
{
	mark_original();
	actions_known = actions_init();
	key_made = !pthread_key_create(&key, thread_free);
}

/* --- what this process can do ---------------------------------------------------- */

bool engine_missing(struct request *rq)
{
	const char *why = atomic_load_explicit(&missing, memory_order_acquire);

	return why ? !leave(rq, why, atomic_load(&missing_error)) : false;
}

/* Nothing that comes later can change that. */
static bool miss(struct request *rq, const char *why, int error)
{
	policy_missed(why, error);
	atomic_store(&missing_error, error);
	atomic_store_explicit(&missing, why, memory_order_release);
	return leave(rq, why, error);
}

static bool is_permanent(int error)
{
	switch (error) {
	case -ENOSYS:
	case -EOPNOTSUPP:
	case -EPROTO:
	case -EPERM:
	case -EINVAL:	/* flags that this kernel does not know */
		return true;
	default:
		return false;
	}
}

/* --- a call ---------------------------------------------------------------------- */

/* What another thread, or another time, may have more luck with. */
static bool is_passing(int error)
{
	switch (error) {
	case -EAGAIN:
	case -EINTR:
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return true;
	default:
		return false;
	}
}

/*
 * Has a handler left the call that waits by longjmp(3)? Then that call's stack frame is
 * gone, or has become this one's. A handler on a stack of its own is within the call.
 */
static bool is_left(const struct thread *th, const struct request *rq)
{
	stack_t handlers;

	if (!th->waiting || (uintptr_t)rq < (uintptr_t)th->waiting)
		return false;
	return !sigaltstack(NULL, &handlers) && !(handlers.ss_flags & SS_ONSTACK);
}

/* Its child is killed, if it is no program yet. */
static void give_up_call(struct thread *th)
{
	end_call(th);
	thread_drop(th);
	clear_chain(th);
}

/* A thread with a ring is known by its own id, another by its process's. */
static bool may_use(struct thread *th, struct request *rq)
{
	if ((original && !*original) ||
	    (th->ring ? th->tid != gettid() : process != getpid()))
		return leave(rq, "a child that shares or copied this memory", 0);
	if (th->busy && is_left(th, rq))
		give_up_call(th);
	if (th->busy)
		return leave(rq, "called from within a call", 0);
	pthread_once(&once, init);
	if (!actions_known)
		return leave(rq, "unknown layout of file actions", 0);
	return key_made || leave(rq, "no memory", ENOMEM);
}

struct thread *thread_begin(struct request *rq)
{
	struct thread *th = &mine;

	if (!may_use(th, rq))
		return NULL;
	if (!th->chain && spawnpol_chain_new(&th->chain)) {
		leave(rq, "no memory", ENOMEM);
		return NULL;
	}
	th->busy = true;
	th->call++;
	rq->chain = th->chain;
	return th;
}

void thread_end(struct thread *th)
{
	clear_chain(th);
	th->busy = false;
}

static bool make_ring(struct thread *th, struct request *rq,
		      unsigned int entries)
{
	struct io_uring_spawn_query query;
	int err;

	err = spawnpol_ring_open_registered(&th->ring, entries,
					    IORING_SETUP_SINGLE_ISSUER |
					    IORING_SETUP_DEFER_TASKRUN);
	if (err) {
		th->ring = NULL;
		return is_permanent(err) ? miss(rq, "no ring", err) :
					   leave(rq, "no ring", err);
	}
	err = spawnpol_ring_query(th->ring, &query);
	if (err || !(query.exec_ioprio & IORING_EXEC_SEARCH)) {
		miss(rq, "the kernel has no IORING_EXEC_SEARCH", 0);
		goto close;
	}
	err = policy_attach(th->ring);
	if (err) {
		if (is_passing(err))
			leave(rq, "the policy cannot be attached now", err);
		else
			miss(rq, "the policy cannot be attached", err);
		goto close;
	}
	err = -pthread_setspecific(key, th);
	if (err) {
		leave(rq, "no memory", err);
		goto close;
	}
	th->entries = entries;
	th->op_child = query.op_child;
	th->tid = gettid();
	return true;
close:
	thread_drop(th);
	return false;
}

bool thread_ring(struct thread *th, struct request *rq, unsigned int nr)
{
	if (!th->ring || th->entries < nr) {
		thread_drop(th);
		if (!make_ring(th, rq, nr > ENTRIES ? ENTRIES_MOST : ENTRIES))
			return false;
	}
	rq->op_child = th->op_child;
	return true;
}
