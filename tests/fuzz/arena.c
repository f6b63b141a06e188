// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory at addresses that are the same in each run. */
#include "world.h"
#include "tap.h"

#include <string.h>
#include <sys/mman.h>

static uint64_t next;

/* Anew, if there is one. */
void arena_make(void)
{
	void *at;

	munmap((void *)ARENA_BASE, ARENA_SIZE);
	at = mmap((void *)ARENA_BASE, ARENA_SIZE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(at == (void *)ARENA_BASE);
	next = ARENA_BASE;
}

uint64_t arena_put(const void *data, size_t size)
{
	uint64_t at = next;

	next += (size + 7) & ~7UL;
	CHECK_LE(next, BUFFER);
	memcpy((void *)at, data, size);
	return at;
}

uint64_t arena_text(const char *text)
{
	return arena_put(text, strlen(text) + 1);
}

uint64_t arena_put_last(const void *data, size_t size)
{
	uint64_t at = ARENA_END - size;

	memcpy((void *)at, data, size);
	return at;
}

const char *arena_text_at(uint64_t addr)
{
	const char *text = (const char *)addr;

	if (addr < ARENA_BASE || addr >= ARENA_END)
		return NULL;
	if (strnlen(text, ARENA_END - addr) == ARENA_END - addr)
		return NULL;
	return text;
}
