// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the machine has, and whether it has become more. */
#include "soak.h"
#include "count.h"

#include "child.h"
#include "program.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

static long sum_of(const char *file, const char *const keys[])
{
	char *text = strdup(read_file(file));
	long sum = 0;

	for (; *keys; keys++)
		sum += atol(line_of(text, *keys));
	free(text);
	return sum;
}

struct state state_look(void)
{
	static const char *const kernel[] = { "SUnreclaim",  "KernelStack",
					      "PageTables",  "Percpu",
					      "VmallocUsed", NULL };
	static const char *const process[] = { "Rss", NULL };

	/* caches that the kernel would give back anyway */
	write_file("/proc/sys/vm/drop_caches", "3", 0);
	return (struct state){
		.tasks = count_processes(),
		.descriptors = count_entries("/proc/self/fd"),
		.links = count_ids(BPF_LINK_GET_NEXT_ID),
		.programs = count_ids(BPF_PROG_GET_NEXT_ID),
		.kernel_kb = sum_of("/proc/meminfo", kernel),
		.process_kb = sum_of("/proc/self/smaps_rollup", process),
	};
}

#define MIN(a, b) ((a) < (b) ? (a) : (b))

struct state state_min(struct state a, struct state b)
{
	return (struct state){
		.tasks = MIN(a.tasks, b.tasks),
		.descriptors = MIN(a.descriptors, b.descriptors),
		.links = MIN(a.links, b.links),
		.programs = MIN(a.programs, b.programs),
		.kernel_kb = MIN(a.kernel_kb, b.kernel_kb),
		.process_kb = MIN(a.process_kb, b.process_kb),
	};
}

static bool grown(const char *what, long before, long after, long tolerance,
		  bool say)
{
	if (after <= before + tolerance)
		return false;
	if (say)
		printf("soak: %s: %ld, then %ld\n", what, before, after);
	return true;
}

/*
 * Kernel memory is told in pages of slabs, which fill unevenly: allow for half a
 * megabyte and 32 bytes per spawn, half of the smallest object the series has
 * and of any that a spawn could leave. The debug kernel's cannot be compared:
 * KASAN keeps what was freed, and kmemleak remembers all there is.
 *
 * The process allocates nothing for a spawn, but what it reads /proc with is
 * touched now and then for the first time.
 */
unsigned int state_grown(const struct state *before, const struct state *after,
			 uint64_t spawns, bool say)
{
	unsigned int nr = 0;

	nr += grown("tasks", before->tasks, after->tasks, 0, say);
	nr += grown("descriptors", before->descriptors, after->descriptors, 0,
		    say);
	nr += grown("links", before->links, after->links, 0, say);
	nr += grown("programs", before->programs, after->programs, 0, say);
	nr += grown("memory of the process, kB", before->process_kb,
		    after->process_kb, 128, say);
	if (tap_slowness() == 1)
		nr += grown("memory of the kernel, kB", before->kernel_kb,
			    after->kernel_kb, 512 + spawns * 32 / 1024, say);
	return nr;
}
