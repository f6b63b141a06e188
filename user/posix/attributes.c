// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From posix_spawnattr_t to steps, in the order of libc's own child. libc's public
 * functions read the attributes.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "posix.h"

/* What this file knows to do; USEVFORK has no meaning any more. */
#define KNOWN_FLAGS	(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | \
			 POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | \
			 POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | \
			 POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID)

/* Signals 32 and 33, which libc keeps for itself. */
#define LIBC_SIGNALS	(3ULL << 31)

#define KEEP_POLICY	0x08	/* SCHED_FLAG_KEEP_POLICY */

/* All 64, which sigismember() would not say. */
static uint64_t bits_of(const sigset_t *set)
{
	uint64_t bits;

	memcpy(&bits, set, sizeof(bits));
	return bits;
}

static short flags_of(const posix_spawnattr_t *attr)
{
	short flags = 0;

	if (attr)
		posix_spawnattr_getflags(attr, &flags);
	return flags;
}

static bool added(struct request *rq, int err)
{
	return err ? leave(rq, "no room for a step", err) : true;
}

/* The library leaves out of its sets what libc keeps for itself, and programs inherit. */
static bool add_signal_step(struct request *rq, uint32_t cmd, uint64_t signals)
{
	struct io_uring_sqe sqe = {
		.opcode = rq->op_child,
		.len = cmd,
		.off = signals,
	};

	return added(rq, spawnpol_chain_sqe(rq->chain, &sqe));
}

/*
 * Libc's child ignores the signals that are libc's, unless they are among those
 * to be set to their default; programs inherit that.
 */
static bool add_signals(struct request *rq, short flags)
{
	uint64_t defaults = 0, ignored;
	sigset_t set;

	if (flags & POSIX_SPAWN_SETSIGDEF) {
		posix_spawnattr_getsigdefault(rq->attr, &set);
		defaults = bits_of(&set);
	}
	ignored = LIBC_SIGNALS & ~defaults;
	if (defaults && !add_signal_step(rq, IORING_CHILD_SIGDEFAULT, defaults))
		return false;
	return !ignored || add_signal_step(rq, IORING_CHILD_SIGIGNORE, ignored);
}

/*
 * As sched_setscheduler(2) and sched_setparam(2), which leave the nice value as
 * it is. SCHED_RESET_ON_FORK makes the child's another one than the caller's.
 */
static bool add_sched(struct request *rq, short flags)
{
	struct sched_param param;
	int policy = 0;

	if (!(flags & (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM)))
		return true;
	if (sched_getscheduler(0) & SCHED_RESET_ON_FORK)
		return leave(rq, "scheduling is reset on fork", 0);
	posix_spawnattr_getschedparam(rq->attr, &param);
	if (flags & POSIX_SPAWN_SETSCHEDULER)
		posix_spawnattr_getschedpolicy(rq->attr, &policy);
	rq->sched = (struct sched_request) {
		.size = sizeof(rq->sched),
		.policy = policy,
		.flags = flags & POSIX_SPAWN_SETSCHEDULER ? 0 : KEEP_POLICY,
		.nice = getpriority(PRIO_PROCESS, 0),
		.priority = param.sched_priority,
	};
	return added(rq, spawnpol_chain_sched(rq->chain,
					      (struct sched_attr *)&rq->sched));
}

/*
 * Effective ids become the real ones, users first. A step that changes nothing
 * would make the caller's memory undumpable for nothing.
 */
static bool add_ids(struct request *rq)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if ((geteuid() != uid || (uid_t)setfsuid(-1) != uid) &&
	    !added(rq, spawnpol_chain_setresuid(rq->chain, -1, uid, -1)))
		return false;
	if (getegid() == gid && (gid_t)setfsgid(-1) == gid)
		return true;
	return added(rq, spawnpol_chain_setresgid(rq->chain, -1, gid, -1));
}

static bool add_group(struct request *rq)
{
	pid_t pgid;

	posix_spawnattr_getpgroup(rq->attr, &pgid);
	if (pgid < 0)
		return leave(rq, "a negative process group", 0);
	return added(rq, spawnpol_chain_setpgid(rq->chain, pgid));
}

bool add_attributes(struct request *rq)
{
	short flags = flags_of(rq->attr);

	if (flags & ~KNOWN_FLAGS)
		return leave(rq, "an unknown attribute", 0);
	if (!add_signals(rq, flags) || !add_sched(rq, flags))
		return false;
	if (flags & POSIX_SPAWN_SETSID &&
	    !added(rq, spawnpol_chain_setsid(rq->chain)))
		return false;
	if (flags & POSIX_SPAWN_SETPGROUP && !add_group(rq))
		return false;
	return !(flags & POSIX_SPAWN_RESETIDS) || add_ids(rq);
}

/* Of a mask that it is given, libc leaves out its own signals. */
bool add_mask(struct request *rq)
{
	uint64_t mask = rq->mask;
	sigset_t set;

	if (flags_of(rq->attr) & POSIX_SPAWN_SETSIGMASK) {
		posix_spawnattr_getsigmask(rq->attr, &set);
		mask = bits_of(&set) & ~LIBC_SIGNALS;
	}
	return add_signal_step(rq, IORING_CHILD_SIGMASK, mask);
}
