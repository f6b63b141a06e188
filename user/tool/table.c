// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading tables of situations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "table.h"
#include "tool.h"

#define MAX_WORDS	64
#define BLANKS		" \t\r\n"

/*
 * Cut the next word of *rest off in place. 1: there is one; 0: the line or its words end,
 * perhaps with a comment; -EINVAL: a quote is not closed. What stands in double quotes is
 * taken as it is, blanks included; a backslash there stands before a quote or another
 * backslash.
 */
static int next_word(char **rest, char **word)
{
	char *from = *rest + strspn(*rest, BLANKS), *to = from;
	bool quoted = false;

	if (!*from || *from == '#')
		return 0;
	*word = from;
	for (; *from && (quoted || !strchr(BLANKS, *from)); from++) {
		if (*from == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = 0;
	return quoted ? -EINVAL : 1;
}

static int split(struct tool *t, char *line, char *words[MAX_WORDS],
		 unsigned int *nr)
{
	char *rest = line, *word = NULL;
	int ret;

	for (*nr = 0; (ret = next_word(&rest, &word)) > 0; (*nr)++) {
		if (*nr == MAX_WORDS)
			return misuse(t, "more than %d words", MAX_WORDS);
		words[*nr] = word;
	}
	return ret ? misuse(t, "a quote is not closed") : 0;
}

static struct row *new_row(struct table *table, const char *text)
{
	struct row *row = grow(&table->rows, table->nr, sizeof(*row));

	if (!row)
		return NULL;
	row->text = strdup(text);
	row->buffer = strdup(text);
	if (row->text && row->buffer) {
		table->nr++;
		return row;
	}
	free(row->text);
	free(row->buffer);
	return NULL;
}

/* Say where in the table the problem is that has been recorded. */
static int at_line(struct tool *t, const struct table *table, unsigned int line)
{
	char what[sizeof(t->problem.what)], remedy[sizeof(t->problem.remedy)];

	memcpy(what, t->problem.what, sizeof(what));
	memcpy(remedy, t->problem.remedy, sizeof(remedy));
	misuse(t, "%.200s:%u: %.300s", table->file, line, what);
	if (*remedy)
		advise(t, "%s", remedy);
	return -EINVAL;
}

/* A situation of a policy or, by its event, of an actor. */
static int read_situation(struct tool *t, struct table *table, struct row *row,
			  char **words, unsigned int nr)
{
	const bool actor = actor_situation_is(words, nr);

	if (table->nr == 1)
		table->actor = actor;
	if (actor != table->actor)
		return misuse(t, "this is about %s, and the situations before it are about %s",
			      actor ? "an actor" : "a policy",
			      actor ? "a policy" : "an actor");
	if (!actor)
		return situation_read(t, &row->situation, words, nr);
	row->actor = calloc(1, sizeof(*row->actor));
	if (!row->actor)
		return fail(t, ENOMEM, "cannot read the situation");
	return actor_situation_read(t, row->actor, words, nr);
}

static bool goes_on(const struct row *row)
{
	return row->actor ? row->actor->then : row->situation.then;
}

static int read_line(struct tool *t, struct table *table, char *text,
		     unsigned int line)
{
	char *words[MAX_WORDS];
	struct row *row;
	unsigned int nr;
	int ret;

	text += strspn(text, BLANKS);
	text[strcspn(text, "\r\n")] = 0;
	if (!*text || *text == '#')
		return 0;
	row = new_row(table, text);
	if (!row)
		return fail(t, ENOMEM, "cannot read the table");
	row->line = line;
	ret = split(t, row->buffer, words, &nr);
	if (!ret)
		ret = read_situation(t, table, row, words, nr);
	if (!ret && goes_on(row) && table->nr == 1)
		ret = misuse(t, "the first situation cannot begin with 'then'");
	return ret ? at_line(t, table, line) : 0;
}

static int read_lines(struct tool *t, struct table *table, FILE *from)
{
	unsigned int line = 0;
	char *text = NULL;
	size_t size = 0;
	int ret = 0;

	while (!ret && getline(&text, &size, from) >= 0)
		ret = read_line(t, table, text, ++line);
	free(text);
	if (!ret && ferror(from))
		ret = fail(t, EIO, "cannot read %s", table->file);
	if (!ret && !table->nr)
		ret = misuse(t, "%s has no situation", table->file);
	return ret;
}

int table_read(struct tool *t, struct table *table, const char *file)
{
	FILE *from = stdin;
	int ret;

	memset(table, 0, sizeof(*table));
	table->file = file;
	if (!strcmp(file, "-"))
		table->file = "standard input";
	else
		from = fopen(file, "re");
	if (!from)
		return fail(t, errno, "cannot read the table %s", file);
	ret = read_lines(t, table, from);
	if (from != stdin)
		fclose(from);
	return ret;
}

static char *join(char **words, unsigned int nr)
{
	size_t size = 0;
	unsigned int i;
	char *text;

	for (i = 0; i < nr; i++)
		size += strlen(words[i]) + 1;
	text = calloc(1, size + 1);
	for (i = 0; text && i < nr; i++) {
		strcat(text, i ? " " : "");
		strcat(text, words[i]);
	}
	return text;
}

int table_of_words(struct tool *t, struct table *table, char **words,
		   unsigned int nr)
{
	char *text = join(words, nr);
	struct row *row;
	int ret;

	memset(table, 0, sizeof(*table));
	row = text ? new_row(table, text) : NULL;
	free(text);
	if (!row)
		return fail(t, ENOMEM, "cannot read the situation");
	ret = read_situation(t, table, row, words, nr);
	if (!ret && goes_on(row))
		ret = misuse(t, "'then' needs a situation before it, in a --table");
	return ret;
}

void table_free(struct table *table)
{
	unsigned int i;

	for (i = 0; i < table->nr; i++) {
		free(table->rows[i].text);
		free(table->rows[i].buffer);
		free(table->rows[i].actor);
	}
	free(table->rows);
}
