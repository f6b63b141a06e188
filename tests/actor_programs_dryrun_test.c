// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * copy and series, run dry: what they stage after which completion. Also an example of
 * how to test an actor of one's own.
 */
#include "dry_actor.h"

#include <errno.h>

#include "spawn_actors.h"

#define WAIT		IORING_ACTOR_WAIT
#define END		IORING_ACTOR_END

static void expect_io(struct io_uring_sqe sqe, unsigned int op, int fd, uint64_t off,
		      uint64_t addr, unsigned int len)
{
	EXPECT_EQ(sqe.opcode, op);
	EXPECT_EQ(sqe.fd, fd);
	EXPECT_EQ(sqe.off, off);
	EXPECT_EQ(sqe.addr, addr);
	EXPECT_EQ(sqe.len, len);
}

/* --- copy --------------------------------------------------------------------- */

enum { FROM = 3, TO = 4, BUF = 0x10000 };

static const uint64_t copy_two[4] = { BUF, (uint64_t)TO << 32 | FROM,
				      2ULL << 32 | 100, 1000 };

TEST(copy_reads_into_all_buffers)
{
	struct io_uring_sqe first, second;

	dry_begin("copy", copy_two);
	CHECK_EQ(dry_start(), WAIT);
	CHECK_EQ(dry.run.nr_staged, 2);
	first = dry_sqe(0);
	second = dry_sqe(1);
	expect_io(first, IORING_OP_READ, FROM, 1000, BUF, 100);
	expect_io(second, IORING_OP_READ, FROM, 1100, BUF + 100, 100);

	/* each goes its own way */
	CHECK_EQ(dry_ends(&second, 100), WAIT);
	second = dry_only_sqe();
	expect_io(second, IORING_OP_WRITE, TO, 1100, BUF + 100, 100);
	CHECK_EQ(dry_ends(&second, 100), WAIT);
	expect_io(dry_only_sqe(), IORING_OP_READ, FROM, 1200, BUF + 100, 100);
	CHECK_EQ(dry_ends(&first, 100), WAIT);
	expect_io(dry_only_sqe(), IORING_OP_WRITE, TO, 1000, BUF, 100);
}

TEST(copy_continues_what_was_short)
{
	const uint64_t args[4] = { BUF, (uint64_t)TO << 32 | FROM, 1ULL << 32 | 100, 0 };
	struct io_uring_sqe sqe;

	dry_begin("copy", args);
	CHECK_EQ(dry_start(), WAIT);
	sqe = dry_only_sqe();
	CHECK_EQ(dry_ends(&sqe, 60), WAIT);
	sqe = dry_only_sqe();
	expect_io(sqe, IORING_OP_WRITE, TO, 0, BUF, 60);
	CHECK_EQ(dry_ends(&sqe, 20), WAIT);
	sqe = dry_only_sqe();
	expect_io(sqe, IORING_OP_WRITE, TO, 20, BUF + 20, 40);
	CHECK_EQ(dry_ends(&sqe, 40), WAIT);
	sqe = dry_only_sqe();
	expect_io(sqe, IORING_OP_READ, FROM, 60, BUF + 60, 40);
	CHECK_EQ(dry_ends(&sqe, 40), WAIT);
	sqe = dry_only_sqe();
	expect_io(sqe, IORING_OP_WRITE, TO, 60, BUF + 60, 40);
	CHECK_EQ(dry_ends(&sqe, 40), WAIT);
	expect_io(dry_only_sqe(), IORING_OP_READ, FROM, 100, BUF, 100);
}

TEST(copy_ends_with_the_last_request)
{
	struct io_uring_sqe first, second;

	dry_begin("copy", copy_two);
	CHECK_EQ(dry_start(), WAIT);
	first = dry_sqe(0);
	second = dry_sqe(1);
	CHECK_EQ(dry_ends(&second, 0), WAIT);
	CHECK_EQ(dry.run.nr_staged, 0);
	CHECK_EQ(dry_ends(&first, 100), WAIT);
	first = dry_only_sqe();
	CHECK_EQ(dry_ends(&first, 100), END);
	EXPECT_EQ(dry.run.result, 0);
}

TEST(copy_ends_with_an_error)
{
	struct io_uring_sqe sqe;

	dry_begin("copy", copy_two);
	CHECK_EQ(dry_start(), WAIT);
	sqe = dry_sqe(0);
	CHECK_EQ(dry_ends(&sqe, -EIO), END);
	EXPECT_EQ(dry.run.result, -EIO);

	dry_begin("copy", copy_two);
	CHECK_EQ(dry_start(), WAIT);
	sqe = dry_sqe(0);
	CHECK_EQ(dry_ends(&sqe, 10), WAIT);
	sqe = dry_only_sqe();
	CHECK_EQ(dry_ends(&sqe, 0), END);
	EXPECT_EQ(dry.run.result, -EIO);
}

TEST(copy_refuses_arguments)
{
	const uint64_t sizes[] = { 0, 100, 1ULL << 32, (SPAWN_COPY_BUFFERS + 1ULL) << 32 | 8 };
	uint64_t args[4] = { BUF };

	for (int i = 0; i < 4; i++) {
		args[2] = sizes[i];
		dry_begin("copy", args);
		CHECK_EQ(dry_start(), END);
		EXPECT_EQ(dry.run.result, -EINVAL);
	}
	args[2] = (uint64_t)SPAWN_COPY_BUFFERS << 32 | 8;
	dry_begin("copy", args);
	CHECK_EQ(dry_start(), WAIT);
	EXPECT_EQ(dry.run.nr_staged, SPAWN_COPY_BUFFERS);
}

/* --- series ------------------------------------------------------------------- */

enum { PATHS = 0x20000 };

static const uint64_t two_files[4] = { PATHS, 256ULL << 32 | 2, BUF,
				       (uint64_t)TO << 32 | 100 };

/* The only request staged ends so. */
static int then(unsigned int op, int res)
{
	struct io_uring_sqe sqe = dry_only_sqe();

	EXPECT_EQ(sqe.opcode, op);
	return dry_ends(&sqe, res);
}

TEST(series_goes_through_the_files)
{
	dry_begin("series", two_files);
	CHECK_EQ(dry_start(), WAIT);
	EXPECT_EQ(dry_only_sqe().addr, PATHS);
	EXPECT_EQ(dry_only_sqe().file_index, SPAWN_SERIES_FILE + 1);
	CHECK_EQ(then(IORING_OP_OPENAT, 0), WAIT);
	EXPECT_EQ(dry_only_sqe().flags, IOSQE_FIXED_FILE);
	expect_io(dry_only_sqe(), IORING_OP_READ, SPAWN_SERIES_FILE, -1, BUF, 100);
	CHECK_EQ(then(IORING_OP_READ, 30), WAIT);
	expect_io(dry_only_sqe(), IORING_OP_WRITE, TO, -1, BUF, 30);
	CHECK_EQ(then(IORING_OP_WRITE, 10), WAIT);
	expect_io(dry_only_sqe(), IORING_OP_WRITE, TO, -1, BUF + 10, 20);
	CHECK_EQ(then(IORING_OP_WRITE, 20), WAIT);
	CHECK_EQ(then(IORING_OP_READ, 0), WAIT);
	CHECK_EQ(then(IORING_OP_CLOSE, 0), WAIT);

	EXPECT_EQ(dry_only_sqe().addr, PATHS + 256);
	CHECK_EQ(then(IORING_OP_OPENAT, 0), WAIT);
	CHECK_EQ(then(IORING_OP_READ, 0), WAIT);
	CHECK_EQ(then(IORING_OP_CLOSE, 0), END);
	EXPECT_EQ(dry.run.result, 2);
	EXPECT_EQ(dry.run.nr_posted, 0);
}

static void expect_aborted(int error, int after)
{
	EXPECT_EQ(dry.run.result, error);
	CHECK_EQ(dry.run.nr_posted, 1);
	EXPECT_EQ(dry.run.posted[0].user_data, 99);
	EXPECT_EQ(dry.run.posted[0].res, after);
}

TEST(series_stops_at_the_first_that_fails)
{
	dry_begin("series", two_files);
	CHECK_EQ(dry_start(), WAIT);
	CHECK_EQ(then(IORING_OP_OPENAT, -ENOENT), END);
	expect_aborted(-ENOENT, 0);

	dry_begin("series", two_files);
	CHECK_EQ(dry_start(), WAIT);
	CHECK_EQ(then(IORING_OP_OPENAT, 0), WAIT);
	CHECK_EQ(then(IORING_OP_READ, 0), WAIT);
	CHECK_EQ(then(IORING_OP_CLOSE, 0), WAIT);
	CHECK_EQ(then(IORING_OP_OPENAT, 0), WAIT);
	CHECK_EQ(then(IORING_OP_READ, -EISDIR), WAIT);
	CHECK_EQ(then(IORING_OP_CLOSE, 0), END);
	expect_aborted(-EISDIR, 1);
}

/* Else it would be tried again for ever. */
TEST(series_stops_at_a_write_of_nothing)
{
	dry_begin("series", two_files);
	CHECK_EQ(dry_start(), WAIT);
	CHECK_EQ(then(IORING_OP_OPENAT, 0), WAIT);
	CHECK_EQ(then(IORING_OP_READ, 30), WAIT);
	CHECK_EQ(then(IORING_OP_WRITE, 10), WAIT);
	CHECK_EQ(then(IORING_OP_WRITE, 0), WAIT);
	CHECK_EQ(then(IORING_OP_CLOSE, 0), END);
	expect_aborted(-EIO, 0);
}

TEST(series_of_no_files)
{
	const uint64_t none[4] = { 0 };

	dry_begin("series", none);
	CHECK_EQ(dry_start(), END);
	EXPECT_EQ(dry.run.result, 0);
}

TEST(series_stages_nothing_when_it_is_cancelled)
{
	dry_begin("series", two_files);
	CHECK_EQ(dry_start(), WAIT);
	CHECK_EQ(dry_cancel(), END);
	EXPECT_EQ(dry.run.nr_staged, 0);
}
