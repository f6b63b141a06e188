/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading rings from /proc. This does not affect the rings: it borrows no descriptor,
 * and their processes do not notice.
 */
#ifndef SPAWNPOL_RING_SCAN_H
#define SPAWNPOL_RING_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* A descriptor of a ring in a process. */
struct ring_seen {
	uint32_t pid, fd;
	uint64_t ring_id;	/* 0: it has none yet, and so no policy */
};

/* Is this descriptor of process pid that of a ring? */
bool ring_scan_is_ring(uint32_t pid, uint32_t fd);

/*
 * Call each() for every descriptor of a ring, of every process that may be looked at,
 * until it returns other than 0.
 */
void ring_scan(int (*each)(const struct ring_seen *seen, void *data), void *data);

/* A policy of a ring, or a program of its IORING_OP_BPF. */
struct ring_policy {
	uint32_t slot, link_id, prog_id;
};

/* An IORING_OP_BPF that is under way. */
struct ring_actor {
	uint32_t slot, link_id, in_flight;
};

/* A child of a ring that waits between chains: spawnpol_child(3). */
struct ring_kept {
	uint32_t number, pid;
	bool busy;			/* a chain runs in it */
};

/* What one process has of a ring. */
struct ring_of_process {
	uint64_t inode;
	uint64_t ring_id;		/* as above */
	uint32_t *fds;			/* duplicates of one another */
	unsigned int nr_fds;
	struct ring_policy *policies;	/* in the order in which they are asked */
	unsigned int nr_policies;
	struct ring_policy *programs;	/* of IORING_OP_BPF, one in a slot */
	unsigned int nr_programs;
	struct ring_actor *actors;
	unsigned int nr_actors;
	struct ring_kept *kept;
	unsigned int nr_kept;
};

struct process_rings {
	uint32_t pid;
	char name[32];			/* as ps(1) has it */
	struct ring_of_process *rings;
	unsigned int nr_rings;
	uint64_t *mapped;		/* inodes of those that it has no descriptor of */
	unsigned int nr_mapped;
	uint32_t *links;		/* ids of links that it has descriptors of */
	unsigned int nr_links;
};

/*
 * Fill in *p for process pid; free with process_rings_free(), whatever the result.
 * -ENOENT or -ESRCH: there is no such process; -EACCES: it may not be looked at; -ENOMEM.
 */
int process_rings_read(struct process_rings *p, uint32_t pid);
void process_rings_free(struct process_rings *p);

/* Call each() for the process ids of the system until it returns other than 0. */
int ring_scan_processes(int (*each)(uint32_t pid, void *data), void *data);

#endif
