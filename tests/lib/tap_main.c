// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Runs the tests of a program: each in a child of its own, with a time limit,
 * its output kept until the verdict is known, and what it leaves behind killed.
 */
#include "tap.h"
#include "tap_private.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tap_shared *tap_shared;

static struct tap_test *tests;
static bool verbose;

/* Constructors run in no promised order: sort by line. */
void tap_add(struct tap_test *test)
{
	struct tap_test **at = &tests;

	while (*at && (*at)->line < test->line)
		at = &(*at)->next;
	test->next = *at;
	*at = test;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* A complaint of the kernel belongs to the test whose marker is before it. */
static void mark_kernel_log(const char *test)
{
	int fd;

	if (!tap_in_vm())
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	dprintf(fd, "<6>spawnpol-test: %s.%s\n", program_invocation_short_name,
		test);
	close(fd);
}

/* Print a file as comments. */
static void comment_file(FILE *file)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	rewind(file);
	while ((len = getline(&line, &size, file)) > 0)
		printf("# %s%s", line, line[len - 1] == '\n' ? "" : "\n");
	free(line);
}

static void comment_proc(pid_t pid, const char *what)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	file = fopen(path, "re");
	if (!file)
		return;
	printf("# %s:\n", path);
	comment_file(file);
	fclose(file);
}

/* The parent of a process, by /proc/PID/stat: "pid (any name) state ppid". */
static pid_t parent_of(const char *pid)
{
	char path[300], text[512] = "";
	const char *paren;
	int ppid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	paren = strrchr(text, ')');
	if (!paren || sscanf(paren + 1, " %*c %d", &ppid) != 1)
		return 0;
	return ppid;
}

/* Call @visit for each child of this process. */
static void for_each_child(void (*visit)(pid_t pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return;
	while ((entry = readdir(proc)) != NULL) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    parent_of(entry->d_name) == getpid())
			visit(atoi(entry->d_name));
	}
	closedir(proc);
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
}

static void show_child(pid_t pid)
{
	printf("# process %d is left and cannot be killed\n", pid);
	comment_proc(pid, "status");
	comment_proc(pid, "stack");
}

/*
 * The harness is the subreaper, so what a test leaves becomes its child: kill
 * until nothing is left. false if something does not die.
 */
static bool kill_leftovers(void)
{
	double give_up = now() + tap_patience();
	struct timespec pause = { .tv_nsec = 1000000 };
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
		if (pid > 0)
			continue;
		if (pid < 0)
			return true;
		for_each_child(kill_child);
		if (now() > give_up)
			break;
		nanosleep(&pause, NULL);
	}
	for_each_child(show_child);
	return false;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

__attribute__((noreturn)) static void run_child(const struct tap_test *test,
						FILE *output)
{
	int null = open("/dev/null", O_RDONLY);

	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	close(null);
	if (!verbose) {
		dup2(fileno(output), STDOUT_FILENO);
		dup2(fileno(output), STDERR_FILENO);
	}
	close(fileno(output));
	test->run();
	fflush(NULL);
	_exit(0);
}

/*
 * Wait for a child's end. false if the time was up first: then it is killed,
 * and if even that does not end it, left to kill_leftovers().
 */
static bool wait_until(pid_t pid, int seconds, int *status)
{
	struct pollfd wait = { .events = POLLIN };
	bool ended;

	wait.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ended = poll(&wait, 1, seconds * 1000) > 0;
	if (!ended) {
		comment_proc(pid, "syscall");
		comment_proc(pid, "stack");
		kill(pid, SIGKILL);
		poll(&wait, 1, tap_patience() * 1000);
	}
	waitpid(pid, status, WNOHANG | __WALL);
	close(wait.fd);
	return ended;
}

/* Why the test failed, or NULL. */
static const char *judge(int status, bool ended, int seconds)
{
	static char why[128];

	if (!ended)
		snprintf(why, sizeof(why), "not done after %d s", seconds);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "died of signal %d (SIG%s)",
			 WTERMSIG(status), sigabbrev_np(WTERMSIG(status)));
	else if (tap_shared->failures)
		snprintf(why, sizeof(why), "%u check%s failed",
			 tap_shared->failures,
			 tap_shared->failures == 1 ? "" : "s");
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != TAP_EXIT_SKIP)
		snprintf(why, sizeof(why), "exited with %d",
			 WEXITSTATUS(status));
	else
		return NULL;
	return why;
}

static void reset_shared(int number)
{
	const char *tmp = getenv("TMPDIR");

	memset(tap_shared, 0, sizeof(*tap_shared));
	snprintf(tap_shared->dir, sizeof(tap_shared->dir), "%s/tap-%d-%d",
		 tmp ? tmp : "/tmp", getpid(), number);
}

/* false if it failed. */
static bool run_test(const struct tap_test *test, int number)
{
	int seconds = (test->timeout ? test->timeout : TAP_TIMEOUT) *
		      tap_slowness() * TAP_LOAD;
	FILE *output = tmpfile();
	const char *why;
	double start;
	int status = 0;
	bool ended;
	pid_t pid;

	reset_shared(number);
	mark_kernel_log(test->name);
	fflush(stdout);
	start = now();
	pid = output ? fork() : -1;
	if (pid == 0)
		run_child(test, output);
	ended = pid > 0 && wait_until(pid, seconds, &status);
	why = pid > 0 ? judge(status, ended, seconds) : "cannot fork";
	if (!kill_leftovers() && !why)
		why = "left a process that cannot be killed";
	nftw(tap_shared->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);

	if (output && why)
		comment_file(output);
	if (output)
		fclose(output);
	if (why)
		printf("# %s: %s\n", test->name, why);
	if (now() - start > 2)
		printf("# %s: took %.1f s\n", test->name, now() - start);
	printf("%sok %d %s%s%s\n", why ? "not " : "", number, test->name,
	       !why && status ? " # SKIP " : "",
	       !why && status ? tap_shared->skip : "");
	fflush(stdout);
	return !why;
}

static bool is_wanted(const struct tap_test *test, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++) {
		if (fnmatch(*patterns, test->name, 0) == 0)
			return true;
	}
	return false;
}

static int run_all(char **patterns)
{
	struct tap_test *test;
	int count = 0, number = 0, failed = 0;

	for (test = tests; test; test = test->next)
		count += is_wanted(test, patterns);
	if (!count) {
		fprintf(stderr, "%s: no such test (try -l)\n",
			program_invocation_short_name);
		return 2;
	}
	printf("KTAP version 1\n1..%d\n", count);
	for (test = tests; test; test = test->next) {
		if (is_wanted(test, patterns))
			failed += !run_test(test, ++number);
	}
	return failed ? 1 : 0;
}

static int list_all(void)
{
	const struct tap_test *test;

	for (test = tests; test; test = test->next)
		puts(test->name);
	return 0;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: %s [-v] [TEST ...]    run the tests, or those named\n"
		"       %s -l                 list them\n"
		"  -v   show what tests print as they print it\n",
		program_invocation_short_name, program_invocation_short_name);
}

int main(int argc, char **argv)
{
	int opt;

	/* Before any output: what a test printed must survive its crash. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt(argc, argv, "lvh")) != -1) {
		switch (opt) {
		case 'l':
			return list_all();
		case 'v':
			verbose = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	tap_shared = mmap(NULL, sizeof(*tap_shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tap_shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return run_all(argv + optind);
}
