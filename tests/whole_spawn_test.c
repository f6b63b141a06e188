// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: a spawn in one request, and what comes of it (O1, O2, O3). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <linux/sched.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;

/* It fails with this error at this step, and leaves nothing. */
static void check_fails(int error, unsigned int step)
{
	const struct tring_cqe *cqe = whole_run(&r, &w);

	EXPECT_EQ(cqe->res, error);
	EXPECT_EQ(whole_step_of(cqe), step);
	tring_total(&r, 1);
	whole_is_gone();
}

static void check_exits(int status)
{
	const struct tring_cqe *cqe = whole_run(&r, &w);

	EXPECT_EQ(wait_exit(CHECK_OK(cqe->res)), status);
	EXPECT_EQ(whole_step_of(cqe), 1);
	tring_total(&r, 1);
}

TEST(O1_one_request_and_one_completion)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		whole_exit(&w, 7);
		whole_step(&w, IORING_CHILD_SETSID);
		whole_step(&w, IORING_CHILD_UMASK)->off = 077;
		check_exits(7);
		whole_exit(&w, 8);
		check_exits(8);
		tring_exit(&r);
	}
}

TEST(O3_steps_run_in_their_order)
{
	char *file = in_dir("out");
	struct io_uring_spawn_step *step;

	tring_init(&r, 0);
	whole_init(&w, "/bin/sh");
	w.argv[1] = "-c";
	w.argv[2] = "pwd; umask; echo $1";
	step = whole_step(&w, IORING_CHILD_CHDIR);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"/usr";
	step = whole_step(&w, IORING_CHILD_CHDIR);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"lib";
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
	step = whole_step(&w, IORING_CHILD_OPEN);
	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)file;
	step->child_flags = O_WRONLY | O_CREAT;
	step->addr3 = 0600;
	step->off = 1;
	check_exits(0);
	EXPECT_STR(read_file(file), "/usr/lib\n0022\n\n");
}

TEST(O2_the_step_that_failed_is_in_the_completion)
{
	tring_init(&r, 0);
	whole_exit(&w, 0);
	whole_step(&w, IORING_CHILD_SETSID);
	whole_fail(&w);
	whole_step(&w, IORING_CHILD_SETSID);
	check_fails(-EBADF, 1);

	whole_init(&w, "/nonexistent/program");
	whole_step(&w, IORING_CHILD_SETSID);
	whole_report(&w);
	check_fails(-ENOENT, 1);
	EXPECT_EQ(w.told.report.end, IORING_END_STEP);
	EXPECT_EQ(w.told.report.step, 1);
	EXPECT_EQ(w.told.report.opcode, SPAWNPOL_OP_EXEC);
	EXPECT_STR(w.told.report.path, "/nonexistent/program");
}

TEST(O3_a_step_that_may_fail)
{
	tring_init(&r, 0);
	whole_exit(&w, 3);
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	check_exits(3);
}

TEST(O3_later_steps_that_may_fail)
{
	tring_init(&r, 0);
	whole_exit(&w, 7);
	whole_step(&w, IORING_CHILD_SETSID);
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	whole_fail(&w)->flags = IORING_SPAWN_STEP_MAY_FAIL;
	check_exits(7);
	whole_fail(&w);
	check_fails(-EBADF, 3);
}

TEST(O2_a_pidfd_stays_open_after_a_failure)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	struct pollfd fds = { .events = POLLIN };

	tring_init(&r, 0);
	whole_init(&w, "/nonexistent");
	w.arg.clone_args = (uintptr_t)&args;
	w.arg.clone_args_size = sizeof(args);
	check_fails(-ENOENT, 0);
	fds.fd = CHECK_OK(pidfd);
	CHECK_EQ(poll(&fds, 1, tap_patience() * 1000), 1);
	CHECK_SYS(close(pidfd));
}

TEST(O1_listed_files)
{
	struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file files[2];
	} list = { .head.nr = 2 };
	char *file = in_dir("listed");
	int fd;

	write_file(file, "", 0644);
	fd = CHECK_SYS(open(file, O_WRONLY | O_CLOEXEC));
	list.files[0].source = list.files[1].source = fd;
	list.files[0].number = 1;
	list.files[1].number = 5;
	tring_init(&r, 0);
	whole_init(&w, "/bin/sh");
	w.argv[1] = "-c";
	w.argv[2] = "cd /proc/self/fd; for f in *; do [ -e $f ] && echo $f; done";
	w.arg.flags = IORING_SPAWN_FILES;
	w.arg.files = (uintptr_t)&list;
	check_exits(0);
	EXPECT_STR(read_file(file), "1\n5\n");
	close(fd);
}

TEST(O1_a_deadline)
{
	int fds[2];

	tring_init(&r, 0);
	make_pipe(fds);
	mkfifo(in_dir("fifo"), 0600);
	whole_exit(&w, 0);
	w.arg.timeout_ns = 50 * 1000 * 1000;
	whole_step(&w, IORING_CHILD_OPEN)->addr = (uintptr_t)in_dir("fifo");
	w.steps[0].fd = AT_FDCWD;
	w.steps[0].off = 9;
	check_fails(-ETIME, 0);
	w.arg.timeout_ns = 3600ULL * 1000000000;
	w.steps[0].child_flags = O_RDWR;
	check_exits(0);
}

TEST(O1_cancelling)
{
	tring_init(&r, 0);
	mkfifo(in_dir("fifo"), 0600);
	whole_exit(&w, 0);
	whole_step(&w, IORING_CHILD_OPEN)->addr = (uintptr_t)in_dir("fifo");
	w.steps[0].fd = AT_FDCWD;
	w.steps[0].off = 9;
	q_whole(&r, &w);
	tring_submit(&r);
	q_cancel(&r, WHOLE, 0, OTHER + 2);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER + 2), 0);
	EXPECT_EQ(tring_res(&r, WHOLE), -ECANCELED);
	tring_total(&r, 2);
	whole_is_gone();
}

TEST(O1_links_to_other_requests)
{
	tring_init(&r, 0);
	whole_exit(&w, 4);
	q_nop(&r)->user_data = OTHER + 2;
	q_whole(&r, &w)->flags |= IOSQE_IO_LINK;
	q_alone(&r, IORING_OP_NOP, OTHER + 3);
	tring_submit(&r);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 4);
	EXPECT_EQ(tring_res(&r, OTHER + 3), 0);
	tring_total(&r, 3);
}

TEST(O1_a_request_behind_one_that_fails_is_cancelled)
{
	tring_init(&r, 0);
	whole_init(&w, "/nonexistent");
	q_whole(&r, &w)->flags |= IOSQE_IO_LINK;
	q_alone(&r, IORING_OP_NOP, OTHER + 3);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, WHOLE), -ENOENT);
	EXPECT_EQ(tring_res(&r, OTHER + 3), -ECANCELED);
	tring_total(&r, 2);
	whole_is_gone();
}

TEST(O1_silent_about_success)
{
	tring_init(&r, 0);
	whole_exit(&w, 4);
	q_whole(&r, &w)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	EXPECT_EQ(wait_exit(-1), 4);
	tring_total(&r, 0);
	whole_init(&w, "/nonexistent");
	q_whole(&r, &w)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, WHOLE), -ENOENT);
	tring_total(&r, 1);
}

static void check_no_step(int error)
{
	EXPECT_EQ(tring_res(&r, WHOLE), error);
	EXPECT_EQ(whole_step_of(tring_cqe(&r, WHOLE)), WHOLE_NO_CHILD);
	tring_forget(&r);
}

/* Neither of a SPAWN that is refused, nor of one whose turn never comes. */
TEST(O2_without_a_child_no_step_has_failed)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	whole_exit(&w, 7);
	whole_step(&w, IORING_CHILD_SETSID);
	q_whole(&r, &w)->len = 1;
	tring_submit(&r);
	check_no_step(-EINVAL);

	sqe = q_alone(&r, IORING_OP_OPENAT, OTHER + 2);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->fd = -1;
	q_whole(&r, &w);
	tring_submit(&r);
	check_no_step(-ECANCELED);
}
