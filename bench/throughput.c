// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * throughput: programs launched and reaped per second, on one CPU and on two,
 * so many at once. A pool is filled again within that time.
 */
#include "methods.h"

static const unsigned int batches[] = { 1, 8, 64, 256 };
#define NR_BATCHES (sizeof(batches) / sizeof(batches[0]))
#define MOST 256

static const struct method *const methods[] = {
	&method_fork, &method_vfork, &method_posix_spawn, &method_chain,
	&method_spawn, &method_spawn_listed, &method_spawn_policy,
	&method_fresh, &method_pool,
};
#define NR_METHODS (sizeof(methods) / sizeof(methods[0]))

/* How long it took, in ns. */
static uint64_t launch_batch(struct launcher *l, unsigned int nr)
{
	pid_t pids[MOST];
	uint64_t begin = clock_ns(), ns;

	launch(l, pids, nr);
	for (unsigned int i = 0; i < nr; i++)
		reap(pids[i]);
	ns = clock_ns() - begin;
	for (unsigned int i = 0; i < nr; i++)
		site_report(l->site);
	return ns;
}

/* Rounds of all methods in turn; the best round of each counts. */
static void measure(const struct plan *plan, const struct site *site,
		    unsigned int cpus, unsigned int nr)
{
	unsigned int rounds = plan->iterations / nr + 2;
	struct launcher launchers[NR_METHODS];
	uint64_t best[NR_METHODS];

	progress(plan, "%u CPUs, %u at once, %u rounds", cpus, nr, rounds);
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		launcher_init(&launchers[k], methods[k], site, nr);
		best[k] = UINT64_MAX;
	}
	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int k = 0; k < NR_METHODS; k++) {
			uint64_t ns = launch_batch(&launchers[k], nr);

			if (ns < best[k])
				best[k] = ns;
		}
	}
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		print_value(plan, methods[k]->name, "per second",
			    nr * 1e9 / best[k], "%u CPU, %u at once", cpus, nr);
		launcher_exit(&launchers[k]);
	}
}

void bench_throughput(const struct plan *plan)
{
	unsigned int cpus, most = cpus_online() > 1 ? 2 : 1;
	struct site site;

	site_init(&site, 0);
	for (cpus = 1; cpus <= most; cpus++) {
		use_cpus(cpus);
		for (unsigned int i = 0; i < NR_BATCHES; i++)
			measure(plan, &site, cpus, batches[i]);
	}
	site_exit(&site);
}
