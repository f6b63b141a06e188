/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What all parts of <spawnpol.h> need. */
#ifndef SPAWNPOL_PART_BASE_H
#define SPAWNPOL_PART_BASE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's headers have arrays without a size, which C++ does not allow. */
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
 * Define an options structure: its first member is its size, the named members are set,
 * and all others are 0, their default.
 *
 *	SPAWNPOL_OPTS(spawnpol_attach_opts, opts, .slot = 3);
 *
 * Later releases add members at the end. A call fails with -E2BIG if a member that the
 * library does not know is not 0, and with -EINVAL if sz is less than in the first
 * release. C++ before C++20 has no designated initializers: write "spawnpol_attach_opts
 * opts = {}; opts.sz = sizeof(opts);".
 *
 * Structures that the library fills in have no such member. Inline functions pass their
 * size: spawnpol_collect() calls spawnpol_collect_sized(). The library sets members that
 * it does not know to 0, and omits members that the caller's structure does not have.
 * Such a call fails with -EINVAL if the size is less than in the first release.
 */
#define SPAWNPOL_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }

/* Structures of other headers. Include those headers to define or read them. */
struct io_uring;
struct io_uring_cqe;
struct io_uring_sqe;
struct rlimit;
struct sched_attr;
struct sock_fprog;

#endif
