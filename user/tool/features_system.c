// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks: is the system configured, and does the user have the rights? */
#include <errno.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "features.h"
#include "pins.h"
#include "tracefs.h"

void check_pidfd_getfd(const struct surroundings *s, struct finding *f)
{
	(void)s;
	if (syscall(SYS_pidfd_getfd, -1, 0, 0) < 0 && errno == ENOSYS)
		absent(f, "boot Linux 5.6 or later", "no pidfd_getfd(2)");
}

static bool is_mounted(const char *path, long magic)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == magic;
}

void check_tracepoints(const struct surroundings *s, struct finding *f)
{
	(void)s;
	if (!is_mounted(TRACEFS_DIR, TRACEFS_MAGIC))
		unknown(f, "mount -t tracefs nodev " TRACEFS_DIR,
			"tracefs is not mounted");
	else if (!access(TRACEFS_EVENTS, F_OK))
		return;
	else if (errno == EACCES)
		unknown(f, "run spawnpol as root", TRACEFS_DIR " cannot be read");
	else
		absent(f, "boot a kernel with the spawnpol series and CONFIG_FTRACE=y",
		       "no events in " TRACEFS_EVENTS);
}

void check_bpffs(const struct surroundings *s, struct finding *f)
{
	(void)s;
	if (!is_mounted(BPFFS_DIR, BPF_FS_MAGIC))
		absent(f, "mount -t bpf bpf " BPFFS_DIR,
		       "no BPF file system on " BPFFS_DIR);
}

void check_tracefs(const struct surroundings *s, struct finding *f)
{
	(void)s;
	if (!is_mounted(TRACEFS_DIR, TRACEFS_MAGIC))
		absent(f, "mount -t tracefs nodev " TRACEFS_DIR,
		       "no trace file system on " TRACEFS_DIR);
}

static void check_cap(const struct surroundings *s, struct finding *f,
		      int cap, const char *name)
{
	if (!(s->caps >> cap & 1))
		absent(f, "run spawnpol as root", "%s is missing", name);
}

void check_cap_bpf(const struct surroundings *s, struct finding *f)
{
	check_cap(s, f, CAP_BPF, "CAP_BPF");
}

void check_cap_ptrace(const struct surroundings *s, struct finding *f)
{
	check_cap(s, f, CAP_SYS_PTRACE, "CAP_SYS_PTRACE");
}

void check_cap_admin(const struct surroundings *s, struct finding *f)
{
	check_cap(s, f, CAP_SYS_ADMIN, "CAP_SYS_ADMIN");
}
