// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running, comparing and printing the situations of a table one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "table.h"
#include "test_rows.h"
#include "tool.h"

/* All of one table. */
struct test {
	struct tool *t;
	const struct test_kind *kind;
	const struct table *table;
	void *run;
	int prog;
	struct json json;		/* with --json */
	unsigned int nr, failed;	/* situations, and those not as expected */
};

static void json_row(struct test *test, const struct row *row, const char *differs)
{
	const char *expected = test->kind->expected(row);
	struct json *j = &test->json;

	json_object(j, NULL);
	json_u32_or_null(j, "line", row->line);
	json_text(j, "situation", row->text);
	test->kind->json(j, test->run);
	if (expected)
		json_bool(j, "as_expected", !differs);
	else
		json_null(j, "as_expected");
	json_text(j, "expected", expected);
	json_text(j, "difference", differs);
	json_end(j);
}

static void put_row(const struct test *test, const struct row *row, const char *differs)
{
	if (differs)
		printf("not ok ");
	else if (test->kind->expected(row))
		printf("ok ");
	if (test->table->file)
		printf("%s:%u: ", test->table->file, row->line);
	printf("%s => ", row->text);
	test->kind->text(test->run);
	putchar('\n');
	if (differs)
		printf("    %s\n", differs);
}

static void print_row(struct test *test, const struct row *row, const char *differs)
{
	const struct settings *set = &test->t->set;

	if (set->json) {
		json_row(test, row, differs);
		return;
	}
	/* what differs is an error, which --quiet leaves */
	if (differs || !set->quiet)
		put_row(test, row, differs);
	/* of one situation alone, all there is */
	if (!test->table->file && !set->quiet)
		test->kind->memory(test->run);
}

static int compare(const struct test *test, const struct row *row, char **differs)
{
	const char *impossible = test->kind->impossible(test->run);

	*differs = NULL;
	if (*impossible) {
		*differs = strdup(impossible);
		return *differs ? 1 : -ENOMEM;
	}
	return test->kind->expected(row) ? test->kind->compare(test->run, row, differs) : 0;
}

static int run_row(struct test *test, const struct row *row)
{
	char *differs;
	int ret;

	ret = test->kind->run(test->run, test->prog, row);
	if (ret)
		return fail(test->t, ret, "cannot run the %s on '%s'", test->kind->what,
			    row->text);
	ret = compare(test, row, &differs);
	if (ret < 0)
		return fail(test->t, ret, "cannot compare the verdict");
	test->nr++;
	test->failed += ret;
	print_row(test, row, differs);
	free(differs);
	return 0;
}

/* ret: how it went so far. */
static int finish(struct test *test, int ret)
{
	struct json *j = &test->json;

	if (test->t->set.json) {
		if (ret) {
			json_drop(j);
			return ret;
		}
		json_end(j);
		json_u32(j, "run", test->nr);
		json_u32(j, "failed", test->failed);
		return json_finish(j, stdout) ? fail(test->t, EIO, "cannot print") : 0;
	}
	if (!ret && test->table->file)
		say(test->t, "%u situation%s, %u not as expected\n", test->nr,
		    test->nr == 1 ? "" : "s", test->failed);
	return ret;
}

static int run_all(struct test *test)
{
	int ret = start_json(test->t, &test->json);

	if (ret < 0)
		return ret;
	if (ret)
		json_array(&test->json, "situations");
	ret = 0;
	for (unsigned int i = 0; !ret && i < test->table->nr; i++)
		ret = run_row(test, &test->table->rows[i]);
	return finish(test, ret);
}

int test_rows(struct tool *t, const struct test_kind *kind, void *run, int prog,
	      const struct table *table)
{
	struct test test = {
		.t = t, .kind = kind, .table = table, .run = run, .prog = prog,
	};
	int ret;

	if (!run)
		return fail(t, ENOMEM, "cannot run the %s", kind->what);
	ret = run_all(&test);
	if (!ret && test.failed)
		t->status = EXIT_FAILED;
	free(run);
	return ret;
}
