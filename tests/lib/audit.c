// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rules of audit and the records that they make, by netlink. */
#include "audit.h"
#include "child.h"

#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define REMOVED "op=remove_rule"

void audit_rule_init(struct audit_rule *rule, unsigned int list)
{
	memset(rule, 0, sizeof(*rule));
	rule->data.flags = list;
	rule->data.action = AUDIT_ALWAYS;
}

void audit_rule_call(struct audit_rule *rule, unsigned int nr)
{
	rule->data.mask[nr / 32] |= 1U << nr % 32;
}

void audit_rule_all_calls(struct audit_rule *rule)
{
	memset(rule->data.mask, 0xff, sizeof(rule->data.mask));
}

void audit_rule_field(struct audit_rule *rule, unsigned int field,
		      unsigned int value)
{
	unsigned int i = rule->data.field_count++;

	rule->data.fields[i] = field;
	rule->data.fieldflags[i] = AUDIT_EQUAL;
	rule->data.values[i] = value;
}

void audit_rule_watch(struct audit_rule *rule, const char *path,
		      unsigned int permissions)
{
	CHECK_LT(sizeof(rule->data) + strlen(path), sizeof(*rule));
	strcpy(rule->data.buf, path);
	rule->data.buflen = strlen(path);
	audit_rule_field(rule, AUDIT_WATCH, rule->data.buflen);
	audit_rule_field(rule, AUDIT_PERM, permissions);
	audit_rule_all_calls(rule);
}

static void send_message(int fd, unsigned int type, const void *data,
			 size_t size)
{
	struct {
		struct nlmsghdr head;
		char data[2048];
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(size),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			    .nlmsg_seq = 1 } };

	CHECK_LE(size, sizeof(msg.data));
	memcpy(msg.data, data, size);
	CHECK_SYS(send(fd, &msg, msg.head.nlmsg_len, 0));
}

static void send_rule(struct audit *a, unsigned int type)
{
	send_message(a->fd, type, &a->rule,
		     sizeof(a->rule.data) + a->rule.data.buflen);
}

static void enable(int fd, unsigned int enabled)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID |
			AUDIT_STATUS_BACKLOG_LIMIT,
		.enabled = enabled,
		.pid = enabled ? getpid() : 0,
		.backlog_limit = 8192,
	};

	send_message(fd, AUDIT_SET, &status, sizeof(status));
}

static int open_socket(void)
{
	int fd = CHECK_SYS(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
	int room = 4 << 20;

	CHECK_SYS(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
			     sizeof(room)));
	return fd;
}

void audit_switch_on(void)
{
	int fd = open_socket();

	enable(fd, 1);
	enable(fd, 0);
	close(fd);
}

void audit_begin(struct audit *a, const struct audit_rule *rule)
{
	a->rule = *rule;
	a->fd = open_socket();
	enable(a->fd, 1);
	send_rule(a, AUDIT_ADD_RULE);
}

/* One message of the kernel's; false if it is no record. */
static bool receive(int fd, FILE *to, bool *removed)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	char buf[9000];
	struct nlmsghdr *head = (void *)buf;
	ssize_t got;

	if (poll(&wait, 1, 1000 * tap_patience()) <= 0)
		return false;
	got = CHECK_SYS(recv(fd, buf, sizeof(buf) - 1, 0));
	CHECK_GE(got, (ssize_t)sizeof(*head));
	buf[got] = '\0';
	if (head->nlmsg_type == NLMSG_ERROR)
		CHECK_EQ(((struct nlmsgerr *)NLMSG_DATA(head))->error, 0);
	if (head->nlmsg_type < AUDIT_FIRST_USER_MSG)
		return true;
	*removed = strstr(NLMSG_DATA(head), REMOVED);
	fprintf(to, "%u %s\n", head->nlmsg_type, (char *)NLMSG_DATA(head));
	return true;
}

/*
 * A thread of the kernel sends the records, in their order; the last one is that
 * the rule has been removed.
 */
char *audit_end(struct audit *a)
{
	bool removed = false;
	size_t size;
	char *text;
	FILE *to = CHECK_PTR(open_memstream(&text, &size));

	send_rule(a, AUDIT_DEL_RULE);
	while (!removed && receive(a->fd, to, &removed))
		;
	fclose(to);
	if (!removed)
		FAIL("the rule's removal is not recorded:\n%s", text);
	enable(a->fd, 0);
	close(a->fd);
	return text;
}

char *audit_record(const char *records, unsigned int type, const char *with)
{
	const char *begin = format("%u audit(", type);
	char *line;
	size_t len;

	for (; *records; records += len + !!records[len]) {
		len = strcspn(records, "\n");
		if (strncmp(records, begin, strlen(begin)))
			continue;
		line = format("%.*s ", (int)len, records);
		if (strstr(line, with))
			return line;
		free(line);
	}
	return "";
}

char *audit_event(const char *records, const char *record)
{
	const char *at = strstr(record, "audit("), *id;
	size_t len, size;
	char *text;
	FILE *to = CHECK_PTR(open_memstream(&text, &size));

	id = at ? format(" %.*s", (int)strcspn(at, ")") + 1, at) : "";
	for (; *records; records += len + !!records[len]) {
		len = strcspn(records, "\n");
		if (memmem(records, len, id, strlen(id)) && *id)
			fprintf(to, "%.*s\n", (int)len, records);
	}
	fclose(to);
	return text;
}
