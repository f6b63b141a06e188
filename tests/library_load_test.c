// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies loaded from object files, by name and with a configuration. */
#include "launch.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <spawnpol_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char object[4096], log_text[8192];

static int load(const char *name, const char *program,
		const struct spawnpol_policy_value *values, size_t nr)
{
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .program = program,
		      .values = values, .value_size = sizeof(*values),
		      .nr_values = nr, .log = log_text,
		      .log_size = sizeof(log_text));
	int ret = spawnpol_policy_load(name, &opts);

	DIAG("%d %s", ret, log_text);
	return ret;
}

static int load_ours(const char *program,
		     const struct spawnpol_policy_value *values, size_t nr)
{
	snprintf(object, sizeof(object), "%s/tests/load.bpf.o", tap_build());
	return load(object, program, values, nr);
}

/* What a launch that fails fails with under the program, which is closed. */
static int error_under(int prog)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = chain_of("/no/program");
	struct spawnpol_outcome out;
	int link;

	link = CHECK_OK(spawnpol_ring_attach(ring, prog, NULL));
	close(prog);
	out = launch_on(ring, chain);
	spawnpol_ring_close(ring);
	close(link);
	CHECK_OK(spawnpol_chain_free(chain));
	return out.error;
}

TEST(a_policy_is_found_by_its_name)
{
	char dir[4096];
	int prog;

	/* make leaves it in a directory next to this program's */
	snprintf(dir, sizeof(dir), "%s/bpf", tap_build());
	CHECK_OK(setenv("SPAWNPOL_OBJECTS", dir, 1));
	prog = CHECK_OK(load("hello_policy", NULL, NULL, 0));
	CHECK_EQ(fcntl(prog, F_GETFD), FD_CLOEXEC);
	EXPECT_STR(log_text, "");
	EXPECT_EQ(error_under(prog), -ENOENT);
}

TEST(one_of_several_is_chosen)
{
	CHECK_EQ(load_ours(NULL, NULL, 0), -ENOTUNIQ);
	EXPECT_HAS(log_text, "2 programs");
	CHECK_EQ(load_ours("neither", NULL, 0), -EINVAL);
	EXPECT_HAS(log_text, "no program 'neither'");
	EXPECT_EQ(error_under(CHECK_OK(load_ours("by_constant", NULL, 0))), -EPERM);
}

TEST(constants_are_set)
{
	const uint32_t error = EXDEV;
	const struct spawnpol_policy_value value = {
		"error_of_constant", &error, sizeof(error),
	};

	EXPECT_EQ(error_under(CHECK_OK(load_ours("by_constant", &value, 1))),
		  -EXDEV);
}

TEST(maps_are_set)
{
	const uint32_t error[2] = { ENODEV, 0 };
	const struct spawnpol_policy_value value = {
		"settings", error, sizeof(error),
	};

	EXPECT_EQ(error_under(CHECK_OK(load_ours("by_map", &value, 1))), -ENODEV);
}

/* Of a program that was built with a later header. */
TEST(larger_values_are_set)
{
	const uint32_t error = EXDEV, settings[2] = { ENODEV, 0 };
	const struct {
		struct spawnpol_policy_value now;
		uint64_t later;
	} values[] = {
		{ { "settings", settings, sizeof(settings) }, 0 },
		{ { "error_of_constant", &error, sizeof(error) }, 0 },
	};
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .program = "by_constant",
		      .values = &values[0].now, .value_size = sizeof(values[0]),
		      .nr_values = 2);

	snprintf(object, sizeof(object), "%s/tests/load.bpf.o", tap_build());
	EXPECT_EQ(error_under(CHECK_OK(spawnpol_policy_load(object, &opts))),
		  -EXDEV);
}

TEST(values_that_fit_nothing)
{
	const uint32_t error[2] = { ENODEV, 0 };
	struct spawnpol_policy_value value = { "nothing", error, sizeof(error) };

	CHECK_EQ(load_ours("by_map", &value, 1), -EINVAL);
	EXPECT_HAS(log_text, "no variable or map 'nothing'");
	value = (struct spawnpol_policy_value){ "settings", error, 4 };
	CHECK_EQ(load_ours("by_map", &value, 1), -EINVAL);
	EXPECT_HAS(log_text, "does not have 4 bytes");
	value = (struct spawnpol_policy_value){ "error_of_constant", error, 8 };
	CHECK_EQ(load_ours("by_constant", &value, 1), -EINVAL);
	EXPECT_HAS(log_text, "does not have 8 bytes");
}

/* The verifier's reasons come with the refusal. */
TEST(the_verifier_refuses_it)
{
	snprintf(object, sizeof(object), "%s/tests/endless_fail.bpf.o", tap_build());
	CHECK_LT(load(object, NULL, NULL, 0), 0);
	EXPECT_HAS(log_text, "the kernel refuses '");
	EXPECT_HAS(log_text, "processed");
}

TEST(programs_of_another_type_are_no_policies)
{
	snprintf(object, sizeof(object), "%s/tests/lsm.bpf.o", tap_build());
	CHECK_EQ(load(object, NULL, NULL, 0), -EINVAL);
	EXPECT_HAS(log_text, "not a spawn policy");
}
