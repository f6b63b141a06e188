// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * step_by_step: reads steps for a child from standard input, runs each step at once, and
 * prints its result.
 *
 *	cd DIRECTORY
 *	umask MASK
 *	run PROGRAM [ARG ...]
 *
 * A step that fails does not change the child, so another one can be tried. The child
 * becomes the first program that it can execute, and step_by_step exits with the status of
 * this program.
 */
#include <stdio.h>
#include <string.h>

#include "example.h"

#define MAX_ARGS 64

static struct spawnpol_ring *ring;
static struct spawnpol_chain *chain;

/* Split a line into words; writes NULs into the line. */
static int split(char *line, char *words[MAX_ARGS + 1])
{
	int nr = 0;
	char *word = strtok(line, " \t\n");

	while (word && nr < MAX_ARGS) {
		words[nr++] = word;
		word = strtok(NULL, " \t\n");
	}
	words[nr] = NULL;
	return nr;
}

/* Make a chain of the one step that the line names. */
static int build(char *words[], int nr)
{
	spawnpol_chain_reset(chain);
	if (nr == 2 && !strcmp(words[0], "cd"))
		return spawnpol_chain_chdir(chain, words[1]);
	if (nr == 2 && !strcmp(words[0], "umask"))
		return spawnpol_chain_umask(chain, strtoul(words[1], NULL, 8));
	if (nr < 2 || strcmp(words[0], "run"))
		return -EINVAL;
	spawnpol_chain_search(chain, words[1], getenv("PATH"));
	return spawnpol_chain_argv(chain, words + 1);
}

/* The child gets only these three descriptors, whatever this process has open. */
static int make_child(void)
{
	const struct io_uring_clone_file files[] = {
		{ .source = 0, .number = 0 },
		{ .source = 1, .number = 1 },
		{ .source = 2, .number = 2 },
	};
	int child;

	spawnpol_chain_files(chain, files, 3);
	child = spawnpol_child_new(ring, chain, NULL);
	must(child, "a child that waits");
	return child;
}

int main(void)
{
	char line[4096], *words[MAX_ARGS + 1], text[256];
	struct spawnpol_outcome out;
	int child, ret, nr;

	must(spawnpol_ring_open(&ring, 4, 0), "a ring");
	must(spawnpol_chain_new(&chain), "a chain");
	child = make_child();
	while (fgets(line, sizeof(line), stdin)) {
		nr = split(line, words);
		if (!nr)
			continue;
		ret = build(words, nr);
		if (ret < 0) {
			printf("%s: %s\n", words[0], strerror(-ret));
			continue;
		}
		ret = spawnpol_child_run(ring, child, chain, &out);
		spawnpol_outcome_text(&out, text, sizeof(text));
		printf("%s: %s\n", words[0], text);
		fflush(stdout);
		if (!ret)
			return status_of(out.pid);
		/* the child may have been killed */
		if (!out.child)
			errx(1, "the child is gone");
	}
	must(spawnpol_child_end(ring, child), "ending the child");
	spawnpol_chain_free(chain);
	spawnpol_ring_close(ring);
	return 0;
}
