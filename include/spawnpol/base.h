/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all parts of <spawnpol.h> need. */
#ifndef SPAWNPOL_PART_BASE_H
#define SPAWNPOL_PART_BASE_H

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
#include "../io_uring_spawn.h"
#ifdef __cplusplus
#pragma GCC diagnostic pop
#endif
#include "../spawnpol_uapi.h"

/*
 * Options: a structure whose first member is its size, with the members that are named
 * set and all others zero, which is their default.
 *
 *	SPAWNPOL_OPTS(spawnpol_attach_opts, opts, .slot = 3);
 *
 * Later releases add members at the end. A library that does not know a member refuses
 * it (-E2BIG) unless it is zero. -EINVAL: sz is less than in the first release. (In
 * C++ before C++20, which cannot name members: "spawnpol_attach_opts opts = {};
 * opts.sz = sizeof(opts);")
 *
 * What the library fills in has its size passed along, by inline functions, so that
 * callers need not: spawnpol_collect() is spawnpol_collect_sized(). A library that
 * knows fewer members sets the others to zero, one that knows more leaves those out
 * which the caller has no room for. -EINVAL: less room than in the first release.
 */
#define SPAWNPOL_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }

/* Of others, whose headers are needed only to make or read them. */
struct io_uring;
struct io_uring_cqe;
struct io_uring_sqe;
struct rlimit;
struct sched_attr;
struct sock_fprog;

#endif
