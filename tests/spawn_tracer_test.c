// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A tracer that a seccomp filter asks (SECCOMP_RET_TRACE) is told of EXEC and of
 * the commands of a child, and can refuse them (K3). The tracer is this process;
 * it follows a launcher and its child.
 */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

static struct tring r;

#define DATA 77 /* of the filter, for the tracer */
#define OLD_UMASK 011
#define NEW_UMASK 027
#define EVENTS (PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE)

/* What the launcher got, and the tracer saw. */
struct seen {
	int clone;
	int umask; /* of a command that the filter is about */
	int again; /* of one that it is not about: the mask before */
	int exec;
	unsigned int asked;
	unsigned int signals; /* SIGSYS */
};

static struct seen *seen;

/* --- the launcher --------------------------------------------------------------------- */

static void q_umask(mode_t mask)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_UMASK);

	sqe->off = mask;
	hardlink(sqe);
}

static void launch(void)
{
	q_clone(&r);
	q_umask(NEW_UMASK);
	q_umask(0);
	q_exit(&r, 0);
	tring_submit(&r);
	seen->clone = tring_res(&r, CLONE);
	seen->umask = tring_res(&r, 0);
	seen->again = tring_res(&r, 1);
	seen->exec = tring_res(&r, 2);
	if (seen->clone > 0 && !seen->exec)
		wait_exit(seen->clone);
	else if (seen->clone > 0)
		check_gone(seen->clone);
}

/* The filter is about UMASK, with its first mask only, or about EXEC. */
static pid_t start(int call, uint32_t action, int options)
{
	pid_t pid = CHECK_SYS(fork());
	int status;

	if (!pid) {
		umask(OLD_UMASK);
		tring_init(&r, 0);
		if (call == SYS_umask)
			filter_word(call, ARG_LOW(0), NEW_UMASK, action);
		else
			filter_call(call, action);
		raise(SIGSTOP);
		launch();
		_exit(0);
	}
	CHECK_SYS(waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0,
			 EVENTS | PTRACE_O_EXITKILL | options));
	CHECK_SYS(kill(pid, SIGCONT));
	return pid;
}

/* --- the tracer ----------------------------------------------------------------------- */

/* What it does when it is asked; false: it has let go of the child. */
typedef bool (*answer_t)(pid_t child);

static bool on_event(pid_t child, answer_t answer)
{
	unsigned long message = 0;

	CHECK_SYS(ptrace(PTRACE_GETEVENTMSG, child, 0, &message));
	EXPECT_EQ(message, (unsigned long)DATA);
	seen->asked++;
	return answer(child);
}

/* Signals are passed on, but for the one of the filter if "swallow". */
static int signal_of(int status, bool swallow)
{
	int sig = WSTOPSIG(status);

	if (status >> 16 || sig == SIGSTOP || sig == SIGTRAP)
		return 0;
	if (sig != SIGSYS)
		return sig;
	seen->signals++;
	return swallow ? 0 : sig;
}

static void trace(pid_t launcher, answer_t answer, bool swallow)
{
	int status;

	for (;;) {
		pid_t pid = CHECK_SYS(waitpid(-1, &status, __WALL));

		if (pid == launcher && !WIFSTOPPED(status))
			break;
		if (!WIFSTOPPED(status))
			continue;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8) &&
		    !on_event(pid, answer))
			continue;
		/* it may have been killed meanwhile */
		ptrace(PTRACE_CONT, pid, 0, signal_of(status, swallow));
	}
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static void run(int call, answer_t answer)
{
	memset(seen, 0, sizeof(*seen));
	trace(start(call, SECCOMP_RET_TRACE | DATA, PTRACE_O_TRACESECCOMP),
	      answer, false);
	CHECK_GT(seen->clone, 0);
	EXPECT_EQ(seen->asked, 1U);
}

/* UMASK had this result, and was not done if it is a failure. */
static void check_umask(answer_t answer, int result, bool done)
{
	run(SYS_umask, answer);
	EXPECT_EQ(seen->umask, result);
	EXPECT_EQ(seen->again, done ? NEW_UMASK : OLD_UMASK);
	EXPECT_EQ(seen->exec, 0);
}

static void check_exec(answer_t answer, int result)
{
	run(SYS_execveat, answer);
	EXPECT_EQ(seen->again, NEW_UMASK);
	EXPECT_EQ(seen->exec, result);
}

/* --- what it can answer --------------------------------------------------------------- */

static struct user_regs_struct regs_of(pid_t child)
{
	struct user_regs_struct regs;

	CHECK_SYS(ptrace(PTRACE_GETREGS, child, 0, &regs));
	return regs;
}

static bool set_regs(pid_t child, struct user_regs_struct regs)
{
	CHECK_SYS(ptrace(PTRACE_SETREGS, child, 0, &regs));
	return true;
}

static bool skip_with(pid_t child, long result)
{
	struct user_regs_struct regs = regs_of(child);

	regs.orig_rax = -1;
	regs.rax = result;
	return set_regs(child, regs);
}

static bool let_go_on(pid_t child)
{
	struct user_regs_struct regs = regs_of(child);

	EXPECT_EQ(regs.rax, (unsigned long)-ENOSYS);
	if (regs.orig_rax == SYS_umask)
		EXPECT_EQ(regs.rdi, (unsigned long)NEW_UMASK);
	else
		EXPECT_EQ(regs.orig_rax, (unsigned long)SYS_execveat);
	return true;
}

static bool let_go(pid_t child)
{
	CHECK_SYS(ptrace(PTRACE_DETACH, child, 0, 0));
	return false;
}

static bool set_number(pid_t child)
{
	struct user_regs_struct regs = regs_of(child);

	regs.orig_rax = SYS_getppid;
	return set_regs(child, regs);
}

static bool set_argument(pid_t child)
{
	struct user_regs_struct regs = regs_of(child);

	regs.rdi++;
	return set_regs(child, regs);
}

static bool skip_silently(pid_t child)
{
	struct user_regs_struct regs = regs_of(child);

	regs.orig_rax = -1;
	return set_regs(child, regs);
}

static bool skip_with_error(pid_t child)
{
	return skip_with(child, -EXDEV);
}

static bool skip_with_kernel_error(pid_t child)
{
	return skip_with(child, -512 /* ERESTARTSYS */);
}

static bool skip_with_success(pid_t child)
{
	return skip_with(child, 5);
}

TEST(K3_a_tracer_that_is_asked_lets_steps_go_on)
{
	seen = shared_memory(sizeof(*seen));
	check_umask(let_go_on, OLD_UMASK, true);
	check_exec(let_go_on, 0);
}

TEST(K3_a_tracer_that_is_asked_can_leave)
{
	seen = shared_memory(sizeof(*seen));
	check_umask(let_go, OLD_UMASK, true);
	check_exec(let_go, 0);
}

/* There is no other call to be made. */
TEST(K3_a_tracer_that_is_asked_cannot_change_the_call)
{
	seen = shared_memory(sizeof(*seen));
	check_umask(set_number, -EPERM, false);
	check_umask(set_argument, -EPERM, false);
	check_exec(set_number, -EPERM);
	check_exec(set_argument, -EPERM);
}

TEST(K3_a_tracer_that_is_asked_can_refuse)
{
	seen = shared_memory(sizeof(*seen));
	check_umask(skip_silently, -ENOSYS, false);
	check_umask(skip_with_error, -EXDEV, false);
	check_umask(skip_with_kernel_error, -EPERM, false);
	check_exec(skip_silently, -ENOSYS);
	check_exec(skip_with_error, -EXDEV);
	check_exec(skip_with_kernel_error, -EPERM);
}

TEST(K3_a_tracer_that_is_asked_can_make_up_a_success_of_a_command)
{
	seen = shared_memory(sizeof(*seen));
	check_umask(skip_with_success, 5, false);
	check_exec(skip_with_success, -EPERM);
}

/* --- nobody to ask -------------------------------------------------------------------- */

TEST(K3_a_tracer_that_does_not_want_to_be_asked_is_none)
{
	seen = shared_memory(sizeof(*seen));
	trace(start(SYS_umask, SECCOMP_RET_TRACE | DATA, 0), let_go_on, false);
	EXPECT_EQ(seen->umask, -ENOSYS);
	EXPECT_EQ(seen->again, OLD_UMASK);
	EXPECT_EQ(seen->exec, 0);
	trace(start(SYS_execveat, SECCOMP_RET_TRACE | DATA, 0), let_go_on,
	      false);
	EXPECT_EQ(seen->exec, -ENOSYS);
	EXPECT_EQ(seen->asked, 0U);
}

/* --- the ends of children ------------------------------------------------------------- */

static bool kill_child(pid_t child)
{
	CHECK_SYS(kill(child, SIGKILL));
	return true;
}

TEST(K3_a_tracer_that_is_asked_can_kill_the_child)
{
	seen = shared_memory(sizeof(*seen));
	run(SYS_umask, kill_child);
	EXPECT_EQ(seen->umask, -ECANCELED);
	EXPECT_EQ(seen->again, -ECANCELED);
	EXPECT_EQ(seen->exec, -ECANCELED);
	run(SYS_execveat, kill_child);
	EXPECT_EQ(seen->exec, -ECANCELED);
}

/* A tracer cannot call off what a filter has decided, by keeping the signal. */
TEST(K3_a_filter_that_kills_ends_a_traced_child)
{
	static const uint32_t actions[] = { SECCOMP_RET_KILL_PROCESS,
					    SECCOMP_RET_TRAP };
	unsigned int i;

	seen = shared_memory(sizeof(*seen));
	for (i = 0; i < 8; i++) {
		DIAG("%u", i);
		memset(seen, 0, sizeof(*seen));
		trace(start(i & 2 ? SYS_umask : SYS_execveat, actions[i / 4],
			    PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXIT),
		      let_go_on, i & 1);
		CHECK_GT(seen->clone, 0);
		if (i & 2)
			EXPECT_EQ(seen->umask, -ECANCELED);
		EXPECT_EQ(seen->exec, -ECANCELED);
		EXPECT_EQ(seen->asked, 0U);
	}
}
