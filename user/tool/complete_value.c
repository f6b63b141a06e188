// SPDX-License-Identifier: LGPL-2.1-or-later
/* Candidates for the values of an option or a command. */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/launch.h"
#include "complete.h"
#include "help.h"
#include "names.h"
#include "pins.h"

#define LAST_ERRNO	133

void complete_with(struct completion *c, const char *candidate)
{
	if (!strncmp(candidate, c->tail, strlen(c->tail)))
		c->found(c, candidate);
}

/* The tail begins after the last of these characters. */
static void cut(struct completion *c, const char *separators)
{
	const char *at;

	while ((at = strpbrk(c->tail, separators)))
		c->tail = at + 1;
}

static void complete_words(struct completion *c, const char *words)
{
	char word[32];
	size_t len;

	for (; *words; words += len + strspn(words + len, " ")) {
		len = strcspn(words, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		complete_with(c, word);
	}
}

static void complete_names(struct completion *c, const char *(*nth)(unsigned int))
{
	for (unsigned int n = 0; nth(n); n++)
		complete_with(c, nth(n));
}

static void complete_errno(struct completion *c)
{
	for (int err = 1; err <= LAST_ERRNO; err++)
		if (strerrorname_np(err))
			complete_with(c, strerrorname_np(err));
}

static void complete_entries(struct completion *c, const char *path, bool numbers)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    (!numbers || isdigit((unsigned char)entry->d_name[0])))
			complete_with(c, entry->d_name);
	closedir(dir);
}

/* OP:ERRNO=VERDICT */
static void complete_rule(struct completion *c)
{
	const char *colon = strchr(c->tail, ':');
	const char *equals = strchr(c->tail, '=');

	cut(c, ":=");
	if (equals)
		complete_words(c, "continue retry skip abort");
	else
		complete_with(c, "any");
	if (colon && !equals)
		complete_errno(c);
	if (!colon)
		complete_names(c, step_nth);
}

static void complete_signal(struct completion *c)
{
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigabbrev_np(sig))
			complete_with(c, sigabbrev_np(sig));
}

static void complete_one(struct completion *c, const struct argument *a)
{
	if (a->names) {
		if (argument_is_list(a))
			cut(c, ",");
		for (const struct name *n = a->names; n->name; n++)
			complete_with(c, n->name);
	} else if (a->type == &arg_signal || a->type == &arg_signals) {
		if (a->type == &arg_signals)
			cut(c, ",");
		complete_signal(c);
	} else if (a->type == &arg_path || a->type->source != AS_IT_IS) {
		c->offer = strcmp(a->name, "DIR") ? OFFER_FILES : OFFER_DIRS;
	}
}

/* Arguments have colons between them; the last one can hold more. */
static void complete_arguments(struct completion *c,
			       const struct launch_option *o)
{
	const int last = launch_arguments(o) - 1;
	const char *colon;
	int n = 0;

	for (; n < last && (colon = strchr(c->tail, ':')); n++)
		c->tail = colon + 1;
	if (n <= last)
		complete_one(c, &o->arguments[n]);
}

static void complete_topic(struct completion *c)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		complete_with(c, command->name);
	for (unsigned int n = 0; help_topic(n); n++)
		complete_with(c, help_topic(n));
}

static void complete_kind(struct completion *c, enum completion_kind kind,
			  const char *words)
{
	switch (kind) {
	case COMPLETE_FILE:
	case COMPLETE_OBJECT:
		c->offer = OFFER_FILES;
		break;
	case COMPLETE_DIR:
		cut(c, ":");
		c->offer = OFFER_DIRS;
		break;
	case COMPLETE_COMMAND:
		c->offer = OFFER_COMMANDS;
		break;
	case COMPLETE_POLICY:
		complete_entries(c, PINS_DIR, false);
		break;
	case COMPLETE_PID:
		complete_entries(c, "/proc", true);
		break;
	case COMPLETE_TOPIC:
		complete_topic(c);
		break;
	case COMPLETE_WORDS:
		complete_words(c, words);
		break;
	case COMPLETE_EVENTS:
		cut(c, ",");
		complete_names(c, event_nth);
		break;
	case COMPLETE_RULE:
		complete_rule(c);
		break;
	case COMPLETE_RETRY:
		if (!strchr(c->tail, '='))
			complete_errno(c);
		break;
	case COMPLETE_ARGUMENTS:
	case COMPLETE_NOTHING:
		break;
	}
}

void complete_value(struct completion *c, const struct option_desc *o,
		    const char *value)
{
	c->tail = value;
	if (o->launch)
		complete_arguments(c, o->launch);
	else
		complete_kind(c, o->complete, o->words);
}

void complete_argument(struct completion *c, const struct command *command,
		       const char *value)
{
	c->tail = value;
	complete_kind(c, command->complete, command->words);
}
