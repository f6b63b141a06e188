// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of numbers, and back. */
#include <errno.h>
#include <io_uring_spawn.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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
	uint32_t cmd;
};

/*
 * What can be a step. Numbers of operations are those of the kernel's enum, written
 * out where liburing's header is older than the operation; of the series' own
 * operations the ones of names.h, for which kernels have different numbers.
 */
static const struct named steps[] = {
	{ "any", NAME_ANY_OP, 0 },
	{ "exec", NAME_EXEC, 0 },
	{ "dup", NAME_CHILD, IORING_CHILD_DUP },
	{ "chdir", NAME_CHILD, IORING_CHILD_CHDIR },
	{ "fchdir", NAME_CHILD, IORING_CHILD_FCHDIR },
	{ "open", NAME_CHILD, IORING_CHILD_OPEN },
	{ "setsid", NAME_CHILD, IORING_CHILD_SETSID },
	{ "setpgid", NAME_CHILD, IORING_CHILD_SETPGID },
	{ "close_range", NAME_CHILD, IORING_CHILD_CLOSE_RANGE },
	{ "close_except", NAME_CHILD, IORING_CHILD_CLOSE_EXCEPT },
	{ "chroot", NAME_CHILD, IORING_CHILD_CHROOT },
	{ "umask", NAME_CHILD, IORING_CHILD_UMASK },
	{ "tcsetpgrp", NAME_CHILD, IORING_CHILD_TCSETPGRP },
	{ "sigmask", NAME_CHILD, IORING_CHILD_SIGMASK },
	{ "sigdefault", NAME_CHILD, IORING_CHILD_SIGDEFAULT },
	{ "sigignore", NAME_CHILD, IORING_CHILD_SIGIGNORE },
	{ "setgroups", NAME_CHILD, IORING_CHILD_SETGROUPS },
	{ "setresgid", NAME_CHILD, IORING_CHILD_SETRESGID },
	{ "setresuid", NAME_CHILD, IORING_CHILD_SETRESUID },
	{ "capset", NAME_CHILD, IORING_CHILD_CAPSET },
	{ "prctl", NAME_CHILD, IORING_CHILD_PRCTL },
	{ "dumpable", NAME_CHILD, IORING_CHILD_DUMPABLE },
	{ "landlock", NAME_CHILD, IORING_CHILD_LANDLOCK },
	{ "rlimit", NAME_CHILD, IORING_CHILD_RLIMIT },
	{ "nice", NAME_CHILD, IORING_CHILD_NICE },
	{ "sched", NAME_CHILD, IORING_CHILD_SCHED },
	{ "affinity", NAME_CHILD, IORING_CHILD_AFFINITY },
	{ "ioprio", NAME_CHILD, IORING_CHILD_IOPRIO },
	{ "oom_score_adj", NAME_CHILD, IORING_CHILD_OOM_SCORE_ADJ },
	{ "unshare", NAME_CHILD, IORING_CHILD_UNSHARE },
	{ "setns", NAME_CHILD, IORING_CHILD_SETNS },
	{ "openat", IORING_OP_OPENAT, 0 },
	{ "openat2", IORING_OP_OPENAT2, 0 },
	{ "close", IORING_OP_CLOSE, 0 },
	{ "read", IORING_OP_READ, 0 },
	{ "write", IORING_OP_WRITE, 0 },
	{ "readv", IORING_OP_READV, 0 },
	{ "writev", IORING_OP_WRITEV, 0 },
	{ "read_fixed", IORING_OP_READ_FIXED, 0 },
	{ "write_fixed", IORING_OP_WRITE_FIXED, 0 },
	{ "fsync", IORING_OP_FSYNC, 0 },
	{ "sync_file_range", IORING_OP_SYNC_FILE_RANGE, 0 },
	{ "fallocate", IORING_OP_FALLOCATE, 0 },
	{ "ftruncate", 55, 0 },
	{ "statx", IORING_OP_STATX, 0 },
	{ "splice", IORING_OP_SPLICE, 0 },
	{ "tee", IORING_OP_TEE, 0 },
	{ "renameat", IORING_OP_RENAMEAT, 0 },
	{ "unlinkat", IORING_OP_UNLINKAT, 0 },
	{ "mkdirat", IORING_OP_MKDIRAT, 0 },
	{ "symlinkat", IORING_OP_SYMLINKAT, 0 },
	{ "linkat", IORING_OP_LINKAT, 0 },
	{ "setxattr", IORING_OP_SETXATTR, 0 },
	{ "fsetxattr", IORING_OP_FSETXATTR, 0 },
	{ "getxattr", IORING_OP_GETXATTR, 0 },
	{ "fgetxattr", IORING_OP_FGETXATTR, 0 },
	{ "shutdown", IORING_OP_SHUTDOWN, 0 },
	{ "nop", IORING_OP_NOP, 0 },
	{ "clone", NAME_CLONE, 0 },
};

static const struct named events[] = {
	{ "failed", IORING_POLICY_FAILED, 0 },
	{ "staged", IORING_POLICY_STAGED, 0 },
	{ "before-step", IORING_POLICY_BEFORE_STEP, 0 },
	{ "before-exec", IORING_POLICY_BEFORE_EXEC, 0 },
	{ "done", IORING_POLICY_DONE, 0 },
	{ "clone", IORING_POLICY_CLONE, 0 },
};

static const struct named verdicts[] = {
	{ "continue", IORING_VERDICT_CONTINUE, 0 },
	{ "retry", IORING_VERDICT_RETRY, 0 },
	{ "skip", IORING_VERDICT_SKIP, 0 },
	{ "submit", IORING_VERDICT_SUBMIT, 0 },
	{ "abort", IORING_VERDICT_ABORT, 0 },
};

/* Second names, which strerrorname_np() never returns. */
static const struct named errno_aliases[] = {
	{ "EWOULDBLOCK", EWOULDBLOCK, 0 },
	{ "EDEADLOCK", EDEADLOCK, 0 },
	{ "EOPNOTSUPP", EOPNOTSUPP, 0 },
	{ "ENOTSUP", ENOTSUP, 0 },
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

static int unknown(struct tool *t, const char *kind, const char *name,
		   const struct named *table, size_t nr)
{
	struct suggestion s;
	char hint[HINT];
	size_t i;

	suggest_start(&s, name);
	for (i = 0; i < nr; i++)
		suggest_try(&s, table[i].name);
	return misuse(t, "there is no %s '%s'%s", kind, name,
		      suggest_text(&s, hint, sizeof(hint)));
}

const char *errno_name(int err)
{
	static char number[16];
	const char *name = strerrorname_np(err);

	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", err);
	return number;
}

int errno_number(struct tool *t, const char *name)
{
	const struct named *alias;
	struct suggestion s;
	const char *known;
	char hint[HINT];
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
	return misuse(t, "there is no errno '%s'%s", name,
		      suggest_text(&s, hint, sizeof(hint)));
}

uint32_t step_opcode(uint32_t opcode)
{
	const struct io_uring_spawn_query *query = kernel_query();

	switch (opcode) {
	case NAME_CLONE:
		return query->op_clone;
	case NAME_EXEC:
		return query->op_exec;
	case NAME_CHILD:
		return query->op_child;
	default:
		return opcode;
	}
}

/* Is this the operation that the running kernel calls opcode? */
static bool is_step(const struct named *step, uint32_t opcode, uint32_t cmd)
{
	/* a kernel without one of them tells 0, which is IORING_OP_NOP */
	if (step->number >= NAME_CLONE && !opcode)
		return false;
	return step_opcode(step->number) == opcode &&
	       (step->number != NAME_CHILD || step->cmd == cmd);
}

const char *step_name(uint32_t opcode, uint32_t cmd)
{
	static char number[16];
	size_t i;

	for (i = 0; i < COUNT(steps); i++)
		if (is_step(&steps[i], opcode, cmd))
			return steps[i].name;
	snprintf(number, sizeof(number), "op %u", opcode);
	return number;
}

int step_number(struct tool *t, const char *name, uint32_t *opcode,
		uint32_t *cmd)
{
	const struct named *n = find_name(steps, COUNT(steps), name);

	if (!n)
		return unknown(t, "operation", name, steps, COUNT(steps));
	*opcode = n->number;
	*cmd = n->cmd;
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
			return unknown(t, "event", name, events, COUNT(events));
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
		return unknown(t, "verdict", name, verdicts, COUNT(verdicts));
	return n->number;
}
