/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --path, --retry, --on, --errors, --shell, --remember: the default policy's. */
#ifndef SPAWNPOL_POLICY_OPTIONS_H
#define SPAWNPOL_POLICY_OPTIONS_H

#include <stdbool.h>

struct spawn_policy_config;
struct tool;

/* The name of an option given that only the default policy has, or NULL. */
const char *policy_options_given(const struct tool *t);

/*
 * Fill *config, which is large, from the options; path is for when --path is
 * not among them. What does not fit or makes no sense is a usage error.
 */
int policy_options_read(struct tool *t, const char *path,
			struct spawn_policy_config *config);
/* Put the running kernel's opcodes into it, of which reading knows the names only. */
void policy_options_number(struct spawn_policy_config *config);

#endif
