// SPDX-License-Identifier: LGPL-2.1-or-later
/* The chain that the command line of run describes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/parse.h"
#include "run_launch.h"
#include "tool.h"

/*
 * What this process was started with is what it does not close on exec: all that it
 * opens itself is closed then.
 */
static int give(struct launch *l, int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 || flags & FD_CLOEXEC ? 0 : launch_give(l, fd, fd);
}

/* Without /proc: each number that can be a descriptor's. */
static int give_each(struct launch *l)
{
	struct rlimit limit;
	int err = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	for (rlim_t fd = 0; fd < limit.rlim_cur && fd <= INT32_MAX && !err; fd++)
		err = give(l, fd);
	return err;
}

static int give_inherited(struct launch *l)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	uint32_t fd;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? give_each(l) : -errno;
	while (!err && (entry = readdir(dir)))
		if (!parse_number(entry->d_name, 0, INT32_MAX, &fd))
			err = give(l, fd);
	closedir(dir);
	return err;
}

/* Files that options name are opened, or read. */
static int add_words(struct tool *t, struct launch_words *words)
{
	const struct launch_given *given = t->set.launch;
	char name[32];
	int err;

	for (unsigned int i = 0; i < t->set.nr_launch; i++) {
		err = launch_words_add(words, given[i].option, given[i].value);
		if (!err)
			continue;
		launch_option_name(given[i].option, name, sizeof(name));
		if (err == -E2BIG)
			return misuse(t, "--%s: more than %d files to be opened",
				      name, LAUNCH_MAX_FILES - NR_STREAMS);
		return fail(t, err, "--%s %s", name,
			    given[i].value ? given[i].value : "");
	}
	return 0;
}

/* Without a policy a name without a slash is searched by the kernel alone. */
static int add_program(struct tool *t, struct launch *l)
{
	if (!t->set.no_policy || strchr(t->args[0], '/') || !*t->args[0])
		return launch_program(l, t->args[0], t->args);
	return spawnpol_chain_search(l->chain, t->args[0], getenv("PATH")) ?:
	       spawnpol_chain_argv(l->chain, t->args);
}

int run_launch_too_long(struct tool *t)
{
	refuse(t, "cannot search '%s' in more than %d directories, which PATH has",
	       t->args[0], SPAWNPOL_MAX_STEPS);
	advise(t, "the program's path, with a slash");
	return -E2BIG;
}

static int describe_failed(struct tool *t, const struct launch *l, int err)
{
	if (err == -ENOENT) {
		fail(t, err, "%s", l->why);
		t->problem.status = EXIT_NOT_FOUND;
		return err;
	}
	if (l->why[0])
		return misuse(t, "%s", l->why);
	/* what is too much of options is explained: this is the search */
	if (err == -E2BIG)
		return run_launch_too_long(t);
	return fail(t, err, "cannot describe the launch of %s", t->args[0]);
}

static int describe(struct tool *t, struct run_launch *r)
{
	const char *options[LAUNCH_MAX_OPTIONS];
	struct launch *l = malloc(sizeof(*l));
	int err;

	if (!l)
		return fail(t, ENOMEM, "cannot describe the launch");
	launch_init(l, r->chain, r->words.fds, r->words.nr_fds);
	launch_words_list(&r->words, options);
	err = give_inherited(l) ?: add_program(t, l) ?:
	      launch_apply(l, options, r->words.nr);
	if (!err && !t->set.no_policy)
		err = spawnpol_chain_need_policy(r->chain, true);
	if (err)
		err = describe_failed(t, l, err);
	r->slot = l->slot;
	launch_free(l);
	free(l);
	return err;
}

int run_launch_open(struct tool *t, struct run_launch *r)
{
	int err;

	launch_words_init(&r->words, LAUNCH_MAX_FILES);
	r->chain = NULL;
	err = spawnpol_chain_new(&r->chain);
	if (err)
		err = fail(t, err, "cannot make a chain");
	if (!err)
		err = add_words(t, &r->words);
	if (!err)
		err = describe(t, r);
	if (err)
		run_launch_close(r);
	return err;
}

void run_launch_close(struct run_launch *r)
{
	spawnpol_chain_free(r->chain);
	launch_words_free(&r->words);
}
