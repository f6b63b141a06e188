// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a child makes while it waits, for the program of its next copy: the copy is what it
 * would be if all of that were made when it is asked for (C4).
 */
#include "lib/child.h"
#include "lib/kept.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define NUMBER 5
#define LONG (1000 * tap_patience()) /* ms nothing should take */

static struct tring r;
static struct whole w;

/* A copy of it becomes a program. Then it waits for long enough to get the next one ready. */
static void copy_once(int number)
{
	whole_exit(&w, 3);
	kept_copy(&w, number);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 3);
	sleep_ms(100);
}

static pid_t run_copy(int number, const char *script)
{
	whole_init(&w, "/bin/sh");
	w.argv[1] = "-c";
	w.argv[2] = (char *)script;
	kept_std_files(&w);
	kept_copy(&w, number);
	return CHECK_OK(whole_run(&r, &w)->res);
}

/* The launcher has the other end of its pipe only. */
static int make_with_pipe(int *end)
{
	static struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file file;
	} files = { .head.nr = 1, .file.number = NUMBER };
	int fds[2], number;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	files.file.source = fds[1];
	kept_new(&w);
	whole_report(&w);
	w.arg.files = (uintptr_t)&files;
	number = CHECK_OK(whole_run(&r, &w)->res);
	CHECK_SYS(close(fds[1]));
	*end = fds[0];
	return number;
}

TEST(C4_files_of_a_copy_are_those_of_the_time)
{
	struct pollfd end = { .events = POLLIN };
	struct io_uring_spawn_step *step;
	int number;

	tring_init(&r, 0);
	number = make_with_pipe(&end.fd);
	copy_once(number);
	EXPECT_EQ(wait_exit(run_copy(number, "[ -e /proc/self/fd/5 ] && exit 4")), 4);
	sleep_ms(100);
	CHECK_EQ(poll(&end, 1, 0), 0);
	kept_more(&w, number);
	step = whole_step(&w, IORING_CHILD_CLOSE_RANGE);
	step->fd = step->off = NUMBER;
	CHECK_EQ(whole_run(&r, &w)->res, number);
	/* nobody has it */
	CHECK_EQ(poll(&end, 1, LONG), 1);
	EXPECT_EQ(end.revents, POLLHUP);
	EXPECT_EQ(wait_exit(run_copy(number, "[ -e /proc/self/fd/5 ] || exit 4")), 4);
	CHECK_SYS(close(end.fd));
	tring_exit(&r);
}

/* By a chain that has nothing else to do, or while it waits. */
static void end_it(int number, pid_t pid, bool killed)
{
	if (killed)
		CHECK_SYS(kill(pid, SIGKILL));
	else
		kept_end(&r, number);
}

TEST(C4_files_that_were_ready_end_with_the_child)
{
	struct pollfd end = { .events = POLLIN };
	int number, killed;
	pid_t pid;

	tring_init(&r, 0);
	for (killed = 0; killed < 2; killed++) {
		number = make_with_pipe(&end.fd);
		pid = w.told.report.pid;
		CHECK_GT(pid, 0);
		copy_once(number);
		end_it(number, pid, killed);
		CHECK_EQ(poll(&end, 1, LONG), 1);
		EXPECT_EQ(end.revents, POLLHUP);
		CHECK_SYS(close(end.fd));
	}
	tring_exit(&r);
}

/* The memory of its program was made by a process that is not there any more. */
TEST(C4_a_copy_outlives_what_it_is_a_copy_of)
{
	pid_t pids[3];
	int number;

	tring_init(&r, 0);
	number = kept_make(&r, &w);
	copy_once(number);
	for (int i = 0; i < 3; i++) {
		pids[i] = run_copy(number, "sleep 0.5; a=$(printf %500000d 0);"
				   "[ ${#a} = 500000 ] && exit 6");
		sleep_ms(50);
	}
	kept_end(&r, number);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(wait_exit(pids[i]), 6);
	tring_exit(&r);
}
