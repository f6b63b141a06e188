/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rule by which execvp(3) of the GNU C library searches a PATH, for the library and
 * for BPF programs (which get the numbers of errors from spawnpol_policy.h).
 */
#ifndef SPAWNPOL_EXECVP_H
#define SPAWNPOL_EXECVP_H

#include <stdbool.h>

#ifndef __bpf__
#include <errno.h>
#endif

/*
 * Does a search go on if a candidate fails with this (positive) error? The kernel
 * applies the same rule to IORING_EXEC_SEARCH.
 */
static inline bool execvp_goes_on(int error)
{
	switch (error) {
	case EACCES:
	case ENOENT:
	case ENOTDIR:
	/* POSIX does not name these three: file systems that are out of reach */
	case ESTALE:
	case ENODEV:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

#endif
