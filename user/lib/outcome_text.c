// SPDX-License-Identifier: LGPL-2.1-or-later
/* Outcomes in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const char *const kind_names[] = {
	[SPAWNPOL_KIND_CLONE]	= "clone",
	[SPAWNPOL_KIND_EXEC]		= "exec",
	[SPAWNPOL_KIND_OPEN]		= "open",
	[SPAWNPOL_KIND_DUP2]		= "dup2",
	[SPAWNPOL_KIND_INSTALL]	= "install",
	[SPAWNPOL_KIND_CLOSE]	= "close",
	[SPAWNPOL_KIND_CHDIR]	= "chdir",
	[SPAWNPOL_KIND_FCHDIR]	= "fchdir",
	[SPAWNPOL_KIND_SETSID]	= "setsid",
	[SPAWNPOL_KIND_SETPGID]	= "setpgid",
	[SPAWNPOL_KIND_SQE]		= "request",
	[SPAWNPOL_KIND_CLOEXEC]	= "cloexec",
	[SPAWNPOL_KIND_CLOSE_RANGE]	= "close_range",
	[SPAWNPOL_KIND_CLOSE_EXCEPT]	= "close_except",
	[SPAWNPOL_KIND_CHROOT]	= "chroot",
	[SPAWNPOL_KIND_UMASK]	= "umask",
	[SPAWNPOL_KIND_TCSETPGRP]	= "tcsetpgrp",
	[SPAWNPOL_KIND_SIGMASK]	= "sigmask",
	[SPAWNPOL_KIND_SIGDEFAULT]	= "sigdefault",
	[SPAWNPOL_KIND_SIGIGNORE]	= "sigignore",
	[SPAWNPOL_KIND_SETGROUPS]	= "setgroups",
	[SPAWNPOL_KIND_SETRESGID]	= "setresgid",
	[SPAWNPOL_KIND_SETRESUID]	= "setresuid",
	[SPAWNPOL_KIND_CAPSET]	= "capset",
	[SPAWNPOL_KIND_PRCTL]	= "prctl",
	[SPAWNPOL_KIND_UNDUMPABLE]	= "undumpable",
	[SPAWNPOL_KIND_SECCOMP]	= "seccomp",
	[SPAWNPOL_KIND_LANDLOCK]	= "landlock",
	[SPAWNPOL_KIND_RLIMIT]	= "rlimit",
	[SPAWNPOL_KIND_NICE]		= "nice",
	[SPAWNPOL_KIND_SCHED]	= "sched",
	[SPAWNPOL_KIND_AFFINITY]	= "affinity",
	[SPAWNPOL_KIND_IOPRIO]	= "ioprio",
	[SPAWNPOL_KIND_OOM_SCORE_ADJ]	= "oom_score_adj",
	[SPAWNPOL_KIND_UNSHARE]	= "unshare",
	[SPAWNPOL_KIND_SETNS]	= "setns",
};

const char *spawnpol_kind_name(enum spawnpol_kind kind)
{
	if ((unsigned int)kind >= ARRAY_SIZE(kind_names))
		return "?";
	return kind_names[kind];
}

/* What a step works on, with a blank in front. */
static void object_of(const struct step *step, char *buf, size_t size)
{
	const struct io_uring_sqe *sqe = &step->sqe;
	const char *path = (const char *)(uintptr_t)sqe->addr;

	buf[0] = '\0';
	switch (step->kind) {
	case SPAWNPOL_KIND_EXEC:
		if (!*path)
			snprintf(buf, size, " of descriptor %d", sqe->fd);
		else
			snprintf(buf, size, " %s", path);
		break;
	case SPAWNPOL_KIND_OPEN:
		snprintf(buf, size, " %s as %llu", path, sqe->off);
		break;
	case SPAWNPOL_KIND_DUP2:
	case SPAWNPOL_KIND_INSTALL:
		snprintf(buf, size, " %d as %llu", sqe->fd, sqe->off);
		break;
	case SPAWNPOL_KIND_CHDIR:
	case SPAWNPOL_KIND_CHROOT:
		snprintf(buf, size, " %s", path);
		break;
	case SPAWNPOL_KIND_CLOSE:
	case SPAWNPOL_KIND_CLOEXEC:
	case SPAWNPOL_KIND_FCHDIR:
	case SPAWNPOL_KIND_TCSETPGRP:
	case SPAWNPOL_KIND_LANDLOCK:
	case SPAWNPOL_KIND_SETNS:
		snprintf(buf, size, " %d", sqe->fd);
		break;
	case SPAWNPOL_KIND_SETPGID:
	case SPAWNPOL_KIND_RLIMIT:
		snprintf(buf, size, " %llu", sqe->off);
		break;
	case SPAWNPOL_KIND_PRCTL:
		snprintf(buf, size, " %d", sqe->rw_flags);
		break;
	case SPAWNPOL_KIND_SQE:
		snprintf(buf, size, " with opcode %u", sqe->opcode);
		break;
	default:
		break;
	}
}

enum spawnpol_topic spawnpol_outcome_topic(const struct spawnpol_outcome *out)
{
	switch (out->kind) {
	case SPAWNPOL_KIND_CLONE:
		return SPAWNPOL_TOPIC_CLONE;
	case SPAWNPOL_KIND_EXEC:
		return SPAWNPOL_TOPIC_EXEC;
	default:
		return SPAWNPOL_TOPIC_STEP;
	}
}

int spawnpol_outcome_text(const struct spawnpol_outcome *out, char *buf,
			  size_t size)
{
	struct spawnpol_advice advice;
	char object[4096 + 32] = "";

	if (!out->error)
		return snprintf(buf, size, "running as %d", out->pid);
	if (out->step >= 0)
		object_of(chain_nth_step(out->chain, out->step), object,
			  sizeof(object));
	advice = spawnpol_advise(spawnpol_outcome_topic(out), out->error);
	return snprintf(buf, size, "%s%s: %s", spawnpol_kind_name(out->kind),
			object, advice.text);
}
