// SPDX-License-Identifier: LGPL-2.1-or-later
/* The library's version, for programs that were built with another header. */
#include "internal.h"

#define TEXT_OF(value)	#value
#define TEXT(value)	TEXT_OF(value)

unsigned int spawnpol_version(void)
{
	return SPAWNPOL_VERSION;
}

const char *spawnpol_version_text(void)
{
	return TEXT(SPAWNPOL_VERSION_MAJOR) "." TEXT(SPAWNPOL_VERSION_MINOR)
	       "." TEXT(SPAWNPOL_VERSION_PATCH);
}
