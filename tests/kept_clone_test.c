// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children and chains of links (C1, C4): CLONE makes one, runs in one and copies one,
 * as SPAWN does. Here is what only links have: CQEs of their own, a CLONE that is done
 * before the chain is, and steps that SPAWN has not. What is refused is in
 * kept_clone_input_test. What both have is tested in either form, by by_links, where it is
 * tested of SPAWN.
 */
#include "lib/child.h"
#include "lib/kept_fifo.h"
#include "lib/links.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/wait.h>

#define KEEP IORING_CLONE_KEEP
#define CHILD IORING_CLONE_CHILD

static struct tprog p;
TPROG_PRELOAD

/* One is made by links, and waits. */
static void begin(unsigned int flags)
{
	by_links = true;
	start_with_fifo(flags);
}

/* --- making, using, copying ------------------------------------------------------------ */

/* A SPAWN uses what a CLONE has made, and the other way round. */
static void use_in_turn(const struct tring_kind *kind, bool made_by_links)
{
	unsigned int i;

	DIAG("%s, %d", kind->name, made_by_links);
	by_links = made_by_links;
	start_on(kind->flags);
	check_kept(&r, number, pid, "waiting");
	for (i = 0; i < 4; i++) {
		by_links = !by_links;
		kept_more(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		EXPECT_EQ(spawn_run(&r, &w), number);
		check_kept(&r, number, pid, "waiting");
	}
	by_links = !by_links;
	finish();
}

TEST(C1_links_and_spawns_in_the_same_child)
{
	unsigned int i;

	for (i = 0; i < 2 * tring_nr_kinds; i++)
		use_in_turn(&tring_kinds[i / 2], i % 2);
}

TEST(C1_links_step_by_step)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		kept_more(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		whole_fail(&w);
		whole_step(&w, IORING_CHILD_UMASK)->off = 077;
		whole_report(&w);
		EXPECT_EQ(spawn_run(&r, &w), -EBADF);
		EXPECT_EQ(w.told.report.end, IORING_END_STEP);
		EXPECT_EQ(w.told.report.step, 1);
		check_kept(&r, number, pid, "waiting");

		/* the step that failed has changed nothing, nor those after it */
		kept_more(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		whole_report(&w);
		EXPECT_EQ(spawn_run(&r, &w), number);
		EXPECT_EQ(tring_res(&r, LINK_OF(WHOLE, 0)), 022);
		EXPECT_EQ(w.told.report.end, IORING_END_KEPT);

		/* a program that is not there */
		whole_init(&w, "/nonexistent");
		w.arg.flags = KEEP;
		kept_in(&w, number);
		EXPECT_EQ(spawn_run(&r, &w), -ENOENT);
		finish();
	}
}

TEST(C1_links_end_it)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		begin(tring_kinds[i].flags);
		kept_new(&w);
		w.arg.flags = 0;
		kept_in(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		EXPECT_EQ(spawn_run(&r, &w), 0);
		check_ended();
	}
}

TEST(C1_links_whose_first_steps_fail)
{
	unsigned int i;

	by_links = true;
	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		kept_new(&w);
		whole_step(&w, IORING_CHILD_UMASK);
		whole_fail(&w);
		EXPECT_EQ(spawn_run(&r, &w), -EBADF);
		/* its number was told, and means nothing */
		check_kept_gone(&r, CHECK_OK(tring_res(&r, WHOLE)));
		EXPECT_EQ(kept_shown(&r), 0);
		whole_is_gone();
		tring_exit(&r);
	}
}

TEST(C4_links_and_copies)
{
	unsigned int i;
	int copy;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		whole_exit(&w, 8);
		kept_copy(&w, number);
		EXPECT_EQ(wait_exit(CHECK_OK(spawn_run(&r, &w))), 8);

		kept_new(&w);
		w.arg.flags = KEEP;
		kept_copy(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		copy = CHECK_OK(spawn_run(&r, &w));
		CHECK_NE(copy, number);
		EXPECT_EQ(kept_shown(&r), 2);
		whole_exit(&w, 9);
		kept_in(&w, copy);
		EXPECT_EQ(wait_exit(CHECK_OK(spawn_run(&r, &w))), 9);

		/* one that executes nothing ends, as a chain that does */
		kept_new(&w);
		w.arg.flags = 0;
		kept_copy(&w, number);
		whole_report(&w);
		EXPECT_EQ(spawn_run(&r, &w), -ECANCELED);
		EXPECT_EQ(w.told.report.end, IORING_END_NO_EXEC);
		finish();
	}
}

/* --- what comes when ------------------------------------------------------------------- */

/* While it opens a FIFO that nobody writes to. */
static void begin_to_wait(struct whole *which)
{
	whole_wait_for(which, fifo);
	q_spawn(&r, which, NTH(0));
	tring_submit(&r);
}

static void let_go_on(struct whole *which, int res)
{
	int fd = CHECK_SYS(open(fifo, O_RDWR | O_CLOEXEC));

	EXPECT_EQ(spawn_res(&r, which, NTH(0)), res);
	close(fd);
}

TEST(C1_the_number_is_told_before_it_waits)
{
	static struct whole made;
	unsigned int i;
	int nr;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		kept_new(&made);
		begin_to_wait(&made);
		nr = CHECK_OK(tring_res(&r, NTH(0)));
		CHECK_NE(nr, number);
		EXPECT_EQ(kept_shown(&r), 1);
		kept_more(&w, nr);
		q_spawn(&r, &w, NTH(1));
		tring_submit(&r);
		EXPECT_EQ(spawn_res(&r, &w, NTH(1)), -ESRCH);
		let_go_on(&made, nr);
		tring_total(&r, spawn_cqes(&made) + spawn_cqes(&w));
		kept_end(&r, nr);
		check_children(1);
		finish();
	}
}

TEST(C1_links_that_find_it_busy)
{
	static struct whole more, exits;
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		kept_more(&more, number);
		begin_to_wait(&more);
		kept_wait_blocked(pid);
		EXPECT_EQ(tring_res(&r, NTH(0)), number);
		kept_more(&w, number);
		whole_exit(&exits, 1);
		kept_in(&exits, number);
		q_spawn(&r, &w, NTH(1));
		q_spawn(&r, &exits, NTH(2));
		tring_submit(&r);
		EXPECT_EQ(spawn_res(&r, &w, NTH(1)), -EBUSY);
		EXPECT_EQ(spawn_res(&r, &exits, NTH(2)), -EBUSY);
		check_kept(&r, number, pid, "busy");
		let_go_on(&more, number);
		tring_total(&r, spawn_cqes(&more) + spawn_cqes(&w) + spawn_cqes(&exits));
		finish();
	}
}

/* A chain cannot be linked to another, but to what comes before it. */
TEST(C1_links_after_another_request)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		begin(tring_kinds[i].flags);
		kept_more(&w, number);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		q_alone(&r, IORING_OP_NOP, NTH(5))->flags |= IOSQE_IO_LINK;
		q_spawn(&r, &w, NTH(0));
		q_spawn(&r, &w, NTH(1));
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(5)), 0);
		/* which of them is first, is not said */
		if (spawn_res(&r, &w, NTH(0)) != -EBUSY)
			EXPECT_EQ(spawn_res(&r, &w, NTH(0)), number);
		if (spawn_res(&r, &w, NTH(1)) != -EBUSY)
			EXPECT_EQ(spawn_res(&r, &w, NTH(1)), number);
		finish();
	}
}

/* Only what has failed has a CQE; with a report, the last one always. */
TEST(C1_links_that_are_silent)
{
	unsigned int i;
	double until;

	for (i = 0; i < tring_nr_kinds; i++) {
		begin(tring_kinds[i].flags);
		q_clone(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
		w.kept = (struct io_uring_clone_kept){ .child = number };
		r.last->rw_flags = KEEP | CHILD;
		r.last->addr = (uintptr_t)&w.kept;
		r.last->len = sizeof(w.kept);
		q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
		q_nop(&r)->flags |= IOSQE_CQE_SKIP_SUCCESS;
		tring_submit(&r);
		until = now() + tap_patience();
		kept_more(&w, number);
		while (spawn_run(&r, &w) == -EBUSY && now() < until)
			;
		tring_none(&r, CLONE, 10);
		finish();
	}
}

/* --- steps that SPAWN has not ----------------------------------------------------------- */

/* What one chain opens and writes, the next one reads. */
TEST(C1_links_of_any_kind)
{
	static const char text[] = "what it has";
	unsigned int i;
	char *path = in_dir("text"), got[sizeof(text)];

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		q_in_child(KEEP);
		q_open_at(&r, 7, path, O_RDWR | O_CREAT | O_TRUNC);
		q_write(&r, 7, text, sizeof(text));
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), number);
		EXPECT_EQ(tring_res(&r, 1), (int)sizeof(text));
		check_kept(&r, number, pid, "waiting");

		tring_forget(&r);
		memset(got, 0, sizeof(got));
		q_in_child(KEEP);
		q_read(&r, 7, got, sizeof(got))->off = 0;
		q_mkdir(&r, in_dir(tring_kinds[i].name));
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), (int)sizeof(text));
		EXPECT_EQ(tring_res(&r, 1), 0);
		EXPECT_STR(got, text);
		finish();
	}
}

/* A chain goes on after a program that was not found, and its child waits. */
TEST(C1_links_that_search)
{
	static char *const argv[] = { "x", NULL };
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		begin(tring_kinds[i].flags);
		q_in_child(KEEP);
		q_exec(&r, "/nonexistent/x", argv)->ioprio = IORING_EXEC_SEARCH;
		q_exec(&r, "/dev/null/x", argv)->ioprio = IORING_EXEC_SEARCH;
		q_nop(&r);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), number);
		EXPECT_EQ(tring_res(&r, 0), -ENOENT);
		EXPECT_EQ(tring_res(&r, 1), -ENOTDIR);
		EXPECT_EQ(tring_res(&r, 2), 0);
		check_kept(&r, number, pid, "waiting");
		finish();
	}
}

/* --- cancelling --------------------------------------------------------------------------- */

/* By the user_data of CLONE, of a step, and of one that has been done. */
TEST(C1_links_are_cancelled_by_their_steps)
{
	unsigned int i;

	for (i = 0; i < 3 * tring_nr_kinds; i++) {
		begin(tring_kinds[i / 3].flags);
		kept_more(&w, number);
		whole_wait_for(&w, fifo);
		whole_step(&w, IORING_CHILD_UMASK);
		q_spawn(&r, &w, NTH(0));
		tring_submit(&r);
		kept_wait_blocked(pid);
		q_cancel(&r, i % 3 ? LINK_OF(NTH(0), i % 3 - 1) : NTH(0), 0, NTH(1));
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(1)), 0);
		EXPECT_EQ(spawn_res(&r, &w, NTH(0)), -ECANCELED);
		tring_total(&r, spawn_cqes(&w) + 1);
		check_ended();
	}
}

/* --- policies -------------------------------------------------------------------------------- */

/* They see it as any chain. What fails is skipped, also the program. */
TEST(C1_links_under_a_policy)
{
	static char *const argv[] = { "x", NULL };
	unsigned int i;
	int link;

	tprog_load(&p);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		begin(tring_kinds[i].flags);
		tprog_reset(&p);
		link = CHECK_OK(attach(&r, &p, 0, 0));
		tprog_rule(&p, IORING_POLICY_FAILED, ENGINE_ANY_STEP,
			   IORING_VERDICT_SKIP);
		kept_more(&w, number);
		w.arg.flags |= IORING_CLONE_NEED_POLICY;
		whole_fail(&w);
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
		EXPECT_EQ(spawn_run(&r, &w), number);
		EXPECT_EQ(tring_res(&r, LINK_OF(WHOLE, 0)), 0);
		CHECK_EQ(p.engine->runs, 1);
		EXPECT_EQ(tprog_run(&p, 0)->ctx.pid, pid);

		tring_forget(&r);
		q_in_child(KEEP);
		q_exec(&r, "/nonexistent/x", argv);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), -ENOENT);
		close(link);
		finish();
	}
}

static void tell_of_last_step(void)
{
	unsigned int i;
	int link;

	tprog_reset(&p);
	link = CHECK_OK(attach(&r, &p, 0, IORING_POLICY_BEFORE_STEP));
	kept_more(&w, number);
	for (i = 0; i < 3; i++)
		whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	EXPECT_EQ(spawn_run(&r, &w), number);
	CHECK_EQ(p.engine->runs, 3);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(!!(tprog_run(&p, i)->ctx.flags & IORING_POLICY_F_LAST), i == 2);
	close(link);
	finish();
}

/* Without a program, too. */
TEST(C1_policies_are_told_which_step_is_the_last)
{
	tprog_load(&p);
	in_either_form(tell_of_last_step);
}
