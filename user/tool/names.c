// SPDX-License-Identifier: LGPL-2.1-or-later
/* Converting numbers to names and back. */
#include <errno.h>
#include <io_uring_spawn.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/commands.h"
#include "common/suggest.h"
#include "kernel.h"
#include "names.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define LAST_ERRNO	4095
#define HINT		96

struct named {
	const char *name;
	uint32_t number;
	const char *help;
};

/*
 * Operations that can be steps besides the commands of a child (common/commands.c), by
 * the numbers of the kernel's enum, written out where liburing's header is older than
 * the operation.
 */
static const struct named operations[] = {
	{ "openat", IORING_OP_OPENAT, NULL },
	{ "openat2", IORING_OP_OPENAT2, NULL },
	{ "read", IORING_OP_READ, NULL },
	{ "write", IORING_OP_WRITE, NULL },
	{ "readv", IORING_OP_READV, NULL },
	{ "writev", IORING_OP_WRITEV, NULL },
	{ "read_fixed", IORING_OP_READ_FIXED, NULL },
	{ "write_fixed", IORING_OP_WRITE_FIXED, NULL },
	{ "fsync", IORING_OP_FSYNC, NULL },
	{ "sync_file_range", IORING_OP_SYNC_FILE_RANGE, NULL },
	{ "fallocate", IORING_OP_FALLOCATE, NULL },
	{ "ftruncate", 55, NULL },
	{ "statx", IORING_OP_STATX, NULL },
	{ "splice", IORING_OP_SPLICE, NULL },
	{ "tee", IORING_OP_TEE, NULL },
	{ "renameat", IORING_OP_RENAMEAT, NULL },
	{ "unlinkat", IORING_OP_UNLINKAT, NULL },
	{ "mkdirat", IORING_OP_MKDIRAT, NULL },
	{ "symlinkat", IORING_OP_SYMLINKAT, NULL },
	{ "linkat", IORING_OP_LINKAT, NULL },
	{ "setxattr", IORING_OP_SETXATTR, NULL },
	{ "fsetxattr", IORING_OP_FSETXATTR, NULL },
	{ "getxattr", IORING_OP_GETXATTR, NULL },
	{ "fgetxattr", IORING_OP_FGETXATTR, NULL },
	{ "shutdown", IORING_OP_SHUTDOWN, NULL },
	{ "nop", IORING_OP_NOP, NULL },
};

static const char any_step[] = "any";	/* NAME_ANY_OP */

static const struct named events[] = {
	{ "failed", IORING_POLICY_FAILED, "a step has failed; always reported" },
	{ "staged", IORING_POLICY_STAGED,
	  "a staged request has ended; always reported" },
	{ "before-step", IORING_POLICY_BEFORE_STEP, "a step other than exec is about to be issued" },
	{ "before-exec", IORING_POLICY_BEFORE_EXEC, "an exec is about to be issued" },
	{ "done", IORING_POLICY_DONE, "a step has succeeded" },
	{ "clone", IORING_POLICY_CLONE,
	  "clone has failed with EAGAIN or ENOMEM: there is no child" },
	{ "miss", IORING_POLICY_MISS,
	  "a search has not found the program in one directory" },
	{ "execed", IORING_POLICY_EXECED, "an exec has succeeded" },
};

static const struct named verdicts[] = {
	{ "continue", IORING_VERDICT_CONTINUE, "go on as if there were no policy" },
	{ "retry", IORING_VERDICT_RETRY, "issue the step again" },
	{ "skip", IORING_VERDICT_SKIP, "treat the step as successful" },
	{ "submit", IORING_VERDICT_SUBMIT,
	  "issue the staged requests; not for --on" },
	{ "abort", IORING_VERDICT_ABORT, "end the launch" },
	{ "pass", IORING_VERDICT_PASS, "let the next policy of the slot decide" },
};

/* Second names, which strerrorname_np() never returns. */
static const struct named errno_aliases[] = {
	{ "EWOULDBLOCK", EWOULDBLOCK, NULL },
	{ "EDEADLOCK", EDEADLOCK, NULL },
	{ "EOPNOTSUPP", EOPNOTSUPP, NULL },
	{ "ENOTSUP", ENOTSUP, NULL },
};

static const struct named *find_name(const struct named *table, size_t nr,
				     const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcasecmp(table[i].name, name))
			return &table[i];
	return NULL;
}

static const char *find_number(const struct named *table, size_t nr,
			       uint32_t number)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (table[i].number == number)
			return table[i].name;
	return NULL;
}

/* A name that is in no table; the remedy is the names that are. */
static int unknown(struct tool *t, const char *kind, const char *name,
		   const struct suggestion *s, const char *valid)
{
	char hint[HINT];

	misuse(t, "there is no %s '%s'%s", kind, name,
	       suggest_text(s, hint, sizeof(hint)));
	advise(t, "%s", valid);
	return -EINVAL;
}

static int unknown_in(struct tool *t, const char *kind, const char *name,
		      const struct named *table, size_t nr)
{
	struct suggestion s;
	char valid[160];
	size_t i, len;

	len = snprintf(valid, sizeof(valid), "one of ");
	suggest_start(&s, name);
	for (i = 0; i < nr; i++) {
		suggest_try(&s, table[i].name);
		if (len < sizeof(valid))
			len += snprintf(valid + len, sizeof(valid) - len, "%s%s",
					i ? ", " : "", table[i].name);
	}
	return unknown(t, kind, name, &s, valid);
}

int errno_number(struct tool *t, const char *name)
{
	const struct named *alias;
	struct suggestion s;
	const char *known;
	int err;

	alias = find_name(errno_aliases, COUNT(errno_aliases), name);
	if (alias)
		return alias->number;
	suggest_start(&s, name);
	for (err = 1; err <= LAST_ERRNO; err++) {
		known = strerrorname_np(err);
		if (!known)
			continue;
		if (!strcasecmp(known, name))
			return err;
		suggest_try(&s, known);
	}
	return unknown(t, "errno", name, &s,
		       "a name of errno(3), as ENOENT");
}

uint32_t step_opcode(uint32_t opcode)
{
	const struct io_uring_spawn_query *query = kernel_query();

	switch (opcode) {
	case OP_CLONE:
		return query->op_clone;
	case OP_EXEC:
		return query->op_exec;
	case OP_CHILD:
		return query->op_child;
	default:
		return opcode;
	}
}

/* Rows of the table that have numbers of their own. */
static bool is_operation(const struct child_command *c)
{
	return !c->variant && c->op != OP_OTHER;
}

/* Is this the operation that the running kernel calls opcode? */
static bool is_step(const struct child_command *c, uint32_t opcode, uint32_t cmd)
{
	/* a kernel without one of them tells 0, which is IORING_OP_NOP */
	if (!is_operation(c) || (c->op >= OP_CLONE && !opcode))
		return false;
	return step_opcode(c->op) == opcode && (c->op != OP_CHILD || c->cmd == cmd);
}

const char *step_name(uint32_t opcode, uint32_t cmd)
{
	static char number[16];
	const struct child_command *c;
	const char *name;
	unsigned int n;

	if (opcode == NAME_ANY_OP)
		return any_step;
	for (n = 0; (c = command_nth(n)); n++)
		if (is_step(c, opcode, cmd))
			return c->name;
	name = find_number(operations, COUNT(operations), opcode);
	if (name)
		return name;
	snprintf(number, sizeof(number), "op %u", opcode);
	return number;
}

const char *step_nth(unsigned int nth)
{
	const struct child_command *c;
	unsigned int n;

	for (n = 0; (c = command_nth(n)); n++)
		if (is_operation(c) && c->op != OP_CLONE && !nth--)
			return c->name;
	return nth < COUNT(operations) ? operations[nth].name : NULL;
}

static int unknown_step(struct tool *t, const char *name)
{
	struct suggestion s;
	unsigned int n;

	suggest_start(&s, name);
	for (n = 0; step_nth(n); n++)
		suggest_try(&s, step_nth(n));
	return unknown(t, "operation", name, &s,
		       TOOL_NAME " help operations, for a list; any stands for all");
}

int step_number(struct tool *t, const char *name, uint32_t *opcode,
		uint32_t *cmd)
{
	const struct child_command *c;
	const struct named *named;
	unsigned int n;

	*cmd = 0;
	*opcode = NAME_ANY_OP;
	if (!strcasecmp(name, any_step))
		return 0;
	for (n = 0; (c = command_nth(n)); n++) {
		if (!is_operation(c) || strcasecmp(c->name, name))
			continue;
		*opcode = c->op;
		*cmd = c->cmd;
		return 0;
	}
	named = find_name(operations, COUNT(operations), name);
	if (!named)
		return unknown_step(t, name);
	*opcode = named->number;
	return 0;
}

const char *event_name(uint32_t event)
{
	const char *name = find_number(events, COUNT(events), event);

	return name ? name : "?";
}

int event_mask(struct tool *t, const char *list, uint32_t *mask)
{
	const struct named *n;
	char name[32];
	size_t len;

	*mask = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, list);
		n = find_name(events, COUNT(events), name);
		if (!n)
			return unknown_in(t, "event", name, events,
					  COUNT(events));
		*mask |= n->number;
		if (!list[len])
			return 0;
	}
}

void event_list(uint32_t mask, char *text, size_t size)
{
	size_t i, len = 0;

	if (size)
		text[0] = 0;
	for (i = 0; i < COUNT(events) && len < size; i++)
		if (mask & events[i].number)
			len += snprintf(text + len, size - len, "%s%s",
					len ? "," : "", events[i].name);
}

const char *verdict_name(uint32_t verdict)
{
	const char *name = find_number(verdicts, COUNT(verdicts), verdict);

	return name ? name : "?";
}

int verdict_number(struct tool *t, const char *name)
{
	const struct named *n = find_name(verdicts, COUNT(verdicts), name);

	if (!n)
		return unknown_in(t, "verdict", name, verdicts, COUNT(verdicts));
	return n->number;
}

const char *event_nth(unsigned int n)
{
	return n < COUNT(events) ? events[n].name : NULL;
}

const char *event_help(unsigned int n)
{
	return events[n].help;
}

const char *verdict_nth(unsigned int n)
{
	return n < COUNT(verdicts) ? verdicts[n].name : NULL;
}

const char *verdict_help(unsigned int n)
{
	return verdicts[n].help;
}
