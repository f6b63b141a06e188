/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOLD_CLIENT_HELP_H
#define SPAWNPOLD_CLIENT_HELP_H

#include <stdio.h>

/* What --help prints. */
void help_print(FILE *to);

/* The man page's part that is made from the table of words. */
void help_print_man(FILE *to);

#endif
