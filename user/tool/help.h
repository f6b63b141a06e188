/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_HELP_H
#define SPAWNPOL_HELP_H

#include <stdio.h>

struct command;
struct option_desc;
struct tool;

/* Help on a command, or on the tool if it is NULL; JSON if asked for. */
int help_print(struct tool *t, const struct command *c, FILE *to);

/* The same for all commands as the man page has it, in roff. */
void help_print_man(FILE *to);

/* help_topics.c: names that options take; NULL after the last topic. */
const char *help_topic(unsigned int n);
/* Print a topic, JSON if asked for. -ENOENT, nothing recorded: there is none such. */
int help_topic_print(struct tool *t, const char *topic);

/* "--name VALUE" with its letter as help shows it. */
void help_option_usage(const struct option_desc *o, char *text, size_t size);

#endif
