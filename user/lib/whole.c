// SPDX-License-Identifier: LGPL-2.1-or-later
/* A chain as one request (IORING_OP_SPAWN), if the kernel has it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "internal.h"
#include "pool.h"
#include "whole.h"

/* --- which are --------------------------------------------------------------------- */

/* What a step of SPAWN has no field for. */
static bool has_more_fields(const struct io_uring_sqe *sqe)
{
	return sqe->ioprio || sqe->buf_index || sqe->personality || sqe->file_index;
}

static bool is_command(const struct spawnpol_ring *ring, const struct step *step)
{
	switch (step->kind) {
	case SPAWNPOL_KIND_CLOSE:
		return false;
	case SPAWNPOL_KIND_SQE:
		return step->sqe.opcode == ring->query.op_child &&
		       !has_more_fields(&step->sqe);
	default:
		return true;
	}
}

static bool has_commands_only(const struct spawnpol_ring *ring,
			      const struct spawnpol_chain *chain)
{
	for (unsigned int i = 0; i < chain->actions.nr; i++)
		if (!is_command(ring, &chain->actions.v[i]))
			return false;
	return true;
}

/* One program, or one search and nothing else; or none, if that can be. */
static bool has_one_program(const struct spawnpol_chain *chain)
{
	return chain->search.list || chain->programs.nr == 1 ||
	       (!chain->programs.nr && kept_needs_no_program(&chain->kept));
}

/* The kernel copies all of it at once, and not any size. */
static bool fits(const struct spawnpol_ring *ring,
		 const struct spawnpol_chain *chain)
{
	const size_t size = chain->actions.nr * sizeof(struct io_uring_spawn_step) +
			    chain->step_paths + chain->search.list_size + PATH_MAX;

	return size <= ring->query.max_spawn;
}

bool chain_is_whole(const struct spawnpol_ring *ring,
		    const struct spawnpol_chain *chain)
{
	return spawnpol_ring_uses_spawn(ring) && has_one_program(chain) &&
	       has_commands_only(ring, chain) && fits(ring, chain);
}

/* --- the request ------------------------------------------------------------------- */

static void fill_step(struct io_uring_spawn_step *to, const struct step *step,
		      uint64_t user_data)
{
	const struct io_uring_sqe *sqe = &step->sqe;

	*to = (struct io_uring_spawn_step) {
		.cmd = sqe->len,
		.fd = sqe->fd,
		.child_flags = sqe->rw_flags,
		.addr = sqe->addr,
		.off = sqe->off,
		.addr3 = sqe->addr3,
		.addr4 = sqe->__pad2[0],
		.user_data = user_data,
	};
	if (sqe->flags & IOSQE_FIXED_FILE)
		to->flags |= IORING_SPAWN_STEP_FIXED;
	if (sqe->flags & IOSQE_IO_HARDLINK)
		to->flags |= IORING_SPAWN_STEP_MAY_FAIL;
}

static void fill_program(struct spawnpol_chain *chain, struct io_uring_spawn *arg)
{
	const struct step *program = chain->programs.v;

	arg->argv = (uintptr_t)(chain->argv ? chain->argv : chain->default_argv);
	arg->envp = (uintptr_t)(chain->envp ? chain->envp : environ);
	if (chain->search.list) {
		arg->dfd = AT_FDCWD;
		arg->path = (uintptr_t)chain->search.name;
		arg->search = (uintptr_t)chain->search.list;
		return;
	}
	arg->dfd = program->sqe.fd;
	arg->path = program->sqe.addr;
	arg->exec_flags = program->sqe.rw_flags;
	if (chain->opened.used) {
		arg->search = chain->opened.index;
		arg->flags |= IORING_SPAWN_REGISTERED;
		return;
	}
	/* an attempt of the caller's: not a policy's to look for, as with links */
	if (program->sqe.ioprio & IORING_EXEC_SEARCH)
		arg->flags |= IORING_SPAWN_AS_IS;
}

void whole_fill(struct spawnpol_chain *chain, bool plain, uint64_t user_data)
{
	struct io_uring_spawn *arg = &chain->whole.arg;

	for (unsigned int i = 0; i < chain->actions.nr; i++)
		fill_step(&chain->whole.steps[i], &chain->actions.v[i],
			  user_data + i);
	*arg = (struct io_uring_spawn) {
		.slot = chain->slot,
		.cookie = chain->cookie,
		.nr_steps = chain->actions.nr,
		.steps = (uintptr_t)chain->whole.steps,
		.files = (uintptr_t)chain->files,
		.report = (uintptr_t)&chain->told,
	};
	if (chain->need_policy || chain->bare_name)
		arg->flags |= IORING_SPAWN_NEED_POLICY;
	if (chain->files)
		arg->flags |= IORING_SPAWN_FILES;
	if (!plain) {
		arg->clone_args = (uintptr_t)&chain->args;
		arg->clone_args_size = sizeof(chain->args);
	}
	if (chain->has_deadline)
		arg->timeout_ns = chain->deadline.tv_sec * 1000000000ULL +
				  chain->deadline.tv_nsec;
	chain->whole.skipped = 0;
	kept_fill(chain, arg);
	if (chain->pooled.slot)
		pool_fill_hit(chain, arg);
	if (chain_nr_programs(chain))
		fill_program(chain, arg);
}

/* --- its end ----------------------------------------------------------------------- */

/* Is this the attempt that the kernel's report is of? One too long has no path there. */
static bool is_reported(struct spawnpol_chain *chain, unsigned int nr)
{
	size_t len = search_candidate(&chain->search, nr, chain->told.candidate);

	if (len >= PATH_MAX)
		return chain->told.report.res == -ENAMETOOLONG;
	return !strcmp(chain->told.candidate, chain->told.report.path);
}

/*
 * The attempt that a search has ended with. Attempts are counted, but with policies, other
 * requests as well, and an error of an earlier one may outweigh that of the last.
 */
static unsigned int last_attempt(struct spawnpol_chain *chain, int error)
{
	const struct io_uring_spawn_report *report = &chain->told.report;
	const unsigned int nr = chain->search.nr;
	unsigned int last = report->attempt - 1, i;

	if (!report->path_len)
		return nr - 1;
	if (error != -EACCES && last < nr && is_reported(chain, last))
		return last;
	for (i = 0; i < nr - 1 && !is_reported(chain, i); i++)
		;
	return i;
}

static void note_candidate(struct spawnpol_chain *chain, int step)
{
	const int nr = step - (int)chain->actions.nr;

	if (chain->search.list && nr >= 0)
		search_candidate(&chain->search, nr, chain->told.candidate);
}

static void note_program(struct spawnpol_chain *chain, int pid, unsigned int attempt)
{
	const unsigned int nr = chain_nr_programs(chain);
	struct story *s = &chain->story;

	s->clone_res = pid;
	s->ran = chain->actions.nr + (attempt && attempt <= nr ? attempt : nr) - 1;
	note_candidate(chain, s->ran);
}

/* All steps are done, and there was no program. */
static void note_steps(struct spawnpol_chain *chain, int child)
{
	struct story *s = &chain->story;

	s->child = child;
	s->clone_res = chain->told.report.pid;
}

/*
 * No child has got the chain. Of a new one, the kernel has withdrawn the pidfd that it may
 * have told, and somebody may have its number. That of a kept child is there unless the
 * kernel says -1: the child can have died before it began.
 */
static void note_refused(struct spawnpol_chain *chain, int res)
{
	struct story *s = &chain->story;

	s->clone_res = res;
	s->error = -ECANCELED;
	if (chain->pidfd >= 0 && (chain->told.report.pid ||
				  chain->whole.arg.flags & IORING_SPAWN_CHILD))
		close(chain->pidfd);
	chain->pidfd = -1;
}

void whole_note(struct spawnpol_chain *chain, int res, unsigned int flags)
{
	const struct io_uring_spawn_report *report = &chain->told.report;
	const unsigned int said = flags >> IORING_SPAWN_STEP_SHIFT;
	const unsigned int actions = chain->actions.nr;
	struct story *s = &chain->story;
	unsigned int step = said - 1 + chain->whole.skipped;

	if (res >= 0 && !chain_nr_programs(chain)) {
		note_steps(chain, res);
		return;
	}
	if (res > 0) {
		note_program(chain, res, said);
		return;
	}
	s->child = kept_after_failure(chain, res, said);
	if (!said && (!report->end || report->end == IORING_END_CLONE)) {
		note_refused(chain, res);
		return;
	}
	/* refused before there was a child: the report alone says which it was */
	if (!said)
		step = report->step + chain->whole.skipped;
	s->clone_res = report->pid;
	s->error = res;
	s->failed = step;
	if (step >= actions && !chain_nr_programs(chain))
		s->failed = -1;
	else if (step >= actions)
		s->failed = actions + (chain->search.list ? last_attempt(chain, res) : 0);
	note_candidate(chain, s->failed);
}

const char *whole_path(const struct spawnpol_chain *chain, int step)
{
	if (!chain->whole.used || step < (int)chain->actions.nr)
		return NULL;
	/* which directories are open only the kernel knows, and it tells when none has it */
	if (chain->opened.used && chain->told.report.path_len)
		return chain->told.path;
	return chain->search.list ? chain->told.candidate : NULL;
}

uint32_t whole_report_step(const struct spawnpol_chain *chain, int step)
{
	const int program = chain->actions.nr;

	if (!chain->whole.used)
		return step;
	return (step > program ? program : step) - chain->whole.skipped;
}
