// SPDX-License-Identifier: LGPL-2.1-or-later
/* What audit is told of EXEC (S19). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/spawn.h"

#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

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

/* The records the kernel sends within a while, one per line, by type. */
static char *audit_records(int fd)
{
	static char text[65536];
	struct pollfd wait = { fd, POLLIN, 0 };
	char buf[9000];
	size_t len = 0;

	while (poll(&wait, 1, 300) > 0) {
		struct nlmsghdr *head = (void *)buf;
		ssize_t got = recv(fd, buf, sizeof(buf) - 1, 0);

		if (got < (ssize_t)sizeof(*head))
			break;
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

TEST(S19_exec_is_audited)
{
	struct audit_rule_data rule = {
		.flags = 7, /* AUDIT_FILTER_URING_EXIT */
		.action = AUDIT_ALWAYS,
		/* of this test's children only: others spawn, too */
		.field_count = 1,
		.fields = { AUDIT_PPID },
		.fieldflags = { AUDIT_EQUAL },
		.values = { getpid() },
	};
	int fd = CHECK_SYS(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
	char *records;
	int exec;

	memset(rule.mask, 0xff, sizeof(rule.mask));
	audit_enable(fd, 1);
	CHECK_OK(audit_send(fd, AUDIT_ADD_RULE, &rule, sizeof(rule)));
	tring_init(&r, 0);
	CHECK_GT(spawn_exit(&r, &exec), 0);
	CHECK_EQ(exec, 0);
	CHECK_OK(audit_send(fd, AUDIT_DEL_RULE, &rule, sizeof(rule)));
	records = audit_records(fd);
	audit_enable(fd, 0);
	/* AUDIT_URINGOP, AUDIT_EXECVE */
	EXPECT_HAS(records, "1336 audit(");
	EXPECT_HAS(records, "uring_op=59");
	EXPECT_HAS(records, "1309 audit(");
	EXPECT_HAS(records, "a0=\"exit_with\"");
}
