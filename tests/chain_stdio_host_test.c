// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The standard streams, assigned all at once: for every combination of what the three
 * can come from, the steps are carried out on a table of descriptors, as a child would.
 */
#include "fake_ring.h"

#include <sys/resource.h>

enum { NR_FDS = 300, CLOSED = -1 };

/* What is open at a number is a number itself: that of the parent, or a file's. */
struct table {
	int at[NR_FDS];
	int opened;		/* files, from 1000 on */
};

static struct fake f;

static void table_init(struct table *t)
{
	for (int i = 0; i < NR_FDS; i++)
		t->at[i] = i < 6 ? i : CLOSED;
	t->opened = 0;
}

static void carry_out(struct table *t, const struct io_uring_sqe *sqe)
{
	switch (sqe->opcode) {
	case IORING_OP_CLOSE:
		CHECK_NE(t->at[sqe->fd], CLOSED);
		t->at[sqe->fd] = CLOSED;
		break;
	case FAKE_CHILD:
		CHECK_LT((int)sqe->off, (int)NR_FDS);
		if (sqe->len == IORING_CHILD_OPEN) {
			t->at[sqe->off] = 1000 + t->opened++;
			break;
		}
		CHECK_EQ(sqe->len, (unsigned int)IORING_CHILD_DUP);
		CHECK_NE(t->at[sqe->fd], CLOSED);
		t->at[sqe->off] = t->at[sqe->fd];
		break;
	default:
		break;
	}
}

static void run_chain(struct table *t, struct spawnpol_chain *c)
{
	fake_init(&f);
	queue(&f, c);
	for (unsigned int i = 0; i < f.uring.sq.sqe_tail; i++)
		carry_out(t, &f.sqes[i]);
}

/* --- every combination ---------------------------------------------------------------- */

#define PATH	(-2)
static const int sources[] = { -1, 0, 1, 2, 3, 5, PATH };
#define NR_SOURCES (int)(sizeof(sources) / sizeof(sources[0]))

static const char *const files[] = { "/in", "/out", "/err" };

static void check_stream(const struct table *t, int stream, int from)
{
	if (from == PATH)
		EXPECT_GE(t->at[stream], 1000);
	else
		EXPECT_EQ(t->at[stream], from < 0 ? stream : from);
}

static void try_streams(const int from[3])
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	const char *paths[3];
	struct table t;

	for (int i = 0; i < 3; i++)
		paths[i] = from[i] == PATH ? files[i] : NULL;
	CHECK_OK(spawnpol_chain_stdio(c, from, paths, 0));
	table_init(&t);
	run_chain(&t, c);
	for (int i = 0; i < 3; i++)
		check_stream(&t, i, from[i]);
	/* nothing else has changed, and nothing is left open */
	for (int i = 3; i < NR_FDS; i++)
		EXPECT_EQ(t.at[i], i < 6 ? i : CLOSED);
}

TEST(all_that_the_streams_can_come_from)
{
	int from[3], tried = 0;

	for (int i = 0; i < NR_SOURCES * NR_SOURCES * NR_SOURCES; i++) {
		from[0] = sources[i % NR_SOURCES];
		from[1] = sources[i / NR_SOURCES % NR_SOURCES];
		from[2] = sources[i / NR_SOURCES / NR_SOURCES];
		DIAG("0 from %d, 1 from %d, 2 from %d", from[0], from[1], from[2]);
		try_streams(from);
		tried++;
	}
	EXPECT_EQ(tried, 343);
}

/* --- details --------------------------------------------------------------------------- */

TEST(output_and_errors_in_one_file_are_opened_once)
{
	static const char *const paths[] = { NULL, "/log", "/log" };
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct table t;

	CHECK_OK(spawnpol_chain_stdio(c, NULL, paths, O_APPEND));
	table_init(&t);
	run_chain(&t, c);
	EXPECT_EQ(t.opened, 1);
	EXPECT_EQ(t.at[1], 1000);
	EXPECT_EQ(t.at[2], 1000);
	EXPECT_EQ((int)f.sqes[1].open_flags, O_WRONLY | O_CREAT | O_APPEND);
}

/* The input comes from what was standard error before that is another file. */
TEST(one_file_for_two_streams_and_the_third_from_there)
{
	static const char *const paths[] = { NULL, "/log", "/log" };
	static const int fds[] = { 2, -1, -1 };
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct table t;

	CHECK_OK(spawnpol_chain_stdio(c, fds, paths, 0));
	table_init(&t);
	run_chain(&t, c);
	EXPECT_EQ(t.at[0], 2);
	EXPECT_EQ(t.at[1], 1000);
	EXPECT_EQ(t.at[2], 1000);
}

TEST(input_is_opened_for_reading)
{
	static const char *const paths[] = { "/in", "/out", NULL };
	struct spawnpol_chain *c = new_chain("/bin/true");

	CHECK_OK(spawnpol_chain_stdio(c, NULL, paths, O_TRUNC));
	fake_init(&f);
	queue(&f, c);
	EXPECT_EQ((int)f.sqes[1].open_flags, O_RDONLY);
	EXPECT_EQ(f.sqes[1].addr3, 0ull);
	EXPECT_EQ((int)f.sqes[2].open_flags, O_WRONLY | O_CREAT | O_TRUNC);
	EXPECT_EQ(f.sqes[2].addr3, 0666ull);
}

/* dup2() of a number to itself is what takes close-on-exec away. */
TEST(a_stream_that_is_itself_loses_close_on_exec)
{
	static const int fds[] = { 0, -1, -1 };
	struct spawnpol_chain *c = new_chain("/bin/true");

	CHECK_OK(spawnpol_chain_stdio(c, fds, NULL, 0));
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 2u);
	CHECK_OK(spawnpol_chain_reset(c));
	CHECK_OK(spawnpol_chain_stdio(c, NULL, NULL, 0));
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 0u);
}

/* The number that a swap needs is none that is open, or that the chain has. */
TEST(a_swap_spares_what_is_open)
{
	static const int fds[] = { 1, 0, -1 };
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_sqe sqe;

	CHECK_EQ(dup2(0, 255), 255);
	CHECK_OK(spawnpol_chain_open(c, 254, "/a", O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_stdio(c, fds, NULL, 0));
	CHECK_OK(spawnpol_chain_step(c, 1, NULL, &sqe));
	EXPECT_EQ(sqe.off, 253ull);
}

TEST(a_swap_heeds_the_limit)
{
	static const int fds[] = { 1, 0, -1 };
	struct rlimit limit = { 64, 64 };
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_sqe sqe;

	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_OK(spawnpol_chain_stdio(c, fds, NULL, 0));
	CHECK_OK(spawnpol_chain_step(c, 0, NULL, &sqe));
	EXPECT_EQ(sqe.off, 63ull);
	CHECK_OK(spawnpol_chain_reset(c));
	limit.rlim_cur = 3;
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(spawnpol_chain_stdio(c, fds, NULL, 0), -EMFILE);
	EXPECT_EQ(spawnpol_chain_error(c), -EMFILE);
}

TEST(streams_that_cannot_be)
{
	static const int fds[] = { 0, -2, -1 };
	struct spawnpol_chain *c = new_chain("/bin/true");

	EXPECT_EQ(spawnpol_chain_stdio(c, fds, NULL, 0), -EBADF);
	CHECK_OK(spawnpol_chain_reset(c));
	EXPECT_EQ(spawnpol_chain_stdio(c, NULL, NULL, O_RDWR), -EINVAL);
	EXPECT_EQ(spawnpol_chain_error(c), -EINVAL);
}
