// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interleave.h"

#define WARM_UP 3

struct lane {
	struct launcher launcher;
	struct samples samples;
};

/*
 * Which of nr methods is the k-th in this round: from another one on each time,
 * and in every other round backwards.
 */
static unsigned int order(unsigned int round, unsigned int k, unsigned int nr)
{
	unsigned int n = (round / 2 + k) % nr;

	return round % 2 ? nr - 1 - n : n;
}

void interleave(const struct plan *plan, const struct site *site,
		const struct method *const methods[], const char *case_name)
{
	struct lane lanes[16];
	unsigned int i, k, nr = 0;

	progress(plan, "%s, %u rounds", case_name, plan->iterations);
	for (; methods[nr]; nr++) {
		launcher_init(&lanes[nr].launcher, methods[nr], site, 1);
		samples_init(&lanes[nr].samples, plan->iterations);
	}
	for (i = 0; i < WARM_UP + plan->iterations; i++) {
		/* by turns first, so that none has the same one before it */
		for (k = 0; k < nr; k++) {
			struct lane *lane = &lanes[order(i, k, nr)];
			uint64_t ns = launch_latency(&lane->launcher);

			if (i >= WARM_UP)
				samples_add(&lane->samples, ns);
		}
	}
	for (k = 0; k < nr; k++) {
		print_samples(plan, methods[k]->name, "ns", &lanes[k].samples,
			      "%s", case_name);
		launcher_exit(&lanes[k].launcher);
		samples_free(&lanes[k].samples);
	}
}
