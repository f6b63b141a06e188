// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clocks, samples, figures. */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	must_sys(clock_gettime(id, &ts));
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

uint64_t clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void sleep_ns(uint64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

/* A tick of the VM's kernel takes 4 ms. */
void settle(void)
{
	sleep_ns(20000000);
}

void samples_init(struct samples *s, size_t nr)
{
	s->values = calloc(nr, sizeof(*s->values));
	if (!s->values)
		give_up(-ENOMEM, "room for %zu samples", nr);
	s->nr = 0;
	s->room = nr;
}

void samples_add(struct samples *s, uint64_t value)
{
	if (s->nr == s->room)
		give_up(0, "more samples than planned");
	s->values[s->nr++] = value;
}

void samples_free(struct samples *s)
{
	free(s->values);
	*s = (struct samples) { 0 };
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void samples_sort(struct samples *s)
{
	qsort(s->values, s->nr, sizeof(*s->values), compare);
}

/* The beginning of a figure's JSON object. */
static void print_head(const struct plan *plan, const char *method,
		       const char *unit, const char *case_fmt, va_list args)
{
	printf("{\"bench\": \"%s\", \"case\": \"", plan->bench);
	vprintf(case_fmt, args);
	printf("\", \"method\": \"%s\", \"unit\": \"%s\", ", method, unit);
}

void print_samples(const struct plan *plan, const char *method,
		   const char *unit, struct samples *s,
		   const char *case_fmt, ...)
{
	va_list args;

	if (!s->nr)
		give_up(0, "%s: no samples", method);
	samples_sort(s);
	va_start(args, case_fmt);
	print_head(plan, method, unit, case_fmt, args);
	va_end(args);
	printf("\"min\": %llu, \"median\": %llu, \"n\": %zu}\n",
	       (unsigned long long)s->values[0],
	       (unsigned long long)s->values[s->nr / 2], s->nr);
	fflush(stdout);
}

void print_value(const struct plan *plan, const char *method,
		 const char *unit, double value, const char *case_fmt, ...)
{
	va_list args;

	va_start(args, case_fmt);
	print_head(plan, method, unit, case_fmt, args);
	va_end(args);
	printf("\"value\": %.3f}\n", value);
	fflush(stdout);
}

void give_up(int error, const char *fmt, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	if (error)
		fprintf(stderr, ": %s", strerror(-error));
	fputc('\n', stderr);
	exit(1);
}

void progress(const struct plan *plan, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "bench: %s: ", plan->bench);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void use_cpus(unsigned int nr)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < nr; i++)
		CPU_SET(i, &set);
	must_sys(sched_setaffinity(0, sizeof(set), &set));
}

unsigned int cpus_online(void)
{
	return must_sys(sysconf(_SC_NPROCESSORS_ONLN));
}
