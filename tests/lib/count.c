// SPDX-License-Identifier: LGPL-2.1-or-later
/* How many there are of what must not be left behind. */
#include "count.h"

#include "child.h"
#include "program.h"

#include <dirent.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

unsigned int count_ids(int cmd)
{
	union bpf_attr attr = { 0 };
	unsigned int count = 0;

	while (bpf_call(cmd, &attr, sizeof(attr)) == 0) {
		attr.start_id = attr.next_id;
		count++;
	}
	return count;
}

static bool runs_kernel_code_only(const char *pid)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	return strstr(read_file(path), "\nKthread:\t1");
}

/* The sum of what count() says of each. */
static unsigned int sum_of_processes(unsigned int (*count)(const char *pid))
{
	DIR *proc = CHECK_PTR(opendir("/proc"));
	struct dirent *entry;
	unsigned int sum = 0;

	while ((entry = readdir(proc))) {
		if (atoi(entry->d_name) &&
		    !runs_kernel_code_only(entry->d_name))
			sum += count(entry->d_name);
	}
	closedir(proc);
	return sum;
}

static unsigned int one(const char *pid)
{
	(void)pid;
	return 1;
}

/* None, if it has gone meanwhile. */
static unsigned int threads_of(const char *pid)
{
	char path[300];
	unsigned int entries;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	entries = count_entries(path);
	return entries ? entries - 2 : 0;
}

unsigned int count_processes(void)
{
	return sum_of_processes(one);
}

unsigned int count_threads(void)
{
	return sum_of_processes(threads_of);
}
