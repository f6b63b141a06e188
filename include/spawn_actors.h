/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments that the actors copy, series, jobs and supervise take in IORING_OP_BPF,
 * and the CQEs that they post. Launchers and actors both include this header, which has
 * plain types only. See spawnpol-actor(7).
 *
 * An argument has 64 bits. Do not change the memory that arguments point to until the CQE
 * of the IORING_OP_BPF, unless the actor's description says otherwise.
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

/* Requests that one run of an actor can stage. */
#define SPAWN_ACTOR_STAGED	64

/* Each actor completes with -ENOBUFS if it was attached with less state than it needs. */

/*
 * copy: copies one file to another, with several requests in flight.
 *
 * args[0]	address of the buffers, one after the other
 * args[1]	spawn_actor_pair(descriptor to read from, descriptor to write to)
 * args[2]	spawn_actor_pair(bytes of a buffer, number of buffers)
 * args[3]	offset in both files at which copying begins
 *
 * Result: 0, or the error of the read or write that ended the actor; -EIO: a write
 * returned 0; -EINVAL: no buffers, more than SPAWN_COPY_BUFFERS, or buffers of 0 bytes.
 */
#define SPAWN_COPY_BUFFERS	64	/* at most */

/*
 * series: writes files one after the other to a descriptor, until a request fails.
 *
 * args[0]	address of the first path
 * args[1]	spawn_actor_pair(number of paths, bytes from one path to the next)
 * args[2]	address of a buffer
 * args[3]	spawn_actor_pair(bytes of the buffer, descriptor to write to)
 *
 * The actor opens each file as registered file 0 of the ring, replacing the file that is
 * there. Register a table of files first (io_uring_register_files_sparse()); without one,
 * opening fails with -ENXIO. After a cancellation the file can still be open.
 *
 * Result: the number of files, or the error of the request that ended the series; -EIO: a
 * write returned 0. If the series fails, the actor first posts a CQE: its flags have
 * SPAWNPOL_CQE_F_STAGED, its user_data is that of the IORING_OP_BPF, and res is the number
 * of files that were written completely. The library drops this CQE after
 * spawnpol_actor_submit(); to receive it, use spawnpol_actor_prep().
 */
#define SPAWN_SERIES_FILE	0

/*
 * jobs: runs commands, a given number of them at the same time.
 *
 * args[0]	address of the first command, a struct io_uring_spawn
 * args[1]	spawn_actor_pair(number of commands, bytes from one to the next; the kernel
 *		reads this many bytes of each)
 * args[2]	spawn_actor_pair(commands that run at the same time, at most; SPAWN_JOBS_*)
 * args[3]	user_data of the CQE for the first command; 1 more for each further command
 *
 * Result: the number of commands that failed: that were not started, were killed, or
 * exited with a status other than 0. -EINVAL: the limit of args[2] is 0. Another error:
 * why the remaining commands were not started, such as -ETOOMANYREFS if the actor was
 * attached with a total.
 *
 * CQEs: when a command that was started ends, res has its wait status as waitpid(2)
 * returns it, or an error if the status is not known. If a command could not be started,
 * res has the error of the SPAWN, and SPAWN_JOBS_STEP of the flags the step that failed.
 * The report of the command's struct io_uring_spawn, if it has one, has the pid.
 * -ECANCELED: the actor was cancelled. If the report has a pid and its step is 0, the
 * command goes on; otherwise it was not started.
 *
 * Make the CQ ring large enough for all CQEs that come before the launcher takes them.
 * While there is no room for a CQE, the actor tries again; if it is cancelled meanwhile,
 * the CQE is lost.
 */
enum spawn_jobs_flags {
	/* start the remaining commands also after one has failed */
	SPAWN_JOBS_KEEP_GOING	= 1U << 0,
};
#define SPAWN_JOBS_STEP		0xffff0000U	/* in the flags of a CQE */
/*
 * Requests in flight that the actor asks for at attach. To run more commands at the same
 * time, attach it with a larger in_flight.
 */
#define SPAWN_JOBS_AT_ONCE	256

/*
 * supervise: starts a program, and starts it again when it ends.
 *
 * args[0]	address of a struct spawn_supervise
 * args[1]	spawn_supervise_how(SPAWN_SUPERVISE_*, delays, restarts)
 * args[2]	interval in nanoseconds to which the limit of restarts applies; 0: no limit,
 *		unless restarts is 0 or above SPAWN_SUPERVISE_RESTARTS
 * args[3]	user_data of the CQEs of the first run; 1 more for each further run
 *
 * Result: the wait status of the last run, with SPAWN_SUPERVISE_GAVE_UP if only the limit
 * kept the actor from starting the program again. Or the error of the SPAWN or of the
 * wait. -EINVAL: more than SPAWN_SUPERVISE_DELAYS delays; nothing is started.
 *
 * CQEs: at each start one with IORING_CQE_F_MORE and the pid in res, at each end one with
 * the wait status in res. A CQE for which the CQ ring has no room is lost.
 */
#define SPAWN_SUPERVISE_DELAYS	16
struct spawn_supervise {
	/*
	 * Delays before the first restart, the second ...; the last one applies to all
	 * further restarts. If args[2] is not 0, a run longer than args[2] starts again
	 * with the first delay.
	 */
	struct __kernel_timespec delays[SPAWN_SUPERVISE_DELAYS];
	struct io_uring_spawn spawn;	/* the last member, because it can grow */
};

enum spawn_supervise_flags {
	/* restart the program also after an exit with status 0 */
	SPAWN_SUPERVISE_ALWAYS	= 1U << 0,
};
#define SPAWN_SUPERVISE_RESTARTS	64	/* at most, within args[2] */
#define SPAWN_SUPERVISE_GAVE_UP		0x10000

/*
 * delays: how many are set, at most SPAWN_SUPERVISE_DELAYS; 0: none. restarts: the limit,
 * at most SPAWN_SUPERVISE_RESTARTS; 0: no restart, whatever args[2] is.
 */
static inline __u64 spawn_supervise_how(__u16 flags, __u16 delays, __u16 restarts)
{
	return (__u64)sizeof(struct io_uring_spawn) << 48 | (__u64)flags << 32 |
	       (__u32)delays << 16 | restarts;
}

#ifdef __bpf__
/* IORING_OP_WAITID and IORING_NOP_INJECT_RESULT, which older headers do not define. */
#define SPAWN_OP_WAITID		50
#define SPAWN_NOP_INJECT_RESULT	(1U << 0)
/* From linux/wait.h and siginfo. */
#define SPAWN_P_PID		1
#define SPAWN_WEXITED		4
#define SPAWN_CLD_EXITED	1
#define SPAWN_CLD_DUMPED	3

/* The wait status, as waitpid(2) returns it, of an IORING_OP_WAITID that succeeded. */
static inline __s32 spawn_wait_status(const struct bpf_iouring_op_ctx *ctx)
{
	__s32 status = ctx->wait_status, code = ctx->wait_code;

	if (code == SPAWN_CLD_EXITED)
		return (status & 0xff) << 8;
	return code == SPAWN_CLD_DUMPED ? status | 0x80 : status;
}
#endif

#endif
