/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running, comparing and printing the situations of a table one after the other. */
#ifndef SPAWNPOL_TEST_ROWS_H
#define SPAWNPOL_TEST_ROWS_H

struct json;
struct row;
struct table;
struct tool;

/* What is different for policies and actors. run is what their runs go on from. */
struct test_kind {
	const char *what;	/* is run */
	/* In the situation of the row: 0, or the error of BPF_PROG_TEST_RUN. */
	int (*run)(void *run, int prog, const struct row *row);
	/* Why the kernel would not run it so, or "". */
	const char *(*impossible)(const void *run);
	/* The verdict that is expected; NULL: none is. */
	const char *(*expected)(const struct row *row);
	/* 1: it is not as expected, and *differs, which is freed, says how; 0; -ENOMEM. */
	int (*compare)(const void *run, const struct row *row, char **differs);

	/* What has come of it: as members of an object, ... */
	void (*json)(struct json *j, const void *run);
	/* ... from the verdict to the end of the line, ... */
	void (*text)(const void *run);
	/* ... and a line about what the program has left. */
	void (*memory)(const void *run);
};

/*
 * Do that for all of the table. run is freed; NULL stands for no memory. If one is not as
 * expected, the tool's exit status says so. Errors are recorded.
 */
int test_rows(struct tool *t, const struct test_kind *kind, void *run, int prog,
	      const struct table *table);

#endif
