// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One table names the commands of a child, another the options that ask for them:
 * both agree with the kernel's header, with the library, and with each other.
 */
#include "tap.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/commands.h"
#include "common/launch.h"
#include "internal.h"

/* A file of the checkout, as text. */
static const char *text_of(const char *path)
{
	static char text[1 << 17];
	FILE *file = fopen(path, "re");

	CHECK(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static const struct child_command *command_called(const char *name)
{
	const struct child_command *c;

	for (unsigned int n = 0; (c = command_nth(n)); n++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

TEST(every_kind_has_a_name_of_its_own)
{
	const struct child_command *c;
	unsigned int n;

	for (n = 0; (c = command_nth(n)); n++) {
		CHECK(c->name);
		EXPECT_EQ(command_called(c->name), c);
		EXPECT_STR(spawnpol_kind_name(n), c->name);
	}
	EXPECT_STR(spawnpol_kind_name(n), "?");
}

/* IORING_CHILD_X is "x". */
TEST(every_command_of_the_kernel_is_in_the_table)
{
	const char *at = text_of("include/io_uring_spawn.h");
	const struct child_command *c;
	char name[32];
	int nr = 0, cmd;

	while ((at = strstr(at, "\tIORING_CHILD_"))) {
		at += strlen("\tIORING_CHILD_");
		if (sscanf(at, "%31[A-Z_] = %d", name, &cmd) != 2)
			continue;
		for (char *p = name; *p; p++)
			*p = tolower((unsigned char)*p);
		DIAG("%s", name);
		c = command_called(name);
		CHECK(c);
		EXPECT_EQ(c->op, OP_CHILD);
		EXPECT_EQ(c->cmd, (uint32_t)cmd);
		EXPECT(!c->variant);
		nr++;
	}
	EXPECT_EQ(nr, IORING_CHILD_LAST);
}

/* A use of a command has a call, too, by its own name. */
TEST(every_command_has_a_call_and_a_page)
{
	static const char *const files[] = { "include/spawnpol/action.h",
					     "docs/spawnpol_actions.3" };
	const struct child_command *c;
	const char *text;
	char call[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		text = text_of(files[i]);
		for (unsigned int n = 0; (c = command_nth(n)); n++) {
			if (c->op == OP_CLONE || c->op == OP_EXEC || c->op == OP_OTHER)
				continue;
			snprintf(call, sizeof(call), "int spawnpol_chain_%s(struct",
				 c->name);
			DIAG("%s: %s", files[i], call);
			EXPECT(strstr(text, call));
		}
	}
}

/* Its own name is one row's, its others are variants. */
TEST(numbers_of_commands_are_taken_once)
{
	const struct child_command *a, *b;

	for (unsigned int i = 0; (a = command_nth(i)); i++)
		for (unsigned int k = 0; k < i && (b = command_nth(k)); k++)
			if (a->op == b->op && a->cmd == b->cmd)
				EXPECT(a->variant || b->variant);
}

TEST(what_posix_spawn_can_do_is_called_as_there)
{
	const char *header = text_of("/usr/include/spawn.h");
	const struct child_command *c;
	char name[64];

	for (unsigned int n = 0; (c = command_nth(n)); n++) {
		if (!c->posix)
			continue;
		snprintf(name, sizeof(name), islower((unsigned char)*c->posix) ?
			 "posix_spawn_file_actions_%s " : "POSIX_SPAWN_%s\t",
			 c->posix);
		DIAG("%s", name);
		EXPECT(strstr(header, name));
	}
}

/* --- options ---------------------------------------------------------------------- */

/* Values that fit, by the option's name or by its first argument's. */
static const char *value_for(const struct launch_option *o)
{
	static const struct { const char *name, *value; } values[] = {
		{ "open", "5:read:/etc/passwd" }, { "dup", "1:5" }, { "pass", "5:3" },
		{ "tcsetpgrp", "0" }, { "sched", "batch" }, { "rlimit", "nofile:64" },
		{ "capset", "none:none:none" }, { "ambient", "chown" },
		{ "drop_bounding", "chown" }, { "securebits", "noroot" },
		{ "death_signal", "TERM" }, { "seccomp", "06000000000000ff" },
		{ "sched_deadline", "1ms:5ms" }, { "ioprio", "idle" },
		{ "setns", "uts:3" }, { "unshare", "uts" }, { "namespaces", "uts" },
		{ "deadline", "1s" }, { "timer_slack", "1ms" }, { "env", "A=b" },
		{ "search", "true:/bin" }, { "setgroups", "1,2" },
		{ "close_except", "1,2" }, { "set_tid", "77" }, { "sigmask", "INT" },
		{ "sigdefault", "all" }, { "sigignore", "HUP" },
	};

	if (!launch_arguments(o))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strcmp(values[i].name, o->name))
			return values[i].value;
	if (o->arguments[0].type->source == OPENED ||
	    o->arguments[0].type->source == OPENED_AS_PATH)
		return "3";
	return o->arguments[0].type == &arg_path ? "/bin" : "3";
}

static struct spawnpol_chain *chain_with(const struct launch_option *o)
{
	static const int fds[] = { 0, 1, 2, 40 };
	const char *value = value_for(o), *options[2] = { "setsid" };
	struct spawnpol_chain *chain;
	struct launch launch;
	char text[128];

	CHECK_OK(spawnpol_chain_new(&chain));
	snprintf(text, sizeof(text), "%s%s%s", o->name, value ? " " : "",
		 value ? value : "");
	options[1] = text;
	DIAG("%s", text);
	launch_init(&launch, chain, fds, ARRAY_SIZE(fds));
	CHECK_OK(launch_apply(&launch, options, 2));
	EXPECT_STR(launch.why, "");
	launch_free(&launch);
	return chain;
}

TEST(options_that_are_given_once_have_room)
{
	const struct launch_option *o;
	const struct launch_group *g;
	unsigned int nr = 0;

	for (g = launch_groups; g->title; g++)
		for (o = g->options; o->name; o++)
			nr += o->role == LAUNCH_SETTING;
	CHECK_GT(nr, 0);
	EXPECT_LE(nr, LAUNCH_MAX_SETTINGS);
}

/* The step that is added has the kind and the number that the tables say. */
TEST(options_add_the_command_that_they_name)
{
	const struct child_command *c;
	const struct launch_option *o;
	const struct launch_group *g;
	struct spawnpol_chain *chain;
	const struct step *step;

	for (g = launch_groups; g->title; g++) {
		for (o = g->options; o->name; o++) {
			chain = chain_with(o);
			EXPECT_EQ(chain->actions.nr, o->role == LAUNCH_STEP ? 2u : 1u);
			step = &chain->actions.v[chain->actions.nr - 1];
			if (o->role == LAUNCH_STEP) {
				c = command_of_kind(o->kind);
				EXPECT_EQ(step->kind, o->kind);
				if (c->op == OP_CHILD)
					EXPECT_EQ(step->sqe.len, c->cmd);
				else
					EXPECT_EQ(step->sqe.opcode, c->op);
			}
			CHECK_OK(spawnpol_chain_free(chain));
		}
	}
}

/* A command can be asked for, by its own name or by that of a use of it. */
TEST(every_command_has_an_option)
{
	const struct child_command *c, *other;
	const struct launch_option *o;
	const struct launch_group *g;

	for (unsigned int n = 0; (c = command_nth(n)); n++) {
		bool found = c->op != OP_CHILD;

		for (g = launch_groups; g->title; g++) {
			for (o = g->options; o->name; o++) {
				other = command_of_kind(o->kind);
				found |= o->role == LAUNCH_STEP && other->op == c->op &&
					 other->cmd == c->cmd;
				/* the name of a command is an option for it */
				if (!strcmp(o->name, c->name))
					EXPECT_EQ(other, c);
			}
		}
		DIAG("%s", c->name);
		EXPECT(found);
	}
}

TEST(options_have_names_of_their_own_and_help)
{
	const struct launch_option *o, *other;
	const struct launch_group *g, *of;
	char help[LAUNCH_HELP_SIZE];

	for (g = launch_groups; g->title; g++) {
		for (o = g->options; o->name; o++) {
			DIAG("%s", o->name);
			launch_option_help(o, help, sizeof(help));
			EXPECT_LT(strlen(help), sizeof(help) - 1);
			EXPECT_EQ(help[strlen(help) - 1], '.');
			for (of = launch_groups; of->title; of++)
				for (other = of->options; other->name; other++)
					EXPECT(o == other || strcmp(o->name, other->name));
		}
	}
}
