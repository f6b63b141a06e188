/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What requests can refer to: files, open descriptors with known numbers, and
 * memory at known addresses.
 */
#ifndef SPAWNPOL_FUZZ_WORLD_H
#define SPAWNPOL_FUZZ_WORLD_H

#include <stddef.h>
#include <stdint.h>

enum world_fd {
	FD_FIRST = 100,
	FD_BLOCK_R = FD_FIRST, /* an empty pipe */
	FD_BLOCK_W,
	FD_FULL_R, /* a pipe with some bytes */
	FD_FULL_W,
	FD_SOCKET,
	FD_SOCKET2,
	FD_FILE, /* w/file, read and write */
	FD_READONLY,
	FD_DIR,	 /* the working directory */
	FD_PATH, /* O_PATH of "/" */
	FD_NULL,
	FD_ZERO,
	FD_UTS, /* a namespace */
	FD_CGROUP,
	FD_RULESET, /* Landlock's */
	FD_PROGRAM, /* the program, O_PATH */
	FD_LAST,
	FD_UNBLOCK, /* the four of the pipes, not blocking */
};

/* Once: the directory, its files, and those descriptors that never change. */
void world_make(void);
void world_remove(void);
/* For one case: pipes, and w/ as it was. */
void world_fresh(void);
/* One of the lists of directories that a ring can have opened; they never change. */
#define WORLD_LISTS 6
const char *world_list(unsigned int nr);
/* Give steps that read or write what they wait for. */
void world_unblock(void);

/* --- memory ------------------------------------------------------------------- */

#define ARENA_BASE 0x5f0000000000UL
#define ARENA_SIZE (1UL << 20)
#define ARENA_END (ARENA_BASE + ARENA_SIZE)
/* Where requests read to and write from; nothing else is there. */
#define BUFFER (ARENA_BASE + ARENA_SIZE / 2)
#define BUFFER_SIZE 65536

void arena_make(void);
/* Copies stay until the case is over; in the order of the calls. */
uint64_t arena_put(const void *data, size_t size);
uint64_t arena_text(const char *text);
/* The same against the end, behind which nothing is mapped. */
uint64_t arena_put_last(const void *data, size_t size);
/* Text there, or NULL. */
const char *arena_text_at(uint64_t addr);

#endif
