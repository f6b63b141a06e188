// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chance: the same for the same seed and case. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static uint64_t state;

uint64_t random_word(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

/* Neighbours must not look alike: some rounds, and never the state 0. */
void random_begin(uint64_t seed, uint64_t number)
{
	int i;

	state = (seed ^ number * 0x9e3779b97f4a7c15ULL) | 1ULL << 63;
	for (i = 0; i < 8; i++)
		random_word();
	state ^= seed << 1;
	if (!state)
		state = 1;
}

unsigned int below(unsigned int limit)
{
	return (random_word() >> 32) % limit;
}

bool percent(unsigned int chance)
{
	return below(100) < chance;
}

int32_t random_imm(void)
{
	static const int32_t known[] = {
		0,	 1,	    2,	       3,  4,	7,   8,	   15,	  16,
		31,	 32,	    63,	       64, 255, 256, 4095, 4096,  65535,
		1 << 20, INT32_MAX, INT32_MIN, -1, -2,	-8,  -100, -4095, -4096,
	};

	if (percent(60))
		return ONE_OF(known);
	return (int32_t)random_word() >> below(31);
}

uint64_t random_long(void)
{
	return random_word() >> (24 + below(40));
}

int32_t random_result(void)
{
	static const int32_t known[] = {
		-ENOENT,  -EACCES,  -EAGAIN, -ENOMEM,	 -ENOEXEC,
		-ETXTBSY, -ENOTDIR, -EISDIR, -ECANCELED, -EINVAL,
		-4095,	  0,	    1,
	};

	return percent(80) ? ONE_OF(known) : -(int32_t)below(4096);
}

static const char *const paths[] = {
	"quit",	  "missing", "noexec", "text", "directory", "directory/quit",
	"/",	  ".",	     "..",     "file", "/dev/null", "missing/quit",
	"script",
};

unsigned int random_path(char *path, unsigned int size)
{
	unsigned int len = below(size), i;
	const char *known = ONE_OF(paths);

	if (percent(80) && strlen(known) < size) {
		strcpy(path, known);
		return strlen(known) + 1;
	}
	/* any bytes, or as many of one as there is room for */
	for (i = 0; i < len; i++)
		path[i] = percent(50) ? 'a' : 1 + below(255);
	path[len] = '\0';
	return len + 1;
}

static const char *const lists[] = {
	"missing:directory", "missing:.", ":missing",
	"/missing::",	     "directory", "text:/:directory",
};

unsigned int random_list(char *list, unsigned int size)
{
	const char *known = ONE_OF(lists);

	if (percent(50) || strlen(known) >= size)
		return random_path(list, size);
	strcpy(list, known);
	return strlen(known) + 1;
}

/* Mostly those that can be steps. CHILD has most to say, so it comes often. */
static unsigned int random_opcode(void)
{
	static const uint8_t legal[] = {
		IORING_OP_NOP,
		IORING_OP_READ,
		IORING_OP_WRITE,
		IORING_OP_READV,
		IORING_OP_WRITEV,
		IORING_OP_FSYNC,
		IORING_OP_SYNC_FILE_RANGE,
		IORING_OP_FALLOCATE,
		IORING_OP_OPENAT,
		IORING_OP_OPENAT2,
		IORING_OP_CLOSE,
		IORING_OP_STATX,
		IORING_OP_SPLICE,
		IORING_OP_TEE,
		IORING_OP_RENAMEAT,
		IORING_OP_UNLINKAT,
		IORING_OP_MKDIRAT,
		IORING_OP_SYMLINKAT,
		IORING_OP_LINKAT,
		IORING_OP_SHUTDOWN,
		IORING_OP_FGETXATTR,
		IORING_OP_GETXATTR,
	};

	if (percent(40))
		return SPAWNPOL_OP_CHILD;
	if (percent(5))
		return SPAWNPOL_OP_EXEC;
	return percent(85) ? ONE_OF(legal) : below(256);
}

static int random_file(void)
{
	static const int known[] = { -1, AT_FDCWD, 1000, 12345678 };

	return percent(70) ? ONE_OF(world.files) : ONE_OF(known);
}

/*
 * Memory that a request may be told to work on: what is there for it, or what no
 * process has. The child's memory is this process's.
 */
static uint64_t random_address(void)
{
	static const uint64_t nowhere[] = { 0, 1, 1ULL << 46, 1ULL << 57 };

	if (percent(60))
		return (uintptr_t)world.memory + below(WORLD_MEMORY);
	return ONE_OF(nowhere);
}

/* Where it is taken for an address, nothing is there, see random_address(). */
static uint64_t random_number(void)
{
	if (percent(70))
		return below(64);
	return (1ULL << (percent(50) ? below(16) : 48 + below(16))) - below(2);
}

/*
 * Descriptors and addresses are chosen with care, so that a request cannot
 * overwrite the fuzzer, nor wait for ever.
 */
void random_sqe(struct io_uring_sqe *sqe)
{
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = random_opcode();
	sqe->fd = random_file();
	if (percent(60))
		sqe->addr = random_address();
	if (percent(60))
		sqe->off = percent(30) ? random_address() : random_number();
	if (percent(80))
		sqe->len = below(percent(80) ? 40 : 100000);
	if (percent(20))
		sqe->rw_flags = random_imm();
	if (percent(20))
		sqe->addr3 = random_number();
	if (percent(5))
		sqe->flags = below(256);
	if (percent(5))
		sqe->ioprio = below(65536);
	if (percent(3))
		sqe->personality = below(4);
	if (percent(5))
		sqe->file_index = below(4);
	sqe->user_data = random_long();
	/* SPLICE and TEE: what they read from is such a file, too */
	if (sqe->opcode == IORING_OP_SPLICE || sqe->opcode == IORING_OP_TEE)
		sqe->splice_fd_in = random_file();
}
