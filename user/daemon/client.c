// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpold-client: asks spawnpold to launch one program, and waits for its end. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/streams.h"
#include "common/wrap.h"
#include "message.h"

#define EXIT_USAGE	2
#define EXIT_TROUBLE	125	/* with the daemon */
#define EXIT_CANNOT	126	/* the program could not be launched */
#define EXIT_NOT_FOUND	127

#define MAX_OPTIONS	96
#define NAME_SIZE	32
#define FIRST_OPTION	256	/* getopt's value for the first of the table, and so on */

static int fail(const char *what, int err)
{
	fprintf(stderr, "spawnpold-client: %s: %s\n", what, strerror(-err));
	return EXIT_TROUBLE;
}

/* --- the answer ---------------------------------------------------------------- */

/* Returns the exit status, or -1 if more is to come. */
static int on_reply(const struct spd_reply *r, bool verbose)
{
	switch (r->kind) {
	case SPD_RUNNING:
		if (verbose)
			fprintf(stderr, "spawnpold-client: running as %d\n",
				r->pid);
		return -1;
	case SPD_ENDED:
		return r->code == CLD_EXITED ? r->status : 128 + r->status;
	case SPD_FAILED:
		fputs("spawnpold-client: ", stderr);
		/* CLONE is no step */
		if (r->step >= 0)
			fprintf(stderr, "step %d, ", r->step);
		fprintf(stderr, "%.*s\n", (int)sizeof(r->text), r->text);
		return r->exec && r->error == -ENOENT ? EXIT_NOT_FOUND :
			EXIT_CANNOT;
	default:
		fprintf(stderr, "spawnpold-client: refused: %.*s (%s)\n",
			(int)sizeof(r->text), r->text, strerror(-r->error));
		return EXIT_TROUBLE;
	}
}

static int converse(int fd, bool verbose)
{
	struct spd_reply r;
	ssize_t len;
	int status;

	do {
		len = recv(fd, &r, sizeof(r), 0);
		if (len < 0 && errno != EINTR)
			return fail("cannot receive", -errno);
		if (len >= 0 && len != sizeof(r))
			return fail("the daemon hung up", -ECONNRESET);
		status = len < 0 ? -1 : on_reply(&r, verbose);
	} while (status < 0);
	return status;
}

/* --- the command line ------------------------------------------------------------- */

/* The options of the table, one after the other; NULL after the last. */
static const struct launch_option *nth_option(int n)
{
	const struct launch_option *o;
	const struct launch_group *g;

	for (g = launch_groups; g->title; g++)
		for (o = g->options; o->name; o++)
			if (!n--)
				return o;
	return NULL;
}

static void make_options(struct option *options)
{
	static const struct option own[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static char names[MAX_OPTIONS][NAME_SIZE];
	const struct launch_option *o;
	int n;

	for (n = 0; (o = nth_option(n)) && n < MAX_OPTIONS - 3; n++) {
		launch_option_name(o, names[n], NAME_SIZE);
		options[n] = (struct option) {
			names[n], launch_arguments(o) ? required_argument :
			no_argument, NULL, FIRST_OPTION + n };
	}
	memcpy(options + n, own, sizeof(own));
}

static int usage(void)
{
	fputs("usage: spawnpold-client [OPTION...] SOCKET PROGRAM [ARG...]\n"
	      "spawnpold-client --help lists the options.\n", stderr);
	return EXIT_USAGE;
}

static int help(void)
{
	char name[NAME_SIZE], text[LAUNCH_HELP_SIZE];
	const struct launch_option *o;
	const struct launch_group *g;

	puts("usage: spawnpold-client [OPTION...] SOCKET PROGRAM [ARG...]\n"
	     "Ask the spawnpold at SOCKET to launch PROGRAM with this program's standard\n"
	     "streams, and exit with its status, or 128 plus the signal that killed it.\n\n"
	     "  --verbose\n      Print the pid.\n"
	     "  --help\n      Print this text.\n\n"
	     "The other options are those of spawnpol run that describe the launch. They take\n"
	     "effect in the order given and can be repeated. The daemon is the launcher.");
	for (g = launch_groups; g->title; g++) {
		printf("\n%s:\n", g->title);
		for (o = g->options; o->name; o++) {
			launch_option_name(o, name, sizeof(name));
			launch_option_value(o, text, sizeof(text));
			printf("  --%s%s%s\n", name, text[0] ? " " : "", text);
			launch_option_help(o, text, sizeof(text));
			wrap(stdout, 6, text);
		}
	}
	puts("\nExit status without a program's: 2 wrong usage, 125 the daemon failed or refused\n"
	     "the request, 127 the program does not exist, 126 it could not be launched for\n"
	     "another reason.");
	return fflush(stdout) || ferror(stdout);
}

static int add_option(struct message *m, const struct launch_option *o)
{
	char what[256], name[NAME_SIZE];
	int err = launch_words_add(&m->words, o, optarg);

	if (!err)
		return 0;
	launch_option_name(o, name, sizeof(name));
	snprintf(what, sizeof(what), "--%s%s%s", name, optarg ? " " : "",
		 optarg ? optarg : "");
	fail(what, err);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct option options[MAX_OPTIONS];
	static struct message m;
	bool verbose = false;
	int opt, fd, err;

	err = streams_reserve();
	if (err)
		return fail("/dev/null", err);
	make_options(options);
	launch_words_init(&m.words, SPD_MAX_FDS);
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 'h')
			return help();
		if (opt == '?')
			return usage();
		if (opt == 'v')
			verbose = true;
		else if (add_option(&m, nth_option(opt - FIRST_OPTION)))
			return EXIT_USAGE;
	}
	if (argc - optind < 2)
		return usage();
	err = message_finish(&m, argv + optind + 1);
	if (err)
		return fail("arguments", err);
	fd = message_send(&m, argv[optind]);
	if (fd < 0)
		return fail(argv[optind], fd);
	return converse(fd, verbose);
}
