/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One kept child, for tests of what is refused: it waits through all of that. */
#ifndef SPAWNPOL_TESTS_KEPT_ONE_H
#define SPAWNPOL_TESTS_KEPT_ONE_H

#include "child.h"
#include "kept.h"

#define IN_IT UINT32_MAX /* in the place of a number: that of the child */

static struct tring r;
static struct whole w;
static int number;
static pid_t pid;

static void start(void)
{
	tring_init(&r, 0);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
}

/* It waits, and is the only one. */
static void check_only_it(void)
{
	check_children(1);
	check_kept(&r, number, pid, "waiting");
	EXPECT_EQ(kept_shown(&r), 1);
}

static void check(int error)
{
	EXPECT_EQ(whole_run(&r, &w)->res, error);
	tring_total(&r, 1);
	check_only_it();
}

/* It still does what it is for. */
static void finish(void)
{
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	EXPECT_EQ(whole_run(&r, &w)->res, number);
	whole_exit(&w, 5);
	kept_in(&w, number);
	EXPECT_EQ(whole_run(&r, &w)->res, pid);
	EXPECT_EQ(wait_exit(pid), 5);
	check_kept_gone(&r, number);
	check_no_children();
	tring_exit(&r);
}

static void from_row(uint32_t flags, uint32_t child, bool program)
{
	if (program)
		whole_exit(&w, 1);
	else
		kept_new(&w);
	w.arg.flags = flags;
	w.arg.child = child == IN_IT ? (uint32_t)number : child;
}

#endif
