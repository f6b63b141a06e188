/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program of its own has needed, its children not included. */
#ifndef SPAWNPOL_BENCH_CHILD_CPU_H
#define SPAWNPOL_BENCH_CHILD_CPU_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Wait for the end of a child, whose exit status must be 0, and tell its CPU time, in
 * ns. name is what it is called if it fails.
 */
uint64_t child_cpu(pid_t pid, const char *name);

#endif
