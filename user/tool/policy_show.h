/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a loaded policy is set up, for list. */
#ifndef SPAWNPOL_POLICY_SHOW_H
#define SPAWNPOL_POLICY_SHOW_H

#include <stdint.h>

struct json;

#define POLICY_EVENTS_SIZE	128

/* In words, which events a policy asks for that wants these; returns text. */
const char *policy_events_text(uint32_t events, char text[POLICY_EVENTS_SIZE]);

/* Lines with the options of the default policy, and the constants of any other. */
void policy_show_text(int prog_fd);
/* The members events, config and constants. */
void policy_show_json(struct json *j, int prog_fd);

#endif
