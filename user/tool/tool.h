/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Common to all commands: the state of one run of the tool, and how errors are
 * reported.
 *
 * A function that fails records the problem with fail() or a similar function, and
 * returns the -errno that this returns; callers pass it on. main() prints the problem
 * once, as text or as JSON, and exits with its status.
 */
#ifndef SPAWNPOL_TOOL_H
#define SPAWNPOL_TOOL_H

#include "options.h"

struct json;

#define TOOL_NAME	"spawnpol"

enum exit_status {
	EXIT_DONE	 = 0,
	EXIT_FAILED	 = 1,
	EXIT_USAGE	 = 2,
	EXIT_UNSUPPORTED = 3,	/* the kernel lacks support */
	EXIT_NOT_STARTED = 126,	/* run: a step of the child failed */
	EXIT_NOT_FOUND	 = 127,	/* run: there is no such program */
};

struct problem {
	int err;		/* errno, 0 if no system call failed */
	enum exit_status status;
	char what[512];
	char remedy[256];
	char *log;		/* more lines, or NULL; freed by problem_free() */
};

struct tool {
	const struct command *command;
	struct settings set;
	int nr_args;
	char **args;
	int status;		/* to exit with if nothing failed */
	struct problem problem;
};

#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Record that something failed with errno err; returns -err. */
int fail(struct tool *t, int err, const char *fmt, ...) PRINTF(3, 4);
/* Record a cause that no system call named; returns -EINVAL. */
int refuse(struct tool *t, const char *fmt, ...) PRINTF(2, 3);
/* Record a command line that is not understood; returns -EINVAL. */
int misuse(struct tool *t, const char *fmt, ...) PRINTF(2, 3);
/* Record that this kernel cannot do it; returns -EOPNOTSUPP. */
int unsupported(struct tool *t, int err, const char *fmt, ...) PRINTF(3, 4);
/* Say what can be done about the problem recorded last. */
void advise(struct tool *t, const char *fmt, ...) PRINTF(2, 3);
/* Hand over lines that explain it, a verifier's log for instance. */
void problem_log(struct tool *t, char *log);

/*
 * All that was printed to standard output has to be there: records that it is not.
 * Commands leave that to main(), and need not look at what printf() returns.
 */
int output_finish(struct tool *t);
/* For a command that cannot wait until then: what writing has failed with. */
int output_failed(struct tool *t, int err);

void problem_print(struct tool *t);
void problem_free(struct tool *t);

/* A line for people; nothing with --json or --quiet. */
void say(const struct tool *t, const char *fmt, ...) PRINTF(2, 3);

/*
 * Start the document that --json asks for. 1: the caller fills and finishes it;
 * 0: none is wanted; else the error, recorded.
 */
int start_json(struct tool *t, struct json *j);

int do_probe(struct tool *t);
int do_load(struct tool *t);
int do_unload(struct tool *t);
int do_attach(struct tool *t);
int do_update(struct tool *t);
int do_detach(struct tool *t);
int do_list(struct tool *t);
int do_rings(struct tool *t);
int do_run(struct tool *t);
int do_jobs(struct tool *t);
int do_supervise(struct tool *t);
int do_test(struct tool *t);
int do_trace(struct tool *t);
int do_help(struct tool *t);
int do_version(struct tool *t);
int do_completion(struct tool *t);

#endif
