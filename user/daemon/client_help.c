// SPDX-License-Identifier: LGPL-2.1-or-later
/* The client's help and the options of its man page, from the table of words. */
#include "client_help.h"

#include <string.h>

#include "words.h"

#define WIDTH	79
#define INDENT	6

static const char head[] =
"usage: spawnpold-client [OPTION…] SOCKET PROGRAM [ARG…]\n"
"Have the spawnpold at SOCKET launch PROGRAM, with this program's standard\n"
"streams, and exit as it does (128 + signal if one killed it).\n"
"\n"
"  --verbose\n"
"      Tell the pid.\n"
"  --help\n"
"      This text.\n"
"\n"
"The other options are the words of the request language. They take effect in\n"
"the order given and can be repeated.\n";

static const char foot[] =
"\n"
"Exit status if there is no program's: 2 usage, 125 trouble with the daemon or\n"
"refused by it, 127 the program does not exist, 126 it could not be launched for\n"
"another reason.\n";

/* Text in lines of WIDTH columns. */
static void put_lines(FILE *to, const char *text)
{
	size_t len, column = 0;

	while (*text) {
		len = strcspn(text, " ");
		if (column && column + 1 + len > WIDTH - INDENT) {
			fputc('\n', to);
			column = 0;
		}
		if (column)
			fputc(' ', to);
		else
			fprintf(to, "%*s", INDENT, "");
		column += len + !!column;
		fprintf(to, "%.*s", (int)len, text);
		text += len + strspn(text + len, " ");
	}
	fputc('\n', to);
}

/* The first word with an operand of these names, or NULL. */
static const struct word *first_with(const struct name *names)
{
	const struct word_group *g;
	const struct word *w;

	for (g = word_groups; g->title; g++)
		for (w = g->words; w->name; w++)
			for (int i = 0; i < word_operands(w); i++)
				if (w->operands[i].names == names)
					return w;
	return NULL;
}

/* Names are listed only once. */
static void explain_operand(const struct word *w, const struct operand *o,
			    char *buf, size_t size)
{
	const struct word *first = o->names ? first_with(o->names) : w;
	char wants[512];

	if (first == w)
		snprintf(buf, size, "%s is %s.", o->name,
			 operand_wants(o, wants, sizeof(wants)));
	else
		snprintf(buf, size, "%s is as with --%s.", o->name, first->name);
}

/* Numbers of descriptors and plain paths speak for themselves. */
static bool is_plain(const struct word *w, int nr)
{
	const struct operand *o = &w->operands[nr];

	/* as the one before */
	if (nr && o->type == o[-1].type && o->names == o[-1].names)
		return true;
	return o->type == &text_type || o->type == &variable_type ||
	       (o->type == &number_type && o->max >= INT32_MAX);
}

void help_print(FILE *to)
{
	const struct word_group *g;
	const struct word *w;
	char text[640];

	fputs(head, to);
	for (g = word_groups; g->title; g++) {
		fprintf(to, "\n%s:\n", g->title);
		for (w = g->words; w->name; w++) {
			word_usage(w, ' ', text, sizeof(text));
			fprintf(to, "  --%s\n", text);
			put_lines(to, w->help);
			for (int i = 0; i < word_operands(w); i++) {
				if (is_plain(w, i))
					continue;
				explain_operand(w, &w->operands[i], text,
						sizeof(text));
				put_lines(to, text);
			}
		}
	}
	fputs(foot, to);
}

/* Plain text for roff. */
static void put(FILE *to, const char *text)
{
	for (; *text; text++)
		fprintf(to, *text == '-' ? "\\-" : "%c", *text);
	fputc('\n', to);
}

static void put_word(FILE *to, const struct word *w)
{
	char text[640];

	word_usage(w, ' ', text, sizeof(text));
	fputs(".TP\n.B \\-\\-", to);
	put(to, text);
	put(to, w->help);
	for (int i = 0; i < word_operands(w); i++) {
		if (is_plain(w, i))
			continue;
		explain_operand(w, &w->operands[i], text, sizeof(text));
		put(to, text);
	}
}

void help_print_man(FILE *to)
{
	const struct word_group *g;
	const struct word *w;

	for (g = word_groups; g->title; g++) {
		fprintf(to, ".SS %s\n", g->title);
		for (w = g->words; w->name; w++)
			put_word(to, w);
	}
}
