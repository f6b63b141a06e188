// SPDX-License-Identifier: LGPL-2.1-or-later
/* What no program may do, whatever it does. */
#include "program.h"

#include "tap.h"

#include <bpf/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void violation(const char *fmt, ...)
{
	va_list args;

	printf("violation: ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\nagain: build/tests/fuzz/programs --seed %#llx --case %llu\n",
	       (unsigned long long)fuzz_seed, (unsigned long long)fuzz_case);
	fflush(stdout);
	_exit(1);
}

/*
 * Where the kernel keeps what programs have pointers to: the direct mapping and
 * vmalloc's area, as four levels of page tables without KASLR put them. Only
 * the first 64 GiB of each are in use, so that a number that a program computes
 * hardly ever looks like one. Addresses of the kernel's text do: small negative
 * numbers are as large. Programs have no pointers there.
 */
static bool is_address(uint64_t value)
{
	static const uint64_t areas[] = {
		0xffff888000000000, /* direct mapping */
		0xffffc90000000000, /* vmalloc */
		0xffffea0000000000, /* struct page */
	};
	unsigned int i;

	for (i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		if (value - areas[i] < 1ULL << 36)
			return true;
	}
	return false;
}

void check_no_addresses(const char *what, const void *memory, size_t size)
{
	uint64_t value;
	size_t at;

	for (at = 0; at + sizeof(value) <= size; at += sizeof(value)) {
		memcpy(&value, (const char *)memory + at, sizeof(value));
		if (is_address(value))
			violation("%s has %#llx at %zu, an address", what,
				  (unsigned long long)value, at);
	}
}

void check_map(void)
{
	static char value[MAP_VALUE];
	uint32_t key;

	for (key = 0; key < MAP_ENTRIES; key++) {
		CHECK_OK(bpf_map_lookup_elem(world.map, &key, value));
		check_no_addresses("the map", value, sizeof(value));
	}
}
