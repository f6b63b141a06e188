/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What launchers and the actors that come with spawnpol agree on: the arguments of
 * IORING_OP_BPF for copy, series, jobs and supervise, and the CQEs that they post. Plain
 * types, included by both sides. See spawnpol-actor(7).
 *
 * Arguments are 64 bits each. Memory that they point to stays as it is until the CQE of
 * the IORING_OP_BPF, unless something else is said.
 */
#ifndef SPAWN_ACTORS_H
#define SPAWN_ACTORS_H

#ifndef __VMLINUX_H__
#include <linux/time_types.h>
#include <linux/types.h>

#include "io_uring_spawn.h"
#endif

/* Two numbers in one argument. */
static inline __u64 spawn_actor_pair(__u32 low, __u32 high)
{
	return (__u64)high << 32 | low;
}

/* Requests that one run of a program can stage. */
#define SPAWN_ACTOR_STAGED	64

/* Each completes with -ENOBUFS if it was attached with less state than it needs. */

/*
 * copy: a file to another, several buffers at a time.
 *
 * args[0]	address of the buffers, one after the other
 * args[1]	spawn_actor_pair(descriptor read from, descriptor written to)
 * args[2]	spawn_actor_pair(bytes of a buffer, number of buffers)
 * args[3]	where in both files it begins
 *
 * Result: 0, or the error of the read or write that has ended it; -EIO: a write of 0 bytes;
 * -EINVAL: no buffers, more than SPAWN_COPY_BUFFERS, or buffers of 0 bytes.
 */
#define SPAWN_COPY_BUFFERS	64	/* at most */

/*
 * series: files one after the other to a descriptor, until one fails.
 *
 * args[0]	address of the first path
 * args[1]	spawn_actor_pair(number of paths, bytes from one path to the next)
 * args[2]	address of a buffer
 * args[3]	spawn_actor_pair(bytes of the buffer, descriptor written to)
 *
 * The series opens the files as registered file 0 of the ring, in place of what is there.
 * The launcher registers a table of files first (io_uring_register_files_sparse()), else
 * opening fails with -ENXIO. After a cancellation the file can be open still.
 *
 * Result: the number of files, or the error of the request that has ended the series; -EIO: a
 * write of 0 bytes. In case of an error, a CQE is posted before, with SPAWNPOL_CQE_F_STAGED in
 * its flags, the user_data of the IORING_OP_BPF and, in res, how many files have been written
 * as a whole. The library drops that CQE if spawnpol_actor_submit() was called: use
 * spawnpol_actor_prep() to see it.
 */
#define SPAWN_SERIES_FILE	0

/*
 * jobs: commands, so many at once.
 *
 * args[0]	address of the first command, a struct io_uring_spawn
 * args[1]	spawn_actor_pair(number of commands, bytes from one to the next, which is
 *		also how many of each the kernel reads)
 * args[2]	spawn_actor_pair(most that run at once, SPAWN_JOBS_*)
 * args[3]	user_data of the CQE for the first command; the next one has 1 more
 *
 * Result: how many commands have failed, that is were not started, were killed or exited
 * with another status than 0. -EINVAL: none may run at once. Another error: what has kept
 * the rest from being started, such as -ETOOMANYREFS if the attacher has set a total.
 *
 * CQEs: each command that was started has one when it has ended, with its wait status in
 * res, as waitpid(2) tells it, or an error if that is not known. One that could not be
 * started has one with the error of the SPAWN, and in the upper half of its flags which step
 * has failed. The pid of each is in the report of its struct io_uring_spawn, if that names
 * one. -ECANCELED means either: the actor was cancelled, and the command goes on if its
 * report has a pid and its step is 0, or was not started otherwise.
 *
 * Make the CQ ring large enough for all CQEs that come before the launcher looks. Where
 * there is no room, the actor tries again until there is; after a cancellation, such a CQE
 * is lost.
 */
enum spawn_jobs_flags {
	/* start the others also after one has failed */
	SPAWN_JOBS_KEEP_GOING	= 1U << 0,
};
#define SPAWN_JOBS_STEP		0xffff0000U	/* of the flags of a CQE */
/* What the program asks for. Who attaches it for more at once sets in_flight to that. */
#define SPAWN_JOBS_AT_ONCE	256

/*
 * supervise: a program that is started again when it has ended.
 *
 * args[0]	address of a struct spawn_supervise
 * args[1]	spawn_supervise_how(SPAWN_SUPERVISE_*, delays, restarts)
 * args[2]	nanoseconds in which there are so many restarts at most; 0: any number,
 *		unless restarts is 0 or above SPAWN_SUPERVISE_RESTARTS
 * args[3]	user_data of the CQEs of the first run; the next one has 1 more
 *
 * Result: the wait status of the last run, with SPAWN_SUPERVISE_GAVE_UP if it would have
 * been started again, but too often. Or the error of the SPAWN or of the wait. -EINVAL: more
 * than SPAWN_SUPERVISE_DELAYS delays; nothing is started.
 *
 * CQEs: one with IORING_CQE_F_MORE and the pid in res for each start, one with the wait
 * status for each end. One for which the CQ ring has no room is lost.
 */
#define SPAWN_SUPERVISE_DELAYS	16
struct spawn_supervise {
	/*
	 * Before the first restart, the second ...; the last one before all others. After a
	 * run that was longer than args[2], if that is not 0, the first one is next again.
	 */
	struct __kernel_timespec delays[SPAWN_SUPERVISE_DELAYS];
	struct io_uring_spawn spawn;	/* the last member: it can grow */
};

enum spawn_supervise_flags {
	/* also after an exit with status 0 */
	SPAWN_SUPERVISE_ALWAYS	= 1U << 0,
};
#define SPAWN_SUPERVISE_RESTARTS	64	/* at most, within args[2] */
#define SPAWN_SUPERVISE_GAVE_UP		0x10000

/*
 * delays: how many are set, at most SPAWN_SUPERVISE_DELAYS; 0: none. restarts: at most
 * SPAWN_SUPERVISE_RESTARTS; 0: it is not started again, whatever args[2] is.
 */
static inline __u64 spawn_supervise_how(__u16 flags, __u16 delays, __u16 restarts)
{
	return (__u64)sizeof(struct io_uring_spawn) << 48 | (__u64)flags << 32 |
	       (__u32)delays << 16 | restarts;
}

#ifdef __bpf__
/* IORING_OP_WAITID and IORING_NOP_INJECT_RESULT, which older headers do not have. */
#define SPAWN_OP_WAITID		50
#define SPAWN_NOP_INJECT_RESULT	(1U << 0)
/* Of linux/wait.h and siginfo. */
#define SPAWN_P_PID		1
#define SPAWN_WEXITED		4
#define SPAWN_CLD_EXITED	1
#define SPAWN_CLD_DUMPED	3

/* Of an IORING_OP_WAITID that has succeeded: as waitpid(2) tells it. */
static inline __s32 spawn_wait_status(const struct bpf_iouring_op_ctx *ctx)
{
	__s32 status = ctx->wait_status, code = ctx->wait_code;

	if (code == SPAWN_CLD_EXITED)
		return (status & 0xff) << 8;
	return code == SPAWN_CLD_DUMPED ? status | 0x80 : status;
}
#endif

#endif
