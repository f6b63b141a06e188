// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A debugger sees a child of a chain as it sees one of vfork(2), and the calls
 * that steps stand in for as if the child made them (S17). The same program
 * spawns by vfork, by a chain and by one request (O6), and what is seen of it is
 * compared.
 */
#include "lib/child.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

/* What one process did, a line for each of its stops. */
struct history {
	pid_t pid;
	size_t len;
	char text[32768];
};

static struct history parent, child;

__attribute__((format(printf, 2, 3))) static void note(struct history *h,
						       const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	h->len += vsnprintf(h->text + h->len, sizeof(h->text) - h->len, fmt,
			    args);
	va_end(args);
	CHECK_LT(h->len, sizeof(h->text));
}

/* One mode of tracing: how it begins, goes on, and what it asks for. */
struct mode {
	const char *name;
	bool seize;
	int resume;
	int options;
};

#define EVENTS (PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE)
static const struct mode modes[] = {
	{ "events", false, PTRACE_CONT, EVENTS | PTRACE_O_TRACEEXEC },
	{ "all events", true, PTRACE_CONT,
	  EVENTS | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE |
		  PTRACE_O_TRACEEXIT },
	{ "no events of its own", true, PTRACE_CONT, EVENTS },
	{ "calls", false, PTRACE_SYSCALL, EVENTS | PTRACE_O_TRACEEXEC },
	{ "calls and events", true, PTRACE_SYSCALL,
	  EVENTS | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE |
		  PTRACE_O_TRACEEXIT },
};

static void note_call(struct history *h)
{
	struct __ptrace_syscall_info info = { 0 };

	/* Those of the parent differ, of course. */
	if (h == &parent)
		return;
	CHECK_GT(ptrace(PTRACE_GET_SYSCALL_INFO, h->pid, sizeof(info), &info),
		 0);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		note(h, "call %llu\n", (unsigned long long)info.entry.nr);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		note(h, "returns %d %s\n", info.exit.is_error,
		     info.exit.is_error ? tap_errname(info.exit.rval) : "");
	else
		note(h, "op %d\n", info.op);
}

/* Write down why it stopped; returns the signal to let it have. */
static int note_stop(struct history *h, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);
	unsigned long message = 0;

	if (sig == (SIGTRAP | 0x80)) {
		note_call(h);
		return 0;
	}
	if (!event) {
		note(h, "signal %s\n", strsignal(sig));
		return sig == SIGSTOP || sig == SIGTRAP ? 0 : sig;
	}
	ptrace(PTRACE_GETEVENTMSG, h->pid, 0, &message);
	if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK ||
	    event == PTRACE_EVENT_CLONE)
		child.pid = message;
	note(h, "event %d %s\n", event,
	     event == PTRACE_EVENT_EXIT	      ? format("%lx", message)
	     : message == (unsigned)child.pid ? "of the child"
					      : "");
	return 0;
}

static pid_t start(const struct mode *mode, const char *how)
{
	int options = mode->options | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	pid_t pid = CHECK_SYS(fork());
	int status;

	if (!pid) {
		if (!mode->seize)
			ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		/* What it prints would be taken for results. */
		close(1);
		execl(helper("spawn_as"), "spawn_as", how, helper("exit_with"),
		      "7", NULL);
		_exit(96);
	}
	CHECK_SYS(waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	if (mode->seize) {
		CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, options));
		CHECK_SYS(kill(pid, SIGCONT));
	} else {
		CHECK_SYS(ptrace(PTRACE_SETOPTIONS, pid, 0, options));
		CHECK_SYS(ptrace(mode->resume, pid, 0, 0));
	}
	return pid;
}

static void end(struct history *h, int status)
{
	if (WIFEXITED(status))
		note(h, "exits with %d\n", WEXITSTATUS(status));
	else
		note(h, "killed by %d\n", WTERMSIG(status));
	h->pid = -1;
}

static void trace(const struct mode *mode, const char *how)
{
	int status;

	memset(&parent, 0, sizeof(parent));
	memset(&child, 0, sizeof(child));
	parent.pid = start(mode, how);
	while (parent.pid > 0) {
		pid_t pid = CHECK_SYS(waitpid(-1, &status, __WALL));
		struct history *h = pid == parent.pid ? &parent : &child;

		/* It can be seen before its parent's event is. */
		h->pid = pid;
		if (!WIFSTOPPED(status))
			end(h, status);
		else
			CHECK_SYS(ptrace(mode->resume, pid, 0,
					 note_stop(h, status)));
	}
}

TEST(S17_tracers_see_what_they_see_of_vfork, .timeout = 90)
{
	static const char *const ways[] = { "ring", "whole" };
	static struct history parents, childs;
	unsigned int i, way;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		DIAG("%s", modes[i].name);
		trace(&modes[i], "vfork");
		parents = parent;
		childs = child;
		for (way = 0; way < 2; way++) {
			DIAG("by %s", ways[way]);
			trace(&modes[i], ways[way]);
			EXPECT_STR(child.text, childs.text);
			EXPECT_STR(parent.text, parents.text);
		}
		EXPECT_HAS(child.text, "exits with 7");
		if (modes[i].resume == PTRACE_SYSCALL)
			EXPECT_HAS(child.text,
				   format("call %d\nreturns 1 ENOENT\n"
					  "call %d\n",
					  SYS_execveat, SYS_execveat));
	}
}

/* What strace writes of the child; addresses, which may differ, as "0x". */
static char *strace_child(const char *options, const char *how)
{
	char *out = in_dir(format("strace.%s", how)), *text;
	int status, pid;

	text = output_of(format("strace -ff %s -o %s %s %s %s 7 2>&1", options,
				out, helper("spawn_as"), how,
				helper("exit_with")),
			 &status);
	CHECK_EQ(status, 7);
	CHECK_EQ(sscanf(text, "child %d", &pid), 1);
	text = output_of(format("sed 's/0x[0-9a-f]*/0x/g; s/[0-9]* vars/vars/;"
				"s/getrandom(\"[^\"]*\"/getrandom(/;"
				"s/= %d$/= PID/' %s.%d",
				pid, out, pid),
			 &status);
	CHECK_EQ(status, 0);
	return strdup(text);
}

TEST(S17_strace_writes_what_it_writes_of_vfork, .timeout = 300)
{
	char *vforked = strace_child("", "vfork");
	char *cloned = strace_child("", "ring");

	EXPECT_STR(cloned, vforked);
	EXPECT_HAS(cloned, "setsid()");
	EXPECT_HAS(cloned, "chdir(\"/\")");
	EXPECT_HAS(cloned, "execveat(AT_FDCWD, \"/nonexistent\"");
	EXPECT_HAS(cloned, "= -1 ENOENT");
	EXPECT_HAS(cloned, "+++ exited with 7 +++");
}

/* With a filter of its own that asks it about these calls only. */
TEST(K3_strace_with_a_filter_writes_what_it_writes_of_vfork, .timeout = 300)
{
	const char *options = "--seccomp-bpf -e trace=execveat,chdir";
	char *vforked = strace_child(options, "vfork");
	char *cloned = strace_child(options, "ring");

	EXPECT_STR(cloned, vforked);
	EXPECT_HAS(cloned, "chdir(\"/\")");
	EXPECT_HAS(cloned, "execveat(AT_FDCWD, \"/nonexistent\"");
	EXPECT_HAS(cloned, "+++ exited with 7 +++");
}

/* A debugger that lets go, or is killed, while a step is shown does no harm. */
TEST(S17_a_tracer_that_leaves_in_a_call)
{
	static const struct mode mode = { "calls", true, PTRACE_SYSCALL,
					  EVENTS };
	unsigned int left, stops;
	int status;
	pid_t pid;

	for (left = 1; left < 12; left++) {
		memset(&child, 0, sizeof(child));
		parent.len = 0;
		parent.pid = start(&mode, "ring");
		/* let go of the child at its nth stop, and then of the parent */
		for (stops = 0; stops < left;) {
			pid = CHECK_SYS(waitpid(-1, &status, __WALL));
			if (!WIFSTOPPED(status))
				break;
			if (pid != parent.pid && ++stops == left)
				CHECK_SYS(ptrace(PTRACE_DETACH, pid, 0, 0));
			else
				CHECK_SYS(ptrace(mode.resume, pid, 0, 0));
		}
		do {
			pid = CHECK_SYS(waitpid(parent.pid, &status, __WALL));
			if (WIFSTOPPED(status))
				CHECK_SYS(ptrace(PTRACE_CONT, pid, 0, 0));
		} while (WIFSTOPPED(status));
		CHECK(WIFEXITED(status));
		EXPECT_EQ(WEXITSTATUS(status), 7);
	}
}

/* The child's next stop before a call of this number. */
static void run_to_call(int call)
{
	struct __ptrace_syscall_info info;
	int status;
	pid_t pid;

	for (;;) {
		pid = CHECK_SYS(waitpid(-1, &status, __WALL));
		CHECK(WIFSTOPPED(status));
		if (pid != parent.pid) {
			child.pid = pid;
			CHECK_GT(ptrace(PTRACE_GET_SYSCALL_INFO, pid,
					sizeof(info), &info),
				 0);
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY &&
			    (int)info.entry.nr == call)
				return;
		}
		CHECK_SYS(ptrace(PTRACE_SYSCALL, pid, 0, 0));
	}
}

/* What its next stop says that a call of the child's has come to. */
static long result_of_call(void)
{
	struct __ptrace_syscall_info info;
	int status;
	pid_t pid;

	CHECK_SYS(ptrace(PTRACE_SYSCALL, child.pid, 0, 0));
	for (;;) {
		pid = CHECK_SYS(waitpid(-1, &status, __WALL));
		if (pid == child.pid)
			break;
		CHECK_SYS(ptrace(PTRACE_SYSCALL, pid, 0, 0));
	}
	CHECK_GT(
		ptrace(PTRACE_GET_SYSCALL_INFO, child.pid, sizeof(info), &info),
		0);
	EXPECT_EQ(info.op, PTRACE_SYSCALL_INFO_EXIT);
	return info.exit.rval;
}

static void change_argument(struct user_regs_struct *regs)
{
	regs->rdi++;
}

static void change_number(struct user_regs_struct *regs)
{
	regs->orig_rax = SYS_getppid;
}

static void skip(struct user_regs_struct *regs)
{
	regs->orig_rax = -1;
}

static void skip_with_error(struct user_regs_struct *regs)
{
	regs->orig_rax = -1;
	regs->rax = -EXDEV;
}

/*
 * A debugger that wants another call does not get this one either. One that wants
 * none gets its own result, which is -ENOSYS if it says nothing.
 */
TEST(K3_a_tracer_that_changes_a_call_makes_it_fail)
{
	static const struct mode mode = { "calls", true, PTRACE_SYSCALL,
					  EVENTS };
	static const struct {
		void (*change)(struct user_regs_struct *regs);
		int result;
	} changes[] = {
		{ change_argument, -EPERM },
		{ change_number, -EPERM },
		{ skip, -ENOSYS },
		{ skip_with_error, -EXDEV },
	};
	struct user_regs_struct regs;
	unsigned int i;

	for (i = 0; i < 2 * sizeof(changes) / sizeof(changes[0]); i++) {
		memset(&child, 0, sizeof(child));
		parent.pid = start(&mode, i % 2 ? "whole" : "ring");
		run_to_call(SYS_chdir);
		CHECK_SYS(ptrace(PTRACE_GETREGS, child.pid, 0, &regs));
		changes[i / 2].change(&regs);
		CHECK_SYS(ptrace(PTRACE_SETREGS, child.pid, 0, &regs));
		EXPECT_EQ(result_of_call(), changes[i / 2].result);
		CHECK_SYS(kill(parent.pid, SIGKILL));
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}
