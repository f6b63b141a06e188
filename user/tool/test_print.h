/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output of test. */
#ifndef SPAWNPOL_TEST_PRINT_H
#define SPAWNPOL_TEST_PRINT_H

#include "json.h"

struct dry_run;
struct row;
struct table;
struct tool;

struct test_report {
	struct json json;		/* with --json */
	unsigned int nr, failed;	/* situations, and those not as expected */
};

/* Begin; the error is recorded, and test_print_end() still due. */
int test_print_start(struct tool *t, struct test_report *report);
/* One situation; differs is what is not as expected, or NULL. */
void test_print_row(const struct tool *t, struct test_report *report,
		    const struct table *table, const struct row *row,
		    const struct dry_run *run, const char *differs);
/* End, with or without success so far (ret); returns ret, or a recorded error. */
int test_print_end(struct tool *t, struct test_report *report,
		   const struct table *table, int ret);

#endif
