/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converting numbers to names and back: errors, operations, events, verdicts. */
#ifndef SPAWNPOL_NAMES_H
#define SPAWNPOL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct tool;

#define NAME_ANY_OP	UINT32_MAX

/*
 * 2 of "ENOENT", whatever the case. If there is no such name, the problem is
 * recorded with those that are spelled alike, and -EINVAL returned; so below.
 */
int errno_number(struct tool *t, const char *name);

/*
 * "openat", "dup", "exec" … of the running kernel's number; "op 99" for what has no
 * name here.
 */
const char *step_name(uint32_t opcode, uint32_t cmd);
/*
 * The operation called so; opcode is NAME_ANY_OP for "any", or OP_* of commands.h.
 * cmd is set for the commands of IORING_OP_CHILD.
 */
int step_number(struct tool *t, const char *name, uint32_t *opcode,
		uint32_t *cmd);
/* The running kernel's number of it; 0 if it has none. */
uint32_t step_opcode(uint32_t opcode);
/* The names of all that can be a step, one after the other; NULL after the last. */
const char *step_nth(unsigned int n);

const char *event_name(uint32_t event);
/* A comma-separated list of event names as a set of bits. */
int event_mask(struct tool *t, const char *list, uint32_t *mask);
/* The names of the bits set, separated by commas. */
void event_list(uint32_t mask, char *text, size_t size);

const char *verdict_name(uint32_t verdict);
int verdict_number(struct tool *t, const char *name);

/* All names, likewise, and what they mean. */
const char *event_nth(unsigned int n);
const char *event_help(unsigned int n);
const char *verdict_nth(unsigned int n);
const char *verdict_help(unsigned int n);

#endif
