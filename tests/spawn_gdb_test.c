// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 * gdb says of a program that spawns by a chain what it says of one that spawns by
 * vfork(2) (S17). On the debug kernel gdb takes many seconds to start; there
 * spawn_debugger_test.c makes the same system calls.
 */
#include "lib/child.h"

#include <stdlib.h>

/* All that gdb prints, but for numbers of processes and addresses. */
static char *gdb(const char *how, const char *commands)
{
	int status;
	char *text = output_of(
		format("gdb -nx -batch -ex 'set debuginfod enabled off' %s "
		       "--args %s %s %s 7 2>&1 | sed 's/process [0-9]* */process N /g;"
		       "/^child [0-9]*$/d; s/0x[0-9a-f]*/0x/g'",
		       commands, helper("spawn_as"), how, helper("exit_with")),
		&status);

	return strdup(text);
}

static char *compare(const char *commands)
{
	char *vforked = gdb("vfork", commands), *cloned = gdb("ring", commands);

	EXPECT_STR(cloned, vforked);
	EXPECT_STR(gdb("whole", commands), vforked);
	return cloned;
}

TEST(S17_gdb_follows_the_child, .timeout = 300)
{
	char *text = compare("-ex 'set follow-fork-mode child' -ex run");

	EXPECT_HAS(text, "vfork to child process");
	EXPECT_HAS(text, "is executing new program");
	EXPECT_HAS(text, "exit_with");
	EXPECT_HAS(text, "exited with code 07");
}

/* Staying with the parent, which is the default, works as well. */
TEST(S17_gdb_stays_with_the_parent, .timeout = 300)
{
	char *text = compare("-ex run");

	EXPECT_HAS(text, "Detaching after vfork");
	EXPECT_HAS(text, "exited with code 07");
}

TEST(S17_gdb_catches_exec, .timeout = 300)
{
	char *text = compare("-ex 'set follow-fork-mode child' "
			     "-ex 'catch exec' -ex run -ex 'info inferiors' "
			     "-ex continue");

	EXPECT_HAS(text, "Catchpoint 1 (exec'd");
	EXPECT_HAS(text, "exited with code 07");
}
