// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Shell completion. The script is fixed: when a key is pressed, it asks this tool for
 * the possible words. Options and values come from the table of commands.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "json.h"
#include "tool.h"

#define MAX_WORDS	1024
#define BREAKS		":="	/* a shell makes them words of their own */

static const char script[] =
"_spawnpol()\n"
"{\n"
"	local -a answer\n"
"	mapfile -t answer < <(" TOOL_NAME " completion bash \\\n"
"		\"${COMP_WORDS[@]:0:COMP_CWORD+1}\" 2>/dev/null)\n"
"	COMPREPLY=()\n"
"	case ${answer[0]-} in\n"
"	:*)\n"
"		mapfile -t COMPREPLY < <(compgen -A \"${answer[0]#:}\" -- \"${answer[1]}\")\n"
"		COMPREPLY=(\"${COMPREPLY[@]/#/${answer[2]}}\")\n"
"		;;\n"
"	*)\n"
"		COMPREPLY=(\"${answer[@]}\")\n"
"		;;\n"
"	esac\n"
"}\n"
"complete -o filenames -F _spawnpol " TOOL_NAME "\n";

static const char *const offers[] = {
	[OFFER_WORDS] = "words",
	[OFFER_FILES] = "file",
	[OFFER_DIRS] = "directory",
	[OFFER_COMMANDS] = "command",
};

/* The line as it was typed. */
struct line {
	char *words[MAX_WORDS];
	int nr;
};

static bool is_break(const char *word)
{
	return *word && !word[strspn(word, BREAKS)];
}

/* Put together what the shell has taken apart: "--on", "=", "exec", ":" … */
static int join(struct line *line, char *const *word, int nr)
{
	bool glue = false;
	char *joined;

	for (int i = 0; i < nr && line->nr < MAX_WORDS; i++) {
		if (line->nr && (glue || is_break(word[i]))) {
			if (asprintf(&joined, "%s%s", line->words[line->nr - 1],
				     word[i]) < 0)
				return -ENOMEM;
			free(line->words[line->nr - 1]);
			line->words[line->nr - 1] = joined;
		} else {
			line->words[line->nr] = strdup(word[i]);
			if (!line->words[line->nr++])
				return -ENOMEM;
		}
		glue = is_break(word[i]);
	}
	return 0;
}

static void line_free(struct line *line)
{
	while (line->nr)
		free(line->words[--line->nr]);
}

static const struct command *command_called(const char *name)
{
	const struct command *c;

	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* An option of the command, or a global one, by "--name" or "-n" before end. */
static const struct option_desc *option_called(const struct command *c,
					       const char *word, size_t len)
{
	const struct option_desc *o;

	for (int i = 0; c && c->options[i]; i++)
		for (o = c->options[i]; o->name; o++)
			if ((len > 2 && strlen(o->name) == len - 2 &&
			     !strncmp(o->name, word + 2, len - 2)) ||
			    (len == 2 && o->letter && o->letter == word[1]))
				return o;
	return NULL;
}

static void offer_options(struct completion *c, const struct option_desc *o)
{
	char text[40];

	for (; o->name; o++) {
		snprintf(text, sizeof(text), "--%s", o->name);
		complete_with(c, text);
		if (!o->letter)
			continue;
		snprintf(text, sizeof(text), "-%c", o->letter);
		complete_with(c, text);
	}
}

/* What is left of the last word if nothing else is known. */
static void complete_word(struct completion *c, const struct command *command,
			  const char *word, int arguments)
{
	c->tail = word;
	if (*word == '-' && !(command && command->stops_at_argument && arguments)) {
		for (int i = 0; command && command->options[i]; i++)
			offer_options(c, command->options[i]);
		offer_options(c, global_options);
	} else if (!command) {
		for (command = commands; command->name; command++)
			complete_with(c, command->name);
	} else if (command->stops_at_argument && arguments) {
		c->offer = OFFER_FILES;
	} else {
		complete_argument(c, command, word);
	}
}

static void complete_line(struct completion *c, const struct line *line)
{
	const char *last = line->words[line->nr - 1], *word, *equals;
	const struct option_desc *option = NULL;
	const struct command *command = NULL;
	int arguments = 0;

	for (int i = 1; i < line->nr - 1; i++) {
		word = line->words[i];
		if (option) {
			option = NULL;
		} else if (*word == '-' && !arguments) {
			option = option_called(command, word, strlen(word));
			if (option && !option_needs_value(option))
				option = NULL;
		} else if (!command) {
			command = command_called(word);
		} else if (command->stops_at_argument) {
			arguments++;
		}
	}
	equals = !strncmp(last, "--", 2) ? strchr(last, '=') : NULL;
	if (!option && equals)
		option = option_called(command, last, equals - last);
	else
		equals = NULL;
	if (option)
		complete_value(c, option, equals ? equals + 1 : last);
	else
		complete_word(c, command, last, arguments);
}

/* What the shell puts a candidate in the place of begins after a break. */
static void find_head(struct completion *c, const char *shell_word)
{
	size_t word = strlen(shell_word), tail = strlen(c->tail);

	c->head[0] = '\0';
	if (!is_break(shell_word) && word > tail)
		snprintf(c->head, sizeof(c->head), "%.*s", (int)(word - tail),
			 shell_word);
}

/* --- the answer ----------------------------------------------------------------- */

struct answer {
	const char *shell_word;
	FILE *to;		/* lines */
	struct json *json;	/* or an array */
};

static void found(struct completion *c, const char *candidate)
{
	struct answer *answer = c->data;
	char text[512];

	find_head(c, answer->shell_word);
	snprintf(text, sizeof(text), "%s%s", c->head, candidate);
	if (answer->json)
		json_text(answer->json, NULL, text);
	else
		fprintf(answer->to, "%s\n", text);
}

static int print_words(struct tool *t, const struct line *line,
		       const char *shell_word)
{
	struct answer answer = { .shell_word = shell_word, .to = stdout };
	struct completion c = { .found = found, .data = &answer };
	struct json j;
	int json = start_json(t, &j);

	if (json < 0)
		return json;
	if (json) {
		answer.json = &j;
		json_array(&j, "candidates");
	}
	complete_line(&c, line);
	find_head(&c, shell_word);
	if (json) {
		json_end(&j);
		json_text(&j, "offer", offers[c.offer]);
		return json_finish(&j, stdout);
	}
	if (c.offer != OFFER_WORDS)
		printf(":%s\n%s\n%s\n", offers[c.offer], c.tail, c.head);
	return 0;
}

static int complete(struct tool *t)
{
	struct line line = { .nr = 0 };
	int ret;

	ret = join(&line, t->args + 1, t->nr_args - 1);
	if (ret)
		ret = fail(t, ret, "cannot complete the line");
	else
		ret = print_words(t, &line, t->args[t->nr_args - 1]);
	line_free(&line);
	return ret;
}

int do_completion(struct tool *t)
{
	struct json j;
	int ret;

	if (strcmp(t->args[0], "bash"))
		return misuse(t, "no completion for '%s', only for bash",
			      t->args[0]);
	if (t->nr_args > 1)
		return complete(t);
	ret = start_json(t, &j);
	if (ret > 0) {
		json_text(&j, "shell", "bash");
		json_text(&j, "script", script);
		return json_finish(&j, stdout);
	}
	if (!ret)
		fputs(script, stdout);
	return ret;
}
