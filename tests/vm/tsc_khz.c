// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Prints how many thousand cycles this machine's time stamp counter makes in a
 * second of CLOCK_MONOTONIC. QEMU's guests see that counter where they are emulated
 * and no instructions are counted, and all of QEMU's timers go by that clock.
 *
 * A machine with much else to do may stop this program anywhere. Each reading of the
 * counter therefore lies between two of the clock, and the result counts only if
 * those are so close together that it is known to PARTS_PER_MILLION.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define PARTS_PER_MILLION 100
#define INTERVAL 50000000 /* nanoseconds */
#define READINGS 100
#define TRIES 100

struct reading {
	uint64_t tsc;
	int64_t earliest, latest; /* when it was read, in nanoseconds */
};

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The one of many whose moment is known best. */
static struct reading read_tsc(void)
{
	struct reading best = { .latest = INT64_MAX }, r;
	int i;

	for (i = 0; i < READINGS; i++) {
		r.earliest = now();
		r.tsc = __rdtsc();
		r.latest = now();
		if (r.latest - r.earliest < best.latest - best.earliest)
			best = r;
	}
	return best;
}

int main(void)
{
	struct timespec pause = { .tv_nsec = INTERVAL };
	struct reading from, to;
	int64_t shortest, longest;
	int i;

	for (i = 0; i < TRIES; i++) {
		from = read_tsc();
		nanosleep(&pause, NULL);
		to = read_tsc();
		shortest = to.earliest - from.latest;
		longest = to.latest - from.earliest;
		if (shortest < INTERVAL / 2 || to.tsc <= from.tsc ||
		    (longest - shortest) * (1000000 / PARTS_PER_MILLION) >
			    longest)
			continue;
		printf("%.0f\n",
		       (to.tsc - from.tsc) * 2e6 / (shortest + longest));
		return 0;
	}
	fprintf(stderr, "tsc_khz: the counter and the clock disagree\n");
	return 1;
}
