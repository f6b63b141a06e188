// SPDX-License-Identifier: LGPL-2.1-or-later
/* Options of a launch: find them, read their arguments, add them to the chain. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_internal.h"
#include "suggest.h"

/* So much of a wrong option or argument is quoted. */
#define QUOTE		"%.64s"
#define NAME_SIZE	32
#define VALUE_SIZE	64

int launch_complain(struct launch *l, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(l->why, sizeof(l->why), format, args);
	va_end(args);
	return error;
}

void launch_init(struct launch *l, struct spawnpol_chain *chain, const int *fds,
		 int nr_fds)
{
	memset(l, 0, sizeof(*l));
	l->chain = chain;
	l->fds = fds;
	l->nr_fds = nr_fds;
}

void launch_free(struct launch *l)
{
	free(l->given.v);
	free(l->files.v);
}

int launch_program(struct launch *l, const char *path, char *const argv[])
{
	if (!*path)
		return launch_complain(l, -ENOENT, "the program's name is empty");
	return spawnpol_chain_program(l->chain, path) ?:
	       spawnpol_chain_argv(l->chain, argv);
}

static const struct launch_option *find(const char *name,
					struct suggestion *suggestion)
{
	const struct launch_option *o;
	const struct launch_group *g;

	for (g = launch_groups; g->title; g++) {
		for (o = g->options; o->name; o++) {
			if (!strcmp(o->name, name))
				return o;
			suggest_try(suggestion, o->name);
		}
	}
	return NULL;
}

static int unknown(struct launch *l, const char *name,
		   const struct suggestion *suggestion)
{
	char hint[96];

	return launch_complain(l, -EINVAL, "there is no option '%s'%s; --help lists them",
			name, suggest_text(suggestion, hint, sizeof(hint)));
}

static int wrong(struct launch *l, const struct launch_option *o,
		 const struct argument *a, const char *text)
{
	char name[NAME_SIZE], value[VALUE_SIZE], wants[512], quote[72] = "";
	enum argument_source source = a->type->source;

	launch_option_name(o, name, sizeof(name));
	launch_option_value(o, value, sizeof(value));
	if (text && (source == OPENED || source == OPENED_AS_PATH))
		return launch_complain(l, -EINVAL, "--%s: '" QUOTE "' is not the place of a file that came with the request; its files have the places from %d on",
				name, text, NR_STREAMS);
	if (text && source == AS_IT_IS)
		snprintf(quote, sizeof(quote), " '" QUOTE "'", text);
	return launch_complain(l, -EINVAL, "--%s: %s%s is %s; say '--%s %s', where %s is %s",
			name, a->name, quote, text ? "wrong" : "missing", name,
			value, a->name, argument_wants(a, wants, sizeof(wants)));
}

/*
 * Arguments have colons between them. The last one is all that is left, so that a
 * path can have colons and a list be long.
 */
static int read_arguments(struct launch *l, const struct launch_option *o,
			  const char *text, struct values *to)
{
	const int nr = launch_arguments(o);
	const struct argument *a;
	const char *argument;
	char *token = to->token;
	size_t len;

	for (int i = 0; i < nr; i++) {
		a = &o->arguments[i];
		argument = i < nr - 1 ? token : text;
		to->v[i].given = text != NULL;
		if (!text && a->optional)
			continue;
		if (!text)
			return wrong(l, o, a, NULL);
		len = argument == token ? strcspn(text, ":") : strlen(text);
		if (argument == token && len >= sizeof(to->token))
			return wrong(l, o, a, text);
		if (argument == token)
			snprintf(token, sizeof(to->token), "%.*s", (int)len, text);
		if (a->type->parse(a, argument, l->nr_fds, to, &to->v[i]))
			return wrong(l, o, a, argument);
		text = text[len] ? text + len + 1 : NULL;
	}
	return 0;
}

/* Numbers that options name are not for files whose numbers are chosen here. */
static void note_numbers(struct launch *l, const struct launch_option *o,
			 const struct values *values)
{
	for (int i = 0; i < launch_arguments(o); i++)
		if (o->arguments[i].type == &arg_fd && values->v[i].given)
			l->named[l->nr_named++] = values->v[i].number;
}

/* The arguments as they were given, but for files: not a place, or their contents. */
static void quote_arguments(const struct launch_option *o, const char *text,
			    char *buf, size_t size)
{
	const int nr = launch_arguments(o);
	const struct argument *last = nr ? &o->arguments[nr - 1] : NULL;
	const char *colon = text && nr > 1 ? strrchr(text, ':') : NULL;

	if (!text || !last || last->type->source == AS_IT_IS)
		snprintf(buf, size, QUOTE, text ? text : "");
	else
		snprintf(buf, size, "%.*s%s", colon ? (int)(colon + 1 - text) : 0,
			 text, last->name);
}

static int build(struct launch *l, const struct launch_option *o,
		 const struct values *values, const char *text)
{
	char name[NAME_SIZE], quote[72];
	int err;

	launch_option_name(o, name, sizeof(name));
	if (o->role == LAUNCH_REMARK && !l->has_step)
		return launch_complain(l, -EINVAL, "--%s: there is no step before it; put it after one",
				name);
	err = o->build(l, values);
	if (err == -EINVAL) {
		quote_arguments(o, text, quote, sizeof(quote));
		return launch_complain(l, err, "--%s: '%s' is not possible. %s", name,
				quote, o->help);
	}
	if (err == -E2BIG && !l->why[0])
		return launch_complain(l, err, "--%s: more than %d steps and programs",
				       name, SPAWNPOL_MAX_STEPS);
	l->has_step |= o->role == LAUNCH_STEP;
	return err;
}

/* One of them is as good as none if another replaces it. */
static int check_once(struct launch *l, const struct launch_option *o)
{
	char name[NAME_SIZE];

	if (o->role != LAUNCH_SETTING)
		return 0;
	for (size_t i = 0; i < l->nr_settings; i++) {
		if (l->settings[i] != o)
			continue;
		launch_option_name(o, name, sizeof(name));
		return launch_complain(l, -EINVAL, "--%s is given twice", name);
	}
	l->settings[l->nr_settings++] = o;
	return 0;
}

/* In a first round all are read, and files are passed; in a second, all else is done. */
static int do_option(struct launch *l, const char *text, bool first)
{
	const char *blank = strchr(text, ' ');
	const char *arguments = blank ? blank + 1 : NULL;
	const struct launch_option *o;
	struct suggestion suggestion;
	struct values values;
	char name[NAME_SIZE];
	int err;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	suggest_start(&suggestion, name);
	o = find(name, &suggestion);
	if (!o)
		return unknown(l, name, &suggestion);
	if (arguments && !launch_arguments(o)) {
		launch_option_name(o, name, sizeof(name));
		return launch_complain(l, -EINVAL, "--%s: it takes no value, not '" QUOTE "'",
				name, arguments);
	}
	err = read_arguments(l, o, arguments, &values);
	if (!err && first)
		err = check_once(l, o);
	if (err)
		return err;
	if (first)
		note_numbers(l, o, &values);
	return first == (o->role == LAUNCH_FILE) ?
	       build(l, o, &values, arguments) : 0;
}

int launch_apply(struct launch *l, const char *const options[], unsigned int nr)
{
	unsigned int i;
	int err = 0;

	if (nr > LAUNCH_MAX_OPTIONS)
		return launch_complain(l, -E2BIG, "more than %d options",
				       LAUNCH_MAX_OPTIONS);
	for (i = 0; i < nr && !err; i++)
		err = do_option(l, options[i], true);
	if (!err)
		err = launch_files_done(l);
	for (i = 0; i < nr && !err; i++)
		err = do_option(l, options[i], false);
	return err ?: launch_env_done(l);
}
