/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* attach, for actors. */
#ifndef SPAWNPOL_ATTACH_ACTOR_H
#define SPAWNPOL_ATTACH_ACTOR_H

#include <stdbool.h>

struct json;
struct spawnpol_link_info;
struct tool;

/* Usage errors: an option that the other kind has. */
int attach_check_actor_options(struct tool *t, const char *name, bool actor);

/*
 * Put the program, loaded as name, into the slot of the ring that options say. Returns the
 * link, or an error, recorded.
 */
int attach_actor(struct tool *t, const char *name, int prog, int ring);

/* What attach says of its link, after slot and ring. */
void attach_say_actor(const struct tool *t, const struct spawnpol_link_info *info);
/* The same as JSON. */
void attach_json_actor(struct json *j, const struct spawnpol_link_info *info);

#endif
