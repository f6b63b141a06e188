// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * show FD: writes its own state to the descriptor, a line "key value" each,
 * and the lines of /proc/self/status. Last comes a line "end".
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
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
	say("nice %d\n", getpriority(PRIO_PROCESS, 0));
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
	}
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
	say_descriptors();
	say_file("/proc/self/cgroup", "cgroup ");
	say_file("/proc/self/status", "");
	say("end \n");
	return write(to, text, len) == (ssize_t)len ? 0 : 1;
}
