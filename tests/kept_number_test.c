// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children: numbers that are another's, or nobody's, or of one that is busy, and who
 * may not name them. Nothing is started then, and the child that waits is as it was: it can
 * be run in the next moment (C1, C4).
 */
#include "lib/child.h"
#include "lib/kept_one.h"
#include "lib/ring.h"

#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define KEEP IORING_SPAWN_KEEP
#define CHILD IORING_SPAWN_CHILD
#define COPY IORING_SPAWN_COPY
#define NTH(n) (OTHER + 100 + (n))

/* --- numbers -------------------------------------------------------------------------- */

/* In it, for steps and for a program, and of it, to keep and for a program. */
static void check_number(int nr, int error)
{
	static const uint32_t flags[] = { CHILD | KEEP, CHILD, CHILD,
					  COPY | KEEP, COPY };
	unsigned int i;

	for (i = 0; i < 2 * sizeof(flags) / sizeof(flags[0]); i++) {
		DIAG("number %d, flags %#x", nr, flags[i / 2]);
		by_links = i % 2;
		from_row(flags[i / 2], nr, i / 2 == 2 || i / 2 == 4);
		EXPECT_EQ(spawn_run(&r, &w), error);
		check_only_it();
	}
	by_links = false;
}

TEST(C1_numbers_of_something_else)
{
	static struct tring other;
	static struct whole more;
	int ended, program, others;
	pid_t its_pid;

	start();
	check_number(number + 1000, -ESRCH);
	check_number(INT_MAX, -ESRCH);
	/* a pid is no number, unless it happens to be one */
	if (getpid() != number)
		check_number(getpid(), -ESRCH);

	ended = kept_make(&r, &more);
	kept_end(&r, ended);
	check_number(ended, -ESRCH);
	ended = kept_make(&r, &more);
	CHECK_SYS(kill(more.told.report.pid, SIGKILL));
	check_gone(more.told.report.pid);
	check_number(ended, -ESRCH);

	tring_init(&other, 0);
	others = kept_make(&other, &more);
	CHECK_NE(others, number);
	its_pid = more.told.report.pid;
	from_row(CHILD | KEEP, others, false);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESRCH);
	from_row(COPY, others, true);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESRCH);
	check_kept(&other, others, its_pid, "waiting");
	EXPECT_EQ(kept_shown(&r), 1);
	tring_exit(&other);
	check_gone(its_pid);

	/* the program is there, and no child that waits */
	program = kept_make(&r, &more);
	whole_init(&more, helper("exit_with"));
	more.argv[1] = "sleep";
	kept_in(&more, program);
	its_pid = CHECK_OK(whole_run(&r, &more)->res);
	from_row(CHILD | KEEP, program, false);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESRCH);
	from_row(COPY, program, true);
	EXPECT_EQ(whole_run(&r, &w)->res, -ESRCH);
	CHECK(!is_gone(its_pid));
	CHECK_SYS(kill(its_pid, SIGKILL));
	EXPECT_EQ(wait_exit(its_pid), -SIGKILL);
	check_only_it();
	finish();
}

/* Numbers are not given again. */
TEST(C1_numbers_are_new)
{
	int last, next;
	unsigned int i;

	start();
	last = number;
	for (i = 0; i < 20; i++) {
		next = kept_make(&r, &w);
		CHECK_GT(next, last);
		kept_end(&r, next);
		last = next;
	}
	finish();
}

TEST(C1_busy)
{
	static struct whole other;
	char *fifo = in_dir("fifo");
	unsigned int i;
	int fd;

	CHECK_SYS(mkfifo(fifo, 0600));
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		number = kept_make(&r, &w);
		pid = w.told.report.pid;
		tring_forget(&r);
		kept_more(&w, number);
		whole_wait_for(&w, fifo);
		q_whole(&r, &w)->user_data = NTH(0);
		tring_submit(&r);
		check_kept(&r, number, pid, "busy");
		kept_wait_blocked(pid);

		kept_more(&other, number);
		q_whole(&r, &other)->user_data = NTH(1);
		whole_exit(&other, 1);
		kept_in(&other, number);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(1)), -EBUSY);
		q_whole(&r, &other)->user_data = NTH(2);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, NTH(2)), -EBUSY);
		check_kept(&r, number, pid, "busy");
		check_children(1);

		fd = CHECK_SYS(open(fifo, O_RDWR | O_CLOEXEC));
		EXPECT_EQ(tring_res(&r, NTH(0)), number);
		close(fd);
		tring_total(&r, 3);
		check_only_it();
		finish();
	}
}

/* Copies that are asked for come first. */
TEST(C4_busy_with_copies)
{
	static struct whole other;
	unsigned int i;

	start();
	CHECK_SYS(kill(pid, SIGSTOP));
	CHECK_EQ(waitpid(pid, NULL, WUNTRACED), pid);
	tring_forget(&r);
	whole_exit(&w, 9);
	kept_copy(&w, number);
	for (i = 0; i < 3; i++)
		q_whole(&r, &w)->user_data = NTH(i);
	tring_submit(&r);
	kept_more(&other, number);
	q_whole(&r, &other)->user_data = NTH(3);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, NTH(3)), -EBUSY);
	CHECK_SYS(kill(pid, SIGCONT));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, NTH(i)))), 9);
	tring_total(&r, 4);
	check_only_it();
	finish();
}

/* --- who asks -------------------------------------------------------------------------- */

/* It has the ring from fork(2). */
static void ask_as_another(int nr)
{
	static const uint32_t flags[] = { CHILD | KEEP, CHILD, COPY | KEEP, COPY };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		by_links = i % 2;
		from_row(flags[i / 2], nr, i / 2 == 3);
		EXPECT_EQ(spawn_run(&r, &w), -EPERM);
		check_children(0);
	}
}

/* Others have submitted to it. */
static void catch_up(void)
{
	struct io_uring_sq *sq = &r.uring.sq;

	sq->sqe_head = sq->sqe_tail = *sq->ktail;
}

TEST(C1_made_by_another_process)
{
	pid_t other;

	start();
	other = CHECK_SYS(fork());
	if (!other) {
		ask_as_another(number);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(other), 0);
	catch_up();
	check_only_it();
	finish();
}

/* The maker is the child, and ends with what it has made. */
static void make_and_wait(int told, int go)
{
	int made[2];
	char byte;

	made[0] = kept_make(&r, &w);
	made[1] = w.told.report.pid;
	CHECK_EQ(write(told, made, sizeof(made)), (ssize_t)sizeof(made));
	CHECK_EQ(read(go, &byte, 1), 1);
	check_kept(&r, made[0], made[1], "waiting");
	_exit(0);
}

TEST(C1_made_by_the_other_process)
{
	int told[2], go[2], made[2];
	pid_t other;

	make_pipe(told);
	make_pipe(go);
	start();
	other = CHECK_SYS(fork());
	if (!other)
		make_and_wait(told[1], go[0]);
	CHECK_EQ(read(told[0], made, sizeof(made)), (ssize_t)sizeof(made));
	catch_up();
	from_row(CHILD | KEEP, made[0], false);
	EXPECT_EQ(whole_run(&r, &w)->res, -EPERM);
	from_row(COPY, made[0], true);
	EXPECT_EQ(whole_run(&r, &w)->res, -EPERM);
	CHECK_EQ(write(go[1], "x", 1), 1);
	EXPECT_EQ(wait_exit(other), 0);
	check_gone(made[1]);
	check_number(made[0], -ESRCH);
	finish();
}

/* --- restrictions ------------------------------------------------------------------------ */

/* A ring on which the first of SPAWN, CHILD and EXEC are allowed. */
static void start_restricted(unsigned int nr)
{
	struct io_uring_restriction rules[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = SPAWNPOL_OP_SPAWN },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = SPAWNPOL_OP_CHILD },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		  .sqe_op = SPAWNPOL_OP_EXEC },
	};

	tring_init(&r, IORING_SETUP_R_DISABLED);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules, nr));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
}

TEST(C1_restrictions)
{
	start_restricted(0);
	kept_new(&w);
	EXPECT_EQ(whole_run(&r, &w)->res, -EACCES);
	EXPECT_EQ(kept_shown(&r), 0);
	check_no_children();
	tring_exit(&r);

	/* neither steps nor programs, in the child and in its copies as elsewhere */
	start_restricted(1);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK);
	check(-EACCES);
	from_row(CHILD, IN_IT, true);
	check(-EACCES);
	from_row(COPY, IN_IT, true);
	check(-EACCES);
	kept_more(&w, number);
	check(number);
	kept_end(&r, number);
	check_children(0);
	tring_exit(&r);

	start_restricted(2);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK);
	check(number);
	from_row(CHILD | KEEP, IN_IT, true);
	check(-EACCES);
	tring_exit(&r);
	check_gone(pid);

	start_restricted(3);
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	finish();
}
