// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A policy cannot wait for anything that another process has to provide, and what
 * it stages waits outside of the program. To remove a BPF program lasts until all
 * running programs have returned, but never as long as a chain waits (K7).
 *
 * What a policy cannot call is in tests/..._fail.bpf.c: user_string, user_memory,
 * task_memory, task_walk, memory_walk, later_work.
 */
#include "lib/apart.h"
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/policy.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
static struct hold hold;
TPROG_PRELOAD

TEST(K7_functions_that_do_not_wait_can_be_called)
{
	struct tpolicy functions;

	tring_init(&r, 0);
	tpolicy_load(&functions, "tests/functions");
	tpolicy_attach(&functions, tring_fd(&r), 0);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	/* the policy skips the step only if all functions work */
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	EXPECT_EQ(tpolicy_info(&functions).verdicts[IORING_VERDICT_SKIP], 1);
	tpolicy_free(&functions);
}

/* --- taking away programs that have nothing to do with it ----------------- */

static int tracepoint_id(void)
{
	const char *id = read_file(
		"/sys/kernel/tracing/events/sched/sched_process_exec/id");

	if (!*id)
		SKIP("no tracepoint to attach to");
	return atoi(id);
}

static int load_tracing(void)
{
	static struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACEPOINT,
		.insns = (uintptr_t)insns,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
	};

	return CHECK_OK(bpf_call(BPF_PROG_LOAD, &attr, sizeof(attr)));
}

/* Attach a program to a tracepoint, and take it off. */
static int attach_and_detach(int tracepoint)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = tracepoint,
	};
	int event =
		CHECK_SYS(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));

	CHECK_SYS(ioctl(event, PERF_EVENT_IOC_SET_BPF, load_tracing()));
	return close(event);
}

/* In another process, so that it can be told that it takes too long. */
static void check_can_detach(pid_t child)
{
	double until = now() + tap_patience();
	int tracepoint = tracepoint_id();
	struct apart apart;
	siginfo_t info = { 0 };

	if (apart_begin(&apart))
		apart_end(&apart, attach_and_detach(tracepoint));
	while (info.si_pid != apart.pid) {
		if (now() > until)
			FAIL("it waits, in\n%s",
			     read_file(format("/proc/%d/stack", apart.pid)));
		sleep_ms(5);
		CHECK_SYS(waitid(P_PID, apart.pid, &info,
				 WEXITED | WNOHANG | WNOWAIT));
	}
	EXPECT_EQ(apart_result(&apart), 0);
	EXPECT(!is_gone(child));
}

/* A step fails, and the policy has this issued, once. */
static pid_t start_staging(const struct io_uring_sqe *sqe)
{
	struct engine_rule *rule;

	tprog_load(&p);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, sqe, 1);
	tring_init(&r, 0);
	attach(&r, &p, 0, 0);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	return tring_res(&r, CLONE);
}

/* The path is in memory that is not there, when the request is prepared. */
TEST(K7_a_staged_request_that_waits_for_memory_holds_up_nobody)
{
	struct io_uring_sqe open = { .opcode = IORING_OP_OPENAT,
				     .fd = AT_FDCWD };
	pid_t pid;

	hold_init(&hold);
	open.addr = (uintptr_t)hold.page;
	pid = start_staging(&open);
	hold_wait(&hold);
	check_can_detach(pid);
	hold_release(&hold, "/dev/null");
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(pid), 3);
}

/* It waits when it is issued. */
TEST(K7_nor_does_one_that_waits_for_a_writer)
{
	static struct blocker block;
	struct io_uring_sqe read = { .opcode = IORING_OP_READ, .len = 1 };
	pid_t pid;

	make_pipe(block.fds);
	read.fd = block.fds[0];
	read.addr = (uintptr_t)&block.byte;
	read.off = -1ULL;
	pid = start_staging(&read);
	wait_blocked(pid);
	check_can_detach(pid);
	blocker_release(&block);
	EXPECT_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(pid), 3);
}

/* The policy wants a step to be tried again, later. */
TEST(K7_nor_does_a_delay)
{
	struct engine_rule *rule;
	double until = now() + tap_patience();
	pid_t pid;

	tprog_load(&p);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_RETRY);
	rule->delay_ns = 9000000000;
	tring_init(&r, 0);
	attach(&r, &p, 0, 0);
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	pid = tring_res(&r, CLONE);
	while (!p.engine->runs) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	wait_blocked(pid);
	check_can_detach(pid);
	CHECK_SYS(kill(pid, SIGKILL));
	check_gone(pid);
}
