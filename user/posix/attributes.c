// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From posix_spawnattr_t to steps, in the order in which libc's own child does
 * these things. Attributes are read by libc's public functions.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <unistd.h>

#include "action.h"
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

static bool add_step(struct request *rq, enum spawnpol_kind kind,
		     const struct io_uring_sqe *sqe)
{
	int err = action_add(rq->chain, kind, sqe);

	return err ? leave(rq, "no room for a step", err) : true;
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
	if (defaults && !add_step(rq, SPAWNPOL_KIND_SIGDEFAULT,
				  ACTION(IORING_CHILD_SIGDEFAULT,
					 .off = defaults)))
		return false;
	return !ignored || add_step(rq, SPAWNPOL_KIND_SIGIGNORE,
				    ACTION(IORING_CHILD_SIGIGNORE,
					   .off = ignored));
}

/*
 * As sched_setscheduler(2) and sched_setparam(2), which leave the nice value as
 * it is. SCHED_RESET_ON_FORK makes the child's another one than the caller's.
 */
static bool add_sched(struct request *rq, short flags)
{
	struct sched_request sched;
	struct sched_param param;
	int policy = 0, err;

	if (!(flags & (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM)))
		return true;
	if (sched_getscheduler(0) & SCHED_RESET_ON_FORK)
		return leave(rq, "scheduling is reset on fork", 0);
	posix_spawnattr_getschedparam(rq->attr, &param);
	if (flags & POSIX_SPAWN_SETSCHEDULER)
		posix_spawnattr_getschedpolicy(rq->attr, &policy);
	sched = (struct sched_request) {
		.size = sizeof(sched),
		.policy = policy,
		.flags = flags & POSIX_SPAWN_SETSCHEDULER ? 0 : KEEP_POLICY,
		.nice = getpriority(PRIO_PROCESS, 0),
		.priority = param.sched_priority,
	};
	err = spawnpol_chain_sched(rq->chain, (struct sched_attr *)&sched);
	return err ? leave(rq, "no room for a step", err) : true;
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
	    !add_step(rq, SPAWNPOL_KIND_SETRESUID,
		      ACTION(IORING_CHILD_SETRESUID, .addr = (uid_t)-1,
			     .off = uid, .addr3 = (uid_t)-1)))
		return false;
	if (getegid() == gid && (gid_t)setfsgid(-1) == gid)
		return true;
	return add_step(rq, SPAWNPOL_KIND_SETRESGID,
			ACTION(IORING_CHILD_SETRESGID, .addr = (gid_t)-1,
			       .off = gid, .addr3 = (gid_t)-1));
}

static bool add_group(struct request *rq)
{
	pid_t pgid;

	posix_spawnattr_getpgroup(rq->attr, &pgid);
	if (pgid < 0)
		return leave(rq, "a negative process group", 0);
	return add_step(rq, SPAWNPOL_KIND_SETPGID,
			ACTION(IORING_CHILD_SETPGID, .off = pgid));
}

bool add_attributes(struct request *rq)
{
	short flags = flags_of(rq->attr);

	if (flags & ~KNOWN_FLAGS)
		return leave(rq, "an unknown attribute", 0);
	if (!add_signals(rq, flags) || !add_sched(rq, flags))
		return false;
	if (flags & POSIX_SPAWN_SETSID &&
	    !add_step(rq, SPAWNPOL_KIND_SETSID, ACTION(IORING_CHILD_SETSID)))
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
	return add_step(rq, SPAWNPOL_KIND_SIGMASK,
			ACTION(IORING_CHILD_SIGMASK, .off = mask));
}
