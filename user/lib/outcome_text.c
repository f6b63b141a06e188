// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages about outcomes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/commands.h"
#include "common/escape.h"
#include "internal.h"
#include "whole.h"

const char *spawnpol_kind_name(enum spawnpol_kind kind)
{
	const struct child_command *command = command_of_kind(kind);

	return command ? command->name : "?";
}

/* What a step works on, with a blank in front. */
static void object_of(const struct spawnpol_outcome *out, char *buf, size_t size)
{
	const struct step *step = chain_nth_step(out->chain, out->step);
	const struct io_uring_sqe *sqe = &step->sqe;
	const enum command_object object = command_of_kind(step->kind)->object;
	char path[4096] = "";

	if (object == OBJECT_PATH || object == OBJECT_PATH_AS ||
	    object == OBJECT_PROGRAM)
		escape_text(whole_path(out->chain, out->step) ?:
			    (const char *)(uintptr_t)sqe->addr, path, sizeof(path));
	buf[0] = '\0';
	switch (object) {
	case OBJECT_NONE:
		break;
	case OBJECT_PROGRAM:
		if (!*path)
			snprintf(buf, size, " of descriptor %d", sqe->fd);
		else
			snprintf(buf, size, " %s", path);
		break;
	case OBJECT_PATH_AS:
		snprintf(buf, size, " %s as %llu", path, sqe->off);
		break;
	case OBJECT_FD_AS:
		snprintf(buf, size, " %d as %llu", sqe->fd, sqe->off);
		break;
	case OBJECT_PATH:
		snprintf(buf, size, " %s", path);
		break;
	case OBJECT_FD:
		snprintf(buf, size, " %d", sqe->fd);
		break;
	case OBJECT_NUMBER:
		snprintf(buf, size, " %llu", sqe->off);
		break;
	case OBJECT_OPTION:
		snprintf(buf, size, " %d", sqe->rw_flags);
		break;
	case OBJECT_OPCODE:
		snprintf(buf, size, " with opcode %u", sqe->opcode);
		break;
	}
}

/*
 * The path that a policy has tried in place of a step, as the kernel tells it: what
 * an EXEC is said to be of if that is why it failed, else an addition.
 */
static void add_tried(const struct spawnpol_outcome *out, char *object, size_t size)
{
	const struct io_uring_spawn_report *report = &out->chain->told.report;
	size_t len = strlen(object);
	char path[4096];

	if (!report->end || report->step != whole_report_step(out->chain, out->step) ||
	    !(report->flags & IORING_REPORT_STAGED) || !report->path_len)
		return;
	escape_text(report->path, path, sizeof(path));
	if (out->kind == SPAWNPOL_KIND_EXEC && report->res == out->error)
		snprintf(object, size, " %s", path);
	else
		snprintf(object + len, size - len, " (the policy tried %s)",
			 path);
}

/*
 * Is it that the chain has not got to the kept child that it names, or made one? Only the
 * calls of spawnpol_child(3) have outcomes without a chain.
 */
static bool is_about_kept(const struct spawnpol_outcome *out)
{
	return out->kind == SPAWNPOL_KIND_CLONE &&
	       (!out->chain || out->chain->kept.child || out->chain->kept.keep);
}

/* All that is read here every release has: the size is for later ones. */
enum spawnpol_topic spawnpol_outcome_topic_sized(const struct spawnpol_outcome *out,
						 size_t size)
{
	(void)size;
	switch (out->kind) {
	case SPAWNPOL_KIND_CLONE:
		return is_about_kept(out) ? SPAWNPOL_TOPIC_CHILD : SPAWNPOL_TOPIC_CLONE;
	case SPAWNPOL_KIND_EXEC:
		return SPAWNPOL_TOPIC_EXEC;
	case SPAWNPOL_KIND_EXIT:
		return SPAWNPOL_TOPIC_EXIT;
	case SPAWNPOL_KIND_ACTOR:
		return SPAWNPOL_TOPIC_ACTOR;
	default:
		return SPAWNPOL_TOPIC_STEP;
	}
}

static int end_text(const struct spawnpol_outcome *out, char *buf, size_t size)
{
	if (WIFEXITED(out->status))
		return snprintf(buf, size, "exited with %d",
				WEXITSTATUS(out->status));
	return snprintf(buf, size, "killed by signal %d", WTERMSIG(out->status));
}

/* A chain that is done, with a program, or without, or an actor. */
static int done_text(const struct spawnpol_outcome *out, char *buf, size_t size)
{
	if (out->kind == SPAWNPOL_KIND_EXIT)
		return end_text(out, buf, size);
	if (out->kind == SPAWNPOL_KIND_ACTOR)
		return snprintf(buf, size, "completed with %d", out->result);
	if (out->child)
		return snprintf(buf, size, "waiting as child %d", out->child);
	if (is_about_kept(out))
		return snprintf(buf, size, "ended");
	return snprintf(buf, size, "running as %d", out->pid);
}

/* Which child a chain has not got to. */
static void name_kept(const struct spawnpol_outcome *out, char *object, size_t size)
{
	if (is_about_kept(out) && out->chain && out->chain->kept.child)
		snprintf(object, size, " of kept child %d", out->chain->kept.child);
}

int spawnpol_outcome_text_sized(const struct spawnpol_outcome *out, size_t out_size,
				char *buf, size_t size)
{
	struct spawnpol_advice advice;
	char object[2 * 4096 + 64] = "";

	if (!out->error)
		return done_text(out, buf, size);
	if (out->step >= 0) {
		object_of(out, object, sizeof(object));
		add_tried(out, object, sizeof(object));
	} else {
		name_kept(out, object, sizeof(object));
	}
	advice = spawnpol_advise(spawnpol_outcome_topic_sized(out, out_size),
				 out->error);
	return snprintf(buf, size, "%s%s: %s", spawnpol_kind_name(out->kind),
			object, advice.text);
}
