// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * parent: what 1 and 64 launches cost the launcher. "held" is how long it could
 * do nothing else: the calls that launch, and its own work to learn how they
 * went. "cpu" is its CPU time for all of that; what the kernel does in the
 * children is not its. A pool is filled again as a part of that; with "pool_hit" it
 * is not.
 */
#include "methods.h"

#define MOST 64

static const unsigned int batches[] = { 1, MOST };

static const struct method *const methods[] = {
	&method_fork, &method_vfork, &method_posix_spawn, &method_clone,
	&method_chain, &method_policy, &method_spawn, &method_spawn_listed,
	&method_spawn_policy, &method_fresh, &method_pool, &method_pool_hit,
};
#define NR_METHODS (sizeof(methods) / sizeof(methods[0]))

struct lane {
	struct launcher launcher;
	struct samples held, cpu;
};

static void launch_batch(struct lane *lane, unsigned int nr)
{
	pid_t pids[MOST];
	uint64_t cpu = cpu_ns();

	launch(&lane->launcher, pids, nr);
	samples_add(&lane->cpu, cpu_ns() - cpu);
	samples_add(&lane->held, lane->launcher.held);
	for (unsigned int i = 0; i < nr; i++) {
		site_report(lane->launcher.site);
		reap(pids[i]);
	}
	launcher_refill(&lane->launcher);
}

static void measure(const struct plan *plan, const struct site *site,
		    unsigned int nr)
{
	unsigned int rounds = plan->iterations / (nr > 1 ? 10 : 1) + 1;
	struct lane lanes[NR_METHODS];

	progress(plan, "%u at once, %u rounds", nr, rounds);
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		launcher_init(&lanes[k].launcher, methods[k], site, nr);
		samples_init(&lanes[k].held, rounds);
		samples_init(&lanes[k].cpu, rounds);
	}
	for (unsigned int i = 0; i < rounds; i++) {
		for (unsigned int k = 0; k < NR_METHODS; k++)
			launch_batch(&lanes[k], nr);
	}
	for (unsigned int k = 0; k < NR_METHODS; k++) {
		print_samples(plan, methods[k]->name, "ns held",
			      &lanes[k].held, "%u", nr);
		print_samples(plan, methods[k]->name, "ns cpu",
			      &lanes[k].cpu, "%u", nr);
		samples_free(&lanes[k].held);
		samples_free(&lanes[k].cpu);
		launcher_exit(&lanes[k].launcher);
	}
}

void bench_parent(const struct plan *plan)
{
	struct site site;

	site_init(&site, 0);
	for (unsigned int i = 0; i < 2; i++)
		measure(plan, &site, batches[i]);
	site_exit(&site);
}
