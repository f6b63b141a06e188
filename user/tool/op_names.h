/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Converting numbers to names and back, for actors: all operations of the ring, events,
 * verdicts.
 */
#ifndef SPAWNPOL_OP_NAMES_H
#define SPAWNPOL_OP_NAMES_H

#include <stdint.h>

struct tool;

/*
 * "read", "poll_add", "waitid", "spawn" … of the running kernel's number, in lower case
 * as the kernel writes them; "op 99" for what has no name here.
 */
const char *op_name(uint32_t opcode);
/* The running kernel's number of it. -EINVAL, recorded with those spelled alike. */
int op_number(struct tool *t, const char *name, uint32_t *opcode);
/* All that can be staged, one after the other; NULL after the last. */
const char *op_nth(unsigned int n);
const char *op_help(unsigned int n);

/* "start", "cqe", "cancel"; "?" for another number. */
const char *actor_event_name(uint32_t event);
int actor_event_number(struct tool *t, const char *name, uint32_t *event);
const char *actor_event_nth(unsigned int n);
const char *actor_event_help(unsigned int n);

/* "wait", "end"; "?" for another number. */
const char *actor_verdict_name(uint32_t verdict);
int actor_verdict_number(struct tool *t, const char *name, uint32_t *verdict);
const char *actor_verdict_nth(unsigned int n);
const char *actor_verdict_help(unsigned int n);

#endif
