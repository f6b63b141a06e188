/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_BENCH_STAMP_H
#define SPAWNPOL_BENCH_STAMP_H

/* Where stamp writes a struct timespec of CLOCK_MONOTONIC. */
#define STAMP_FD 100

#endif
