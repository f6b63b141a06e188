// SPDX-License-Identifier: LGPL-2.1-or-later
/* Help about the options of a launch. */
#include <stdio.h>
#include <string.h>

#include "launch.h"

int launch_arguments(const struct launch_option *o)
{
	int nr = 0;

	while (nr < MAX_ARGUMENTS && o->arguments[nr].type)
		nr++;
	return nr;
}

void launch_option_name(const struct launch_option *o, char *buf, size_t size)
{
	snprintf(buf, size, "%s", o->name);
	for (; *buf; buf++)
		if (*buf == '_')
			*buf = '-';
}

void launch_option_value(const struct launch_option *o, char *buf, size_t size)
{
	const struct argument *a;
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < launch_arguments(o) && len < size; i++) {
		a = &o->arguments[i];
		len += snprintf(buf + len, size - len, "%s%s%s%s",
				a->optional ? "[" : "", i ? ":" : "", a->name,
				a->optional ? "]" : "");
	}
}

/* The first option with an argument of these names. */
static const struct launch_option *first_with(const struct name *names)
{
	const struct launch_option *o;
	const struct launch_group *g;

	for (g = launch_groups; g->title; g++)
		for (o = g->options; o->name; o++)
			for (int i = 0; i < launch_arguments(o); i++)
				if (o->arguments[i].names == names)
					return o;
	return NULL;
}

/* Numbers of descriptors and plain paths speak for themselves. */
static bool is_plain(const struct launch_option *o, int nr)
{
	const struct argument *a = &o->arguments[nr];

	/* as the one before */
	if (nr && a->type == a[-1].type && a->names == a[-1].names)
		return true;
	return a->type == &arg_text || a->type == &arg_path ||
	       a->type == &arg_variable || a->type == &arg_fd ||
	       (a->type == &arg_number && a->max >= INT32_MAX);
}

/* Names are listed only once. */
static void explain(const struct launch_option *o, const struct argument *a,
		    char *buf, size_t size)
{
	const struct launch_option *first = a->names ? first_with(a->names) : o;
	char wants[512], name[32];

	launch_option_name(first, name, sizeof(name));
	if (first == o)
		snprintf(buf, size, " %s is %s.", a->name,
			 argument_wants(a, wants, sizeof(wants)));
	else
		snprintf(buf, size, " %s is as with --%s.", a->name, name);
}

void launch_option_help(const struct launch_option *o, char *buf, size_t size)
{
	size_t len = snprintf(buf, size, "%s", o->help);

	for (int i = 0; i < launch_arguments(o) && len < size; i++) {
		if (is_plain(o, i))
			continue;
		explain(o, &o->arguments[i], buf + len, size - len);
		len += strlen(buf + len);
	}
}
