/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways to copy a file that are compared. */
#ifndef SPAWNPOL_BENCH_COPY_H
#define SPAWNPOL_BENCH_COPY_H

#include <liburing.h>
#include <stdint.h>

#define COPY_BLOCK	(16 << 10)
#define COPY_DEPTH	32		/* the most */

/* A file to copy, and what a program that copies often would keep. */
struct copy {
	char *from, *to;
	int in, out;			/* open, also with O_DIRECT */
	uint64_t size;			/* of both files: some blocks */
	unsigned int depth;		/* blocks under way */
	char *buffers;			/* as many, which begin at pages */
	struct io_uring ring;
	uint64_t child_cpu;		/* of the program that has copied, in ns */
};

/* Reads, and a write for each when it is there; woken for what has completed. */
void copy_by_loop(struct copy *c);
/* The same with a link from each read to its write; woken for writes. */
void copy_by_links(struct copy *c);
/* bpf/copy.bpf.c, once it is attached to the ring. */
void copy_attach(struct copy *c);
void copy_by_actor(struct copy *c);
/* cp(1). */
void copy_by_program(struct copy *c);

#endif
