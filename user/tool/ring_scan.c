// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading rings from /proc. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"
#include "grow.h"
#include "ring_scan.h"

#define RING_FILE	"anon_inode:[io_uring]"
#define PATH_SIZE	64

static bool read_target(uint32_t pid, uint32_t fd, char target[PATH_SIZE])
{
	char path[PATH_SIZE];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
	len = readlink(path, target, PATH_SIZE - 1);
	if (len < 0)
		return false;
	target[len] = 0;
	return true;
}

bool ring_scan_is_ring(uint32_t pid, uint32_t fd)
{
	char target[PATH_SIZE];

	return read_target(pid, fd, target) && !strcmp(target, RING_FILE);
}

static bool is_link(uint32_t pid, uint32_t fd)
{
	char target[PATH_SIZE];

	return read_target(pid, fd, target) &&
	       (!strcmp(target, "anon_inode:bpf_link") ||
		!strcmp(target, "anon_inode:bpf-link"));
}

static FILE *open_fdinfo(uint32_t pid, uint32_t fd)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%u", pid, fd);
	return fopen(path, "re");
}

static uint64_t read_ring_id(uint32_t pid, uint32_t fd)
{
	FILE *file = open_fdinfo(pid, fd);
	char line[256];
	uint64_t id = 0;

	if (!file)
		return 0;
	while (!id && fgets(line, sizeof(line), file))
		sscanf(line, "SpawnRing: %" SCNu64, &id);
	fclose(file);
	return id;
}

/* Call each(pid, fd, data) for the descriptors of a process until it returns other than 0. */
static int each_fd(uint32_t pid,
		   int (*each)(uint32_t pid, uint32_t fd, void *data), void *data)
{
	struct dirent *entry;
	char path[PATH_SIZE];
	uint32_t fd;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (!parse_number(entry->d_name, 0, INT32_MAX, &fd))
			ret = each(pid, fd, data);
	closedir(dir);
	return ret;
}

int ring_scan_processes(int (*each)(uint32_t pid, void *data), void *data)
{
	struct dirent *entry;
	uint32_t pid;
	int ret = 0;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (!parse_number(entry->d_name, 1, INT32_MAX, &pid))
			ret = each(pid, data);
	closedir(dir);
	return ret;
}

struct scan {
	int (*each)(const struct ring_seen *seen, void *data);
	void *data;
};

static int scan_fd(uint32_t pid, uint32_t fd, void *data)
{
	const struct scan *s = data;
	struct ring_seen seen = { .pid = pid, .fd = fd };

	if (!ring_scan_is_ring(pid, fd))
		return 0;
	seen.ring_id = read_ring_id(pid, fd);
	return s->each(&seen, s->data);
}

/* A process that may not be looked at, or that has ended, is passed over. */
static int scan_process(uint32_t pid, void *data)
{
	int ret = each_fd(pid, scan_fd, data);

	return ret > 0 ? ret : 0;
}

void ring_scan(int (*each)(const struct ring_seen *seen, void *data), void *data)
{
	struct scan s = { each, data };

	ring_scan_processes(scan_process, &s);
}

/* --- the rings of one process ---------------------------------------------------- */

static int add_policy(struct ring_policy **list, unsigned int *nr,
		      const struct ring_policy *found)
{
	struct ring_policy *p = grow(list, *nr, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*p = *found;
	(*nr)++;
	return 0;
}

static int read_policy(struct ring_of_process *ring, const char *line)
{
	struct ring_policy found;

	if (sscanf(line, "SpawnPolicy: slot %u link %u prog %u",
		   &found.slot, &found.link_id, &found.prog_id) == 3)
		return add_policy(&ring->policies, &ring->nr_policies, &found);
	if (sscanf(line, "SpawnProgram: slot %u link %u prog %u",
		   &found.slot, &found.link_id, &found.prog_id) == 3)
		return add_policy(&ring->programs, &ring->nr_programs, &found);
	return 0;
}

static int read_actor(struct ring_of_process *ring, const char *line)
{
	struct ring_actor found, *a;

	if (sscanf(line, "SpawnActor: slot %u link %u in_flight %u",
		   &found.slot, &found.link_id, &found.in_flight) != 3)
		return 0;
	a = grow(&ring->actors, ring->nr_actors, sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = found;
	ring->nr_actors++;
	return 0;
}

static int read_kept(struct ring_of_process *ring, const char *line)
{
	struct ring_kept found, *k;
	char state[16];

	if (sscanf(line, "SpawnChild: number %u pid %u %15s",
		   &found.number, &found.pid, state) != 3)
		return 0;
	found.busy = !strcmp(state, "busy");
	k = grow(&ring->kept, ring->nr_kept, sizeof(*k));
	if (!k)
		return -ENOMEM;
	*k = found;
	ring->nr_kept++;
	return 0;
}

static int read_fdinfo(struct ring_of_process *ring, uint32_t pid, uint32_t fd)
{
	FILE *file = open_fdinfo(pid, fd);
	char line[256];
	int ret = 0;

	if (!file)
		return 0;
	while (!ret && fgets(line, sizeof(line), file)) {
		sscanf(line, "SpawnRing: %" SCNu64, &ring->ring_id);
		ret = read_policy(ring, line);
		if (!ret)
			ret = read_actor(ring, line);
		if (!ret)
			ret = read_kept(ring, line);
	}
	fclose(file);
	return ret;
}

/* Each ring has an inode of its own, which its duplicates and mappings share. */
static uint64_t inode_of(uint32_t pid, uint32_t fd)
{
	char path[PATH_SIZE];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
	return stat(path, &st) ? 0 : st.st_ino;
}

static struct ring_of_process *find_ring(struct process_rings *p, uint64_t inode)
{
	unsigned int i;

	for (i = 0; i < p->nr_rings; i++)
		if (p->rings[i].inode == inode)
			return &p->rings[i];
	return NULL;
}

static int add_ring(struct process_rings *p, uint32_t fd)
{
	uint64_t inode = inode_of(p->pid, fd);
	struct ring_of_process *ring = find_ring(p, inode);
	uint32_t *number;
	int ret = 0;

	if (!ring) {
		ring = grow(&p->rings, p->nr_rings, sizeof(*ring));
		if (!ring)
			return -ENOMEM;
		p->nr_rings++;
		ring->inode = inode;
		ret = read_fdinfo(ring, p->pid, fd);
	}
	number = grow(&ring->fds, ring->nr_fds, sizeof(*number));
	if (!number)
		return -ENOMEM;
	*number = fd;
	ring->nr_fds++;
	return ret;
}

static int add_link(struct process_rings *p, uint32_t fd)
{
	FILE *file = open_fdinfo(p->pid, fd);
	uint32_t id = 0, *number;
	char line[256];

	if (!file)
		return 0;
	while (!id && fgets(line, sizeof(line), file))
		sscanf(line, "link_id: %u", &id);
	fclose(file);
	if (!id)
		return 0;
	number = grow(&p->links, p->nr_links, sizeof(*number));
	if (!number)
		return -ENOMEM;
	*number = id;
	p->nr_links++;
	return 0;
}

static int add_fd(uint32_t pid, uint32_t fd, void *data)
{
	if (ring_scan_is_ring(pid, fd))
		return add_ring(data, fd);
	return is_link(pid, fd) ? add_link(data, fd) : 0;
}

/* A ring without a descriptor can still be mapped, several times. */
static int add_mapped(struct process_rings *p, uint64_t inode)
{
	uint64_t *number;
	unsigned int i;

	for (i = 0; i < p->nr_mapped; i++)
		if (p->mapped[i] == inode)
			return 0;
	if (find_ring(p, inode))
		return 0;
	number = grow(&p->mapped, p->nr_mapped, sizeof(*number));
	if (!number)
		return -ENOMEM;
	*number = inode;
	p->nr_mapped++;
	return 0;
}

static int read_maps(struct process_rings *p)
{
	char path[PATH_SIZE], line[512];
	uint64_t inode;
	FILE *file;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%u/maps", p->pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!ret && fgets(line, sizeof(line), file))
		if (strstr(line, RING_FILE) &&
		    sscanf(line, "%*s %*s %*s %*s %" SCNu64, &inode) == 1)
			ret = add_mapped(p, inode);
	fclose(file);
	return ret;
}

static void read_name(struct process_rings *p)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/comm", p->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(p->name, sizeof(p->name), file))
		p->name[strcspn(p->name, "\n")] = 0;
	fclose(file);
}

int process_rings_read(struct process_rings *p, uint32_t pid)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	ret = each_fd(pid, add_fd, p);
	if (ret)
		return ret;
	read_name(p);
	return read_maps(p);
}

void process_rings_free(struct process_rings *p)
{
	unsigned int i;

	for (i = 0; i < p->nr_rings; i++) {
		free(p->rings[i].fds);
		free(p->rings[i].policies);
		free(p->rings[i].programs);
		free(p->rings[i].actors);
		free(p->rings[i].kept);
	}
	free(p->rings);
	free(p->mapped);
	free(p->links);
}
