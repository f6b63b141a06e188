// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sections of the man page on commands and options, generated from the table. */
#include <string.h>

#include "help.h"
#include "run_options.h"
#include "tool.h"

/* Plain text for roff: minus signs, and no accidental request. */
static void put(FILE *to, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", to);
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
}

static void put_options(FILE *to, const struct option_desc *o)
{
	char usage[80];

	for (; o->name; o++) {
		help_option_usage(o, usage, sizeof(usage));
		fputs(".TP\n.B ", to);
		put(to, usage);
		fputc('\n', to);
		put(to, o->help);
		fputc('\n', to);
	}
}

static void put_command(FILE *to, const struct command *c)
{
	int i;

	fputs(".SS ", to);
	put(to, c->name);
	if (c->options[0])
		fputs(" [OPTION...]", to);
	if (c->args[0]) {
		fputc(' ', to);
		put(to, c->args);
	}
	fputs("\n", to);
	fprintf(to, "The %s command: ", c->name);
	put(to, c->brief);
	fputs(".\n", to);
	if (c->text[0]) {
		fputs(".PP\n", to);
		put(to, c->text);
		fputc('\n', to);
	}
	for (i = 0; c->options[i]; i++) {
		if (run_options_title(c->options[i]))
			fprintf(to, ".PP\n.B %s\n",
				run_options_title(c->options[i]));
		put_options(to, c->options[i]);
	}
}

void help_print_man(FILE *to)
{
	const struct command *c;

	fputs(".SH OPTIONS OF EVERY COMMAND\n", to);
	put_options(to, global_options);
	fputs(".SH COMMANDS\n", to);
	for (c = commands; c->name; c++)
		put_command(to, c);
}
