// SPDX-License-Identifier: LGPL-2.1-or-later
/* Help, generated from the command table. */
#include <errno.h>
#include <spawnpol.h>
#include <string.h>

#include "common/suggest.h"
#include "common/wrap.h"
#include "help.h"
#include "json.h"
#include "run_options.h"
#include "tool.h"

#define INDENT	4
#define HINT	96

void help_option_usage(const struct option_desc *o, char *text, size_t size)
{
	char letter[8] = "";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c, ", o->letter);
	if (!option_has_value(o))
		snprintf(text, size, "%s--%s", letter, o->name);
	else if (o->type == OPTION_MAYBE_TEXT)
		snprintf(text, size, "%s--%s[=%s]", letter, o->name, o->value);
	else
		snprintf(text, size, "%s--%s %s", letter, o->name, o->value);
}

static void print_options(FILE *to, const struct option_desc *o)
{
	char usage[80];

	for (; o->name; o++) {
		help_option_usage(o, usage, sizeof(usage));
		fprintf(to, "  %s\n", usage);
		wrap(to, 2 * INDENT, o->help);
	}
}

static void print_command(FILE *to, const struct command *c)
{
	int i;

	fprintf(to, "usage: %s %s%s%s%s%s\n\n", TOOL_NAME, c->name,
		c->options[0] ? " [OPTION...]" : "",
		c->stops_at_argument ? " [--]" : "", c->args[0] ? " " : "",
		c->args);
	fprintf(to, "%s: %s.\n", c->name, c->brief);
	if (c->text[0]) {
		fputc('\n', to);
		wrap(to, 0, c->text);
	}
	fprintf(to, "\nOptions:\n");
	print_options(to, global_options);
	for (i = 0; c->options[i]; i++) {
		if (run_options_title(c->options[i]))
			fprintf(to, "\n%s:\n", run_options_title(c->options[i]));
		print_options(to, c->options[i]);
	}
}

static void print_tool(FILE *to)
{
	const struct command *c;
	char usage[64];

	fprintf(to, "usage: %s [OPTION...] COMMAND [ARG...]\n\n", TOOL_NAME);
	fprintf(to, "BPF programs for io_uring: policies decide what follows a failed step of a launch,\n"
		    "actors are requests that issue further requests.\n\n");
	fprintf(to, "Commands:\n");
	for (c = commands; c->name; c++) {
		snprintf(usage, sizeof(usage), "%s %s", c->name, c->args);
		fprintf(to, "  %-22s %s\n", usage, c->brief);
	}
	fprintf(to, "\nOptions of every command:\n");
	print_options(to, global_options);
	fprintf(to, "\nExit status: 0 done, 1 failed, 2 usage, 3 the kernel lacks support; of run the\ncommand's. '%s COMMAND --help' explains a command;\n'%s help operations', 'help events', 'help verdicts' and\n'help situations' list names and words.\n",
		TOOL_NAME, TOOL_NAME);
}

static void json_options(struct json *j, const struct option_desc *o)
{
	char letter[2] = "";

	for (; o->name; o++) {
		letter[0] = o->letter;
		json_object(j, NULL);
		json_text(j, "name", o->name);
		json_text(j, "letter", o->letter ? letter : NULL);
		json_text(j, "value", option_has_value(o) ? o->value : NULL);
		json_bool(j, "value_optional", o->type == OPTION_MAYBE_TEXT);
		json_bool(j, "repeatable", option_repeats(o));
		json_text(j, "help", o->help);
		json_end(j);
	}
}

static void json_command(struct json *j, const struct command *c)
{
	int i;

	json_object(j, NULL);
	json_text(j, "name", c->name);
	json_text(j, "args", c->args);
	json_text(j, "brief", c->brief);
	json_text(j, "text", c->text);
	json_array(j, "options");
	for (i = 0; c->options[i]; i++)
		json_options(j, c->options[i]);
	json_end(j);
	json_end(j);
}

static int print_json(const struct command *only, FILE *to)
{
	const struct command *c;
	struct json j;
	int ret;

	ret = json_start(&j);
	if (ret)
		return ret;
	json_array(&j, "commands");
	for (c = commands; c->name; c++)
		if (!only || c == only)
			json_command(&j, c);
	json_end(&j);
	json_array(&j, "options");
	json_options(&j, global_options);
	json_end(&j);
	return json_finish(&j, to);
}

int help_print(struct tool *t, const struct command *c, FILE *to)
{
	if (t->set.json)
		return print_json(c, to);
	if (c)
		print_command(to, c);
	else
		print_tool(to);
	return 0;
}

static int unknown_subject(struct tool *t, const char *name)
{
	const struct command *c;
	struct suggestion s;
	char hint[HINT];

	suggest_start(&s, name);
	for (c = commands; c->name; c++)
		suggest_try(&s, c->name);
	for (unsigned int n = 0; help_topic(n); n++)
		suggest_try(&s, help_topic(n));
	return misuse(t, "there is no command or topic '%s'%s", name,
		      suggest_text(&s, hint, sizeof(hint)));
}

int do_help(struct tool *t)
{
	const struct command *c = NULL;
	int ret;

	if (t->set.man) {
		help_print_man(stdout);
		return 0;
	}
	if (t->nr_args) {
		ret = help_topic_print(t, t->args[0]);
		if (ret != -ENOENT)
			return ret;
		for (c = commands; c->name && strcmp(c->name, t->args[0]); c++)
			;
		if (!c->name)
			return unknown_subject(t, t->args[0]);
	}
	return help_print(t, c, stdout);
}

int do_version(struct tool *t)
{
	struct json j;
	int ret;

	if (!t->set.json) {
		printf("%s %s, kernel interface %d\n", TOOL_NAME,
		       spawnpol_version_text(), IORING_SPAWN_ABI);
		return 0;
	}
	ret = json_start(&j);
	if (ret)
		return ret;
	json_text(&j, "version", spawnpol_version_text());
	json_u32(&j, "abi", IORING_SPAWN_ABI);
	return json_finish(&j, stdout);
}
