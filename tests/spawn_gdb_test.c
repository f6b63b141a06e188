// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 * gdb on a program that spawns (S17). On the debug kernel gdb takes many seconds
 * to start; there spawn_parent_test.c has strace make the same system calls.
 */
#include "lib/child.h"

TEST(S17_gdb_follows_the_child, .timeout = 90)
{
	int status;
	char *text = output_of(
		format("gdb -nx -batch -ex 'set debuginfod enabled off' "
			"-ex 'set follow-fork-mode child' -ex run "
			"--args %s %s 7 2>&1",
			helper("ring_spawn"), helper("exit_with")),
		&status);

	EXPECT_HAS(text, "vfork to child process");
	EXPECT_HAS(text, "is executing new program");
	EXPECT_HAS(text, "exit_with");
	EXPECT_HAS(text, "exited with code 07");
}

/* Staying with the parent, which is the default, works as well. */
TEST(S17_gdb_stays_with_the_parent, .timeout = 90)
{
	int status;
	char *text = output_of(
		format("gdb -nx -batch -ex 'set debuginfod enabled off' "
			"-ex run --args %s %s 7 2>&1",
			helper("ring_spawn"), helper("exit_with")),
		&status);

	EXPECT_HAS(text, "Detaching after vfork");
	EXPECT_HAS(text, "exited with code 07");
}
