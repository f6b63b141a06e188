/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the benchmarks share: samples and their statistics, figures as they are
 * printed, and the state of the machine they set up.
 *
 * A benchmark is a function in a file of its own, listed in main.c. It prints
 * one JSON object per figure on standard output; bench/report.py makes tables,
 * ratios and plots of them. Errors end the program: a benchmark that cannot
 * measure what it promises says so and prints nothing else.
 */
#ifndef SPAWNPOL_BENCH_H
#define SPAWNPOL_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* How much to do. */
struct plan {
	const char *bench;	/* name of the benchmark that runs */
	unsigned int iterations; /* samples of each figure */
	bool counting;		/* the clock counts instructions (--icount) */
};

struct samples {
	uint64_t *values;
	size_t nr, room;
};

/* Nanoseconds of CLOCK_MONOTONIC, and of the calling thread's CPU time. */
uint64_t clock_ns(void);
uint64_t cpu_ns(void);
void sleep_ns(uint64_t ns);
/*
 * Sleep for several ticks of the clock. A child that waits in the kernel makes ready what
 * its program needs when it has had nothing to do for a tick.
 */
void settle(void);

/* Room for nr samples; more are an error. samples_free() afterwards. */
void samples_init(struct samples *s, size_t nr);
void samples_add(struct samples *s, uint64_t value);
void samples_sort(struct samples *s);	/* the smallest first */
void samples_free(struct samples *s);

/*
 * Print the minimum, the median and the number of samples as one figure:
 * case_fmt says what was varied, method what was measured, unit of what.
 */
void print_samples(const struct plan *plan, const char *method,
		   const char *unit, struct samples *s,
		   const char *case_fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same of one number that is no sample: a count, a rate. */
void print_value(const struct plan *plan, const char *method,
		 const char *unit, double value, const char *case_fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* "bench: what: errno's text", exit status 1. error is negative, 0 for none. */
_Noreturn void give_up(int error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The result, or give up with its error: for calls that return -errno. */
#define must(call)							\
({									\
	__typeof__(call) res_ = (call);					\
	if (res_ < 0)							\
		give_up(res_, "%s:%d: %s", __FILE__, __LINE__, #call);	\
	res_;								\
})
/* The same for calls that set errno. */
#define must_sys(call)							\
({									\
	__typeof__(call) res_ = (call);					\
	if (res_ < 0)							\
		give_up(-errno, "%s:%d: %s", __FILE__, __LINE__, #call); \
	res_;								\
})

/* Work done on the way, for the user's patience; on standard error. */
void progress(const struct plan *plan, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Let the calling thread run on these CPUs only: 0 to nr - 1. */
void use_cpus(unsigned int nr);
unsigned int cpus_online(void);

void bench_latency(const struct plan *plan);
void bench_path(const struct plan *plan);
void bench_path_ext4(const struct plan *plan);
void bench_decision(const struct plan *plan);
void bench_parent(const struct plan *plan);
void bench_descriptors(const struct plan *plan);
void bench_throughput(const struct plan *plan);
void bench_idle(const struct plan *plan);
void bench_retry(const struct plan *plan);
void bench_make(const struct plan *plan);
void bench_waiting(const struct plan *plan);
void bench_template(const struct plan *plan);
void bench_actor(const struct plan *plan);
void bench_idle_actor(const struct plan *plan);
void bench_copy(const struct plan *plan);
void bench_jobs(const struct plan *plan);

#endif
