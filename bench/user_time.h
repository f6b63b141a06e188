/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long the calling thread is in user mode: from the end of each of its system calls
 * to the beginning of the next one, as BPF programs see it. What interrupts it there is
 * included.
 */
#ifndef SPAWNPOL_BENCH_USER_TIME_H
#define SPAWNPOL_BENCH_USER_TIME_H

/* What the BPF programs keep in their .bss; plain types, for both sides. */
struct user_time_state {
	unsigned int thread;		/* that is measured */
	unsigned int resv;
	unsigned long long since;	/* ns; 0: it is in the kernel */
	unsigned long long total;	/* ns */
};

#ifndef __bpf__
#include <stdint.h>

struct user_time;

/* Measuring makes each system call of the machine slower: where time counts, not. */
struct user_time *user_time_start(void);
/* In ns, since it was started. */
uint64_t user_time_read(const struct user_time *user);
void user_time_stop(struct user_time *user);
#endif

#endif
