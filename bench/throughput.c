// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * throughput: programs launched and reaped per second, on one CPU and on two,
 * so many at once, batch after batch. A pool is filled again within that time.
 */
#include "methods.h"

static const unsigned int batches[] = { 1, 8, 64, 256 };
#define NR_BATCHES (sizeof(batches) / sizeof(batches[0]))
#define MOST 256
/* Batches that are timed as one: what one leaves for the next counts. */
#define IN_A_ROW 4

static const struct method *const methods[] = {
	&method_fork, &method_vfork, &method_posix_spawn, &method_chain,
	&method_spawn, &method_spawn_listed, &method_spawn_policy,
	&method_fresh, &method_pool,
};
#define NR_METHODS (sizeof(methods) / sizeof(methods[0]))

static void launch_batch(struct launcher *l, unsigned int nr)
{
	pid_t pids[MOST];

	launch(l, pids, nr);
	for (unsigned int i = 0; i < nr; i++)
		reap(pids[i]);
}

/*
 * How long the batches took, in ns. The first batch is not timed: it uses the children that
 * have had time to make the memory of their programs. The children of the last batch make it
 * before the turn ends, and not at the expense of the next method.
 */
static uint64_t take_turn(struct launcher *l, unsigned int nr)
{
	uint64_t begin, ns;

	launch_batch(l, nr);
	begin = clock_ns();
	for (unsigned int i = 0; i < IN_A_ROW; i++)
		launch_batch(l, nr);
	ns = clock_ns() - begin;
	/* the pipe has room for the reports of all batches */
	for (unsigned int i = 0; i < (1 + IN_A_ROW) * nr; i++)
		site_report(l->site);
	settle();
	return ns;
}

/* The methods take turns; the best turn of each counts. */
static void measure(const struct plan *plan, const struct site *site,
		    unsigned int cpus, unsigned int nr)
{
	unsigned int rounds = plan->iterations / (nr * IN_A_ROW) + 2;
	struct launcher launchers[NR_METHODS];
	uint64_t best[NR_METHODS];

	progress(plan, "%u CPUs, %u at once, %u rounds", cpus, nr, rounds);
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		launcher_init(&launchers[k], methods[k], site, nr);
		best[k] = UINT64_MAX;
	}
	settle();
	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int k = 0; k < NR_METHODS; k++) {
			uint64_t ns = take_turn(&launchers[k], nr);

			if (ns < best[k])
				best[k] = ns;
		}
	}
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		print_value(plan, methods[k]->name, "per second",
			    IN_A_ROW * nr * 1e9 / best[k], "%u CPU, %u at once", cpus, nr);
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
