// SPDX-License-Identifier: LGPL-2.1-or-later
/* descriptors: the launcher has 10, 1,000 and 100,000 of them open. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "interleave.h"

static const unsigned int counts[] = { 10, 1000, 100000 };
#define NR_COUNTS (sizeof(counts) / sizeof(counts[0]))
#define FIRST 200	/* above the site's and the rings' */

static const struct method *const copying[] = {
	&method_fork, &method_vfork, &method_posix_spawn, &method_chain, NULL,
};

/* By themselves: after 20 ms of copying, no cache knows them any more. */
static const struct method *const not_copying[] = {
	&method_listed, &method_empty, NULL,
};

static void allow(unsigned int nr)
{
	struct rlimit limit = { nr, nr };

	must_sys(setrlimit(RLIMIT_NOFILE, &limit));
}

/* Open what is missing to nr, counted from FIRST. */
static void open_until(unsigned int nr)
{
	static unsigned int is_open;
	int fd = must_sys(open("/dev/null", O_RDONLY | O_CLOEXEC));

	for (; is_open < nr; is_open++)
		must_sys(dup3(fd, FIRST + is_open, O_CLOEXEC));
	close(fd);
}

static void close_all(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		close(FIRST + i);
}

void bench_descriptors(const struct plan *plan)
{
	struct site site;
	char name[12];

	allow(counts[NR_COUNTS - 1] + FIRST + 100);
	site_init(&site, 0);
	for (unsigned int i = 0; i < NR_COUNTS; i++) {
		open_until(counts[i]);
		snprintf(name, sizeof(name), "%u", counts[i]);
		interleave(plan, &site, copying, name);
		interleave(plan, &site, not_copying, name);
	}
	close_all(counts[NR_COUNTS - 1]);
	site_exit(&site);
}
