// SPDX-License-Identifier: LGPL-2.1-or-later
/* spawnpold-client: ask spawnpold for one program and wait for its end. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_help.h"
#include "message.h"

#define EXIT_USAGE	2
#define EXIT_TROUBLE	125	/* with the daemon */
#define EXIT_CANNOT	126	/* the program could not be launched */
#define EXIT_NOT_FOUND	127

#define MAX_OPTIONS	96
#define FIRST_WORD	256	/* getopt's value for the first word, and so on */

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
		fprintf(stderr, "spawnpold-client: step %d, %.*s\n", r->step,
			(int)sizeof(r->text), r->text);
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

/* An option for each word; words[] has them in the same order. */
static void make_options(struct option *options, const struct word **words)
{
	static const struct option own[] = {
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "man", no_argument, NULL, 'm' },	/* for docs/man-commands.sh */
	};
	const struct word_group *g;
	const struct word *w;
	int nr = 0;

	for (g = word_groups; g->title; g++) {
		for (w = g->words; w->name && nr < MAX_OPTIONS - 4; w++) {
			words[nr] = w;
			options[nr] = (struct option) {
				w->name, word_operands(w) ? required_argument :
				no_argument, NULL, FIRST_WORD + nr };
			nr++;
		}
	}
	memcpy(options + nr, own, sizeof(own));
}

static int usage(void)
{
	fputs("usage: spawnpold-client [OPTION…] SOCKET PROGRAM [ARG…]\n"
	      "spawnpold-client --help lists the options.\n", stderr);
	return EXIT_USAGE;
}

static int add_word(struct message *m, const struct word *w)
{
	char what[256];
	int err = message_add(m, w, optarg);

	if (!err)
		return 0;
	snprintf(what, sizeof(what), "--%s%s%s", w->name, optarg ? " " : "",
		 optarg ? optarg : "");
	fail(what, err);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct option options[MAX_OPTIONS];
	static const struct word *words[MAX_OPTIONS];
	static struct message m;
	bool verbose = false;
	int opt, fd, err;

	make_options(options, words);
	message_init(&m);
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 'h' || opt == 'm') {
			opt == 'h' ? help_print(stdout) : help_print_man(stdout);
			return fflush(stdout) || ferror(stdout);
		}
		if (opt == '?')
			return usage();
		if (opt == 'v')
			verbose = true;
		else if (add_word(&m, words[opt - FIRST_WORD]))
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
