// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing the command line by the command table. */
#include <errno.h>
#include <string.h>

#include "common/parse.h"
#include "common/suggest.h"
#include "tool.h"

#define HINT	96
#define LISTS	(MAX_GROUPS + 1)	/* the command's and the global one */

/* Where the parser stands: the next word, and the end. */
struct line {
	char **word, **end;
};

static int option_lists(const struct tool *t, const struct option_desc **lists)
{
	int i, n = 0;

	for (i = 0; t->command && t->command->options[i]; i++)
		lists[n++] = t->command->options[i];
	lists[n++] = global_options;
	return n;
}

static const struct option_desc *find_option(const struct tool *t,
					     const char *name, size_t len,
					     char letter)
{
	const struct option_desc *lists[LISTS], *o;
	int i, n = option_lists(t, lists);

	for (i = 0; i < n; i++)
		for (o = lists[i]; o->name; o++)
			if (letter ? o->letter == letter
				   : strlen(o->name) == len &&
				     !strncmp(o->name, name, len))
				return o;
	return NULL;
}

static int unknown_option(struct tool *t, const char *name, size_t len)
{
	const struct option_desc *lists[LISTS], *o;
	int i, n = option_lists(t, lists);
	char hint[HINT], wanted[32];
	struct suggestion s;

	strncpy(wanted, name, sizeof(wanted) - 1);
	wanted[len < sizeof(wanted) - 1 ? len : sizeof(wanted) - 1] = 0;
	suggest_start(&s, wanted);
	for (i = 0; i < n; i++)
		for (o = lists[i]; o->name; o++)
			suggest_try(&s, o->name);
	return misuse(t, "unknown option --%s%s", wanted,
		      suggest_options(&s, hint, sizeof(hint)));
}

static int add_text(struct tool *t, const struct option_desc *o,
		    struct texts *texts, const char *value)
{
	if (texts->nr == MAX_REPEAT)
		return misuse(t, "--%s can be given %d times at most", o->name,
			      MAX_REPEAT);
	texts->text[texts->nr++] = value;
	return 0;
}

static int set_number(struct tool *t, const struct option_desc *o,
		      uint32_t *number, const char *value)
{
	if (!parse_number(value, o->min, o->max, number))
		return 0;
	return misuse(t, "--%s: '%s' is not a number from %u to %u", o->name,
		      value, o->min, o->max);
}

static int set_duration(struct tool *t, const struct option_desc *o,
			uint64_t *ns, const char *value)
{
	if (!parse_duration(value, ns))
		return 0;
	return misuse(t, "--%s: '%s' is not a time such as 10ms or 1.5s; the units are ns, us, ms, s and m",
		      o->name, value);
}

static int add_launch(struct tool *t, const struct option_desc *o,
		      const char *value)
{
	struct settings *s = &t->set;

	if (s->nr_launch == MAX_LAUNCH)
		return misuse(t, "more than %d options that describe the launch",
			      MAX_LAUNCH);
	s->launch[s->nr_launch++] = (struct launch_given) { o->launch, value };
	return 0;
}

bool option_repeats(const struct option_desc *o)
{
	return o->type == OPTION_TEXTS || o->type == OPTION_LAUNCH ||
	       o->type == OPTION_LAUNCH_FLAG;
}

bool option_has_value(const struct option_desc *o)
{
	return o->type != OPTION_FLAG && o->type != OPTION_LAUNCH_FLAG;
}

bool option_needs_value(const struct option_desc *o)
{
	return option_has_value(o) && o->type != OPTION_MAYBE_TEXT;
}

/* One value has room for one: a second would silently drop the first. */
static int check_once(struct tool *t, const struct option_desc *o)
{
	struct settings *s = &t->set;

	if (option_repeats(o) || !option_has_value(o))
		return 0;
	for (unsigned int i = 0; i < s->nr_given; i++)
		if (s->given[i] == o)
			return misuse(t, "--%s is given twice", o->name);
	if (s->nr_given < MAX_GIVEN)
		s->given[s->nr_given++] = o;
	return 0;
}

static int set_option(struct tool *t, const struct option_desc *o,
		      const char *value)
{
	void *where = (char *)&t->set + o->where;
	int ret = check_once(t, o);

	if (ret)
		return ret;
	switch (o->type) {
	case OPTION_FLAG:
		*(bool *)where = true;
		return 0;
	case OPTION_TEXT:
	case OPTION_MAYBE_TEXT:
		*(const char **)where = value ? value : "";
		return 0;
	case OPTION_TEXTS:
		return add_text(t, o, where, value);
	case OPTION_NUMBER:
		return set_number(t, o, where, value);
	case OPTION_DURATION:
		return set_duration(t, o, where, value);
	case OPTION_LAUNCH:
	case OPTION_LAUNCH_FLAG:
		return add_launch(t, o, value);
	}
	return -EINVAL;
}

static int next_value(struct tool *t, const struct option_desc *o,
		      struct line *line, const char **value)
{
	if (line->word == line->end)
		return misuse(t, "--%s needs a value: %s", o->name, o->value);
	*value = *line->word++;
	return 0;
}

static int parse_long(struct tool *t, const char *word, struct line *line)
{
	size_t len = strcspn(word, "=");
	const char *value = word[len] ? word + len + 1 : NULL;
	const struct option_desc *o = find_option(t, word, len, 0);
	int ret;

	if (!o)
		return unknown_option(t, word, len);
	if (!option_has_value(o) && value)
		return misuse(t, "--%s takes no value", o->name);
	if (option_needs_value(o) && !value) {
		ret = next_value(t, o, line, &value);
		if (ret)
			return ret;
	}
	return set_option(t, o, value);
}

static int parse_letters(struct tool *t, const char *letters,
			 struct line *line)
{
	const struct option_desc *o;
	const char *value;
	int ret;

	for (; *letters; letters++) {
		o = find_option(t, NULL, 0, *letters);
		if (!o)
			return misuse(t, "unknown option -%c", *letters);
		if (!option_has_value(o)) {
			set_option(t, o, NULL);
			continue;
		}
		value = letters[1] ? letters + 1 : NULL;
		if (!value) {
			ret = next_value(t, o, line, &value);
			if (ret)
				return ret;
		}
		return set_option(t, o, value);
	}
	return 0;
}

static int parse_word(struct tool *t, struct line *line)
{
	const char *word = *line->word++;

	if (word[1] == '-')
		return parse_long(t, word + 2, line);
	return parse_letters(t, word + 1, line);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

const struct command *command_find(struct tool *t, const char *name)
{
	const struct command *c;
	struct suggestion s;
	char hint[HINT];

	suggest_start(&s, name);
	for (c = commands; c->name; c++) {
		if (!strcmp(c->name, name))
			return c;
		suggest_try(&s, c->name);
	}
	misuse(t, "there is no command '%s'%s", name,
	       suggest_text(&s, hint, sizeof(hint)));
	return NULL;
}

/* Arguments are gathered at the front of what is left of argv. */
static int parse_command(struct tool *t, struct line *line)
{
	char **kept = line->word;
	int ret;

	t->args = kept;
	while (line->word < line->end) {
		if (!strcmp(*line->word, "--")) {
			line->word++;
			break;
		}
		if (is_option(*line->word)) {
			ret = parse_word(t, line);
			if (ret)
				return ret;
			continue;
		}
		if (t->command->stops_at_argument)
			break;
		*kept++ = *line->word++;
	}
	while (line->word < line->end)
		*kept++ = *line->word++;
	t->nr_args = kept - t->args;
	*kept = NULL;
	return 0;
}

static int check_count(struct tool *t)
{
	const struct command *c = t->command;

	if (t->set.help)
		return 0;
	if (t->nr_args < c->min_args)
		return misuse(t, "%s needs %s", c->name, c->args);
	if (c->max_args >= 0 && t->nr_args > c->max_args)
		return misuse(t, "%s: unexpected argument '%s'", c->name,
			      t->args[c->max_args]);
	return 0;
}

/* Global options, and the command. */
static int parse_head(struct tool *t, struct line *line)
{
	int ret;

	while (line->word < line->end && is_option(*line->word)) {
		ret = parse_word(t, line);
		if (ret)
			return ret;
	}
	if (line->word == line->end)
		return 0;
	t->command = command_find(t, *line->word++);
	return t->command ? 0 : -EINVAL;
}

/* After an error it can go on with what follows. */
static int parse(struct tool *t, struct line *line)
{
	int ret = t->command ? 0 : parse_head(t, line);

	if (ret || !t->command)
		return ret;
	ret = parse_command(t, line);
	return ret ? ret : check_count(t);
}

/*
 * An error that comes before --json must be JSON too. What is an option there, and not
 * the value of one or an argument, only the parser knows.
 */
static void look_for_json(struct tool *t, struct line *line)
{
	struct tool rest = *t;

	rest.problem.log = NULL;
	while (line->word < line->end && parse(&rest, line))
		;
	t->set.json = rest.set.json;
	problem_free(&rest);
}

int options_parse(struct tool *t, int argc, char **argv)
{
	struct line line = { argv + 1, argv + argc };
	int ret;

	ret = parse(t, &line);
	if (ret)
		look_for_json(t, &line);
	return ret;
}
