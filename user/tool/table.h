/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table of situations: a text file with one situation per line; # begins a comment.
 */
#ifndef SPAWNPOL_TABLE_H
#define SPAWNPOL_TABLE_H

#include "actor_situation.h"
#include "situation.h"

struct tool;

struct row {
	unsigned int line;		/* 0: from the command line */
	char *text;			/* as written, for people */
	char *buffer;			/* the words of situation */
	struct situation situation;
	struct actor_situation *actor;	/* instead, if the table is about an actor */
};

struct table {
	const char *file;		/* NULL: the command line */
	struct row *rows;
	unsigned int nr;
	bool actor;			/* all of them are about one, or none */
};

/*
 * Read the table in file, or standard input for "-". What is not understood is a usage
 * error that names file and line; a table without a situation, too. The caller frees
 * *table, whatever is returned.
 */
int table_read(struct tool *t, struct table *table, const char *file);
/* The same of one situation in words, which must stay. */
int table_of_words(struct tool *t, struct table *table, char **words,
		   unsigned int nr);
void table_free(struct table *table);

#endif
