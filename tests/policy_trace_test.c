// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that
 * wrong where another processor is running it.
 *
 * Seeing what happened: tracepoints, counters, fdinfo; and dry runs
 * (P11, P12, S17).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/trace.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED

/* A CLONE that a policy has tried again: before there is a child (P14). */
TEST(P11_tracepoints_tell_of_clone)
{
	const char *verdict, *end;
	char *trace;
	int link;

	CHECK_SYS(mkdir("/sys/fs/cgroup/policy_trace_test", 0755));
	link = tprog_start(&r, &p, IORING_POLICY_CLONE);
	tprog_rule(&p, IORING_POLICY_CLONE, 0, IORING_VERDICT_RETRY)->below = 2;
	write_file("/sys/fs/cgroup/policy_trace_test/cgroup.procs", "0", 0);
	write_file("/sys/fs/cgroup/policy_trace_test/pids.max", "1", 0);
	trace_start();
	q_clone(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, CLONE), -EAGAIN);
	trace = trace_end();

	verdict = trace_event(trace, "io_uring_spawn_verdict", 0);
	EXPECT_HAS(verdict, " pid=0 step=0 event=CLONE op=58 opname=CLONE "
			    "res=-11 verdict=RETRY ");
	EXPECT_HAS(verdict, " result=-11 ");
	verdict = trace_event(trace, "io_uring_spawn_verdict", 1);
	EXPECT_HAS(verdict, " verdict=CONTINUE ");
	EXPECT_HAS(verdict, " result=-11 ");
	end = trace_event(trace, "io_uring_spawn_end", 0);
	EXPECT_HAS(end, " res=-11 ");
	EXPECT_HAS(end, " end=CLONE ");
	close(link);
	write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	CHECK_SYS(rmdir("/sys/fs/cgroup/policy_trace_test"));
}

/* Two policies in one slot: who passed, and who decided. */
TEST(U9_tracepoints_tell_whose_verdict_it_is)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	const char *passed, *decided;
	struct engine_rule *rule;
	struct tprog other;
	int link[2];
	char *trace;

	link[0] = tprog_start(&r, &p, 0);
	tprog_load(&other);
	link[1] = attach(&r, &other, 0, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_PASS);
	rule_stage_sqe(rule, &nop, 1);
	rule->delay_ns = 1000;
	rule->sets_result = 1;
	rule->result = -EXDEV;
	tprog_rule(&other, FAILED, 0, IORING_VERDICT_SKIP);
	trace_start();
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
	trace = trace_end();

	/* what it asked for is dropped, and not told */
	passed = trace_event(trace, "io_uring_spawn_verdict", 0);
	EXPECT_HAS(passed, format(" link=%u prog=%u ", link_info(link[0]).id,
				  program_id(p.fd)));
	EXPECT_HAS(passed, " res=-2 verdict=PASS staged=0 ");
	EXPECT_HAS(passed, " delay_ns=0 result=-2 ");
	decided = trace_event(trace, "io_uring_spawn_verdict", 1);
	EXPECT_HAS(decided, format(" link=%u prog=%u ", link_info(link[1]).id,
				   program_id(other.fd)));
	EXPECT_HAS(decided, " res=-2 verdict=SKIP ");
	EXPECT_HAS(decided, " result=0 ");
	tprog_free(&other);
}

TEST(P11_tracepoints_tell_each_step_and_verdict)
{
	const char *start, *step, *verdict, *end;
	struct spawnpol_link_info info;
	char *trace, *chain, *argv[] = { "exit_with", "3", NULL };
	int link;
	pid_t pid;

	tring_init(&r, 0);
	tprog_load(&p);
	link = attach(&r, &p, 9, 0);
	info = link_info(link);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_SKIP)->delay_ns = 2000000;
	trace_start();
	q_clone(&r)->file_index = 9;
	r.last->off = 12345;
	q_dup(&r, 99, 1);
	hardlink(q_exec(&r, "/nonexistent/exit_with", argv));
	q_exec(&r, helper("exit_with"), argv);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 2), 0);
	CHECK_EQ(wait_exit(pid), 3);
	trace = trace_end();
	DIAG("%.3000s", strchr(trace, '|') ?: trace);

	start = trace_event(trace, "io_uring_spawn_start", 0);
	chain = format(" chain=%d ", atoi(strstr(start, "chain=") + 6));
	EXPECT_HAS(start, format(" link=%u ", info.id));
	EXPECT_HAS(start, format(" pid=%d ", pid));
	EXPECT_HAS(start, " steps=3 ");
	EXPECT_HAS(start, format(" cookie=%#x ", 12345));
	EXPECT_HAS(start, format(" user_data=%#x ", CLONE));

	step = trace_event(trace, "io_uring_spawn_step", 0);
	EXPECT_HAS(step, chain);
	EXPECT_HAS(step, format(" link=%u ", info.id));
	EXPECT_HAS(step, format(" pid=%d ", pid));
	EXPECT_HAS(step, " step=0 ");
	EXPECT_HAS(step, " attempt=1 ");
	EXPECT_HAS(step, format(" op=%d ", SPAWNPOL_OP_CHILD));
	EXPECT_HAS(step, " opname=CHILD ");
	EXPECT_HAS(step, format(" cmd=%d ", IORING_CHILD_DUP));
	EXPECT_HAS(step, format(" res=%d ", -EBADF));
	EXPECT_HAS(step, " staged=0 ");

	verdict = trace_event(trace, "io_uring_spawn_verdict", 0);
	EXPECT_HAS(verdict, chain);
	EXPECT_HAS(verdict, format(" link=%u ", info.id));
	EXPECT_HAS(verdict, format(" prog=%u ", program_id(p.fd)));
	EXPECT_HAS(verdict, format(" res=%d ", -EBADF));
	EXPECT_HAS(verdict, " delay_ns=2000000 ");
	EXPECT_HAS(verdict, " result=0 ");

	step = trace_event(trace, "io_uring_spawn_step", 1);
	EXPECT_HAS(step, " step=1 ");
	EXPECT_HAS(step, " opname=EXEC ");
	EXPECT_HAS(step, " name=/nonexistent/exit_with ");
	EXPECT_HAS(step, format(" res=%d ", -ENOENT));
	step = trace_event(trace, "io_uring_spawn_step", 2);
	EXPECT_HAS(step, " res=0 ");
	EXPECT_HAS(step, "helpers/exit_with ");

	end = trace_event(trace, "io_uring_spawn_end", 0);
	EXPECT_HAS(end, chain);
	EXPECT_HAS(end, format(" pid=%d ", pid));
	EXPECT_HAS(end, " res=0 ");
}

/* A name cannot pretend to be a line of the trace. */
TEST(U10_control_characters_in_names)
{
	char *argv[] = { "x", NULL }, *trace;

	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	q_exec(&r, "/nonexistent/x\n  y-1 [000] 1.0: io_uring_spawn_end: z\t\177", argv);
	tring_submit(&r);
	tring_total(&r, 2);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0),
		   " name=/nonexistent/x?  y-1 [000] 1.0: io_uring_spawn_end: z?? ");
}

/* An event has room for a page. */
TEST(U10_a_long_name_is_cut)
{
	static char path[4096];
	char *argv[] = { "x", NULL }, *trace;
	const char *step;

	memset(path, '/', sizeof(path) - 1);
	memcpy(path, "/nonexistent/", 13);
	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	tring_total(&r, 2);
	trace = trace_end();
	step = trace_event(trace, "io_uring_spawn_step", 0);
	EXPECT_HAS(step, format(" res=%d ", -ENOENT));
	EXPECT_HAS(step, " name=/nonexistent//");
}

TEST(P11_tracepoints_without_a_policy_and_of_a_failure)
{
	char *trace;

	tring_init(&r, 0);
	trace_start();
	q_clone(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	tring_total(&r, 3);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_start", 0), " link=0 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0), " link=0 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_end", 0),
		   format(" res=%d ", -ENOENT));
	EXPECT(!strstr(trace, "io_uring_spawn_verdict"));
}

TEST(P11_staged_requests_are_marked_in_the_trace)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct engine_rule *rule;
	char *trace;

	tprog_start(&r, &p, 0);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	trace_start();
	q_clone(&r);
	q_fail(&r);
	tring_submit(&r);
	tring_total(&r, 2);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0), " staged=0 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 1), " staged=1 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 1), " opname=NOP ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_verdict", 0), " staged=1 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_verdict", 1), " event=");
}

TEST(P11_counters_count_runs_and_each_verdict)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct spawnpol_link_info info;
	unsigned int i;
	int link;

	link = tprog_start(&r, &p, 0);
	tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->below = 3;
	tprog_rule(&p, FAILED, 1, IORING_VERDICT_SKIP);
	rule_stage_sqe(tprog_rule(&p, FAILED, 2, IORING_VERDICT_SUBMIT), &nop,
		       1);
	tprog_rule(&p, FAILED, 3, IORING_VERDICT_ABORT);
	q_clone(&r);
	while (r.steps < 5)
		hardlink(q_fail(&r));
	tring_submit(&r);
	tring_total(&r, 6);
	info = link_info(link);
	EXPECT_EQ(info.verdicts[IORING_VERDICT_RETRY], 2);
	EXPECT_EQ(info.verdicts[IORING_VERDICT_SKIP], 1);
	EXPECT_EQ(info.verdicts[IORING_VERDICT_SUBMIT], 1);
	EXPECT_EQ(info.verdicts[IORING_VERDICT_ABORT], 1);
	/* Step 0 in the end, and STAGED of step 2. */
	EXPECT_EQ(info.verdicts[IORING_VERDICT_CONTINUE], 2);
	EXPECT_EQ(info.runs, 7);
	EXPECT_EQ(info.exhausted, 0);
	EXPECT_EQ(info.failures, 0);
	EXPECT_EQ(info.retries, 2);
	EXPECT_EQ(info.staged, 1);
	for (i = 0; i < 4; i++)
		EXPECT_NE(tring_res(&r, i), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 4), -ECANCELED);
}

TEST(P11_fdinfo_of_the_ring_names_the_policies)
{
	struct spawnpol_link_info info;
	struct io_uring_spawn_query query;
	int link;

	tring_init(&r, 0);
	tprog_load(&p);
	EXPECT(!strstr(fdinfo_of(tring_fd(&r)), "SpawnPolicy"));
	link = attach(&r, &p, 6, 0);
	info = link_info(link);
	tring_query(&r, &query);
	EXPECT_EQ(query.ring_id, info.ring_id);
	EXPECT_EQ(strtoull(line_of(fdinfo_of(tring_fd(&r)), "SpawnRing"), NULL, 0),
		  info.ring_id);
	EXPECT_STR(line_of(fdinfo_of(tring_fd(&r)), "SpawnPolicy"),
		   format("slot 6 link %u prog %u", info.id, program_id(p.fd)));
	close(link);
	EXPECT(!strstr(fdinfo_of(tring_fd(&r)), "SpawnPolicy"));
}

TEST(P11_fdinfo_of_the_link_has_ring_slot_and_counters)
{
	const char *text;
	int link;

	link = tprog_start(&r, &p, IORING_POLICY_DONE);
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	tring_submit(&r);
	tring_total(&r, 3);
	text = fdinfo_of(link);
	DIAG("%s", text);
	EXPECT_EQ(strtoull(line_of(text, "ring_id"), NULL, 0),
		  link_info(link).ring_id);
	EXPECT_STR(line_of(text, "slot"), "0");
	EXPECT_HAS(text, "events");
	EXPECT_STR(line_of(text, "runs"), "2");
	EXPECT_HAS(text, "exhausted");
	EXPECT_HAS(text, "failures");
	EXPECT_STR(line_of(text, "retries"), "0");
	EXPECT_STR(line_of(text, "staged"), "0");
}

TEST(P11_each_ring_has_an_id_of_its_own)
{
	struct io_uring_spawn_query query;
	struct tring *other = calloc(1, sizeof(*other));
	uint64_t first;

	tprog_load(&p);
	tring_init(&r, 0);
	tring_query(&r, &query);
	attach(&r, &p, 0, 0);
	tring_query(&r, &query);
	first = query.ring_id;
	EXPECT_GT(first, 0);
	tring_init(other, 0);
	attach(other, &p, 0, 0);
	tring_query(other, &query);
	EXPECT_GT(query.ring_id, 0);
	EXPECT_NE(query.ring_id, first);
}

/* BPF_PROG_TEST_RUN: what would the policy say to this? */
TEST(P12_a_dry_run_returns_the_verdict)
{
	struct bpf_iouring_ctx ctx = {
		.event = FAILED,
		.opcode = IORING_OP_OPENAT,
		.res = -ENOENT,
		.step = 2,
		.attempt = 1,
		.cookie = 99,
	};
	union bpf_attr attr = { .test = {
					.prog_fd = 0,
					.ctx_in = (uintptr_t)&ctx,
					.ctx_size_in = sizeof(ctx),
				} };
	const struct engine_run *run;

	tprog_load(&p);
	tprog_rule(&p, FAILED, 2, IORING_VERDICT_ABORT);
	attr.test.prog_fd = p.fd;
	CHECK_OK(bpf_call(BPF_PROG_TEST_RUN, &attr, sizeof(attr)));
	EXPECT_EQ(attr.test.retval, IORING_VERDICT_ABORT);
	run = tprog_run(&p, 0);
	EXPECT_EQ(run->ctx.cookie, 99);
	EXPECT_EQ(run->ctx.opcode, IORING_OP_OPENAT);
	attr.test.ctx_size_out = attr.test.data_size_out = 0;
	attr.test.ctx_in = 8;
	EXPECT_EQ(bpf_call(BPF_PROG_TEST_RUN, &attr, sizeof(attr)), -EFAULT);
	EXPECT_EQ(p.engine->runs, 1);
}

TEST(S17_the_fork_tracepoint_names_parent_and_child)
{
	const char *trace;
	struct shown s;
	pid_t pid;

	tring_init(&r, IORING_SETUP_SQPOLL);
	CHECK_SYS(mkdir(TRACING, 0755));
	write_file(TRACING "/events/sched/sched_process_fork/enable", "1", 0);
	write_file(TRACING "/events/sched/sched_process_exec/enable", "1", 0);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(pid), 0);
	trace = trace_end();
	EXPECT_HAS(trace, format("pid=%d child_comm=", getpid()));
	EXPECT_HAS(trace, format("child_pid=%d\n", pid));
	EXPECT_HAS(trace, format("helpers/show pid=%d old_pid=%d\n", pid, pid));
}
