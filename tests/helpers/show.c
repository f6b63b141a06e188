// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * show FD: writes its own state to the descriptor, a line "key value" each,
 * and the lines of /proc/self/status. Last comes a line "end".
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static char text[8192];
static size_t len;

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list args;
	int added;

	va_start(args, fmt);
	added = vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	len = len + added < sizeof(text) ? len + added : sizeof(text) - 1;
}

static void say_file(const char *path, const char *prefix)
{
	char line[512];
	FILE *file = fopen(path, "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		say("%s%s", prefix, line);
	fclose(file);
}

static int get_subreaper(void)
{
	int is = 0;

	prctl(PR_GET_CHILD_SUBREAPER, &is);
	return is;
}

static void say_ids(void)
{
	say("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(),
	    getpgid(0), getsid(0));
	say("uid %d\neuid %d\ngid %d\negid %d\n", getuid(), geteuid(), getgid(),
	    getegid());
	say("secure %lu\n", getauxval(AT_SECURE));
}

static void say_state(void)
{
	char cwd[PATH_MAX] = "";
	struct utsname uts;
	int death = 0;

	if (!getcwd(cwd, sizeof(cwd)))
		snprintf(cwd, sizeof(cwd), "?");
	say("cwd %s\n", cwd);
	uname(&uts);
	say("node %s\n", uts.nodename);
	prctl(PR_GET_PDEATHSIG, &death);
	say("pdeathsig %d\nnnp %d\n", death,
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	say("dumpable %d\nsubreaper %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
	    get_subreaper());
	/* of the memory */
	say("mdwe %d\nnothp %d\n", prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0),
	    prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	say_file("/proc/self/coredump_filter", "dumped ");
	say("timerslack %d\nsecurebits %d\n",
	    prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0),
	    prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

static void say_limits(void)
{
	struct sched_param param = { 0 };
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	say("nofile %llu %llu\n", (unsigned long long)files.rlim_cur,
	    (unsigned long long)files.rlim_max);
	say("nice %d\n", getpriority(PRIO_PROCESS, 0));
	say("policy %d\n", sched_getscheduler(0));
	sched_getparam(0, &param);
	say("priority %d\n", param.sched_priority);
	say("ioprio %ld\n", syscall(SYS_ioprio_get, 1 /* process */, 0));
	say_file("/proc/self/oom_score_adj", "oom_score_adj ");
}

static void say_link(const char *key, const char *path)
{
	char target[256];
	ssize_t size = readlink(path, target, sizeof(target) - 1);

	target[size < 0 ? 0 : size] = '\0';
	say("%s %s\n", key, target);
}

static void say_places(void)
{
	say_link("root", "/proc/self/root");
	say_link("uts", "/proc/self/ns/uts");
	say_link("net", "/proc/self/ns/net");
	say_link("user", "/proc/self/ns/user");
}

static void say_descriptors(void)
{
	char path[64], target[256];
	ssize_t size;
	int fd, flags;

	for (fd = 0; fd < 1024; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		size = readlink(path, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		say("fd%d %s %s\n", fd, flags ? "cloexec" : "stays", target);
		say("flags%d %o\n", fd, fcntl(fd, F_GETFL));
		if (tcgetpgrp(fd) > 0)
			say("foreground%d %s\n", fd,
			    tcgetpgrp(fd) == getpgid(0) ? "own" : "other");
	}
}

int main(int argc, char **argv)
{
	int to = argc > 1 ? atoi(argv[1]) : 1, i;

	for (i = 0; i < argc; i++)
		say("arg%d %s\n", i, argv[i]);
	say("argc %d\n", argc);
	for (i = 0; environ && environ[i]; i++) {
		if (strncmp(environ[i], "SHOW_", 5) == 0)
			say("env %s\n", environ[i]);
	}
	say_ids();
	say_state();
	say_limits();
	say_places();
	say_descriptors();
	say_file("/proc/self/cgroup", "cgroup ");
	say_file("/proc/self/status", "");
	say("end \n");
	return write(to, text, len) == (ssize_t)len ? 0 : 1;
}
