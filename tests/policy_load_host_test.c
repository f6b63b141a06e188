// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loading policies, as far as it comes without a kernel that has any: what cannot be
 * right is refused, with a log that says why.
 */
#include "tap.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <spawnpol_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char log_text[4096];

/* Load name with a log, which afterwards holds text. */
static int load(const char *name, const char *text)
{
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .log = log_text,
		      .log_size = sizeof(log_text));
	int ret = spawnpol_policy_load(name, &opts);

	if (!strstr(log_text, text))
		FAIL("the log does not say \"%s\" but: %s", text, log_text);
	return ret;
}

TEST(files_that_cannot_be_read)
{
	EXPECT_EQ(load("/nonexistent.bpf.o", "/nonexistent.bpf.o: No such file"),
		  -ENOENT);
	EXPECT_EQ(load("no_such_policy", "SPAWNPOL_OBJECTS"), -ENOENT);
	EXPECT_EQ(load("/", "directory"), -EISDIR);
	EXPECT_EQ(load("/dev/null", "/dev/null is not a file"), -EINVAL);
	EXPECT_EQ(load("/proc/self/status", "is not a BPF object file"), -EINVAL);
}

TEST(names_are_looked_up_where_the_environment_says)
{
	char dir[] = "/tmp/policies-XXXXXX", path[64];
	int fd;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/mine.bpf.o", dir);
	fd = CHECK_SYS(open(path, O_WRONLY | O_CREAT, 0600));
	close(fd);
	CHECK_OK(setenv("SPAWNPOL_OBJECTS", dir, 1));
	EXPECT_EQ(load("mine", path), -EINVAL);
	EXPECT_EQ(load("mine.bpf.o", path), -EINVAL);
	EXPECT_EQ(load("yours", "yours"), -ENOENT);
	unlink(path);
	rmdir(dir);
}

TEST(a_short_log_is_cut)
{
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .log = log_text,
		      .log_size = 8);

	memset(log_text, 'x', sizeof(log_text));
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &opts), -ENOENT);
	EXPECT_EQ(strlen(log_text), 7ul);
	EXPECT_EQ(log_text[8], 'x');
}

TEST(a_log_is_not_needed)
{
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", NULL), -ENOENT);
	EXPECT_EQ(spawnpol_policy_load(NULL, NULL), -EINVAL);
}

/* Options of a later release are refused only if they ask for something. */
TEST(options_grow)
{
	struct {
		struct spawnpol_policy_load_opts opts;
		uint64_t later;
	} grown = { .opts.sz = sizeof(grown) };

	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &grown.opts), -ENOENT);
	grown.later = 1ULL << 63;
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &grown.opts), -E2BIG);
	grown.opts.sz = sizeof(grown.opts);
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &grown.opts), -ENOENT);
	grown.opts.sz--;
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &grown.opts), -EINVAL);
	grown.opts.sz = 0;
	EXPECT_EQ(spawnpol_policy_load("/nonexistent", &grown.opts), -EINVAL);
}

static int printed;

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return ++printed;
}

TEST(the_callback_of_the_process_stays)
{
	libbpf_set_print(print);
	EXPECT_EQ(load("/proc/self/status", "libbpf"), -EINVAL);
	EXPECT_EQ(printed, 0);
	EXPECT(libbpf_set_print(NULL) == print);
}
