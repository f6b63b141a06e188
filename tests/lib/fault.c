// SPDX-License-Identifier: LGPL-2.1-or-later
/* Fault injection, one fault at a time. */
#include "fault.h"
#include "child.h"
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define FAULTS "/sys/kernel/debug/"
/* No path has so many: something is wrong if a walk comes here. */
#define FAULT_END 20000

const char *const fault_kinds[FAULT_KINDS] = { "failslab", "fail_page_alloc",
					       "fail_usercopy" };

/* Of all tests of this program, which are processes of their own. */
static unsigned int *sum;

__attribute__((constructor)) static void make_sum(void)
{
	sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

void fault_set(const char *kind, const char *what, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), FAULTS "%s/%s", kind, what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return; /* not every kind has every file */
	CHECK_SYS(fd);
	CHECK_SYS(write(fd, value, strlen(value)));
	close(fd);
}

/* Only what is asked for by code that lies there. */
static void only_between(unsigned long start, unsigned long end)
{
	char text[2][24];
	unsigned int i;

	snprintf(text[0], sizeof(text[0]), "%#lx", start);
	snprintf(text[1], sizeof(text[1]), "%#lx", end);
	for (i = 0; i < FAULT_KINDS; i++) {
		fault_set(fault_kinds[i], "require-start", text[0]);
		fault_set(fault_kinds[i], "require-end", text[1]);
	}
}

void fault_prepare(void)
{
	const char *verbose = getenv("SPAWNPOL_FAULT_VERBOSE");
	unsigned int i;

	if (access(FAULTS "failslab", F_OK))
		SKIP("this kernel has no fault injection");
	for (i = 0; i < FAULT_KINDS; i++) {
		fault_set(fault_kinds[i], "task-filter", "Y");
		/* sleeping callers, too, and of single pages */
		fault_set(fault_kinds[i], "ignore-gfp-wait", "N");
		fault_set(fault_kinds[i], "ignore-gfp-highmem", "N");
		fault_set(fault_kinds[i], "min-order", "0");
		fault_set(fault_kinds[i], "verbose", verbose ? verbose : "0");
		fault_set(fault_kinds[i], "probability", "0");
		fault_set(fault_kinds[i], "interval", "1");
		fault_set(fault_kinds[i], "times", "-1");
	}
	only_between(0, ULONG_MAX);
}

/* Where the function begins, and what comes next in memory. */
static void find_function(const char *name, unsigned long *start,
			  unsigned long *end)
{
	FILE *f = CHECK_PTR(fopen("/proc/kallsyms", "re"));
	char line[512], symbol[256];
	unsigned long addr;

	*start = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx %*c %255s", &addr, symbol) == 2 &&
		    !strcmp(symbol, name))
			*start = addr;
	}
	if (!*start)
		FAIL("this kernel has no function %s", name);
	*end = ULONG_MAX;
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx", &addr) == 1 && addr > *start &&
		    addr < *end)
			*end = addr;
	}
	fclose(f);
}

void fault_only_in(const char *function)
{
	unsigned long start, end;

	find_function(function, &start, &end);
	only_between(start, end);
}

static unsigned int count_descriptors(void)
{
	DIR *dir = CHECK_PTR(opendir("/proc/self/fd"));
	unsigned int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

struct fault_walk fault_walk(const char *name, unsigned int stride)
{
	const char *wanted = getenv("SPAWNPOL_FAULT_STRIDE");
	struct fault_walk w = {
		.name = name,
		.stride = stride,
		.happened = true,
	};

	CHECK_PTR(sum);
	if (wanted && atoi(wanted) > 0)
		w.stride = atoi(wanted);
	CHECK_EQ(getrandom(&w.nth, sizeof(w.nth), 0), sizeof(w.nth));
	w.nth = w.nth % w.stride + 1;
	if (w.stride > 1)
		DIAG("%s: every %uth fault from the %uth on", name, w.stride,
		     w.nth);
	/* the first fault_next() goes a step ahead */
	w.nth -= w.stride;
	w.descriptors = count_descriptors();
	return w;
}

static void report(const struct fault_walk *w)
{
	char text[512] = "";
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < FAULT_RESULTS && w->results[i].count; i++)
		len += snprintf(text + len, sizeof(text) - len, ", %s %s %u",
				w->results[i].what,
				tap_errname(w->results[i].res),
				w->results[i].count);
	DIAG("faults injected: %s %u (the last is number %u%s); in all %u",
	     w->name, w->injected, w->nth - w->stride, text, *sum);
}

bool fault_next(struct fault_walk *w)
{
	unsigned int descriptors = count_descriptors();

	if (descriptors != w->descriptors)
		FAIL("fault %u of %s: %u descriptors instead of %u", w->nth,
		     w->name, descriptors, w->descriptors);
	if (!w->happened) {
		report(w);
		return false;
	}
	w->nth += w->stride;
	if (w->nth > w->stride) {
		w->injected++;
		__atomic_add_fetch(sum, 1, __ATOMIC_RELAXED);
	}
	if (w->nth > FAULT_END)
		FAIL("%s has no end", w->name);
	return true;
}

static void note(struct fault_walk *w, const char *what, int res)
{
	unsigned int i;

	for (i = 0; i < FAULT_RESULTS && w->results[i].count; i++) {
		if (w->results[i].res == res &&
		    !strcmp(w->results[i].what, what))
			break;
	}
	if (i == FAULT_RESULTS)
		return;
	w->results[i].what = what;
	w->results[i].res = res;
	w->results[i].count++;
}

void fault_check(struct fault_walk *w, const char *what, int res,
		 const int *errors)
{
	if (res >= 0)
		return;
	note(w, what, res);
	while (*errors && *errors != res)
		errors++;
	if (!*errors)
		FAIL("fault %u of %s: %s is %d, %s", w->nth, w->name, what, res,
		     tap_errname(res));
}

int fault_open(pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, tid);
	return CHECK_SYS(open(path, O_RDWR | O_CLOEXEC));
}

void fault_arm(int fd, unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	CHECK_SYS(pwrite(fd, text, strlen(text), 0));
}

/*
 * What asks may be armed itself, and then be what fails: the file's text was
 * made before, and said that nothing had failed so far.
 */
bool fault_happened(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		return atoi(text) == 0;
	CHECK_EQ(errno, EFAULT);
	return false;
}

void fault_disarm(int fd)
{
	while (pwrite(fd, "0", 1, 0) < 0)
		CHECK_EQ(errno, EFAULT);
}

void fault_blocked(pid_t pid, unsigned int nth)
{
	int fd;

	wait_blocked(pid);
	fd = fault_open(pid, pid);
	fault_arm(fd, nth);
	close(fd);
}

void fault_begin(struct fault_walk *w)
{
	w->fd = fault_open(getpid(), gettid());
	fault_arm(w->fd, w->nth);
}

void fault_end(struct fault_walk *w)
{
	w->happened = fault_happened(w->fd);
	fault_disarm(w->fd);
	close(w->fd);
}
