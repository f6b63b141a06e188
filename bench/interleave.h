/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Latencies of several methods, side by side. */
#ifndef SPAWNPOL_BENCH_INTERLEAVE_H
#define SPAWNPOL_BENCH_INTERLEAVE_H

#include "methods.h"

/*
 * Launch with one method after the other, plan->iterations times, so that
 * whatever drifts hits all alike, and print each one's latency. methods ends
 * with NULL. Each method launches from a process of its own, made by fork(2)
 * from this one. The first rounds, which fill caches, do not count.
 */
void interleave(const struct plan *plan, const struct site *site,
		const struct method *const methods[], const char *case_name);

/*
 * The same; methods that collect CQEs have a second row, METHOD_waiting, of a
 * launcher that collects them before it reads the program's report.
 */
void interleave_waiting(const struct plan *plan, const struct site *site,
			const struct method *const methods[],
			const char *case_name);

/*
 * What a launch by each of the methods consists of, one method after the other: the
 * phases that it passes, and what the launcher does outside copy_process(). Printed as
 * figures of a benchmark "phases". (phases.c)
 */
void phases(const struct plan *plan, const struct site *site,
	    const struct method *const methods[]);

#endif
