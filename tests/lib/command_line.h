/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of a program that has a main() of its own:
 *
 *	static const struct command_option known[] = {
 *		{ "seed", .number = &seed },
 *		{ "print", .given = &print },
 *		{ NULL },
 *	};
 *
 *	command_line(argc, argv, known, usage);
 *
 * --help shows the usage. It is shown, too, where the command line is not
 * understood, and the exit status is 2.
 */
#ifndef SPAWNPOL_TESTS_COMMAND_LINE_H
#define SPAWNPOL_TESTS_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Who has none of number, seconds and choice takes no value. */
struct command_option {
	const char *name;
	uint64_t *number;
	uint64_t least; /* that the number may be */
	double *seconds;
	unsigned int *choice;	    /* the value's place among the choices */
	const char *const *choices; /* NULL: none has this place */
	unsigned int nr_choices;
	bool *given; /* becomes true */
};

/* The last of those known has no name. */
void command_line(int argc, char *argv[], const struct command_option *known,
		  void (*usage)(FILE *to));

#endif
