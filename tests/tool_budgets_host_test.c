// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What rules can use up for one step, against ceilings. The parts of the tool are
 * included whole, being no library.
 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tool/bpf_info.c"
#include "tool/budgets.c"
#include "tool/policy_maps.c"
#include "tool/time_text.c"

static struct io_uring_spawn_query kernel = {
	.max_issues = 100, .max_delay_ns = 1000000000,
};
static char what[256];

const struct io_uring_spawn_query *kernel_query(void)
{
	return &kernel;
}

static void record(const char *fmt, va_list ap)
{
	vsnprintf(what, sizeof(what), fmt, ap);
}

#define RECORD(fmt) do {						\
	va_list ap;							\
									\
	va_start(ap, fmt);						\
	record(fmt, ap);						\
	va_end(ap);							\
} while (0)

int misuse(struct tool *t, const char *fmt, ...)
{
	(void)t;
	RECORD(fmt);
	return -EINVAL;
}

int refuse(struct tool *t, const char *fmt, ...)
{
	(void)t;
	RECORD(fmt);
	return -EINVAL;
}

int fail(struct tool *t, int err, const char *fmt, ...)
{
	(void)t;
	RECORD(fmt);
	return -err;
}

void advise(struct tool *t, const char *fmt, ...)
{
	(void)t;
	(void)fmt;
}

static int check(struct spawn_policy_config *c)
{
	what[0] = 0;
	return budgets_check_rules(NULL, c);
}

static struct spawn_policy_config config;

TEST(tries_of_all_rules_count)
{
	config.nr_retries = 2;
	config.retries[0].count = 60;
	config.retries[1].count = 40;
	CHECK_OK(check(&config));
	config.retries[1].count = 41;
	CHECK_EQ(check(&config), -EINVAL);
	CHECK(strstr(what, "101 requests"));
}

/* O4: it is one request of the kernel's, unless the policy may have to go on with it. */
TEST(a_search_counts_once)
{
	for (int i = 0; i < 200; i++)
		CHECK_OK(spawn_policy_add_dir(&config, "/d", 2));
	config.remember_ns = 1;
	CHECK_EQ(need_of(&config).search, 2);
	CHECK_OK(check(&config));
	config.nr_retries = 1;
	config.retries[0].count = 1;
	CHECK_EQ(need_of(&config).search, 201);
	CHECK_EQ(check(&config), -EINVAL);
	config.nr_retries = 0;
	config.errors = SPAWN_POLICY_ERRORS_POSIX;
	CHECK_EQ(need_of(&config).search, 201);
}

TEST(a_search_by_steps_counts_its_directories)
{
	uint32_t dirs_size;

	for (int i = 0; i < 49; i++)
		CHECK_OK(spawn_policy_add_dir(&config, "/d", 2));
	dirs_size = config.dirs_size;
	CHECK_OK(spawn_policy_add_dir(&config, "/d", 2));
	CHECK_OK(check(&config));
	config.shell[0] = '/';
	CHECK_OK(check(&config));
	config.remember_ns = 1;
	CHECK_EQ(check(&config), -EINVAL);
	config.dirs_size = dirs_size;
	CHECK_OK(check(&config));
}

/* A long PATH is no reason to refuse anything, unless a budget was asked for. */
TEST(a_search_makes_its_budget)
{
	struct spawnpol_attach_opts opts = { 0 };
	struct need need;

	kernel.def_issues = 20;
	config.errors = SPAWN_POLICY_ERRORS_POSIX;
	for (int i = 0; i < 20; i++)
		CHECK_OK(spawn_policy_add_dir(&config, "/d", 2));
	need = need_of(&config);
	fit_search(&opts, &need, &kernel);
	CHECK_EQ(opts.max_issues, 0);

	CHECK_OK(spawn_policy_add_dir(&config, "/d", 2));
	config.nr_retries = 1;
	config.retries[0].count = 5;
	need = need_of(&config);
	fit_search(&opts, &need, &kernel);
	CHECK_EQ(opts.max_issues, 21 + 5);

	opts.max_issues = 7;
	fit_search(&opts, &need, &kernel);
	CHECK_EQ(opts.max_issues, 7);

	opts.max_issues = 0;
	config.retries[0].count = 500;
	need = need_of(&config);
	fit_search(&opts, &need, &kernel);
	CHECK_EQ(opts.max_issues, 100);
}

TEST(delays_count_for_each_try)
{
	config.nr_retries = 2;
	config.retries[0] = (struct spawn_policy_retry) { 1, 9, 100000000 };
	config.retries[1] = (struct spawn_policy_retry) { 2, 1, 100000000 };
	CHECK_OK(check(&config));
	config.retries[1].delay_ns++;
	CHECK_EQ(check(&config), -EINVAL);
	CHECK(strstr(what, "can wait 1000000001ns"));
	CHECK(strstr(what, "ceiling is 1s"));
}

TEST(delays_do_not_wrap)
{
	config.nr_retries = 2;
	config.retries[0] = (struct spawn_policy_retry) { 1, 2, 1ULL << 63 };
	CHECK_EQ(check(&config), -EINVAL);
	config.retries[0] = (struct spawn_policy_retry) { 1, 1, 1ULL << 63 };
	config.retries[1] = (struct spawn_policy_retry) { 2, 1, 1ULL << 63 };
	CHECK_EQ(check(&config), -EINVAL);
}

TEST(a_kernel_that_tells_no_ceilings_has_none)
{
	kernel = (struct io_uring_spawn_query) { 0 };
	config.nr_retries = 1;
	config.retries[0] = (struct spawn_policy_retry) { 1, 65535, 1ULL << 40 };
	CHECK_OK(check(&config));
}

TEST(times_are_exact)
{
	char text[TIME_TEXT_SIZE];

	CHECK_STR(time_text(0, text), "0s");
	CHECK_STR(time_text(90000000000, text), "90s");
	CHECK_STR(time_text(1500000000, text), "1500ms");
	CHECK_STR(time_text(1001, text), "1001ns");
	CHECK_STR(time_text(UINT64_MAX, text), "18446744073709551615ns");
}
