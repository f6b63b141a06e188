// SPDX-License-Identifier: GPL-2.0
/*
 * Telling the launcher what has ended its chain: see report.h.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/io_uring.h>
#include <uapi/linux/io_uring_spawn.h>

#include "chain.h"
#include "child.h"
#include "clone.h"
#include "name.h"
#include "report.h"
#include "step.h"

/* With more room than this there is nothing to do. */
#define IO_REPORT_MAX	(sizeof(struct io_uring_spawn_report) + PATH_MAX)

int io_report_prep(struct io_report *report, u64 addr)
{
	struct io_uring_spawn_report __user *to = u64_to_user_ptr(addr);
	u32 size;

	if (get_user(size, &to->size))
		return -EFAULT;
	if (size < sizeof(*to))
		return -EINVAL;
	report->to = to;
	report->size = min_t(u32, size, IO_REPORT_MAX);
	return 0;
}

/* --- what failed ---------------------------------------------------------------- */

static void io_report_clear(struct io_report_note *note)
{
	io_name_put(note->name);
	*note = (struct io_report_note){};
}

/* A step's name is the request's, and that may be used again or go. */
static struct filename *io_report_name(struct io_kiocb *req)
{
	struct io_step_path path;
	struct filename *name;

	io_step_get_path(req, &path);
	if (!path.path)
		return NULL;
	name = io_step_name(req);
	if (name)
		return name;
	name = io_name_make(path.path, strlen(path.path), NULL);
	return IS_ERR(name) ? NULL : name;
}

/* Nothing was found under the path: a search goes on, and forgets it. */
static bool io_report_is_miss(s32 res)
{
	return res == -ENOENT || res == -ENOTDIR;
}

/* The place for a new one, which the last of its kind leaves. */
static struct io_report_note *io_report_new_note(struct io_chain *chain, s32 res,
						 unsigned int attempt)
{
	struct io_report_note *note = io_report_is_miss(res) ?
				      &chain->reports.miss : &chain->reports.other;

	io_report_clear(note);
	note->res = res;
	note->attempt = attempt;
	return note;
}

void io_report_note(struct io_chain *chain, struct io_kiocb *req, bool staged,
		    s32 res, unsigned int attempt)
{
	struct io_report_note *note;

	if (likely(!chain->report.to))
		return;
	note = io_report_new_note(chain, res, attempt);
	note->name = io_report_name(req);
	note->opcode = req->opcode;
	note->cmd = req->opcode == IORING_OP_CHILD ? io_child_cmd(req) : 0;
	note->staged = staged;
}

void io_report_note_refused(struct io_chain *chain, const struct io_staged *staged,
			    s32 res)
{
	struct io_report_note *note;

	if (likely(!chain->report.to))
		return;
	note = io_report_new_note(chain, res, chain->step.attempt);
	note->name = staged->path ? io_name_get(staged->path) : NULL;
	note->opcode = io_staged_op(staged);
	note->cmd = io_staged_cmd(staged);
	note->staged = true;
}

void io_report_forget(struct io_chain *chain)
{
	if (likely(!chain->report.to))
		return;
	io_report_clear(&chain->reports.miss);
	io_report_clear(&chain->reports.other);
}

/*
 * The request that the step's result is of. A policy that has searched reports an
 * earlier candidate's error, or one of its own.
 */
static const struct io_report_note *io_report_choose(struct io_chain *chain)
{
	const struct io_report_note *miss = &chain->reports.miss;
	const struct io_report_note *other = &chain->reports.other;
	s32 error = chain->step.result.res;

	if (miss->attempt && miss->res == error)
		return miss;
	if (other->attempt && other->res == error)
		return other;
	return miss->attempt > other->attempt ? miss : other;
}

/* --- writing ---------------------------------------------------------------------- */

static unsigned long io_report_copy(void __user *to, const void *from, size_t size,
				    bool may_wait)
{
	if (may_wait)
		return copy_to_user(to, from, size);
	return copy_to_user_nofault(to, from, size);
}

/* Nobody could end a wait here, and the chains that are queued would wait, too. */
void io_report_put_pid(struct io_chain *chain)
{
	if (chain->report.to)
		io_report_copy(&chain->report.to->pid, &chain->pid,
			       sizeof(chain->pid), false);
}

/* Returns the length of the path, or 0 if it could not be written. */
static u32 io_report_put_path(struct io_report *report, const char *path,
			      bool may_wait)
{
	size_t room = report->size - sizeof(*report->to);
	size_t len = strlen(path), fits;

	if (!room)
		return len;
	fits = min(len, room - 1);
	if (io_report_copy(report->to->path, path, fits, may_wait) ||
	    io_report_copy(report->to->path + fits, "", 1, may_wait))
		return 0;
	return len;
}

/* All but its size, which is the launcher's, and the path. */
static void io_report_put_head(const struct io_report *report,
			       const struct io_uring_spawn_report *head, bool may_wait)
{
	const size_t skip = offsetofend(struct io_uring_spawn_report, size);

	io_report_copy((void __user *)report->to + skip, (const void *)head + skip,
		       sizeof(*head) - skip, may_wait);
}

void io_report_refused(const struct io_report *report, u32 step, int error)
{
	const struct io_uring_spawn_report head = {
		.end	= IORING_END_STEP,
		.step	= step,
		.error	= error,
	};

	if (report->to)
		io_report_put_head(report, &head, true);
}

static void io_report_put(struct io_chain *chain, bool may_wait)
{
	const struct io_report_note *note = io_report_choose(chain);
	struct io_report *report = &chain->report;
	struct io_uring_spawn_report head = {
		.end		= io_chain_why(chain),
		.step		= chain->step.nr,
		.error		= chain->step.result.res < 0 ?
				  chain->step.result.res : io_chain_cancelled(chain),
		.flags		= note->staged ? IORING_REPORT_STAGED : 0,
		.attempt	= note->attempt,
		.opcode		= note->opcode,
		.cmd		= note->cmd,
		.res		= note->res,
		.pid		= chain->pid,
	};

	/* whoever finds a report written finds all of it */
	if (note->name)
		head.path_len = io_report_put_path(report, note->name->name,
						   may_wait);
	io_report_put_head(report, &head, may_wait);
}

/* A SPAWN has come to what was asked for: that is what its CQE says. */
static bool io_spawn_is_done(const struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;

	return chain->plan && state->finished && !chain->cancelled && !state->dead;
}

static bool io_report_due(const struct io_chain *chain)
{
	const struct io_child_state *state = &chain->child_state;

	/* the memory is not the launcher's any more */
	return chain->report.to && !state->execed && !state->committed &&
	       !io_spawn_is_done(chain);
}

void io_report_write(struct io_chain *chain)
{
	if (!io_report_due(chain))
		return;
	/* for so long nobody waits for what is done */
	io_chain_flush(chain);
	if (io_chain_alive(chain))
		io_report_put(chain, true);
}

void io_report_write_now(struct io_chain *chain)
{
	if (io_report_due(chain))
		io_report_put(chain, false);
}
