/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_BENCH_DECISION_H
#define SPAWNPOL_BENCH_DECISION_H

/* Intervals that decision.bpf.c has room for; more are not kept. */
#define DECISIONS_MAX	65536

/* What the program keeps in its .bss; plain types, for both sides. */
struct decision_state {
	unsigned long long failed_at;	/* ns; 0: no EXEC has failed */
	unsigned int nr_intervals;
	unsigned int resv;
};

#endif
