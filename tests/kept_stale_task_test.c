// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * As kept_stale_test.c: what a launcher is among tasks. Its session, who traces it, how
 * it is scheduled, what it may do to the machine (C3).
 */
#include "lib/child.h"
#include "lib/stale.h"

#include <asm/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- its place --------------------------------------------------------------------------- */

/* The test itself may lead a group already. */
static void in_process(void (*run)(void))
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		run();
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
}

static void new_session(void)
{
	CHECK_SYS(setsid());
}

static void check_session(void)
{
	check_word(new_session, NULL);
}

TEST(C3_stale_session)
{
	in_process(check_session);
}

static pid_t old_pgrp;

static void new_group(void)
{
	CHECK_SYS(setpgid(0, 0));
}

static void group_before(void)
{
	CHECK_SYS(setpgid(0, old_pgrp));
}

static void check_group(void)
{
	old_pgrp = getpgrp();
	check_word(new_group, group_before);
}

TEST(C3_stale_process_group)
{
	in_process(check_group);
}

static int terminal;

static void get_terminal(void)
{
	int master = CHECK_SYS(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));

	CHECK_SYS(grantpt(master));
	CHECK_SYS(unlockpt(master));
	terminal = CHECK_SYS(open(ptsname(master), O_RDWR | O_CLOEXEC));
	CHECK_SYS(fcntl(open("/dev/tty", O_RDWR), F_SETFD, FD_CLOEXEC));
}

/* For another terminal. */
static void change_terminal(void)
{
	signal(SIGHUP, SIG_IGN);
	CHECK_SYS(ioctl(terminal, TIOCNOTTY));
	get_terminal();
}

static void check_terminal(void)
{
	new_session();
	check_word(get_terminal, NULL);
	check_word(change_terminal, NULL);
}

TEST(C3_stale_controlling_terminal)
{
	in_process(check_terminal);
}

/* --- who gets its children ----------------------------------------------------------------- */

/* A child of the launcher that traces it, until it is told to let go. */
struct tracer {
	pid_t pid;
	int on[2];
	int off[2];
};

static void trace(struct tracer *t, pid_t launcher, long options)
{
	char byte;

	CHECK_SYS(ptrace(PTRACE_SEIZE, launcher, 0, options));
	CHECK_EQ(write(t->on[1], "x", 1), 1);
	close(t->off[1]);
	CHECK_EQ(read(t->off[0], &byte, 1), 0);
	CHECK_SYS(ptrace(PTRACE_INTERRUPT, launcher, 0, 0));
	CHECK_SYS(waitpid(launcher, NULL, __WALL));
	CHECK_SYS(ptrace(PTRACE_DETACH, launcher, 0, 0));
	_exit(0);
}

static void tracer_start(struct tracer *t, long options)
{
	pid_t launcher = getpid();
	char byte;

	make_pipe(t->on);
	make_pipe(t->off);
	t->pid = CHECK_SYS(fork());
	if (!t->pid)
		trace(t, launcher, options);
	CHECK_EQ(read(t->on[0], &byte, 1), 1);
}

static void tracer_end(struct tracer *t)
{
	close(t->off[1]);
	CHECK_EQ(wait_exit(t->pid), 0);
	close(t->off[0]);
	close(t->on[0]);
	close(t->on[1]);
}

static struct tracer tracer;
static long events;

static void be_traced(void)
{
	tracer_start(&tracer, events);
}

static void be_free(void)
{
	tracer_end(&tracer);
}

TEST(C3_stale_tracer_of_children)
{
	static const long each[] = { PTRACE_O_TRACEFORK, PTRACE_O_TRACEVFORK,
				     PTRACE_O_TRACECLONE };
	unsigned int i;

	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		DIAG("%lx", each[i]);
		events = each[i];
		check_word(be_traced, be_free);
	}
}

/* The launcher would stop for the tracer. */
static void take_no_signals(void)
{
	sigset_t set;

	sigfillset(&set);
	CHECK_SYS(sigprocmask(SIG_BLOCK, &set, NULL));
}

/* It gets no child. */
TEST(C3_good_with_a_tracer_of_the_launcher_alone)
{
	static struct waiting waiting;

	take_no_signals();
	waiting_make(&waiting);
	tracer_start(&tracer, PTRACE_O_TRACESYSGOOD);
	check_good(&waiting);
	tracer_end(&tracer);
	check_good(&waiting);
	waiting_end(&waiting);
}

/* Of threads alone, so that making is no event. */
static void be_traced_by_another(void)
{
	tracer_end(&tracer);
	tracer_start(&tracer, events);
}

TEST(C3_stale_other_tracer)
{
	events = PTRACE_O_TRACECLONE;
	take_no_signals();
	be_traced();
	check_word(be_traced_by_another, NULL);
	be_free();
}

/* --- scheduling ------------------------------------------------------------------------------ */

static void set_policy(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	CHECK_SYS(sched_setscheduler(0, policy, &param));
}

static void be_other(void)
{
	set_policy(SCHED_OTHER, 0);
}

static void be_batch(void)
{
	set_policy(SCHED_BATCH, 0);
}

static void be_first(void)
{
	set_policy(SCHED_RR, 1);
}

static void be_before_first(void)
{
	set_policy(SCHED_RR, 2);
}

static void reset_on_fork(void)
{
	set_policy(SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
}

TEST(C3_stale_scheduling_policy)
{
	check_word(be_batch, be_other);
	check_word(reset_on_fork, be_other);
	check_word(be_first, be_other);
}

TEST(C3_stale_priority)
{
	be_first();
	check_word(be_before_first, be_first);
}

static void be_nice(void)
{
	CHECK_SYS(setpriority(PRIO_PROCESS, 0, 3));
}

static void be_normal(void)
{
	CHECK_SYS(setpriority(PRIO_PROCESS, 0, 0));
}

TEST(C3_stale_nice_value)
{
	check_word(be_nice, be_normal);
}

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static void set_attr(struct attr attr)
{
	attr.size = sizeof(attr);
	may_lack(syscall(SYS_sched_setattr, 0, &attr, 0));
}

static void short_slices(void)
{
	set_attr((struct attr){ .runtime = 300000 });
}

static void own_slices(void)
{
	set_attr((struct attr){ .runtime = 0 });
}

TEST(C3_stale_slice)
{
	check_word(short_slices, own_slices);
}

static void clamp(void)
{
	set_attr((struct attr){ .flags = SCHED_FLAG_KEEP_ALL | SCHED_FLAG_UTIL_CLAMP,
				.util_max = 512 });
}

static void no_clamp(void)
{
	set_attr((struct attr){ .flags = SCHED_FLAG_KEEP_ALL | SCHED_FLAG_UTIL_CLAMP,
				.util_min = -1, .util_max = -1 });
}

TEST(C3_stale_clamps)
{
	check_word(clamp, no_clamp);
}

static void set_affinity(unsigned long cpus)
{
	CHECK_SYS(syscall(SYS_sched_setaffinity, 0, sizeof(cpus), &cpus));
}

static void one_processor(void)
{
	set_affinity(1);
}

static void all_processors(void)
{
	set_affinity(~0UL);
}

TEST(C3_stale_affinity)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP("one processor");
	check_word(one_processor, all_processors);
}

static void interleave(void)
{
	unsigned long nodes = 1;

	may_lack(syscall(SYS_set_mempolicy, 3 /* interleave */, &nodes, 2));
}

static void any_node(void)
{
	CHECK_SYS(syscall(SYS_set_mempolicy, 0 /* default */, NULL, 0));
}

TEST(C3_stale_memory_policy)
{
	check_word(interleave, any_node);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void open_port(void)
{
	may_lack(ioperm(0x80, 1, 1));
}

static void close_port(void)
{
	CHECK_SYS(ioperm(0x80, 1, 0));
}

static void open_other_port(void)
{
	CHECK_SYS(ioperm(0x81, 1, 1));
}

static void all_ports(void)
{
	may_lack(iopl(3));
}

static void no_ports(void)
{
	CHECK_SYS(iopl(0));
}

TEST(C3_stale_ports)
{
	check_word(open_port, close_port);
	check_word(all_ports, no_ports);
	/* with those that it had */
	open_port();
	check_word(open_other_port, NULL);
	close_port();
}

static void kill_early(void)
{
	CHECK_SYS(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
}

static void kill_late(void)
{
	CHECK_SYS(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0));
}

static void kill_default(void)
{
	CHECK_SYS(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_DEFAULT, 0, 0));
}

TEST(C3_stale_machine_checks)
{
	check_word(kill_early, kill_default);
	kill_early();
	check_word(kill_late, kill_early);
}

static void flush(void)
{
	may_lack(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
}

static void flush_not(void)
{
	CHECK_SYS(prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0));
}

TEST(C3_stale_io_flusher)
{
	check_word(flush, flush_not);
}

static struct waiting timed;

static void set_tsc(int to)
{
	CHECK_SYS(prctl(PR_SET_TSC, to, 0, 0, 0));
}

/* What waits looks at the clock, by the TSC. */
static void submit_without_tsc(void)
{
	q_whole(&timed.r, &timed.w);
	set_tsc(PR_TSC_SIGSEGV);
	tring_submit(&timed.r);
	set_tsc(PR_TSC_ENABLE);
}

static void more_of(int number)
{
	tring_forget(&timed.r);
	kept_more(&timed.w, number);
}

TEST(C3_stale_tsc)
{
	waiting_make(&timed);
	more_of(timed.number);
	submit_without_tsc();
	EXPECT_EQ(tring_res(&timed.r, WHOLE), -ESTALE);
	check_good(&timed);
	waiting_end(&timed);
}

static void no_cpuid(void)
{
	may_lack(syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0));
}

static void cpuid(void)
{
	CHECK_SYS(syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1));
}

TEST(C3_stale_cpuid)
{
	check_word(no_cpuid, cpuid);
}
