// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * path: what each failed directory of a search costs, by method, and how many
 * SQEs and CQEs a spawn takes.
 */
#include "interleave.h"
#include "ring_use.h"

static const unsigned int misses[] = { 0, 1, 2, 4, 8, 16, 32, 64 };
#define NR_MISSES (sizeof(misses) / sizeof(misses[0]))

static const struct method *const methods[] = {
	&method_vfork, &method_posix_spawn, &method_hardlink, &method_policy,
	&method_remember, &method_user, &method_spawn, &method_spawn_listed,
	&method_spawn_open, &method_spawn_policy, NULL,
};

static const struct method *const ring_methods[] = {
	&method_hardlink, &method_policy, &method_remember, &method_user,
	&method_spawn, &method_spawn_listed, &method_spawn_open,
	&method_spawn_policy, NULL,
};

static void count_entries(const struct plan *plan, const struct site *site,
			  const struct method *method)
{
	struct ring_use before, after;
	struct launcher l;

	launcher_init(&l, method, site, 1);
	launch_latency(&l);
	ring_use(spawnpol_ring_fd(l.ring), &before);
	launch_latency(&l);
	ring_use(spawnpol_ring_fd(l.ring), &after);
	print_value(plan, method->name, "SQEs", after.sqes - before.sqes,
		    "%u", site->misses);
	print_value(plan, method->name, "CQEs", after.cqes - before.cqes,
		    "%u", site->misses);
	launcher_exit(&l);
}

void bench_path(const struct plan *plan)
{
	struct site site;
	char name[12];

	for (unsigned int i = 0; i < NR_MISSES; i++) {
		site_init(&site, misses[i]);
		snprintf(name, sizeof(name), "%u", misses[i]);
		interleave(plan, &site, methods, name);
		for (const struct method *const *m = ring_methods; *m; m++)
			count_entries(plan, &site, *m);
		site_exit(&site);
	}
}
