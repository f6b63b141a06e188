// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * path_ext4: what the failed directories of a search cost on a file system that, other
 * than tmpfs, remembers names that do not exist. Its image is in memory; it is mounted
 * where nobody else sees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interleave.h"

#define IMAGE_SIZE	(32 << 20)	/* of which little is written */
/* as near to the root, and as long, as the /tmp of other benchmarks */
#define MOUNTED_AT	"/mnt"

static const unsigned int misses[] = { 1, 6, 64 };
#define NR_MISSES (sizeof(misses) / sizeof(misses[0]))

static const struct method *const methods[] = {
	&method_vfork, &method_posix_spawn, &method_hardlink, &method_spawn,
	&method_spawn_listed, &method_spawn_open, NULL,
};

static void run(const char *const words[])
{
	int status;
	pid_t pid;

	pid = must_sys(fork());
	if (!pid) {
		execvp(words[0], (char *const *)words);
		_exit(127);
	}
	must_sys(waitpid(pid, &status, 0));
	if (status)
		give_up(0, "%s ended with status %#x; it needs e2fsprogs, and a kernel "
			"with loop devices and ext4", words[0], status);
}

/* The loop device goes with the mount, and that with this process. */
static void mount_ext4(void)
{
	char image[] = "/tmp/bench-image-XXXXXX";
	const char *const make[] = { "mkfs.ext4", "-q", "-F", image, NULL };
	const char *const mount_it[] = { "mount", "-t", "ext4", "-o", "loop", image,
					 MOUNTED_AT, NULL };
	int fd;

	fd = must_sys(mkostemp(image, O_CLOEXEC));
	must_sys(ftruncate(fd, IMAGE_SIZE));
	close(fd);
	must_sys(unshare(CLONE_NEWNS));
	must_sys(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	run(make);
	run(mount_it);
	must_sys(unlink(image));
}

void bench_path_ext4(const struct plan *plan)
{
	struct site site;
	char name[12], program[32];
	int fd;

	/* it can lie where the mount covers it */
	fd = must_sys(open(built("bench/stamp"), O_RDONLY | O_CLOEXEC));
	snprintf(program, sizeof(program), "/proc/self/fd/%d", fd);
	mount_ext4();
	for (unsigned int i = 0; i < NR_MISSES; i++) {
		site_init_at(&site, MOUNTED_AT, program, misses[i]);
		snprintf(name, sizeof(name), "%u", misses[i]);
		interleave(plan, &site, methods, name);
		site_exit(&site);
	}
	close(fd);
}
