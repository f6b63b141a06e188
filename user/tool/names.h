/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of numbers, and back: errors, operations, events, verdicts. */
#ifndef SPAWNPOL_NAMES_H
#define SPAWNPOL_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct tool;

#define NAME_ANY_OP	UINT32_MAX

/* In the place of opcodes, which are below 256: what kernels number differently. */
enum { NAME_CLONE = 256, NAME_EXEC, NAME_CHILD };

/* "ENOENT" of 2; the number itself as text if it has no name. */
const char *errno_name(int err);
/*
 * 2 of "ENOENT", whatever the case. If there is no such name, the problem is
 * recorded with those that are spelled alike, and -EINVAL returned.
 */
int errno_number(struct tool *t, const char *name);

/*
 * "openat", "dup", "exec" … of the running kernel's number; "op 99" for what has no
 * name here.
 */
const char *step_name(uint32_t opcode, uint32_t cmd);
/*
 * The operation called so; opcode is NAME_ANY_OP for "any", or of the enumeration
 * above. cmd is set for the commands of IORING_OP_CHILD. Unknown names as with
 * errno_number().
 */
int step_number(struct tool *t, const char *name, uint32_t *opcode,
		uint32_t *cmd);
/* The running kernel's number of it; 0 if it has none. */
uint32_t step_opcode(uint32_t opcode);

const char *event_name(uint32_t event);
/* A comma-separated list of event names as a set of bits. */
int event_mask(struct tool *t, const char *list, uint32_t *mask);
/* The names of the bits set, separated by commas. */
void event_list(uint32_t mask, char *text, size_t size);

const char *verdict_name(uint32_t verdict);
int verdict_number(struct tool *t, const char *name);

#endif
