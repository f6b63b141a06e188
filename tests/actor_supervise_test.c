// SPDX-License-Identifier: LGPL-2.1-or-later
/* The actor supervise starts a program again. */
#include "uring_actor.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "spawn_actors.h"

#define MS	1000000ULL
#define SECOND	(1000 * MS)

static struct spawn_supervise supervise;
static const char *argv[4];

static void start(const char *script, unsigned int flags, unsigned int delays,
		  unsigned int restarts, uint64_t within)
{
	const uint64_t args[4] = { (uintptr_t)&supervise,
				   spawn_supervise_how(flags, delays, restarts), within,
				   100 };

	uring_with("supervise", 8, 256);
	shell_command(&supervise.spawn, argv, script);
	submit_actor(args);
}

/* The program starts; its pid. */
static int starts(unsigned int run)
{
	struct told cqe = next_cqe();

	CHECK_EQ(cqe.user_data, 100 + run);
	CHECK_EQ(cqe.flags, SPAWNPOL_CQE_F_STAGED | IORING_CQE_F_MORE);
	CHECK_GT(cqe.res, 0);
	return cqe.res;
}

static int ends(unsigned int run)
{
	struct told cqe = next_cqe();

	CHECK_EQ(cqe.user_data, 100 + run);
	CHECK_EQ(cqe.flags, SPAWNPOL_CQE_F_STAGED);
	return cqe.res;
}

TEST(until_it_succeeds)
{
	char file[] = "/tmp/supervise-XXXXXX", script[128];
	int fd = CHECK_SYS(mkstemp(file));

	snprintf(script, sizeof(script),
		 "echo >>%s; [ $(wc -l <%s) -lt 4 ] || exit 0; exit 7", file, file);
	start(script, 0, 0, 9, 0);
	for (int i = 0; i < 3; i++) {
		starts(i);
		CHECK_EQ(ends(i), 7 << 8);
	}
	starts(3);
	CHECK_EQ(ends(3), 0);
	CHECK_EQ(result(), 0);
	close(fd);
	unlink(file);
}

TEST(a_limit_of_restarts)
{
	start("kill -KILL $$", 0, 0, 2, 1000 * SECOND);
	for (int i = 0; i < 3; i++) {
		starts(i);
		CHECK_EQ(ends(i), SIGKILL);
	}
	CHECK_EQ(result(), SIGKILL | SPAWN_SUPERVISE_GAVE_UP);
}

TEST(restarts_that_are_long_ago_do_not_count)
{
	start("sleep 0.2; exit 1", SPAWN_SUPERVISE_ALWAYS, 0, 2, 300 * MS);
	for (int i = 0; i < 6; i++) {
		starts(i);
		CHECK_EQ(ends(i), 1 << 8);
	}
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

TEST(delays_get_longer)
{
	static const unsigned int ms[] = { 50, 150, 300, 300 };
	uint64_t end = 0, between;

	for (int i = 0; i < 3; i++)
		supervise.delays[i].tv_nsec = ms[i] * MS;
	start("exit 1", 0, 3, 4, 1000 * SECOND);
	for (int i = 0; i < 5; i++) {
		starts(i);
		between = now() - end;
		if (i) {
			EXPECT_GE(between, ms[i - 1] * MS - 2 * MS);
			EXPECT_LT(between, ms[i - 1] * MS + tap_patience() * SECOND);
		}
		ends(i);
		end = now();
	}
	CHECK_EQ(result(), 1 << 8 | SPAWN_SUPERVISE_GAVE_UP);
}

TEST(more_delays_than_there_is_room_for)
{
	start("exit 1", 0, SPAWN_SUPERVISE_DELAYS + 1, 9, 0);
	CHECK_EQ(result(), -EINVAL);
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

TEST(one_that_cannot_be_started)
{
	uint64_t args[4] = { (uintptr_t)&supervise, spawn_supervise_how(0, 0, 9), 0, 100 };

	uring_with("supervise", 8, 256);
	shell_command(&supervise.spawn, argv, "exit 0");
	supervise.spawn.path = (uintptr_t)"/nonexistent";
	submit_actor(args);
	CHECK_EQ(result(), -ENOENT);
}

TEST(a_cancelled_one)
{
	int pid, status;

	start("exec sleep 1000", 0, 0, 9, 0);
	pid = starts(0);
	cancel_actor();
	CHECK_EQ(result(), -ECANCELED);
	CHECK_SYS(kill(pid, SIGTERM));
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, SIGTERM);

	/* while it waits */
	io_uring_queue_exit(&uring);
	supervise.delays[0].tv_sec = 1000;
	start("exit 1", 0, 1, 9, 0);
	starts(0);
	ends(0);
	no_cqe(100);
	cancel_actor();
	CHECK_EQ(result(), -ECANCELED);
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

/* A signal ends the program, which is not the end of it. */
TEST(a_program_that_is_killed)
{
	int pid;

	start("exec sleep 1000", 0, 0, 9, 0);
	for (int i = 0; i < 3; i++) {
		pid = starts(i);
		CHECK_SYS(kill(pid, SIGKILL));
		CHECK_EQ(ends(i), SIGKILL);
	}
	pid = starts(3);
	cancel_actor();
	CHECK_EQ(result(), -ECANCELED);
	CHECK_SYS(kill(pid, SIGKILL));
}
