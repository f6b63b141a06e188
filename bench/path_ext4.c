// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * path_ext4: what the failed directories of a search cost on a file system that, other
 * than tmpfs, remembers names that do not exist. Its image is in memory; it is mounted
 * where nobody else sees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ext4.h"
#include "interleave.h"

#define IMAGE_SIZE	(32 << 20)	/* of which little is written */

static const unsigned int misses[] = { 1, 6, 64 };
#define NR_MISSES (sizeof(misses) / sizeof(misses[0]))

static const struct method *const methods[] = {
	&method_vfork, &method_posix_spawn, &method_hardlink, &method_spawn,
	&method_spawn_listed, &method_spawn_open, NULL,
};

void bench_path_ext4(const struct plan *plan)
{
	struct site site;
	char name[12], program[32];
	int fd;

	/* it can lie where the mount covers it */
	fd = must_sys(open(built("bench/stamp"), O_RDONLY | O_CLOEXEC));
	snprintf(program, sizeof(program), "/proc/self/fd/%d", fd);
	mount_ext4(IMAGE_SIZE);
	for (unsigned int i = 0; i < NR_MISSES; i++) {
		site_init_at(&site, EXT4_AT, program, misses[i]);
		snprintf(name, sizeof(name), "%u", misses[i]);
		interleave(plan, &site, methods, name);
		site_exit(&site);
	}
	close(fd);
}
