// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who can trace a child that waits, and look at it in /proc; what a tracer finds there
 * (C2). It is nobody's way to the launcher's memory.
 */
#include "lib/child.h"
#include "lib/sleeper.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define CAP(n) (1ULL << (n))
#define ALL_CAPS (CAP(CAP_LAST_CAP + 1) - 1)
#define OTHER_USER 54321

static struct tring r;
static struct whole w;

static int make_with(void (*steps)(void))
{
	kept_new(&w);
	whole_report(&w);
	if (steps)
		steps();
	return CHECK_OK(whole_run(&r, &w)->res);
}

static void check_used(int number)
{
	whole_exit(&w, 7);
	kept_in(&w, number);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
}

/* --- who looks ------------------------------------------------------------------------------ */

#define CAN_TRACE 1
#define CAN_SEE 2
#define CAN_READ 4

static void be_other_user(void)
{
	CHECK_SYS(syscall(SYS_setgroups, 0, NULL));
	CHECK_SYS(setresgid(OTHER_USER, OTHER_USER, OTHER_USER));
	CHECK_SYS(setresuid(OTHER_USER, OTHER_USER, OTHER_USER));
}

static void without_ptrace(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const uint64_t caps = ALL_CAPS & ~CAP(CAP_SYS_PTRACE);
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)caps, (uint32_t)caps, 0 },
		{ caps >> 32, caps >> 32, 0 },
	};

	CHECK_SYS(syscall(SYS_capset, &head, data));
}

static char secret[] = "secret";

static bool can_read(pid_t pid)
{
	struct iovec to = { (char[sizeof(secret)]){ 0 }, sizeof(secret) };
	struct iovec from = { secret, sizeof(secret) };

	return process_vm_readv(pid, &to, 1, &from, 1, 0) == sizeof(secret);
}

/* In a process that becomes this before it looks. */
static int look(pid_t pid, void (*become)(void))
{
	pid_t looker = CHECK_SYS(fork());
	char target[64];
	int can = 0;

	if (looker)
		return wait_exit(looker);
	if (become)
		become();
	if (can_read(pid))
		can |= CAN_READ;
	if (readlink(format("/proc/%d/cwd", pid), target, sizeof(target)) > 0)
		can |= CAN_SEE;
	if (!ptrace(PTRACE_SEIZE, pid, 0, 0))
		can |= CAN_TRACE;
	_exit(can);
}

static pid_t child(void)
{
	return w.told.report.pid;
}

/* What a launcher lets them do can change while the child waits. */
TEST(C2_processes_of_the_same_user_cannot_look_at_it)
{
	int dumpable, number;

	become_nobody_else();
	tring_init(&r, 0);
	for (dumpable = 0; dumpable < 2; dumpable++) {
		CHECK_SYS(prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0));
		number = make_with(NULL);
		EXPECT_EQ(look(child(), NULL), 0);
		check_used(number);
	}
}

TEST(C2_who_may_trace_all_can_look_at_it)
{
	int number;

	tring_init(&r, 0);
	number = make_with(NULL);
	EXPECT_EQ(look(child(), NULL), CAN_TRACE | CAN_SEE);
	EXPECT_EQ(look(child(), without_ptrace), 0);
	check_used(number);
}

/* --- with other credentials ------------------------------------------------------------------- */

static void other_ids(void)
{
	static const unsigned int cmds[] = { IORING_CHILD_SETRESGID,
					     IORING_CHILD_SETRESUID };
	struct io_uring_spawn_step *step;
	unsigned int i;

	whole_step(&w, IORING_CHILD_SETGROUPS);
	for (i = 0; i < 2; i++) {
		step = whole_step(&w, cmds[i]);
		step->addr = step->off = step->addr3 = OTHER_USER;
	}
}

static void no_caps(void)
{
	whole_step(&w, IORING_CHILD_CAPSET);
}

TEST(C2_with_other_credentials_only_who_may_trace_all_can_look)
{
	int number;

	helpers_for_all();
	tring_init(&r, 0);
	number = make_with(other_ids);
	EXPECT_EQ(look(child(), be_other_user), 0);
	EXPECT_EQ(look(child(), NULL), CAN_TRACE | CAN_SEE);
	check_used(number);

	number = make_with(no_caps);
	EXPECT_EQ(look(child(), without_ptrace), 0);
	EXPECT_EQ(look(child(), NULL), CAN_TRACE | CAN_SEE);
	check_used(number);
}

/* --- and when it has the launcher's memory ------------------------------------------------------ */

/* The child, or a copy, waits in a step. */
static void begin(int number, bool copy)
{
	struct io_uring_spawn_step *step;

	tring_forget(&r);
	whole_exit(&w, 7);
	whole_report(&w);
	step = whole_wait_for(&w, in_dir("fifo"));
	step->child_flags = O_RDONLY;
	if (copy)
		kept_copy(&w, number);
	else
		kept_in(&w, number);
	q_whole(&r, &w);
	tring_submit(&r);
}

static void go_on(void)
{
	int fd = CHECK_SYS(open(in_dir("fifo"), O_WRONLY | O_CLOEXEC));

	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 7);
	CHECK_SYS(close(fd));
}

static pid_t running(pid_t kept)
{
	double until = now() + tap_patience();
	const char *children;
	pid_t pid = 0;

	/* the last is the youngest */
	while (!pid || pid == kept) {
		CHECK_LT(now(), until);
		children = read_file(format("/proc/self/task/%d/children", gettid()));
		while (*children) {
			pid = strtol(children, (char **)&children, 10);
			children += strspn(children, " ");
		}
	}
	return pid;
}

static void make_fifo(void)
{
	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	CHECK_SYS(chmod(in_dir("fifo"), 0666));
}

/* As its memory is the launcher's, who can trace it could read that. */
TEST(C3_a_user_whose_ids_a_child_has_does_not_get_the_launchers_memory)
{
	int number;
	pid_t pid;

	helpers_for_all();
	make_fifo();
	tring_init(&r, 0);
	number = make_with(other_ids);
	pid = child();
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	begin(number, true);
	EXPECT_EQ(look(running(pid), be_other_user), 0);
	EXPECT_EQ(look(pid, be_other_user), 0);
	go_on();

	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	begin(number, false);
	wait_blocked(pid);
	EXPECT_EQ(look(pid, be_other_user), 0);
	/* there is something to be read */
	EXPECT_EQ(look(pid, NULL), CAN_TRACE | CAN_SEE | CAN_READ);
	go_on();
}

/* A process that traces the child, until it is killed. */
static pid_t trace(pid_t pid)
{
	pid_t tracer;
	int there[2];
	char byte;

	make_pipe(there);
	tracer = CHECK_SYS(fork());
	if (!tracer) {
		CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, 0));
		CHECK_EQ(write(there[1], "x", 1), 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(there[0], &byte, 1), 1);
	return tracer;
}

static int more(int number)
{
	kept_more(&w, number);
	return whole_run(&r, &w)->res;
}

/* He would keep what he has got. */
TEST(C3_an_undumpable_launcher_does_not_use_a_child_that_is_traced)
{
	pid_t tracer;
	int number;

	tring_init(&r, 0);
	number = make_with(NULL);
	tracer = trace(child());
	EXPECT_EQ(more(number), number);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	EXPECT_EQ(more(number), -ESTALE);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	EXPECT_EQ(more(number), number);
	CHECK_SYS(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
	CHECK_SYS(kill(tracer, SIGKILL));
	CHECK_EQ(wait_exit(tracer), -SIGKILL);
	check_used(number);
}

/* --- what a tracer finds ----------------------------------------------------------------------------- */

/* It is this process that traces it. */
static void stop(pid_t pid)
{
	int status;

	CHECK_SYS(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	CHECK(WIFSTOPPED(status));
}

/* On some machines the look at registers goes by tables of the memory. */
TEST(C2_a_tracer_finds_no_memory)
{
	struct user_regs_struct regs = { .cs = 7, .fs = 7 };
	unsigned long mask;
	int number;

	tring_init(&r, 0);
	number = make_with(NULL);
	CHECK_SYS(ptrace(PTRACE_SEIZE, child(), 0, 0));
	stop(child());
	CHECK_SYS_ERR(ptrace(PTRACE_PEEKDATA, child(), secret, 0), EIO);
	CHECK_SYS_ERR(ptrace(PTRACE_POKEDATA, child(), secret, 0), EIO);
	EXPECT(!can_read(child()));
	CHECK_SYS_ERR(ptrace(PTRACE_SETREGS, child(), 0, &regs), EIO);
	CHECK_SYS_ERR(ptrace(PTRACE_GETREGS, child(), 0, &regs), EIO);
	CHECK_SYS_ERR(ptrace(PTRACE_SINGLESTEP, child(), 0, 0), EIO);
	CHECK_SYS_ERR(ptrace(PTRACE_ARCH_PRCTL, child(), &mask,
			     0x4001 /* ARCH_GET_UNTAG_MASK */),
		      EIO);
	CHECK_SYS(ptrace(PTRACE_CONT, child(), 0, 0));
	stop(child());
	CHECK_SYS(ptrace(PTRACE_DETACH, child(), 0, 0));
	check_used(number);
}

TEST(C2_used_while_a_tracer_has_it_stopped)
{
	int number, status;
	pid_t pid;

	tring_init(&r, 0);
	number = make_with(NULL);
	pid = child();
	CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC));
	stop(pid);
	tring_forget(&r);
	whole_exit(&w, 7);
	kept_in(&w, number);
	q_whole(&r, &w);
	tring_submit(&r);
	tring_none(&r, WHOLE, 50);
	CHECK_SYS(ptrace(PTRACE_CONT, pid, 0, 0));
	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	EXPECT_EQ(status >> 8, SIGTRAP | PTRACE_EVENT_EXEC << 8);
	CHECK_SYS(ptrace(PTRACE_DETACH, pid, 0, 0));
	EXPECT_EQ(tring_res(&r, WHOLE), pid);
	CHECK_EQ(wait_exit(pid), 7);
}
