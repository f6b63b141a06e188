/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Children that wait between spawns (C1 to C4), for the engine's tests:
 *
 *	struct whole w;
 *	int number;
 *
 *	kept_new(&w);
 *	number = CHECK_OK(whole_run(&r, &w)->res);
 *	whole_exit(&w, 3);
 *	kept_in(&w, number);
 *	pid = CHECK_OK(whole_run(&r, &w)->res);
 */
#ifndef SPAWNPOL_TESTS_KEPT_H
#define SPAWNPOL_TESTS_KEPT_H

#include "whole.h"

/* No program: the child has no files, and waits after the steps. */
void kept_new(struct whole *w);
/* No program: the kept child runs the steps, and waits again. */
void kept_more(struct whole *w, int number);
/* What there is, in this kept child ... */
void kept_in(struct whole *w, int number);
/* ... or in a copy of it. */
void kept_copy(struct whole *w, int number);
/* Descriptors 0 to 2 come along. */
void kept_std_files(struct whole *w);
/* Make one without steps, by links if by_links is set: its number. Its pid is in w->told. */
int kept_make(struct tring *r, struct whole *w);
/* It ends, by a SPAWN that says so. */
void kept_end(struct tring *r, int number);
/* Without a child of this number a SPAWN that names it comes to nothing. */
void check_kept_gone(struct tring *r, int number);
/* Lines "SpawnChild" in the ring's fdinfo. */
unsigned int kept_shown(struct tring *r);
/* What that says of this one: "pid 123 waiting", or "". Overwritten next time. */
const char *kept_line(struct tring *r, int number);
/* Wait until it says so. */
void check_kept(struct tring *r, int number, pid_t pid, const char *state);
/* Whether a SPAWN runs in it: it has memory as long as that does. */
bool kept_runs(pid_t pid);
/* Wait until one does, and sleeps in a step. */
void kept_wait_blocked(pid_t pid);
/* Stop it, and wait until it is. */
void kept_stop(pid_t pid);
/* Children of this thread, whether they are programs, wait, or are zombies. */
unsigned int nr_children(void);
/* Wait until there are so many. */
void check_children(unsigned int nr);

#endif
