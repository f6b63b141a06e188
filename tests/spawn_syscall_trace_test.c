// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that
 * wrong where another processor is running it.
 *
 * The tracepoints of system calls, which perf trace and BPF programs go by, see
 * EXEC and the commands of a child as the calls that these stand in for (K3).
 */
#include "lib/child.h"
#include "lib/command.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;

#define TRACING "/sys/kernel/tracing/instances/spawn_syscall_trace_test"

static void trace_start(void)
{
	rmdir(TRACING);
	CHECK_SYS(mkdir(TRACING, 0755));
	write_file(TRACING "/events/raw_syscalls/enable", "1", 0);
}

/*
 * The calls of one process, "enter NR (ARGUMENTS)" and "exit NR = RESULT" in a line
 * each; an end of tracing.
 */
static char *trace_end(pid_t pid)
{
	char *text;
	int status;

	/* else the reader's own calls would go on forever */
	write_file(TRACING "/events/raw_syscalls/enable", "0", 0);
	text = strdup(output_of(
		format("sed -n 's/^ *[^ ]*-%d  *.*sys_\\(enter\\|exit\\): NR /\\1 /p' "
		       "%s/trace",
		       pid, TRACING),
		&status));
	CHECK_SYS(rmdir(TRACING));
	return text;
}

/* --- a spawn, compared with vfork's -------------------------------------------------- */

/*
 * Cut off after the exec that succeeded, which has another number by then: the
 * program's own calls follow.
 */
static char *calls_of_spawn(const char *how)
{
	const char *last = format("exit %d = 0\n", SYS_execve);
	char *text, *end;
	int status, pid;

	trace_start();
	text = output_of(format("%s %s %s 7", helper("spawn_as"), how,
				helper("exit_with")),
			 &status);
	CHECK_EQ(status, 7);
	CHECK_EQ(sscanf(text, "child %d", &pid), 1);
	text = trace_end(pid);
	DIAG("%s", text);
	end = strstr(text, last);
	if (!end)
		FAIL("there is no \"%s\" in\n%s", last, text);
	end[strlen(last)] = '\0';
	write_file(in_dir("calls"), text, 0600);
	/* addresses and pids differ, and what ends in the child is vfork or nothing */
	return strdup(output_of(format("sed 's/(.*//;s/ = %d$/ = PID/;"
				       "/^exit %d = 0$/d' %s",
				       pid, SYS_vfork, in_dir("calls")),
				&status));
}

TEST(K3_tracepoints_see_what_they_see_of_vfork)
{
	char *vforked = calls_of_spawn("vfork"),
	     *cloned = calls_of_spawn("ring");

	EXPECT_STR(cloned, vforked);
	EXPECT_STR(calls_of_spawn("whole"), vforked);
	EXPECT_HAS(cloned, format("exit %d = -%d\n", SYS_execveat, ENOENT));
	EXPECT_HAS(cloned, format("enter %d ", SYS_setsid));
	EXPECT_HAS(cloned, format("exit %d = 0\n", SYS_chdir));
	EXPECT_HAS(cloned, format("exit %d = 0\n", SYS_execve));
}

/* --- commands ----------------------------------------------------------------------- */

static void expect_traced(const struct command *c, const char *calls, int res)
{
	unsigned long long value[6];
	unsigned int arg;
	const char *at = strstr(calls, format("enter %d (", c->call));

	if (!at ||
	    sscanf(strchr(at, '('), "(%llx, %llx, %llx, %llx, %llx, %llx)",
		   &value[0], &value[1], &value[2], &value[3], &value[4],
		   &value[5]) != 6)
		FAIL("no call %d in\n%s", c->call, calls);
	for (arg = 0; arg < 6; arg++) {
		if (!command_has_arg(c, arg, value[arg]))
			FAIL("argument %u is %#llx", arg, value[arg]);
	}
	at = strstr(at, format("exit %d = ", c->call));
	if (!at)
		FAIL("call %d does not end in\n%s", c->call, calls);
	if (c->sqe.len !=
	    IORING_CHILD_OPEN) /* res: the number that it is moved to */
		EXPECT_EQ(atoi(strchr(at, '=') + 1), res);
}

TEST(K3_tracepoints_see_every_command, .timeout = 120)
{
	const struct command *c;
	unsigned int cmd;
	char *calls;

	tring_init(&r, 0);
	for (cmd = 0; cmd < COMMANDS; cmd++) {
		c = command_of(&r, cmd);
		if (!c)
			continue;
		trace_start();
		tring_forget(&r);
		q_clone(&r);
		hardlink(q_command(&r, c));
		q_exec(&r, "/nonexistent", NULL);
		CHECK_GT(spawn_queued(&r, 1, NULL), 0);
		calls = trace_end(tring_res(&r, CLONE));
		DIAG("command %u: %d\n%s", cmd, tring_res(&r, 0), calls);
		expect_traced(c, calls, tring_res(&r, 0));
	}
}

/* As of a call: it does not begin, and ends. */
TEST(K3_tracepoints_of_what_a_filter_refuses)
{
	char *calls;

	filter_call(SYS_setsid, SECCOMP_RET_ERRNO | EDOM);
	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	hardlink(q_child(&r, IORING_CHILD_SETSID));
	q_exec(&r, "/nonexistent", NULL);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	calls = trace_end(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 0), -EDOM);
	EXPECT(!strstr(calls, format("enter %d ", SYS_setsid)));
	EXPECT_HAS(calls, format("exit %d = -%d\n", SYS_setsid, EDOM));
	EXPECT_HAS(calls, format("enter %d ", SYS_execveat));
}
