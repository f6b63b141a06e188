/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of a launch as data. One table, in launch_options.c, serves `spawnpol
 * run`, spawnpold's client, the daemon's requests, help, completion and the man page.
 * commands.h has the commands of the child that the options stand for.
 *
 * In a launch, an option is a text: its name, a blank, and its arguments separated by
 * colons ("umask 022", "dup 1:2", "setsid").
 */
#ifndef SPAWNPOL_LAUNCH_H
#define SPAWNPOL_LAUNCH_H

#include <spawnpol.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "argument.h"

#define LAUNCH_MAX_OPTIONS	256	/* of one launch */
#define LAUNCH_MAX_ENV		1024	/* variables of its environment */
#define LAUNCH_MAX_WHY		768	/* bytes of an explanation */

struct launch_files {
	struct io_uring_clone_file *v;
	size_t nr, cap;
};

#define LAUNCH_MAX_SETTINGS 8	/* options of this role */

/* A launch while it is described. */
struct launch {
	struct spawnpol_chain *chain;	/* the caller's */
	const int *fds;			/* files that arguments name by their places */
	int nr_fds;
	struct launch_files given;	/* what the child has unless an option takes the number */
	struct launch_files files;	/* what the child has */
	uint32_t named[LAUNCH_MAX_OPTIONS * MAX_ARGUMENTS];
	size_t nr_named;		/* descriptors of the child in arguments */
	const struct launch_option *settings[LAUNCH_MAX_SETTINGS]; /* that were made */
	size_t nr_settings;
	bool has_step;			/* for an option that is about the one before */
	bool own_env;			/* env is to be used */
	const char *env[LAUNCH_MAX_ENV + 1];
	size_t nr_env;
	unsigned int slot;
	char why[LAUNCH_MAX_WHY];	/* it cannot be done, in words */
};

enum launch_role {
	LAUNCH_STEP,		/* a step of the child */
	LAUNCH_FILE,		/* a descriptor that the child starts with */
	LAUNCH_ATTRIBUTE,	/* of the launch, which can have several: programs, variables */
	LAUNCH_SETTING,		/* likewise, but a second would replace the first */
	LAUNCH_REMARK,		/* about the step before */
};

struct launch_option {
	const char *name;	/* the command's; - for _ on the command line */
	enum launch_role role;
	enum spawnpol_kind kind;	/* of the step that it adds, if it is one */
	/* Add it to the chain; what it returns sticks there. */
	int (*build)(struct launch *l, const struct values *values);
	struct argument arguments[MAX_ARGUMENTS];
	const char *help;
};

struct launch_group {
	const char *title;
	const struct launch_option *options;	/* ends with one without a name */
};

extern const struct launch_group launch_groups[];	/* likewise */

/* --- the table ----------------------------------------------------------------- */

int launch_arguments(const struct launch_option *o);

/* "close-range", as the command line has it. */
void launch_option_name(const struct launch_option *o, char *buf, size_t size);

/* "FIRST[:LAST]", or "". */
void launch_option_value(const struct launch_option *o, char *buf, size_t size);

/* All that is to be known about the option, with its arguments explained. */
void launch_option_help(const struct launch_option *o, char *buf, size_t size);
#define LAUNCH_HELP_SIZE	2048

/* --- a launch ------------------------------------------------------------------ */

/*
 * Begin to describe what chain launches. fds has the nr_fds files that come with it,
 * the standard streams among them; arguments name them by their places. Both stay the
 * caller's, fds until the outcome.
 */
void launch_init(struct launch *l, struct spawnpol_chain *chain, const int *fds,
		 int nr_fds);

/*
 * The child has the caller's descriptor source by this number. One that an option
 * passes takes its place. -ENOMEM.
 */
int launch_give(struct launch *l, int source, int number);

/*
 * The program at path, with these arguments. -ENOENT, explained: path is empty. Else
 * the chain's error.
 */
int launch_program(struct launch *l, const char *path, char *const argv[]);

/*
 * Do what nr options ask for. The child then has the descriptors that it was given,
 * those that options pass, and those of the other files, by the lowest numbers from 3
 * on that are free and that no option names. What the texts point to is used until
 * the outcome. -EINVAL, explained, if one is not understood; -E2BIG, explained, if they
 * are too much for a launch; else the chain's error.
 */
int launch_apply(struct launch *l, const char *const options[], unsigned int nr);

/* Free what the description took; the chain stays. */
void launch_free(struct launch *l);

#endif
