// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: there is one receiver of audit's records.
 *
 * What rules of the io_uring list tell of a spawn: CLONE and the steps that no
 * system call stands for (S19). EXEC and the commands of a child are system calls
 * to audit, see spawn_rules_test.c.
 */
#include "lib/audit.h"
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lib/whole.h"

#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>

static struct tring r;
static struct audit a;

/* What the children of one process request; others spawn, too. */
static void begin_for(unsigned int field, pid_t pid)
{
	struct audit_rule rule;

	audit_rule_init(&rule, AUDIT_FILTER_URING);
	audit_rule_all_calls(&rule);
	audit_rule_field(&rule, field, pid);
	audit_begin(&a, &rule);
}

static const char *uring_record(const char *records, unsigned int op)
{
	return audit_record(records, AUDIT_URING_RECORD,
			    format(" uring_op=%u ", op));
}

static void spawn_with_steps(void)
{
	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_open(&r, "/dev/null", O_RDONLY, 0);
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 2, NULL), 0);
}

TEST(K3_exec_and_commands_are_no_requests_to_audit)
{
	char *records;

	begin_for(AUDIT_PPID, getpid());
	spawn_with_steps();
	records = audit_end(&a);
	EXPECT_STR(uring_record(records, SPAWNPOL_OP_EXEC), "");
	EXPECT_STR(uring_record(records, SPAWNPOL_OP_CHILD), "");
	/* the step between them is one */
	EXPECT_HAS(uring_record(records, IORING_OP_OPENAT),
		   format(" pid=%d ", tring_res(&r, CLONE)));
	EXPECT_STR(audit_record(records, AUDIT_SYSCALL,
				format(" pid=%d ", tring_res(&r, CLONE))), "");
	EXPECT_STR(audit_record(records, AUDIT_EXECVE, ""), "");
}

static void spawn_whole(void)
{
	struct whole w;

	tring_init(&r, 0);
	whole_exit(&w, 0);
	whole_step(&w, IORING_CHILD_SETSID);
	CHECK_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 0);
}

/* What a process of its own, which is told, has recorded as requests. */
static char *requests_of(void (*spawn)(void), pid_t *who)
{
	pid_t pid;
	int go[2];

	make_pipe(go);
	audit_switch_on();
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_EQ(read(go[0], &(char){ 0 }, 1), 1);
		spawn();
		_exit(0);
	}
	begin_for(AUDIT_PID, pid);
	CHECK_EQ(write(go[1], "", 1), 1);
	CHECK_EQ(wait_exit(pid), 0);
	*who = pid;
	return audit_end(&a);
}

TEST(S19_clone_is_a_request_to_audit)
{
	pid_t pid;
	char *records = requests_of(spawn_with_steps, &pid);

	EXPECT_HAS(uring_record(records, SPAWNPOL_OP_CLONE),
		   format(" pid=%d ", pid));
	EXPECT_STR(uring_record(records, IORING_OP_OPENAT), "");
}

TEST(O6_a_whole_spawn_is_one_request_to_audit)
{
	pid_t pid;
	char *records = requests_of(spawn_whole, &pid);

	EXPECT_HAS(uring_record(records, SPAWNPOL_OP_SPAWN),
		   format(" pid=%d ", pid));
	EXPECT_STR(uring_record(records, SPAWNPOL_OP_CHILD), "");
	EXPECT_STR(uring_record(records, SPAWNPOL_OP_EXEC), "");
}

/* --- what filters log --------------------------------------------------------------- */

/* The record of this call of this process, AUDIT_SECCOMP. Others make some, too. */
static const char *seccomp_record(const char *records, int call, pid_t pid)
{
	const char *line, *key = format(" syscall=%d ", call);

	for (;; records = strstr(records, line) + strlen(line)) {
		line = audit_record(records, AUDIT_SECCOMP, key);
		if (!*line)
			FAIL("no record of system call %d of process %d", call,
			     pid);
		if (strstr(line, format(" pid=%d ", pid)))
			break;
		records = strstr(records, line) ?: "";
	}
	return line;
}

/* As of the call that was not made; the address is none of the kernel's. */
static void expect_logged(const char *records, int call, pid_t pid,
			  uint32_t action)
{
	const char *line = seccomp_record(records, call, pid);

	DIAG("%s", line);
	EXPECT_HAS(line, " arch=c000003e ");
	EXPECT_HAS(line, format(" code=0x%x ", action));
	EXPECT_HAS(line, " ip=0x");
	EXPECT(!strstr(line, "=0xffff"));
}

TEST(S19_what_seccomp_logs_of_spawns_is_audited)
{
	char *records;

	begin_for(AUDIT_PPID, getpid());
	filter_call(SYS_clone3, SECCOMP_RET_LOG);
	filter_call(SYS_execveat, SECCOMP_RET_LOG);
	filter_call(SYS_setsid, SECCOMP_RET_LOG);
	spawn_with_steps();
	records = audit_end(&a);
	expect_logged(records, SYS_clone3, getpid(), SECCOMP_RET_LOG);
	expect_logged(records, SYS_setsid, tring_res(&r, CLONE),
		      SECCOMP_RET_LOG);
	expect_logged(records, SYS_execveat, tring_res(&r, CLONE),
		      SECCOMP_RET_LOG);
}

/* What a filter kills is recorded with the signal that ends it. */
TEST(K3_what_seccomp_kills_is_audited)
{
	char *records;
	pid_t pid;

	begin_for(AUDIT_PPID, getpid());
	filter_call(SYS_execveat, SECCOMP_RET_KILL_PROCESS);
	tring_init(&r, 0);
	pid = CHECK_OK(spawn_exit(&r, NULL));
	records = audit_end(&a);
	expect_logged(records, SYS_execveat, pid, SECCOMP_RET_KILL_PROCESS);
	EXPECT_HAS(seccomp_record(records, SYS_execveat, pid),
		   format(" sig=%d ", SIGSYS));
}

/* --- names ------------------------------------------------------------------------ */

/*
 * The audit context of a system call has room for five names, and memory of
 * their own for others.
 */
#define NAMES 8

static void submit_names(int go)
{
	/* at an address that it has seen, audit takes the name for the same */
	static char opened[NAMES][16];
	struct blocker b;
	char byte;
	int i;

	CHECK_EQ(read(go, &byte, 1), 1);
	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	for (i = 0; i < NAMES; i++) {
		strcpy(opened[i], "/dev/null");
		q_open(&r, opened[i], O_RDONLY, 0);
		q_mkdir(&r, in_dir(format("made%d", i)));
	}
	tring_submit(&r);
	/* the call that brought the names is over */
	wait_blocked(tring_res(&r, CLONE));
	blocker_release(&b);
	for (i = 0; i < NAMES; i++) {
		CHECK_GE(tring_res(&r, 2 * i + 1), 0);
		CHECK_EQ(tring_res(&r, 2 * i + 2), 0);
	}
	_exit(0);
}

/* Not of who submitted them, whose entries for the names are gone. */
TEST(S19_names_of_steps_are_records_of_the_steps)
{
	const char *records;
	pid_t pid;
	int go[2];

	make_pipe(go);
	audit_switch_on();
	pid = CHECK_SYS(fork());
	if (!pid)
		submit_names(go[0]);
	begin_for(AUDIT_PPID, pid);
	CHECK_EQ(write(go[1], "", 1), 1);
	CHECK_EQ(wait_exit(pid), 0);
	records = audit_end(&a);

	/* AUDIT_PATH */
	EXPECT_EQ(count_of(records, "name=\"/dev/null\""), NAMES);
	EXPECT_EQ(count_of(records, "nametype=CREATE"), NAMES);
	EXPECT_EQ(count_of(records, "nametype=PARENT"), NAMES);
}
