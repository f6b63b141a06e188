// SPDX-License-Identifier: LGPL-2.1-or-later
/* Outcomes in words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static const char *const kind_names[] = {
	[SPAWNPOL_CLONE]	= "clone",
	[SPAWNPOL_EXEC]		= "exec",
	[SPAWNPOL_OPEN]		= "open",
	[SPAWNPOL_DUP2]		= "dup2",
	[SPAWNPOL_INSTALL]	= "install",
	[SPAWNPOL_CLOSE]	= "close",
	[SPAWNPOL_CHDIR]	= "chdir",
	[SPAWNPOL_FCHDIR]	= "fchdir",
	[SPAWNPOL_SETSID]	= "setsid",
	[SPAWNPOL_SETPGID]	= "setpgid",
	[SPAWNPOL_SQE]		= "request",
	[SPAWNPOL_CLOEXEC]	= "cloexec",
	[SPAWNPOL_CLOSE_RANGE]	= "close_range",
	[SPAWNPOL_CLOSE_EXCEPT]	= "close_except",
	[SPAWNPOL_CHROOT]	= "chroot",
	[SPAWNPOL_UMASK]	= "umask",
	[SPAWNPOL_TCSETPGRP]	= "tcsetpgrp",
	[SPAWNPOL_SIGMASK]	= "sigmask",
	[SPAWNPOL_SIGDEFAULT]	= "sigdefault",
	[SPAWNPOL_SIGIGNORE]	= "sigignore",
	[SPAWNPOL_SETGROUPS]	= "setgroups",
	[SPAWNPOL_SETRESGID]	= "setresgid",
	[SPAWNPOL_SETRESUID]	= "setresuid",
	[SPAWNPOL_CAPSET]	= "capset",
	[SPAWNPOL_PRCTL]	= "prctl",
	[SPAWNPOL_UNDUMPABLE]	= "undumpable",
	[SPAWNPOL_SECCOMP]	= "seccomp",
	[SPAWNPOL_LANDLOCK]	= "landlock",
	[SPAWNPOL_RLIMIT]	= "rlimit",
	[SPAWNPOL_NICE]		= "nice",
	[SPAWNPOL_SCHED]	= "sched",
	[SPAWNPOL_AFFINITY]	= "affinity",
	[SPAWNPOL_IOPRIO]	= "ioprio",
	[SPAWNPOL_OOM_SCORE_ADJ]	= "oom_score_adj",
	[SPAWNPOL_UNSHARE]	= "unshare",
	[SPAWNPOL_SETNS]	= "setns",
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
	case SPAWNPOL_EXEC:
		if (!*path)
			snprintf(buf, size, " of descriptor %d", sqe->fd);
		else
			snprintf(buf, size, " %s", path);
		break;
	case SPAWNPOL_OPEN:
		snprintf(buf, size, " %s as %llu", path, sqe->off);
		break;
	case SPAWNPOL_DUP2:
	case SPAWNPOL_INSTALL:
		snprintf(buf, size, " %d as %llu", sqe->fd, sqe->off);
		break;
	case SPAWNPOL_CHDIR:
	case SPAWNPOL_CHROOT:
		snprintf(buf, size, " %s", path);
		break;
	case SPAWNPOL_CLOSE:
	case SPAWNPOL_CLOEXEC:
	case SPAWNPOL_FCHDIR:
	case SPAWNPOL_TCSETPGRP:
	case SPAWNPOL_LANDLOCK:
	case SPAWNPOL_SETNS:
		snprintf(buf, size, " %d", sqe->fd);
		break;
	case SPAWNPOL_SETPGID:
	case SPAWNPOL_RLIMIT:
		snprintf(buf, size, " %llu", sqe->off);
		break;
	case SPAWNPOL_PRCTL:
		snprintf(buf, size, " %d", sqe->rw_flags);
		break;
	case SPAWNPOL_SQE:
		snprintf(buf, size, " with opcode %u", sqe->opcode);
		break;
	default:
		break;
	}
}

static enum spawnpol_topic topic_of(const struct spawnpol_outcome *out)
{
	switch (out->kind) {
	case SPAWNPOL_CLONE:
		return SPAWNPOL_ABOUT_CLONE;
	case SPAWNPOL_EXEC:
		return SPAWNPOL_ABOUT_EXEC;
	default:
		return SPAWNPOL_ABOUT_STEP;
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
	advice = spawnpol_advise(topic_of(out), out->error);
	return snprintf(buf, size, "%s%s: %s", spawnpol_kind_name(out->kind),
			object, advice.text);
}
