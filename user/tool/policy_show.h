/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Showing how a loaded policy or actor is configured, for load and list. */
#ifndef SPAWNPOL_POLICY_SHOW_H
#define SPAWNPOL_POLICY_SHOW_H

#include <stdbool.h>
#include <stdint.h>

struct json;
struct spawnpol_actor_needs;

#define POLICY_EVENTS_SIZE	128

/* In words, which events a policy asks for that wants these; returns text. */
const char *policy_events_text(uint32_t events, char text[POLICY_EVENTS_SIZE]);

#define POLICY_NEEDS_SIZE	96

/* In words, what an actor of a program needs; returns text. */
const char *policy_needs_text(const struct spawnpol_actor_needs *needs,
			      char text[POLICY_NEEDS_SIZE]);
/* The members state_size and in_flight. */
void policy_needs_json(struct json *j, const struct spawnpol_actor_needs *needs);

/* Lines with the options of the default policy, and the constants of any other. */
void policy_show_text(int prog_fd, bool actor);
/* The members events, config and constants; of an actor also its needs. */
void policy_show_json(struct json *j, int prog_fd, bool actor);

#endif
