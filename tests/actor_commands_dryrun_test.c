// SPDX-License-Identifier: LGPL-2.1-or-later
/* jobs and supervise, run dry: what they stage and post after which completion. */
#include "dry_actor.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "spawn_actors.h"

#define OP_WAITID	50	/* in headers since Linux 6.7 */
#define WAIT		IORING_ACTOR_WAIT
#define END		IORING_ACTOR_END

static unsigned int op_spawn;

/* The number that the kernel has for it. */
static void ask_kernel(void)
{
	struct spawnpol_probe probe;

	CHECK_OK(spawnpol_probe(&probe));
	CHECK_OK(probe.error);
	op_spawn = probe.query.op_spawn;
}

/* --- jobs --------------------------------------------------------------------- */

enum { COMMANDS = 0x30000, STRIDE = 192 };

static void begin_jobs(unsigned int nr, unsigned int at_once, unsigned int flags)
{
	const uint64_t args[4] = { COMMANDS, (uint64_t)STRIDE << 32 | nr,
				   (uint64_t)flags << 32 | at_once, 500 };

	ask_kernel();
	dry_begin("jobs", args);
	CHECK_EQ(dry_start(), nr ? WAIT : END);
}

static void expect_spawn(struct io_uring_sqe sqe, unsigned int number)
{
	EXPECT_EQ(sqe.opcode, op_spawn);
	EXPECT_EQ(sqe.addr, COMMANDS + STRIDE * number);
	EXPECT_EQ(sqe.len, STRIDE);
}

static void expect_wait(struct io_uring_sqe sqe, int pid)
{
	EXPECT_EQ(sqe.opcode, OP_WAITID);
	EXPECT_EQ(sqe.len, P_PID);
	EXPECT_EQ(sqe.fd, pid);
	EXPECT_EQ(sqe.file_index, WEXITED);
	EXPECT_EQ(sqe.addr2, 0);
}

static void expect_posted(unsigned int number, int res)
{
	CHECK_EQ(dry.run.nr_posted, 1);
	EXPECT_EQ(dry.run.posted[0].user_data, 500 + number);
	EXPECT_EQ(dry.run.posted[0].res, res);
	EXPECT_EQ(dry.run.posted[0].flags & IORING_CQE_F_MORE, 0);
}

/* It runs now; the wait for it is returned. */
static struct io_uring_sqe runs(const struct io_uring_sqe *spawn, int pid)
{
	CHECK_EQ(dry_ends(spawn, pid), WAIT);
	expect_wait(dry_only_sqe(), pid);
	return dry_only_sqe();
}

static int exits(const struct io_uring_sqe *wait, int status)
{
	int ret;

	dry.ctx.wait_code = CLD_EXITED;
	dry.ctx.wait_status = status;
	dry.ctx.wait_pid = wait->fd;
	ret = dry_ends(wait, 0);
	dry.ctx.wait_code = dry.ctx.wait_status = dry.ctx.wait_pid = 0;
	return ret;
}

TEST(jobs_starts_so_many_at_once)
{
	struct io_uring_sqe waits[3];

	begin_jobs(3, 2, 0);
	CHECK_EQ(dry.run.nr_staged, 2);
	waits[0] = dry_sqe(0);
	waits[1] = dry_sqe(1);
	expect_spawn(waits[0], 0);
	expect_spawn(waits[1], 1);
	waits[1] = runs(&waits[1], 71);
	waits[0] = runs(&waits[0], 70);

	CHECK_EQ(exits(&waits[1], 0), WAIT);
	expect_posted(1, 0);
	expect_spawn(dry_only_sqe(), 2);
	waits[2] = dry_only_sqe();
	waits[2] = runs(&waits[2], 72);
	CHECK_EQ(exits(&waits[0], 0), WAIT);
	expect_posted(0, 0);
	CHECK_EQ(exits(&waits[2], 0), END);
	expect_posted(2, 0);
	EXPECT_EQ(dry.run.result, 0);
}

TEST(jobs_starts_none_after_a_failure)
{
	struct io_uring_sqe first, second;

	begin_jobs(4, 2, 0);
	first = dry_sqe(0);
	second = dry_sqe(1);
	first = runs(&first, 70);
	second = runs(&second, 71);
	CHECK_EQ(exits(&first, 3), WAIT);
	expect_posted(0, 3 << 8);
	EXPECT_EQ(dry.run.nr_staged, 0);
	CHECK_EQ(exits(&second, 0), END);
	EXPECT_EQ(dry.run.result, 1);
}

TEST(jobs_goes_on_if_it_is_told_so)
{
	struct io_uring_sqe sqe;

	begin_jobs(3, 1, SPAWN_JOBS_KEEP_GOING);
	sqe = dry_only_sqe();
	sqe = runs(&sqe, 70);
	CHECK_EQ(exits(&sqe, 1), WAIT);
	sqe = dry_only_sqe();
	expect_spawn(sqe, 1);

	/* one that cannot be started */
	dry.ctx.cqe_flags = 2 << IORING_SPAWN_STEP_SHIFT;
	CHECK_EQ(dry_ends(&sqe, -ENOENT), WAIT);
	dry.ctx.cqe_flags = 0;
	expect_posted(1, -ENOENT);
	EXPECT_EQ(dry.run.posted[0].flags >> IORING_SPAWN_STEP_SHIFT, 2);

	/* one that is killed */
	sqe = dry_only_sqe();
	sqe = runs(&sqe, 72);
	dry.ctx.wait_code = CLD_DUMPED;
	dry.ctx.wait_status = SIGABRT;
	CHECK_EQ(dry_ends(&sqe, 0), END);
	expect_posted(2, SIGABRT | 0x80);
	EXPECT_EQ(dry.run.result, 3);
}

TEST(jobs_starts_more_than_one_run_can)
{
	struct io_uring_sqe sqe;

	begin_jobs(200, 100, 0);
	CHECK_EQ(dry.run.nr_staged, 64);
	sqe = dry_sqe(0);
	CHECK_EQ(dry_ends(&sqe, 70), WAIT);
	/* the wait, and the others */
	CHECK_EQ(dry.run.nr_staged, 1 + 36);
	expect_wait(dry_sqe(0), 70);
	expect_spawn(dry_sqe(1), 64);
}

TEST(jobs_without_commands_or_room)
{
	begin_jobs(0, 2, 0);
	EXPECT_EQ(dry.run.result, 0);

	const uint64_t none_at_once[4] = { COMMANDS, (uint64_t)STRIDE << 32 | 2 };

	dry_begin("jobs", none_at_once);
	CHECK_EQ(dry_start(), END);
	EXPECT_EQ(dry.run.result, -EINVAL);
}

TEST(jobs_lets_go_of_its_commands)
{
	struct io_uring_sqe first, second;

	begin_jobs(4, 2, SPAWN_JOBS_KEEP_GOING);
	first = dry_sqe(0);
	second = dry_sqe(1);
	first = runs(&first, 70);
	CHECK_EQ(dry_cancel(), WAIT);
	CHECK_EQ(dry_ends(&second, -ECANCELED), WAIT);
	expect_posted(1, -ECANCELED);
	CHECK_EQ(dry_ends(&first, -ECANCELED), END);
	expect_posted(0, -ECANCELED);
}

/* --- supervise ---------------------------------------------------------------- */

#define SECOND	1000000000ULL

static void begin_supervise(unsigned int flags, unsigned int delays,
			    unsigned int restarts, uint64_t within)
{
	const uint64_t args[4] = { COMMANDS, spawn_supervise_how(flags, delays, restarts),
				   within, 500 };

	ask_kernel();
	dry_begin("supervise", args);
	CHECK_EQ(dry_start(), WAIT);
}

/* The program that is being started has this pid, and exits; the verdict. */
static int lives_and_exits(int pid, int status)
{
	struct io_uring_sqe sqe = dry_only_sqe();

	EXPECT_EQ(sqe.opcode, op_spawn);
	EXPECT_EQ(sqe.addr, COMMANDS + offsetof(struct spawn_supervise, spawn));
	EXPECT_EQ(sqe.len, sizeof(struct io_uring_spawn));
	CHECK_EQ(dry_ends(&sqe, pid), WAIT);
	CHECK_EQ(dry.run.nr_posted, 1);
	EXPECT_EQ(dry.run.posted[0].res, pid);
	EXPECT_EQ(dry.run.posted[0].flags & IORING_CQE_F_MORE, IORING_CQE_F_MORE);
	sqe = dry_only_sqe();
	expect_wait(sqe, pid);
	return exits(&sqe, status);
}

TEST(supervise_starts_again)
{
	begin_supervise(0, 0, 9, 0);
	CHECK_EQ(lives_and_exits(70, 1), WAIT);
	expect_posted(0, 1 << 8);
	CHECK_EQ(lives_and_exits(71, 2), WAIT);
	expect_posted(1, 2 << 8);
	CHECK_EQ(lives_and_exits(72, 0), END);
	expect_posted(2, 0);
	EXPECT_EQ(dry.run.result, 0);
}

TEST(supervise_always_starts_again)
{
	begin_supervise(SPAWN_SUPERVISE_ALWAYS, 0, 1, 0);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(lives_and_exits(70 + i, 0), WAIT);
}

TEST(supervise_gives_up)
{
	begin_supervise(0, 0, 3, 1000 * SECOND);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(lives_and_exits(70 + i, 1), WAIT);
	CHECK_EQ(lives_and_exits(73, 7), END);
	EXPECT_EQ(dry.run.result, 7 << 8 | SPAWN_SUPERVISE_GAVE_UP);

	begin_supervise(0, 0, 0, 0);
	CHECK_EQ(lives_and_exits(70, 1), END);
	EXPECT_EQ(dry.run.result, 1 << 8 | SPAWN_SUPERVISE_GAVE_UP);
}

/* Restarts that are long ago do not count. */
TEST(supervise_forgets_restarts)
{
	begin_supervise(0, 0, 2, SECOND / 10);
	CHECK_EQ(lives_and_exits(70, 1), WAIT);
	CHECK_EQ(lives_and_exits(71, 1), WAIT);
	usleep(150000);
	CHECK_EQ(lives_and_exits(72, 1), WAIT);
	CHECK_EQ(lives_and_exits(73, 1), WAIT);
	CHECK_EQ(lives_and_exits(74, 1), END);
}

static void delays_by(unsigned int nr)
{
	struct io_uring_sqe sqe = dry_only_sqe();

	EXPECT_EQ(sqe.opcode, IORING_OP_TIMEOUT);
	EXPECT_EQ(sqe.addr, COMMANDS + nr * sizeof(struct __kernel_timespec));
	CHECK_EQ(dry_ends(&sqe, -ETIME), WAIT);
}

TEST(supervise_waits_longer_and_longer)
{
	begin_supervise(0, 3, 64, SECOND / 10);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(lives_and_exits(70, 1), WAIT);
		delays_by(i < 2 ? i : 2);
	}
	/* a run that is long enough */
	struct io_uring_sqe sqe = dry_only_sqe();

	CHECK_EQ(dry_ends(&sqe, 70), WAIT);
	usleep(150000);
	sqe = dry_only_sqe();
	CHECK_EQ(exits(&sqe, 1), WAIT);
	delays_by(0);
	CHECK_EQ(lives_and_exits(70, 1), WAIT);
	delays_by(1);
}

/* Those after the last are not delays: that one is for all others. */
TEST(supervise_has_room_for_so_many_delays)
{
	const uint64_t args[4] = {
		COMMANDS, spawn_supervise_how(0, SPAWN_SUPERVISE_DELAYS + 1, 9), 0, 500
	};

	begin_supervise(0, SPAWN_SUPERVISE_DELAYS, 64, 0);
	for (unsigned int i = 0; i < SPAWN_SUPERVISE_DELAYS + 2; i++) {
		CHECK_EQ(lives_and_exits(70, 1), WAIT);
		delays_by(i < SPAWN_SUPERVISE_DELAYS ? i : SPAWN_SUPERVISE_DELAYS - 1);
	}

	dry_begin("supervise", args);
	CHECK_EQ(dry_start(), END);
	EXPECT_EQ(dry.run.result, -EINVAL);
	EXPECT_EQ(dry.run.nr_posted, 0);
}

TEST(supervise_ends_with_an_error)
{
	struct io_uring_sqe sqe;

	begin_supervise(0, 0, 3, 0);
	sqe = dry_only_sqe();
	CHECK_EQ(dry_ends(&sqe, -ENOENT), END);
	EXPECT_EQ(dry.run.result, -ENOENT);

	begin_supervise(0, 0, 3, 0);
	sqe = dry_only_sqe();
	CHECK_EQ(dry_ends(&sqe, 70), WAIT);
	sqe = dry_only_sqe();
	CHECK_EQ(dry_cancel(), WAIT);
	CHECK_EQ(dry_ends(&sqe, -ECANCELED), END);
	EXPECT_EQ(dry.run.result, -ECANCELED);
}
