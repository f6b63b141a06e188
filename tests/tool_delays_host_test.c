// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The delays that spawnpol supervise makes of --delay. The parts of the tool are included
 * whole, being no library.
 */
#include "tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "tool/time_text.c"
#include "common/parse.c"
#include "tool/supervise_options.c"

static char what[256], remedy[256];

int misuse(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	(void)t;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void advise(struct tool *t, const char *fmt, ...)
{
	va_list ap;

	(void)t;
	va_start(ap, fmt);
	vsnprintf(remedy, sizeof(remedy), fmt, ap);
	va_end(ap);
}

static struct supervise_limits limits;

static int read_option(const char *delay)
{
	struct tool t = { .set = { .restart = NOT_GIVEN, .within_ns = UINT64_MAX,
				   .delay = delay } };

	*what = *remedy = 0;
	return supervise_options_read(&t, &limits);
}

static uint64_t nth(unsigned int n)
{
	return limits.delays[n].tv_sec * NSEC_PER_SEC + limits.delays[n].tv_nsec;
}

/* From the first one on each is twice the one before, and the last one this. */
static void expect_delays(const char *delay, unsigned int nr, uint64_t first, uint64_t last)
{
	DIAG("%s", delay ? delay : "by default");
	CHECK_OK(read_option(delay));
	CHECK_EQ(limits.nr_delays, nr);
	if (!nr)
		return;
	EXPECT_EQ(nth(0), first);
	for (unsigned int i = 1; i + 1 < nr; i++)
		EXPECT_EQ(nth(i), 2 * nth(i - 1));
	EXPECT_EQ(nth(nr - 1), last);
	if (nr > 1) {
		/* both have 64 bits, without a sign */
		EXPECT(nth(nr - 1) > nth(nr - 2));
		EXPECT(nth(nr - 1) - nth(nr - 2) <= nth(nr - 2));
	}
}

TEST(each_delay_is_twice_the_one_before)
{
	expect_delays(NULL, 8, 100 * NSEC_PER_MSEC, 10 * NSEC_PER_SEC);
	expect_delays("1s..4s", 3, NSEC_PER_SEC, 4 * NSEC_PER_SEC);
	expect_delays("1s..5s", 4, NSEC_PER_SEC, 5 * NSEC_PER_SEC);
	expect_delays("3s", 1, 3 * NSEC_PER_SEC, 3 * NSEC_PER_SEC);
	expect_delays("3s..3s", 1, 3 * NSEC_PER_SEC, 3 * NSEC_PER_SEC);
	expect_delays("0", 0, 0, 0);
	expect_delays("0..3ms", 3, NSEC_PER_MSEC, 3 * NSEC_PER_MSEC);
	expect_delays("0..500us", 1, NSEC_PER_MSEC / 2, NSEC_PER_MSEC / 2);
	/* near the end of 64 bits */
	expect_delays("9223372035s..18446744072s", 3, 9223372035 * NSEC_PER_SEC,
		      18446744072 * NSEC_PER_SEC);
}

/* The actor has room for 16, and goes on with the last one. */
TEST(there_are_no_more_delays_than_there_is_room_for)
{
	expect_delays("1ms..32768ms", SPAWN_SUPERVISE_DELAYS, NSEC_PER_MSEC,
		      32768 * NSEC_PER_MSEC);
	expect_delays("1ms..16385ms", SPAWN_SUPERVISE_DELAYS, NSEC_PER_MSEC,
		      16385 * NSEC_PER_MSEC);
	EXPECT_EQ(read_option("1ms..32769ms"), -EINVAL);
	EXPECT_STR(what, "--delay: from MIN to MAX of '1ms..32769ms' are more than 15 doublings");
	EXPECT_STR(remedy, "--delay 2ms..32769ms");
	EXPECT_EQ(read_option("0..1m"), -EINVAL);
	EXPECT_STR(remedy, "--delay 2ms..60s");
	EXPECT_EQ(read_option("1ns..1ms"), -EINVAL);
	EXPECT_STR(remedy, "--delay 31ns..1ms");
	CHECK_OK(read_option("31ns..1ms"));
	EXPECT_EQ(read_option("1ns..18446744072s"), -EINVAL);
}
