/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of events in JSON. */
#ifndef SPAWNPOL_JSON_EVENTS_H
#define SPAWNPOL_JSON_EVENTS_H

#include <stdint.h>

struct json;

/* An array with the name of each IORING_POLICY_* in mask. */
void json_events(struct json *j, const char *key, uint32_t mask);

#endif
