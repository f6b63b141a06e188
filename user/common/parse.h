/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers and times as people write them. */
#ifndef SPAWNPOL_PARSE_H
#define SPAWNPOL_PARSE_H

#include <stdint.h>

/* "10ms", "1.5s" and so on as nanoseconds; units ns, us, ms, s, m. */
int parse_duration(const char *text, uint64_t *ns);

/* A decimal number within bounds and nothing else; -EINVAL or -ERANGE. */
int parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *number);

#endif
