/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of run that describe the launch: those of common/launch.h in the form of
 * the table of commands.
 */
#ifndef SPAWNPOL_RUN_OPTIONS_H
#define SPAWNPOL_RUN_OPTIONS_H

#include "options.h"

#define RUN_GROUPS	6
#define RUN_GROUP_SIZE	24

/* One list for each group, filled in by run_options_init(). */
extern struct option_desc run_launch_options[RUN_GROUPS][RUN_GROUP_SIZE];

/* Before anything looks at the table of commands. */
void run_options_init(void);

/* "Files" and so on if the list is one of these, else NULL. */
const char *run_options_title(const struct option_desc *list);

#endif
