/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structures that callers allocate and that grow from release to release. A caller
 * passes the size of its structure. Releases add members only at the end, and 0 is the
 * default of a new member.
 */
#ifndef SPAWNPOL_SIZED_H
#define SPAWNPOL_SIZED_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

/*
 * Read a caller's structure, given bytes large, into one of size bytes; least is the
 * size that it had in the first release. -EINVAL: given is less than that. -E2BIG: the
 * caller uses members that are not known here.
 */
static inline int sized_read(void *to, size_t size, const void *from,
			     size_t given, size_t least)
{
	const char *bytes = from;

	if (given < least)
		return -EINVAL;
	for (size_t i = size; i < given; i++)
		if (bytes[i])
			return -E2BIG;
	memset(to, 0, size);
	memcpy(to, from, given < size ? given : size);
	return 0;
}

/* Options, whose first member is their size. */
static inline int sized_read_opts(void *to, size_t size, const void *from,
				  size_t least)
{
	size_t given;

	memcpy(&given, from, sizeof(given));
	return sized_read(to, size, from, given, least);
}

/* Write size bytes to a caller's structure, which is given bytes large. */
static inline void sized_write(void *to, size_t given, const void *from,
			       size_t size)
{
	size_t both = given < size ? given : size;

	memcpy(to, from, both);
	memset((char *)to + both, 0, given - both);
}

#endif
