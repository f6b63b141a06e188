/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Latencies of several methods, side by side. */
#ifndef SPAWNPOL_BENCH_INTERLEAVE_H
#define SPAWNPOL_BENCH_INTERLEAVE_H

#include "methods.h"

/*
 * Launch with one method after the other, plan->iterations times, so that
 * whatever drifts hits all alike, and print each one's latency. methods ends
 * with NULL. The first rounds, which fill caches, do not count.
 */
void interleave(const struct plan *plan, const struct site *site,
		const struct method *const methods[], const char *case_name);

#endif
