/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a launch consists of; plain types, for phases.bpf.c and phases.c. */
#ifndef SPAWNPOL_BENCH_PHASES_H
#define SPAWNPOL_BENCH_PHASES_H

/* Where the time is taken, in the order in which a launch gets there. */
enum phase_point {
	POINT_COPY_BEGINS,	/* the launcher calls copy_process() */
	POINT_COPY_ENDS,
	POINT_CHILD_BEGINS,	/* the child's first function */
	POINT_FOUND,		/* the program is open, its arguments are copied */
	POINT_LOADED,		/* the child is about to go to user mode */
	NR_POINTS,
};

/* In the program's .bss. Times are of CLOCK_MONOTONIC, in ns. */
struct phase_state {
	unsigned int launcher;	/* process whose launches count */
	unsigned int child;	/* the one it launched last */
	unsigned long long at[NR_POINTS];
	/* the same two programs around a system call that does nothing */
	unsigned long long nothing_begins, nothing_ends;
};

#endif
