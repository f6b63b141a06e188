/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the commands of jobs: lines of a file. */
#ifndef SPAWNPOL_JOBS_LIST_H
#define SPAWNPOL_JOBS_LIST_H

struct tool;

#define JOBS_MAX	(1U << 20)

struct job_line {
	char *text;		/* for the shell */
	unsigned int number;	/* in the file, from 1 */
};

struct jobs_list {
	const char *file;	/* as people call it */
	struct job_line *lines;
	unsigned int nr;
};

/*
 * Read the commands in file, or standard input for "-". Blank lines are none. An error is
 * recorded; the caller frees the list, whatever is returned.
 */
int jobs_list_read(struct tool *t, struct jobs_list *list, const char *file);
void jobs_list_free(struct jobs_list *list);

/* Print them, as --dry-run says. */
int jobs_list_print(struct tool *t, const struct jobs_list *list);

#endif
