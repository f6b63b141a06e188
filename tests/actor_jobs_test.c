// SPDX-License-Identifier: LGPL-2.1-or-later
/* The actor jobs runs a list of commands, so many at once. */
#include "uring_actor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "child.h"
#include "spawn_actors.h"

enum { MOST = 1000, FIRST = 7000 };

static struct io_uring_spawn commands[MOST];
static struct io_uring_spawn_report reports[MOST];
static const char *argvs[MOST][4];
static unsigned int nr;

static void add(const char *script)
{
	shell_command(&commands[nr], argvs[nr], script);
	reports[nr].size = sizeof(reports[nr]);
	commands[nr].report = (uintptr_t)&reports[nr];
	nr++;
}

static void start(unsigned int at_once, unsigned int flags)
{
	const uint64_t args[4] = {
		(uintptr_t)commands, spawn_actor_pair(nr, sizeof(commands[0])),
		spawn_actor_pair(at_once, flags), FIRST,
	};

	submit_actor(args);
}

/* The next CQE is that of this command; what it says. */
static int end_of(unsigned int number)
{
	struct told cqe = next_cqe();

	CHECK_EQ(cqe.user_data, FIRST + number);
	CHECK_EQ(cqe.flags & SPAWNPOL_CQE_F_STAGED, SPAWNPOL_CQE_F_STAGED);
	return cqe.res;
}

static void check_nobody_is_left(void)
{
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

TEST(one_after_the_other)
{
	uring_with("jobs", 8, 64);
	add("exit 0");
	add("kill -9 $$");
	add("exit 3");
	start(1, SPAWN_JOBS_KEEP_GOING);
	EXPECT_EQ(end_of(0), 0);
	EXPECT_EQ(end_of(1), SIGKILL);
	EXPECT_EQ(end_of(2), 3 << 8);
	CHECK_EQ(result(), 2);
	for (int i = 0; i < 3; i++)
		EXPECT_GT(reports[i].pid, 0);
	check_nobody_is_left();
}

TEST(none_is_started_after_a_failure)
{
	uring_with("jobs", 8, 64);
	add("exit 0");
	add("exit 3");
	add("echo it was started; exit 4");
	start(1, 0);
	EXPECT_EQ(end_of(0), 0);
	EXPECT_EQ(end_of(1), 3 << 8);
	CHECK_EQ(result(), 1);
	EXPECT_EQ(reports[2].pid, 0);
}

TEST(those_that_run_are_waited_for)
{
	uring_with("jobs", 8, 64);
	add("exit 1");
	add("sleep 0.3");
	add("exit 5");
	start(2, 0);
	EXPECT_EQ(end_of(0), 1 << 8);
	EXPECT_EQ(end_of(1), 0);
	CHECK_EQ(result(), 1);
	check_nobody_is_left();
}

TEST(one_that_cannot_be_started)
{
	struct told cqe;

	uring_with("jobs", 8, 64);
	add("exit 0");
	commands[0].path = (uintptr_t)"/nonexistent";
	add("exit 0");
	start(1, SPAWN_JOBS_KEEP_GOING);
	cqe = next_cqe();
	EXPECT_EQ(cqe.user_data, FIRST);
	EXPECT_EQ(cqe.res, -ENOENT);
	EXPECT_EQ(cqe.flags >> IORING_SPAWN_STEP_SHIFT, 1);
	EXPECT_EQ(end_of(1), 0);
	CHECK_EQ(result(), 1);
}

/* All run at the same time, and never more: each counts how many there are. */
TEST(so_many_at_once)
{
	enum { AT_ONCE = 5, NR = 30 };
	static const char script[] =
		": >$$; set -- *; n=$#; sleep 0.05; rm $$;"
		"[ $n -le 5 ] || exit 1; [ $n -lt 5 ] || exit 2; exit 0";
	char dir[] = "/tmp/jobs-XXXXXX";
	int full = 0, failed = 0;

	CHECK(mkdtemp(dir));
	CHECK_SYS(chdir(dir));
	uring_with("jobs", 8, 64);
	for (int i = 0; i < NR; i++)
		add(script);
	start(AT_ONCE, SPAWN_JOBS_KEEP_GOING);
	for (int i = 0; i < NR; i++) {
		struct told cqe = next_cqe();

		CHECK_NE(cqe.res, 1 << 8);
		full += cqe.res == 2 << 8;
		failed += cqe.res != 0;
	}
	CHECK_EQ(result(), failed);
	EXPECT_GT(full, 0);
}

/* CQEs that have no room come when there is some. */
TEST(a_full_cq_ring)
{
	enum { NR = 100 };
	bool seen[NR] = { false };

	uring_with("jobs", 2, 4);
	for (int i = 0; i < NR; i++)
		add("exit 1");
	start(10, SPAWN_JOBS_KEEP_GOING);
	for (int i = 0; i < NR; i++) {
		struct told cqe;

		if (i % 10 == 0)
			usleep(50000);
		cqe = next_cqe();
		CHECK_LT(cqe.user_data - FIRST, NR);
		CHECK(!seen[cqe.user_data - FIRST]);
		seen[cqe.user_data - FIRST] = true;
		CHECK_EQ(cqe.res, 1 << 8);
	}
	CHECK_EQ(result(), NR);
	check_nobody_is_left();
}

/* More than one run of the program can stage. */
TEST(many_at_once)
{
	enum { NR = 300 };

	uring_with("jobs", 8, 1024);
	for (int i = 0; i < NR; i++)
		add("sleep 0.2");
	start(NR, 0);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(next_cqe().res, 0);
	CHECK_EQ(result(), 0);
	check_nobody_is_left();
}

TEST(no_commands)
{
	uring_with("jobs", 8, 64);
	start(1, 0);
	CHECK_EQ(result(), 0);
	nr = 1;
	start(0, 0);
	CHECK_EQ(result(), -EINVAL);
}

/* Cancelled, it lets go of commands; their launcher has their pids. */
TEST(a_cancelled_list)
{
	char script[64], byte;
	int status, fds[2];

	/* the commands have the pipe, and say that they run */
	CHECK_SYS(pipe(fds));
	snprintf(script, sizeof(script), "echo >&%d; exec sleep 1000", fds[1]);
	uring_with("jobs", 8, 64);
	add(script);
	add(script);
	add("exit 0");
	start(2, 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(read(fds[0], &byte, 1), 1);
	cancel_actor();
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(next_cqe().res, -ECANCELED);
	CHECK_EQ(result(), -ECANCELED);
	EXPECT_EQ(reports[2].pid, 0);
	for (int i = 0; i < 2; i++) {
		CHECK_SYS(kill(reports[i].pid, SIGTERM));
		CHECK_EQ(waitpid(reports[i].pid, &status, 0), reports[i].pid);
		EXPECT_EQ(status, SIGTERM);
	}
	check_nobody_is_left();
}

/* The launcher sleeps: with all CQEs waited for at once it is woken once. */
TEST(the_launcher_sleeps, .timeout = 120)
{
	enum { NR = 200 };
	struct rusage before, after;
	struct io_uring_cqe *cqe;
	long switches;

	uring_with("jobs", 8, 1024);
	for (int i = 0; i < NR; i++)
		add("exit 0");
	CHECK_SYS(getrusage(RUSAGE_THREAD, &before));
	start(2, 0);
	while (io_uring_wait_cqe_nr(&uring, &cqe, NR + 1) == -EINTR)
		;
	CHECK_SYS(getrusage(RUSAGE_THREAD, &after));
	switches = after.ru_nvcsw - before.ru_nvcsw;
	DIAG("%ld context switches", switches);
	for (int i = 0; i < NR; i++)
		CHECK_EQ(next_cqe().res, 0);
	CHECK_EQ(result(), 0);
}
