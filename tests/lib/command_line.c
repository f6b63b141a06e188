// SPDX-License-Identifier: LGPL-2.1-or-later
/* The command line of a program that has a main() of its own. */
#include "command_line.h"
#include "tap.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPTIONS 8

static void (*show_usage)(FILE *to);

static _Noreturn void misuse(void)
{
	show_usage(stderr);
	exit(2);
}

static uint64_t number_of(const char *text, uint64_t least)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!*text || *end || value < least)
		misuse();
	return value;
}

static double seconds_of(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (!*text || *end)
		misuse();
	return value;
}

static unsigned int choice_of(const struct command_option *o, const char *text)
{
	unsigned int i;

	for (i = 0; i < o->nr_choices; i++) {
		if (o->choices[i] && !strcmp(text, o->choices[i]))
			return i;
	}
	misuse();
}

static bool takes_value(const struct command_option *o)
{
	return o->number || o->seconds || o->choice;
}

static void take(const struct command_option *o, const char *text)
{
	if (o->number)
		*o->number = number_of(text, o->least);
	if (o->seconds)
		*o->seconds = seconds_of(text);
	if (o->choice)
		*o->choice = choice_of(o, text);
	if (o->given)
		*o->given = true;
}

void command_line(int argc, char *argv[], const struct command_option *known,
		  void (*usage)(FILE *to))
{
	struct option options[MOST_OPTIONS + 2] = { 0 };
	int c, nr;

	show_usage = usage;
	for (nr = 0; known[nr].name; nr++) {
		CHECK_LT(nr, MOST_OPTIONS);
		options[nr].name = known[nr].name;
		options[nr].has_arg = takes_value(&known[nr]);
		options[nr].val = nr;
	}
	options[nr] = (struct option){ .name = "help", .val = nr };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c > nr) /* '?' */
			misuse();
		if (c == nr) {
			usage(stdout);
			exit(0);
		}
		take(&known[c], optarg);
	}
	if (optind < argc)
		misuse();
}
