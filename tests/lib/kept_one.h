/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One kept child of one ring, for tests of what becomes of it; and of what is refused. */
#ifndef SPAWNPOL_TESTS_KEPT_ONE_H
#define SPAWNPOL_TESTS_KEPT_ONE_H

#include "child.h"
#include "kept.h"
#include "links.h"

#define IN_IT UINT32_MAX /* in the place of a number: that of the child */
#define NTH(n) (OTHER + 100 + (n)) /* user_data of what queue() has queued */

static struct tring r;
static struct whole w;
static int number;
static pid_t pid;

static inline void start_on(unsigned int ring_flags)
{
	tring_init(&r, ring_flags);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	tring_forget(&r);
}

static inline void start(void)
{
	start_on(0);
}

static inline void queue(struct whole *which, unsigned int nth, unsigned int flags)
{
	struct io_uring_sqe *sqe = q_whole(&r, which);

	sqe->user_data = NTH(nth);
	sqe->flags |= flags;
}

/* It waits, and is the only one. */
static inline void check_only_it(void)
{
	check_children(1);
	check_kept(&r, number, pid, "waiting");
	EXPECT_EQ(kept_shown(&r), 1);
}

static inline void check(int error)
{
	EXPECT_EQ(whole_run(&r, &w)->res, error);
	tring_total(&r, 1);
	check_only_it();
}

/* It is gone, and the test is at its end. */
static inline void check_ended(void)
{
	check_gone(pid);
	check_kept_gone(&r, number);
	EXPECT_EQ(kept_shown(&r), 0);
	check_no_children();
	tring_exit(&r);
}

/* It waits, and still does what it is for. */
static inline void finish(void)
{
	check_only_it();
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	EXPECT_EQ(spawn_run(&r, &w), number);
	whole_exit(&w, 5);
	kept_in(&w, number);
	EXPECT_EQ(spawn_run(&r, &w), pid);
	EXPECT_EQ(wait_exit(pid), 5);
	check_kept_gone(&r, number);
	check_no_children();
	tring_exit(&r);
}

/* A CLONE that is to run in it, for steps to be queued after that. */
static inline struct io_uring_sqe *q_in_child(uint32_t flags)
{
	struct io_uring_sqe *sqe = q_clone(&r);

	w.kept = (struct io_uring_clone_kept){ .child = number };
	sqe->rw_flags = IORING_CLONE_CHILD | flags;
	sqe->addr = (uintptr_t)&w.kept;
	sqe->len = sizeof(w.kept);
	return sqe;
}

static inline void from_row(uint32_t flags, uint32_t child, bool program)
{
	if (program)
		whole_exit(&w, 1);
	else
		kept_new(&w);
	w.arg.flags = flags;
	w.arg.child = child == IN_IT ? (uint32_t)number : child;
}

#endif
