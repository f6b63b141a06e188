// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Shell completion, made from the command table: the script is fixed and
 * looks words up in arrays that are written from the table.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "pins.h"
#include "tool.h"

/* How the script produces the candidates for each kind of word. */
static const char *const actions[] = {
	[COMPLETE_NOTHING] = ":",
	[COMPLETE_FILE] = "-f",
	[COMPLETE_DIR] = "-d",
	[COMPLETE_OBJECT] = "-f",
	[COMPLETE_POLICY] = "-W '$(ls " PINS_DIR " 2>/dev/null)'",
	[COMPLETE_PID] = "-W '$(cd /proc && echo [0-9]*)'",
	[COMPLETE_COMMAND] = "-c",
	[COMPLETE_TOPIC] = "-W '$_spawnpol_commands'",
};

static void put_action(FILE *to, enum completion kind, const char *words)
{
	if (kind == COMPLETE_WORDS)
		fprintf(to, "-W '%s'", words);
	else
		fputs(actions[kind], to);
}

static void put_words(FILE *to, const struct option_desc *o)
{
	for (; o->name; o++) {
		fprintf(to, " --%s", o->name);
		if (o->letter)
			fprintf(to, " -%c", o->letter);
	}
}

/* What stands behind an option that has a value. */
static void put_values(FILE *to, const struct command *c,
		       const struct option_desc *o)
{
	for (; o->name; o++) {
		if (o->type == OPTION_FLAG || o->type == OPTION_MAYBE_TEXT)
			continue;
		fprintf(to, "\t[%s:--%s]=\"", c->name, o->name);
		put_action(to, o->complete, o->words);
		fputs("\"\n", to);
		if (!o->letter)
			continue;
		fprintf(to, "\t[%s:-%c]=\"", c->name, o->letter);
		put_action(to, o->complete, o->words);
		fputs("\"\n", to);
	}
}

static void put_tables(FILE *to)
{
	const struct command *c;
	int i;

	fputs("_spawnpol_commands='", to);
	for (c = commands; c->name; c++)
		fprintf(to, "%s%s", c == commands ? "" : " ", c->name);
	fputs("'\ndeclare -A _spawnpol_options=(\n\t[-]='", to);
	put_words(to, global_options);
	fputs("'\n", to);
	for (c = commands; c->name; c++) {
		fprintf(to, "\t[%s]='", c->name);
		for (i = 0; c->options[i]; i++)
			put_words(to, c->options[i]);
		put_words(to, global_options);
		fputs("'\n", to);
	}
	fputs(")\ndeclare -A _spawnpol_values=(\n", to);
	for (c = commands; c->name; c++) {
		fprintf(to, "\t[%s]=\"", c->name);
		put_action(to, c->complete, c->words);
		fputs("\"\n", to);
		for (i = 0; c->options[i]; i++)
			put_values(to, c, c->options[i]);
	}
	fputs(")\n", to);
}

static const char script[] =
"_spawnpol()\n"
"{\n"
"	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
"	local command='' action i\n"
"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
"		[[ ${COMP_WORDS[i]} == -* ]] && continue\n"
"		command=${COMP_WORDS[i]}\n"
"		break\n"
"	done\n"
"	COMPREPLY=()\n"
"	action=${_spawnpol_values[${command:-?}:$before]:-}\n"
"	if [[ ! $action && $word == -* ]]; then\n"
"		action=\"-W '${_spawnpol_options[${command:--}]:-}'\"\n"
"	elif [[ ! $action && ! $command ]]; then\n"
"		action=\"-W '$_spawnpol_commands'\"\n"
"	elif [[ ! $action ]]; then\n"
"		action=${_spawnpol_values[$command]:-:}\n"
"	fi\n"
"	[[ $action == : ]] && return\n"
"	eval \"mapfile -t COMPREPLY < <(compgen $action -- \\\"\\$word\\\")\"\n"
"}\n"
"complete -o filenames -F _spawnpol " TOOL_NAME "\n";

static int print_json(const char *text)
{
	struct json j;
	int ret;

	ret = json_start(&j);
	if (ret)
		return ret;
	json_text(&j, "shell", "bash");
	json_text(&j, "script", text);
	return json_finish(&j, stdout);
}

int do_completion(struct tool *t)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to;
	int ret = 0;

	if (strcmp(t->args[0], "bash"))
		return misuse(t, "no completion for '%s', only for bash",
			      t->args[0]);
	to = open_memstream(&text, &size);
	if (!to)
		return fail(t, ENOMEM, "cannot make the script");
	put_tables(to);
	fputs(script, to);
	fclose(to);
	if (t->set.json)
		ret = print_json(text);
	else
		fputs(text, stdout);
	free(text);
	return ret;
}
