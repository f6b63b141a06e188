// SPDX-License-Identifier: LGPL-2.1-or-later
/* What audit is told of EXEC (S19). */
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static struct tring r;

static int audit_send(int fd, unsigned int type, const void *data, size_t size)
{
	struct {
		struct nlmsghdr head;
		char data[2048];
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(size),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			    .nlmsg_seq = 1 } };

	memcpy(msg.data, data, size);
	return send(fd, &msg, msg.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/*
 * The records that the kernel sends, one per line, by type. A thread of it sends
 * them, in their order; the last one is that a rule has been removed.
 */
static char *audit_records(int fd)
{
	static char text[65536];
	struct pollfd wait = { fd, POLLIN, 0 };
	char buf[9000];
	size_t len = 0;

	while (!strstr(text, "op=remove_rule")) {
		struct nlmsghdr *head = (void *)buf;
		ssize_t got;

		if (poll(&wait, 1, 1000 * tap_patience()) <= 0)
			FAIL("the rule's removal is not recorded:\n%s", text);
		got = CHECK_SYS(recv(fd, buf, sizeof(buf) - 1, 0));
		CHECK_GE(got, (ssize_t)sizeof(*head));
		buf[got] = '\0';
		if (head->nlmsg_type < 1100)
			continue;
		len += snprintf(text + len, sizeof(text) - len, "%u %s\n",
				head->nlmsg_type, (char *)NLMSG_DATA(head));
		if (len >= sizeof(text))
			break;
	}
	return text;
}

static void audit_enable(int fd, unsigned int enabled)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID,
		.enabled = enabled,
		.pid = enabled ? getpid() : 0,
	};

	CHECK_OK(audit_send(fd, AUDIT_SET, &status, sizeof(status)));
}

/* What the children of one process request; others spawn, too. */
static struct audit_rule_data rule_for(pid_t parent)
{
	struct audit_rule_data rule = {
		.flags = 7, /* AUDIT_FILTER_URING_EXIT */
		.action = AUDIT_ALWAYS,
		.field_count = 1,
		.fields = { AUDIT_PPID },
		.fieldflags = { AUDIT_EQUAL },
		.values = { parent },
	};

	memset(rule.mask, 0xff, sizeof(rule.mask));
	return rule;
}

/* What is recorded of a spawn, by a rule for this test's children alone. */
static char *audited_spawn(char *argv[], void (*queue)(void))
{
	struct audit_rule_data rule = rule_for(getpid());
	int fd = CHECK_SYS(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
	char *records;

	audit_enable(fd, 1);
	CHECK_OK(audit_send(fd, AUDIT_ADD_RULE, &rule, sizeof(rule)));
	tring_init(&r, 0);
	if (queue)
		queue();
	q_clone(&r);
	q_nop(&r);
	q_exec(&r, helper("exit_with"), argv);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	CHECK_OK(audit_send(fd, AUDIT_DEL_RULE, &rule, sizeof(rule)));
	records = audit_records(fd);
	audit_enable(fd, 0);
	return records;
}

TEST(S19_exec_is_audited)
{
	char *argv[] = { "exit_with", "0", "a word", NULL };
	char *records = audited_spawn(argv, NULL);

	/* AUDIT_URINGOP, AUDIT_EXECVE */
	EXPECT_HAS(records, "1336 audit(");
	EXPECT_HAS(records, "uring_op=59");
	EXPECT_HAS(records, "1309 audit(");
	EXPECT_HAS(records, "argc=3 a0=\"exit_with\" a1=\"0\" ");
	EXPECT_HAS(records, " a2=6120776F7264"); /* "a word" */
}

static void log_both(void)
{
	filter_call(SYS_clone3, SECCOMP_RET_LOG);
	filter_call(SYS_execveat, SECCOMP_RET_LOG);
}

/* The record of this call of this process, AUDIT_SECCOMP. Others make some, too. */
static const char *seccomp_record(const char *records, int call, pid_t pid)
{
	static char line[2][1024];
	const char *at = records, *key = format(" syscall=%d ", call);
	const char *whose = format(" pid=%d ", pid);
	static int turn;
	size_t len;

	for (; (at = strstr(at, "1326 audit(")); at += len) {
		len = strcspn(at, "\n");
		turn = !turn;
		snprintf(line[turn], sizeof(line[0]), "%.*s ", (int)len, at);
		if (strstr(line[turn], key) && strstr(line[turn], whose))
			return line[turn];
	}
	FAIL("no record of system call %d of process %d in\n%s", call, pid,
	     records);
}

/* As of the call that was not made; the address is none of the kernel's. */
TEST(S19_what_seccomp_logs_of_spawns_is_audited)
{
	char *argv[] = { "exit_with", "0", NULL };
	const char *records = audited_spawn(argv, log_both), *line;
	const struct {
		int call;
		pid_t pid;
	} of[] = {
		{ SYS_clone3, getpid() },
		{ SYS_execveat, tring_res(&r, CLONE) },
	};
	int i;

	for (i = 0; i < 2; i++) {
		line = seccomp_record(records, of[i].call, of[i].pid);
		DIAG("%s", line);
		EXPECT_HAS(line, " arch=c000003e ");
		EXPECT_HAS(line, " code=0x7ffc0000 ");
		EXPECT_HAS(line, " ip=0x");
		EXPECT(!strstr(line, "=0xffff"));
	}
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

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int count = 0;

	while ((text = strstr(text, what))) {
		text++;
		count++;
	}
	return count;
}

/* Not of who submitted them, whose entries for the names are gone. */
TEST(S19_names_of_steps_are_records_of_the_steps)
{
	int fd = CHECK_SYS(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
	struct audit_rule_data rule;
	const char *records;
	pid_t pid;
	int go[2];

	make_pipe(go);
	audit_enable(fd, 1);
	/* who was there before has no audit context */
	pid = CHECK_SYS(fork());
	if (!pid)
		submit_names(go[0]);
	rule = rule_for(pid);
	CHECK_OK(audit_send(fd, AUDIT_ADD_RULE, &rule, sizeof(rule)));
	CHECK_EQ(write(go[1], "", 1), 1);
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_OK(audit_send(fd, AUDIT_DEL_RULE, &rule, sizeof(rule)));
	records = audit_records(fd);
	audit_enable(fd, 0);

	/* AUDIT_PATH */
	EXPECT_EQ(count_of(records, "name=\"/dev/null\""), NAMES);
	EXPECT_EQ(count_of(records, "nametype=CREATE"), NAMES);
	EXPECT_EQ(count_of(records, "nametype=PARENT"), NAMES);
}
