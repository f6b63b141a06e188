// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Situations that the kernel never makes. Such a situation shows nothing about a
 * policy, so a test with one must not pass. docs/abi.md, section 5, has the rules.
 */
#include <errno.h>
#include <liburing.h>
#include <string.h>

#include "common/commands.h"
#include "common/execvp.h"
#include "situation.h"
#include "situation_rules.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define BEFORE		(IORING_POLICY_BEFORE_STEP | IORING_POLICY_BEFORE_EXEC)

static bool is_event(const struct situation *s, uint32_t events)
{
	return s->ctx.event & events;
}

static bool is_exec(const struct situation *s)
{
	return s->op == OP_EXEC;
}

static bool has_flag(const struct situation *s, uint32_t flag)
{
	return s->ctx.flags & flag;
}

/* These fail with a length, too, if it is a short one. */
static bool can_be_short(uint32_t op)
{
	switch (op) {
	case IORING_OP_READ:
	case IORING_OP_READV:
	case IORING_OP_READ_FIXED:
	case IORING_OP_WRITE:
	case IORING_OP_WRITEV:
	case IORING_OP_WRITE_FIXED:
	case IORING_OP_SPLICE:
	case IORING_OP_TEE:
		return true;
	default:
		return false;
	}
}

bool situation_search_goes_on(int res)
{
	return execvp_goes_on(-res);
}

static bool clone_mixed(const struct situation *s)
{
	return is_event(s, IORING_POLICY_CLONE) != (s->op == OP_CLONE);
}

static bool clone_other_error(const struct situation *s)
{
	return is_event(s, IORING_POLICY_CLONE) && s->ctx.res != -EAGAIN &&
	       s->ctx.res != -ENOMEM;
}

static bool clone_with_child(const struct situation *s)
{
	return is_event(s, IORING_POLICY_CLONE) &&
	       (s->ctx.pid || s->ctx.step || has_flag(s, IORING_POLICY_F_LAST));
}

static bool before_exec_of_other(const struct situation *s)
{
	return is_event(s, IORING_POLICY_BEFORE_EXEC) && !is_exec(s);
}

static bool before_step_of_exec(const struct situation *s)
{
	return is_event(s, IORING_POLICY_BEFORE_STEP) && is_exec(s);
}

static bool miss_of_other(const struct situation *s)
{
	return is_event(s, IORING_POLICY_MISS) &&
	       (!is_exec(s) || has_flag(s, IORING_POLICY_F_EXEC_AT) ||
		(s->name && strchr(s->name, '/')));
}

static bool miss_that_ends(const struct situation *s)
{
	return is_event(s, IORING_POLICY_MISS) && !situation_search_goes_on(s->ctx.res);
}

static bool miss_nowhere(const struct situation *s)
{
	return is_event(s, IORING_POLICY_MISS) && situation_has_search(s) &&
	       s->ctx.search_offset < 0;
}

static bool execed_with_result(const struct situation *s)
{
	return is_event(s, IORING_POLICY_EXECED) && s->ctx.res;
}

static bool search_before(const struct situation *s)
{
	return is_event(s, BEFORE | IORING_POLICY_CLONE) && situation_has_search(s) &&
	       s->ctx.search_offset >= 0;
}

static bool done_exec(const struct situation *s)
{
	return is_event(s, IORING_POLICY_DONE) && is_exec(s);
}

static bool done_with_error(const struct situation *s)
{
	return is_event(s, IORING_POLICY_DONE) && s->ctx.res < 0;
}

static bool result_before(const struct situation *s)
{
	return is_event(s, BEFORE) && s->has_result;
}

static bool attempt_before(const struct situation *s)
{
	return is_event(s, BEFORE) && s->ctx.attempt;
}

static bool no_attempt_after(const struct situation *s)
{
	return !is_event(s, BEFORE) && situation_has_attempt(s) && !s->ctx.attempt;
}

static bool failed_without_error(const struct situation *s)
{
	return is_event(s, IORING_POLICY_FAILED) && s->ctx.res >= 0 &&
	       !can_be_short(s->op);
}

static bool request_of_other(const struct situation *s)
{
	return situation_has_request(s) && !is_event(s, IORING_POLICY_STAGED);
}

/* What "then" follows can have staged something else: see situation_order(). */
static bool staged_exec_succeeded(const struct situation *s)
{
	const uint32_t op = situation_has_request(s) ? s->request_op :
			    s->then ? OP_OTHER : s->op;

	return is_event(s, IORING_POLICY_STAGED) && op == OP_EXEC &&
	       s->ctx.res >= 0;
}

static bool exec_without_name(const struct situation *s)
{
	return is_exec(s) && !s->name && !s->then;
}

static bool off_of_other(const struct situation *s)
{
	return situation_has_off(s) && s->op != OP_CHILD;
}

static bool search_of_other(const struct situation *s)
{
	return has_flag(s, IORING_POLICY_F_SEARCH) && !is_exec(s);
}

static bool search_links_otherwise(const struct situation *s)
{
	return has_flag(s, IORING_POLICY_F_SEARCH) &&
	       has_flag(s, IORING_POLICY_F_HARDLINK) != situation_search_goes_on(s->ctx.res);
}

static bool exec_at_without_name(const struct situation *s)
{
	return has_flag(s, IORING_POLICY_F_EXEC_AT) &&
	       (s->name ? *s->name == '/' : !s->then);
}

static bool name_after_last(const struct situation *s)
{
	return has_flag(s, IORING_POLICY_F_LAST) && s->name && !is_exec(s);
}

/* Operations that tell policies of their path, besides EXEC, whose name that is. */
static bool has_path(const struct situation *s)
{
	switch (s->op) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		return true;
	case OP_CHILD:
		return s->ctx.cmd == IORING_CHILD_OPEN ||
		       s->ctx.cmd == IORING_CHILD_CHDIR ||
		       s->ctx.cmd == IORING_CHILD_CHROOT;
	default:
		return false;
	}
}

static bool path_of_exec(const struct situation *s)
{
	return s->path && is_exec(s);
}

static bool path_of_other(const struct situation *s)
{
	return s->path && !has_path(s);
}

static bool head_of_other(const struct situation *s)
{
	return s->head.len && (!is_exec(s) || is_event(s, BEFORE));
}

static const struct rule {
	bool (*broken)(const struct situation *s);
	const char *cause, *remedy;
} rules[] = {
	{ clone_mixed, "the event clone is about the step clone, and no other event is",
	  "clone clone:EAGAIN, or another event" },
	{ clone_other_error, "policies are asked only about a clone that has failed with EAGAIN or ENOMEM",
	  "clone clone:EAGAIN" },
	{ clone_with_child, "with the event clone there is no child yet: step and pid are 0, and steps follow",
	  "leave out step=, pid= and flags=last" },
	{ before_exec_of_other, "before-exec is only about exec",
	  "before-step, for other steps" },
	{ before_step_of_exec, "before-step is about all steps but exec",
	  "before-exec" },
	{ done_exec, "the event of an exec that has succeeded is execed",
	  "execed exec, or failed exec:ENOENT" },
	{ miss_of_other, "miss is about the exec of a spawn, which looks for a name without a slash",
	  "miss exec:ENOENT name=PROGRAM" },
	{ miss_that_ends, "a search goes on after EACCES, ENODEV, ENOENT, ENOTDIR, ESTALE and ETIMEDOUT, and is over after any other error",
	  "miss exec:ENOENT, or failed" },
	{ miss_nowhere, "a directory has been searched, so that search_offset is not -1",
	  "leave out search_offset=" },
	{ execed_with_result, "an exec that has succeeded has the result 0",
	  "leave out the result, or use failed" },
	{ search_before, "before a step is issued, nothing has been searched",
	  "leave out search_offset=" },
	{ done_with_error, "a step that is done has no error",
	  "the event failed" },
	{ result_before, "before a step is issued it has no result",
	  "leave out the result, or use failed or staged" },
	{ attempt_before, "before a step is issued for the first time, attempt is 0",
	  "leave out attempt=, or use failed or staged" },
	{ no_attempt_after, "after a request was issued, attempt is at least 1",
	  "leave out attempt=, or use before-step or before-exec" },
	{ failed_without_error, "a step that has failed has an error; only reads, writes, splice and tee fail with a length",
	  "STEP:ERRNO, such as exec:ENOENT, or the event done" },
	{ request_of_other, "request= is only for the event staged: the request that has ended",
	  "staged, or leave out request=" },
	{ staged_exec_succeeded, "the event of a staged exec that has succeeded is execed",
	  "execed exec; STEP:ERRNO, such as exec:ENOENT; or request=, if another request was staged" },
	{ exec_without_name, "an exec has a name",
	  "name=PROGRAM, such as name=ls or name=/bin/ls" },
	{ off_of_other, "only the commands of a child have off=",
	  "leave out off=" },
	{ search_of_other, "flags=search is about an exec",
	  "leave out search" },
	{ search_links_otherwise, "with search, hardlink is set only for errors after which a search goes on",
	  "flags=search,hardlink with EACCES, ENODEV, ENOENT, ENOTDIR, ESTALE or ETIMEDOUT; otherwise flags=search" },
	{ exec_at_without_name, "flags=exec-at is about an exec whose name is relative to a directory",
	  "name= without a slash at its beginning" },
	{ name_after_last, "no exec follows the last step",
	  "leave out name=, or last" },
	{ path_of_exec, "the path of an exec is its name", "name= in place of path=" },
	{ path_of_other, "policies see the paths of open, openat, openat2, chdir, chroot and exec",
	  "leave out path=" },
	{ head_of_other, "head= is only for an exec that could not execute its file",
	  "head= with failed exec:ENOEXEC" },
};

int situation_check(struct tool *t, const struct situation *s)
{
	unsigned int i;

	/* BPF_PROG_TEST_RUN takes it for none */
	if (s->name && !*s->name) {
		misuse(t, "a policy cannot be tested with an empty name");
		advise(t, "name=PROGRAM");
		return -EINVAL;
	}
	for (i = 0; i < COUNT(rules); i++) {
		if (!rules[i].broken(s))
			continue;
		misuse(t, "the kernel never makes this situation: %s",
		       rules[i].cause);
		advise(t, "%s", rules[i].remedy);
		return -EINVAL;
	}
	return 0;
}
