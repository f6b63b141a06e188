/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands and options as data. The parser, --help, the man page's option list and the
 * shell completion read the table in loader.c, so that they cannot disagree.
 */
#ifndef SPAWNPOL_OPTIONS_H
#define SPAWNPOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct launch_option;
struct option_desc;
struct tool;

#define NOT_GIVEN	UINT32_MAX
#define MAX_REPEAT	64
#define MAX_GROUPS	9	/* of options of one command */
#define MAX_GIVEN	32	/* more than a command has that take one value */
#define MAX_LAUNCH	256	/* options that describe one launch */

/* An option that can be given several times. */
struct texts {
	const char *text[MAX_REPEAT];
	unsigned int nr;
};

/* Where the parser puts what was given. */
struct settings {
	bool json, quiet, help, version, man;

	/* load, run */
	const char *name, *function;
	const char *path, *errors, *shell;
	struct texts retry, on;
	uint64_t remember_ns;

	/* attach */
	uint32_t pid, fd, slot;
	const char *events;
	const char *before, *after;
	bool first;

	uint32_t in_flight, total, state_size;

	/* attach, run */
	uint32_t max_issues, max_staged;
	uint64_t max_delay_ns;

	/* unload */
	bool force;

	/* run */
	const char *policy, *object;
	bool no_policy;
	struct launch_given {
		const struct launch_option *option;
		const char *value;
	} launch[MAX_LAUNCH];
	unsigned int nr_launch;

	/* jobs */
	uint32_t jobs;
	const char *halt;
	bool keep_going, keep_order, ungroup, progress, dry_run;

	/* supervise */
	uint32_t restart;
	uint64_t within_ns;
	const char *delay;
	bool always, on_failure;

	/* options with one value that were given: a second one would drop the first */
	const struct option_desc *given[MAX_GIVEN];
	unsigned int nr_given;

	/* test */
	const char *table;

	/* trace */
	uint32_t link, count, chain;
	const char *executes;
	bool failed, actors;
};

enum option_type {
	OPTION_FLAG,		/* bool */
	OPTION_TEXT,		/* const char * */
	OPTION_MAYBE_TEXT,	/* the same; "" if no =VALUE follows */
	OPTION_TEXTS,		/* struct texts */
	OPTION_NUMBER,		/* uint32_t, within min and max */
	OPTION_DURATION,	/* uint64_t, nanoseconds */
	OPTION_LAUNCH,		/* one more of settings.launch ... */
	OPTION_LAUNCH_FLAG,	/* ... without a value */
};

/* What the shell can offer as the value. */
enum completion_kind {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_OBJECT,
	COMPLETE_POLICY,
	COMPLETE_PID,
	COMPLETE_COMMAND,	/* a program and its arguments */
	COMPLETE_TOPIC,		/* a command of this tool */
	COMPLETE_WORDS,		/* those in words */
	COMPLETE_ARGUMENTS,	/* what launch takes */
	COMPLETE_RULE,		/* OP:ERRNO=VERDICT */
	COMPLETE_RETRY,		/* ERRNO=COUNT[@DELAY] */
	COMPLETE_EVENTS,
};

struct option_desc {
	const char *name;
	char letter;
	enum option_type type;
	const char *value;	/* placeholder of the value in the help */
	size_t where;		/* offset in struct settings */
	uint32_t min, max;
	enum completion_kind complete;
	const char *words;
	const char *help;
	const struct launch_option *launch;
};

/* Can it be given several times? */
bool option_repeats(const struct option_desc *o);
/* Has it a value, and must it have one? */
bool option_has_value(const struct option_desc *o);
bool option_needs_value(const struct option_desc *o);

struct command {
	const char *name;
	const char *args;	/* as the synopsis shows them */
	const char *brief;
	const char *text;	/* paragraphs, separated by empty lines */
	int (*run)(struct tool *t);
	int min_args, max_args;
	/* what follows the first argument is not ours */
	bool stops_at_argument;
	const struct option_desc *options[MAX_GROUPS + 1];	/* ends with NULL */
	enum completion_kind complete;
	const char *words;
};

extern const struct option_desc global_options[];
extern const struct command commands[];

/* The command called so; NULL, with the cause recorded, if there is none. */
const struct command *command_find(struct tool *t, const char *name);

/*
 * Read the command line into t: command, settings, arguments. -EINVAL, with
 * the cause recorded, if it is not understood.
 */
int options_parse(struct tool *t, int argc, char **argv);

#endif
