// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ext4.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

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

void mount_ext4(off_t size)
{
	char image[] = "/tmp/bench-image-XXXXXX";
	const char *const make[] = { "mkfs.ext4", "-q", "-F", image, NULL };
	const char *const mount_it[] = { "mount", "-t", "ext4", "-o", "loop", image,
					 EXT4_AT, NULL };
	int fd;

	fd = must_sys(mkostemp(image, O_CLOEXEC));
	must_sys(ftruncate(fd, size));
	close(fd);
	must_sys(unshare(CLONE_NEWNS));
	must_sys(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	run(make);
	run(mount_it);
	must_sys(unlink(image));
}
