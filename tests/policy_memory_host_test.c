// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the default policy remembers of its searches, without a kernel (see
 * policy_host_test.c).
 */
#include "policy_sim.h"

/* A name found in /3, and looked for again. */
static void find_once(__u64 remember_ns)
{
	path_is("/1", "/2", "/3", "/4");
	setup.remember_ns = remember_ns;
	FILE_IS("/3/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x ");
}

TEST(nothing_is_remembered_unless_asked_for)
{
	find_once(0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x ");
}

TEST(remembered_directory_is_tried_first)
{
	find_once(1000);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x ");
}

TEST(other_names_are_not_mistaken_for_it)
{
	find_once(1000);
	FILE_IS("/1/y", 0);
	CHECK_EQ(exec_step("y"), 0);
	CHECK_STR(story, "/1/y ");
}

TEST(memory_ends)
{
	find_once(1000);
	sim_now += 999;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x ");
	/* being used does not prolong it */
	sim_now += 1;
	FILE_IS("/2/x", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x ");
}

TEST(gone_from_the_remembered_directory_is_searched_anew)
{
	find_once(1000);
	files[0].path = "/2/x";
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x /1/x /2/x ");
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/2/x ");
}

TEST(remembered_program_no_longer_executable)
{
	find_once(1000);
	files[0].results[0] = -EACCES;
	CHECK_EQ(exec_step("x"), -EACCES);
	CHECK_STR(story, "/3/x /1/x /2/x /3/x /4/x ");
}

TEST(failed_search_leaves_nothing_to_remember)
{
	find_once(1000);
	files[0].path = "/9/x";
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "/3/x /1/x /2/x /3/x /4/x ");
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "/1/x /2/x /3/x /4/x ");
}

TEST(remembered_program_that_is_busy_is_tried_again_there)
{
	find_once(1000);
	retry_on(ETXTBSY, 3, 0);
	FILE_IS("/3/y", -ETXTBSY, 0);
	CHECK_EQ(exec_step("y"), 0);
	CHECK_STR(story, "/1/y /2/y /3/y /3/y ");
	CHECK_EQ(exec_step("y"), 0);
	CHECK_STR(story, "/3/y /3/y ");
}

TEST(name_that_takes_anothers_place)
{
	union hit_name x = { "x" }, y = { "y" };
	struct hit *from, *to;

	find_once(1000);
	from = find_hit(&chain, &x);
	step_name = "y";
	to = find_hit(&chain, &y);
	CHECK(from != to);
	/* as if both had the same index */
	*to = *from;
	CHECK_EQ(exec_step("y"), -ENOENT);
	CHECK_STR(story, "/1/y /2/y /3/y /4/y ");
}

TEST(memory_is_of_one_configuration)
{
	find_once(1000);
	setup.generation++;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x ");
	setup.dirs_size = strlen("/1:/2");
	CHECK_EQ(exec_step("x"), -ENOENT);
	CHECK_STR(story, "/1/x /2/x ");
}

TEST(search_begun_by_another_policy_is_not_remembered)
{
	path_is("/1", "/2", "/3", "/4");
	setup.remember_ns = 1000;
	FILE_IS("/3/x", 0);
	begin(SPAWNPOL_OP_EXEC, "x");
	chain.event = IORING_POLICY_BEFORE_EXEC;
	CHECK_EQ(spawn_policy(&chain), IORING_VERDICT_SUBMIT);
	setup.generation++; /* the link is updated meanwhile */
	issue_staged();
	CHECK_OK(chain.res);
	tell_execed();
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x /3/x ");
}

TEST(what_was_not_searched_for_is_not_remembered)
{
	path_is("/1", "/2", NULL, NULL);
	setup.remember_ns = 1000;
	FILE_IS("/2/x", 0);
	FILE_IS("x", 0);
	chain.flags |= IORING_POLICY_F_SEARCH;
	CHECK_EQ(exec_step("x"), 0);
	chain.flags &= ~IORING_POLICY_F_SEARCH;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x /2/x ");
}

/* Its directory is, whatever has executed it; by steps and for a shell, too. */
TEST(scripts_are_remembered)
{
	path_is("/1", "/2", "/3", "/4");
	setup.remember_ns = 1000;
	strcpy(setup.shell, "/sh");
	FILE_IS("/3/x", -ENOEXEC);
	FILE_IS("/sh", 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x (/3/x) /sh ");
}

TEST(searches_by_steps_are_remembered)
{
	setup.errors = SPAWN_POLICY_ERRORS_POSIX;
	find_once(1000);
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x ");
}

TEST(error_that_ends_a_search_is_not_remembered)
{
	path_is("/1", "/2", "/3", "/4");
	setup.remember_ns = 1000;
	FILE_IS("/2/x", -EIO);
	FILE_IS("/1/x", -ENOENT, 0);
	CHECK_EQ(exec_step("x"), -EIO);
	files[1].results[0] = 0;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/1/x ");
}

TEST(time_without_end)
{
	find_once(~0ULL);
	sim_now = ~0ULL - 1;
	CHECK_EQ(exec_step("x"), 0);
	CHECK_STR(story, "/3/x ");
}

TEST(names_too_long_to_remember)
{
	static char name[HIT_NAME_SIZE + 1], path[HIT_NAME_SIZE + 4];
	char twice[400];

	memset(name, 'n', HIT_NAME_SIZE);
	sprintf(path, "/2/%s", name);
	path_is("/1", "/2", NULL, NULL);
	setup.remember_ns = 1000;
	FILE_IS(path, 0);
	snprintf(twice, sizeof(twice), "/1/%s /2/%s ", name, name);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(exec_step(name), 0);
		CHECK_STR(story, twice);
	}
}
