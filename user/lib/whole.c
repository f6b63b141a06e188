// SPDX-License-Identifier: LGPL-2.1-or-later
/* A chain as one request (IORING_OP_SPAWN), where the kernel has it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "internal.h"
#include "whole.h"

/* Commands of IORING_OP_CHILD, and no other operations. */
static bool has_commands_only(const struct spawnpol_chain *chain)
{
	for (unsigned int i = 0; i < chain->actions.nr; i++) {
		const enum spawnpol_kind kind = chain->actions.v[i].kind;

		if (kind == SPAWNPOL_KIND_SQE || kind == SPAWNPOL_KIND_CLOSE)
			return false;
	}
	return true;
}

/* One program, or one search and nothing else. */
static bool has_one_program(const struct spawnpol_chain *chain)
{
	if (chain->search.list)
		return chain->programs.nr == chain->search.nr;
	return chain->programs.nr == 1;
}

bool chain_is_whole(const struct spawnpol_ring *ring,
		    const struct spawnpol_chain *chain)
{
	return ring->query.op_spawn && has_one_program(chain) &&
	       has_commands_only(chain);
}

static void fill_step(struct io_uring_spawn_step *to, const struct step *step,
		      unsigned int nr)
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
		.user_data = nr,
	};
	if (sqe->flags & IOSQE_FIXED_FILE)
		to->flags |= IORING_SPAWN_STEP_FIXED;
	if (sqe->flags & IOSQE_IO_HARDLINK)
		to->flags |= IORING_SPAWN_STEP_MAY_FAIL;
}

/* Kept for the next submission: the kernel copies it while it takes the request. */
static int fill_steps(struct spawnpol_chain *chain)
{
	const unsigned int nr = chain->actions.nr;

	if (nr > chain->whole.room) {
		chain->whole.steps = chain_room(chain, nr * sizeof(*chain->whole.steps));
		if (!chain->whole.steps)
			return -ENOMEM;
		chain->whole.room = nr;
	}
	for (unsigned int i = 0; i < nr; i++)
		fill_step(&chain->whole.steps[i], &chain->actions.v[i], i);
	return 0;
}

static void fill_program(struct spawnpol_chain *chain, struct io_uring_spawn *arg)
{
	const struct io_uring_sqe *exec = &chain->programs.v[0].sqe;

	arg->argv = (uintptr_t)(chain->argv ? chain->argv : chain->default_argv);
	arg->envp = (uintptr_t)(chain->envp ? chain->envp : environ);
	if (chain->search.list) {
		arg->dfd = AT_FDCWD;
		arg->path = (uintptr_t)chain->search.name;
		arg->search = (uintptr_t)chain->search.list;
		return;
	}
	arg->dfd = exec->fd;
	arg->path = exec->addr;
	arg->exec_flags = exec->rw_flags;
}

int whole_fill(struct spawnpol_chain *chain, bool plain)
{
	struct io_uring_spawn *arg = &chain->whole.arg;
	int err = fill_steps(chain);

	if (err)
		return err;
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
	fill_program(chain, arg);
	return 0;
}

/* The attempt of a search that the kernel's report is of. */
static unsigned int reported_program(const struct spawnpol_chain *chain)
{
	const struct told *told = &chain->told;
	unsigned int i;

	for (i = 0; told->report.path_len && i + 1 < chain->programs.nr; i++) {
		const struct io_uring_sqe *exec = &chain->programs.v[i].sqe;

		if (!strcmp((const char *)(uintptr_t)exec->addr, told->report.path))
			return i;
	}
	return chain->programs.nr - 1;
}

void whole_note(struct spawnpol_chain *chain, int res, unsigned int flags)
{
	const unsigned int step = flags >> IORING_SPAWN_STEP_SHIFT;
	const unsigned int actions = chain->actions.nr;
	struct story *s = &chain->story;

	if (res > 0) {
		s->clone_res = res;
		s->ran = actions + (step && step <= chain->programs.nr ? step - 1 :
				    chain->programs.nr - 1);
		return;
	}
	s->error = res;
	if (flags && step == IORING_SPAWN_NO_CHILD) {
		s->clone_res = res;
		s->error = -ECANCELED;
		return;
	}
	s->failed = step < actions ? step : actions + reported_program(chain);
}
