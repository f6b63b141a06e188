/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formatting times as options take them. */
#ifndef SPAWNPOL_TIME_TEXT_H
#define SPAWNPOL_TIME_TEXT_H

#include <stdint.h>

#define TIME_TEXT_SIZE	32

/* "100ms", "90s": exact, in the largest unit that makes it a whole number; to text. */
const char *time_text(uint64_t ns, char text[TIME_TEXT_SIZE]);

#endif
