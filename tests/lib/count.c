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

unsigned int count_processes(void)
{
	DIR *proc = CHECK_PTR(opendir("/proc"));
	unsigned int count = 0;
	struct dirent *entry;
	char path[300];

	while ((entry = readdir(proc))) {
		if (!atoi(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
		count += !strstr(read_file(path), "\nKthread:\t1");
	}
	closedir(proc);
	return count;
}
