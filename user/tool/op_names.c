// SPDX-License-Identifier: LGPL-2.1-or-later
/* Converting numbers of actors' events to names and back. */
#include <errno.h>
#include <io_uring_spawn.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/suggest.h"
#include "kernel.h"
#include "op_names.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define HINT		96

/* By the numbers of enum io_uring_op, which are the same everywhere. */
static const char *const operations[] = {
	"nop", "readv", "writev", "fsync", "read_fixed", "write_fixed", "poll_add",
	"poll_remove", "sync_file_range", "sendmsg", "recvmsg", "timeout",
	"timeout_remove", "accept", "async_cancel", "link_timeout", "connect",
	"fallocate", "openat", "close", "files_update", "statx", "read", "write",
	"fadvise", "madvise", "send", "recv", "openat2", "epoll_ctl", "splice",
	"provide_buffers", "remove_buffers", "tee", "shutdown", "renameat",
	"unlinkat", "mkdirat", "symlinkat", "linkat", "msg_ring", "fsetxattr",
	"setxattr", "fgetxattr", "getxattr", "socket", "uring_cmd", "send_zc",
	"sendmsg_zc", "read_multishot", "waitid", "futex_wait", "futex_wake",
	"futex_waitv", "fixed_fd_install", "ftruncate", "bind", "listen",
};

/* Those of the series, which kernels number differently. */
static const char *const own[] = { "clone", "exec", "child", "spawn" };

struct named {
	const char *name;
	uint32_t number;
	const char *help;
};

static const struct named events[] = {
	{ "start", IORING_ACTOR_START, "the request has been issued" },
	{ "cqe", IORING_ACTOR_CQE, "a staged request has a completion" },
	{ "cancel", IORING_ACTOR_CANCEL, "the request is being cancelled" },
};

static const struct named verdicts[] = {
	{ "wait", IORING_ACTOR_WAIT, "issue the staged requests, and run again at the next completion" },
	{ "end", IORING_ACTOR_END, "cancel the requests in flight, and complete the actor" },
};

/* 0: this kernel does not have it. */
static uint32_t own_number(unsigned int n)
{
	const struct io_uring_spawn_query *q = kernel_query();
	const uint32_t numbers[] = { q->op_clone, q->op_exec, q->op_child, q->op_spawn };

	return numbers[n];
}

const char *op_name(uint32_t opcode)
{
	static char number[16];
	unsigned int n;

	for (n = 0; n < COUNT(own); n++)
		if (opcode && own_number(n) == opcode)
			return own[n];
	if (opcode && kernel_query()->op_bpf == opcode)
		return "bpf";
	if (opcode < COUNT(operations))
		return operations[opcode];
	snprintf(number, sizeof(number), "op %u", opcode);
	return number;
}

const char *op_nth(unsigned int n)
{
	if (n < COUNT(own))
		return own[n];
	n -= COUNT(own);
	return n < COUNT(operations) ? operations[n] : NULL;
}

const char *op_help(unsigned int n)
{
	return n < COUNT(own) ? "an operation that spawnpol adds" : "an operation of io_uring";
}

/* A name that is in no table; the remedy tells where they are listed. */
static int unknown(struct tool *t, const char *kind, const char *name,
		   const char *(*nth)(unsigned int), const char *topic)
{
	struct suggestion s;
	char hint[HINT];

	suggest_start(&s, name);
	for (unsigned int n = 0; nth(n); n++)
		suggest_try(&s, nth(n));
	misuse(t, "there is no %s '%s'%s", kind, name,
	       suggest_text(&s, hint, sizeof(hint)));
	advise(t, TOOL_NAME " help %s, for a list", topic);
	return -EINVAL;
}

int op_number(struct tool *t, const char *name, uint32_t *opcode)
{
	unsigned int n;

	for (n = 0; n < COUNT(own); n++)
		if (!strcasecmp(own[n], name)) {
			*opcode = own_number(n);
			return 0;
		}
	for (n = 0; n < COUNT(operations); n++)
		if (!strcasecmp(operations[n], name)) {
			*opcode = n;
			return 0;
		}
	return unknown(t, "operation", name, op_nth, "requests");
}

static const char *name_in(const struct named *table, size_t nr, uint32_t number)
{
	for (size_t i = 0; i < nr; i++)
		if (table[i].number == number)
			return table[i].name;
	return "?";
}

static bool find_in(const struct named *table, size_t nr, const char *name,
		    uint32_t *number)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcasecmp(table[i].name, name)) {
			*number = table[i].number;
			return true;
		}
	return false;
}

const char *actor_event_name(uint32_t event)
{
	return name_in(events, COUNT(events), event);
}

int actor_event_number(struct tool *t, const char *name, uint32_t *event)
{
	if (find_in(events, COUNT(events), name, event))
		return 0;
	return unknown(t, "event of an actor", name, actor_event_nth, "actor-events");
}

const char *actor_event_nth(unsigned int n)
{
	return n < COUNT(events) ? events[n].name : NULL;
}

const char *actor_event_help(unsigned int n)
{
	return events[n].help;
}

const char *actor_verdict_name(uint32_t verdict)
{
	return name_in(verdicts, COUNT(verdicts), verdict);
}

int actor_verdict_number(struct tool *t, const char *name, uint32_t *verdict)
{
	if (find_in(verdicts, COUNT(verdicts), name, verdict))
		return 0;
	return unknown(t, "verdict of an actor", name, actor_verdict_nth,
		       "actor-verdicts");
}

const char *actor_verdict_nth(unsigned int n)
{
	return n < COUNT(verdicts) ? verdicts[n].name : NULL;
}

const char *actor_verdict_help(unsigned int n)
{
	return verdicts[n].help;
}
