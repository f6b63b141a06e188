/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which situations the kernel makes, alone and one after the other. */
#ifndef SPAWNPOL_SITUATION_RULES_H
#define SPAWNPOL_SITUATION_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct bpf_iouring_ctx;
struct dry_run;
struct situation;
struct tool;

/*
 * -EINVAL, with cause and remedy recorded as a usage error, if the kernel never makes a
 * situation like this, whatever comes before it.
 */
int situation_check(struct tool *t, const struct situation *s);

/* Does a search, the kernel's or the launcher's, go on after this result? */
bool situation_search_goes_on(int res);

/*
 * Whether next, made of s, can come after the run before, and whether the kernel asks
 * this policy about it. If not, why is put into text, and what helps. before is the
 * state of a new run if s does not begin with "then".
 */
void situation_order(const struct dry_run *before, const struct situation *s,
		     const struct bpf_iouring_ctx *next, char *text, size_t size);

#endif
