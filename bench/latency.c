// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * latency: from before the call to the first instruction of a program that is
 * found after six failures; the launcher small, and with a GiB of its memory
 * touched.
 */
#include <sys/mman.h>

#include "interleave.h"

#define MISSES	6
#define GIB	(1UL << 30)

static const struct method *const methods[] = {
	&method_fork, &method_vfork, &method_vfork_path, &method_posix_spawn,
	&method_clone, &method_chain, &method_hardlink, &method_policy,
	&method_remember, &method_spawn_path, &method_spawn,
	&method_spawn_listed, &method_spawn_open, &method_spawn_policy, &method_user,
	&method_fresh, &method_pool, &method_pool_search, &method_pool_open,
	&method_ready, NULL,
};

/* Those whose phases can be compared: they make the child and let it execute. */
static const struct method *const methods_in_phases[] = {
	&method_vfork, &method_vfork_path, &method_chain, &method_hardlink,
	&method_policy, &method_remember, &method_spawn_path, &method_spawn,
	&method_spawn_listed, &method_spawn_open, &method_spawn_policy, NULL,
};

/* fork(2) copies the page tables of all of it: a few samples must do. */
static const struct method *const methods_big[] = {
	&method_vfork, &method_posix_spawn, &method_clone,
	&method_hardlink, &method_policy, &method_remember, &method_spawn,
	&method_spawn_policy, &method_user, &method_fresh, &method_pool,
	&method_ready, NULL,
};
static const struct method *const methods_slow[] = { &method_fork, NULL };

static void measure_big(const struct plan *plan, const struct site *site)
{
	struct plan few = *plan;
	char *memory;

	memory = mmap(NULL, GIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		give_up(0, "no GiB of memory: give the machine 3G");
	/* in small pages, whatever the system's default is */
	madvise(memory, GIB, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < GIB; i += 4096)
		memory[i] = 1;
	interleave_waiting(plan, site, methods_big, "1 GiB touched");
	few.iterations = plan->iterations / 20 + 1;
	interleave(&few, site, methods_slow, "1 GiB touched");
	munmap(memory, GIB);
}

void bench_latency(const struct plan *plan)
{
	struct site site;

	site_init(&site, MISSES);
	interleave_waiting(plan, &site, methods, "small");
	/* counting a GiB's worth of page faults takes minutes and tells nothing */
	if (plan->counting)
		phases(plan, &site, methods_in_phases);
	else
		measure_big(plan, &site);
	site_exit(&site);
}
