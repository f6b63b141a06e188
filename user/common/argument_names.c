// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of numbers in arguments. */
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "argument.h"

const struct name open_flag_names[] = {
	{ "read", O_RDONLY },
	{ "write", O_WRONLY },
	{ "both", O_RDWR },
	{ "create", O_CREAT },
	{ "new", O_CREAT | O_EXCL },
	{ "truncate", O_TRUNC },
	{ "append", O_APPEND },
	{ "directory", O_DIRECTORY },
	{ "nofollow", O_NOFOLLOW },
	{ "noctty", O_NOCTTY },
	{ "nonblock", O_NONBLOCK },
	{ "sync", O_SYNC },
	{ "path", O_PATH },
	{ "cloexec", O_CLOEXEC },
	{ NULL, 0 }
};

const struct name namespace_names[] = {
	{ "mnt", CLONE_NEWNS },
	{ "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC },
	{ "user", CLONE_NEWUSER },
	{ "pid", CLONE_NEWPID },
	{ "net", CLONE_NEWNET },
	{ "cgroup", CLONE_NEWCGROUP },
	{ "time", CLONE_NEWTIME },
	{ NULL, 0 }
};

/* Not from the header, which may be older than the kernel. */
const struct name capability_names[] = {
	{ "chown", 0 },
	{ "dac_override", 1 },
	{ "dac_read_search", 2 },
	{ "fowner", 3 },
	{ "fsetid", 4 },
	{ "kill", 5 },
	{ "setgid", 6 },
	{ "setuid", 7 },
	{ "setpcap", 8 },
	{ "linux_immutable", 9 },
	{ "net_bind_service", 10 },
	{ "net_broadcast", 11 },
	{ "net_admin", 12 },
	{ "net_raw", 13 },
	{ "ipc_lock", 14 },
	{ "ipc_owner", 15 },
	{ "sys_module", 16 },
	{ "sys_rawio", 17 },
	{ "sys_chroot", 18 },
	{ "sys_ptrace", 19 },
	{ "sys_pacct", 20 },
	{ "sys_admin", 21 },
	{ "sys_boot", 22 },
	{ "sys_nice", 23 },
	{ "sys_resource", 24 },
	{ "sys_time", 25 },
	{ "sys_tty_config", 26 },
	{ "mknod", 27 },
	{ "lease", 28 },
	{ "audit_write", 29 },
	{ "audit_control", 30 },
	{ "setfcap", 31 },
	{ "mac_override", 32 },
	{ "mac_admin", 33 },
	{ "syslog", 34 },
	{ "wake_alarm", 35 },
	{ "block_suspend", 36 },
	{ "audit_read", 37 },
	{ "perfmon", 38 },
	{ "bpf", 39 },
	{ "checkpoint_restore", 40 },
	{ NULL, 0 }
};

const struct name securebit_names[] = {
	{ "noroot", SECBIT_NOROOT },
	{ "noroot-locked", SECBIT_NOROOT_LOCKED },
	{ "no-setuid-fixup", SECBIT_NO_SETUID_FIXUP },
	{ "no-setuid-fixup-locked", SECBIT_NO_SETUID_FIXUP_LOCKED },
	{ "keep-caps", SECBIT_KEEP_CAPS },
	{ "keep-caps-locked", SECBIT_KEEP_CAPS_LOCKED },
	{ "no-ambient", SECBIT_NO_CAP_AMBIENT_RAISE },
	{ "no-ambient-locked", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED },
	{ NULL, 0 }
};

const struct name resource_names[] = {
	{ "as", RLIMIT_AS },
	{ "core", RLIMIT_CORE },
	{ "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },
	{ "fsize", RLIMIT_FSIZE },
	{ "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK },
	{ "msgqueue", RLIMIT_MSGQUEUE },
	{ "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },
	{ "nproc", RLIMIT_NPROC },
	{ "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },
	{ "rttime", RLIMIT_RTTIME },
	{ "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
	{ NULL, 0 }
};

const struct name sched_policy_names[] = {
	{ "other", SCHED_NORMAL },
	{ "batch", SCHED_BATCH },
	{ "idle", SCHED_IDLE },
	{ "fifo", SCHED_FIFO },
	{ "rr", SCHED_RR },
	{ NULL, 0 }
};

const struct name io_class_names[] = {
	{ "none", IOPRIO_CLASS_NONE },
	{ "realtime", IOPRIO_CLASS_RT },
	{ "best-effort", IOPRIO_CLASS_BE },
	{ "idle", IOPRIO_CLASS_IDLE },
	{ NULL, 0 }
};

const struct name *name_find(const struct name *names, const char *name,
			     size_t len)
{
	for (const struct name *n = names; n->name; n++)
		if (strlen(n->name) == len && !memcmp(n->name, name, len))
			return n;
	return NULL;
}

void names_text(const struct name *names, char *buf, size_t size)
{
	const struct name *n;
	size_t len = 0;

	buf[0] = '\0';
	for (n = names; n->name && len < size; n++)
		len += snprintf(buf + len, size - len, "%s%s",
				n == names ? "" : ", ", n->name);
}
