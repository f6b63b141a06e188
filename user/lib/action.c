// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actions of a chain: what the child does before it executes the program. */
#include <errno.h>
#include <string.h>

#include "action.h"

/*
 * A successful action says nothing: what counts is the EXEC's CQE, and fewer
 * CQEs wake the collector less often. Failures are always told.
 */
#define ACTION_FLAGS	(IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS)

int action_add(struct spawnpol_chain *chain, enum spawnpol_kind kind,
	       const struct io_uring_sqe *want)
{
	int err = chain_editable(chain);
	struct step *step;

	if (err)
		return err;
	step = chain_step(chain, &chain->actions);
	if (!step)
		return chain->error;
	step->kind = kind;
	step->sqe = *want;
	step->sqe.flags |= ACTION_FLAGS;
	return 0;
}

int action_add_data(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		    const struct io_uring_sqe *want, const void *data,
		    size_t size)
{
	struct io_uring_sqe sqe = *want;
	int err = chain_editable(chain);

	if (err)
		return err;
	/* borrowed, it would count as a failure to keep it that left no error */
	if (size && !data)
		return action_refuse(chain, -EINVAL);
	if (size) {
		sqe.addr = (uintptr_t)chain_keep(chain, data, size);
		if (!sqe.addr)
			return chain->error;
	}
	return action_add(chain, kind, &sqe);
}

int action_add_path(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		    const struct io_uring_sqe *want, const char *path)
{
	size_t size;
	int err;

	if (!path)
		return action_refuse(chain, -EINVAL);
	size = strlen(path) + 1;
	err = action_add_data(chain, kind, want, path, size);
	if (err)
		return err;
	chain->step_paths += size;
	return 0;
}

int action_refuse(struct spawnpol_chain *chain, int error)
{
	return chain_editable(chain) ?: chain_fail(chain, error);
}

int spawnpol_chain_sqe(struct spawnpol_chain *chain,
		       const struct io_uring_sqe *sqe)
{
	int err;

	/* that it is no CLONE and no EXEC is for the ring to see */
	if (sqe->flags & ~IOSQE_FIXED_FILE ||
	    sqe->opcode == IORING_OP_LINK_TIMEOUT)
		return action_refuse(chain, -EINVAL);
	err = action_add(chain, SPAWNPOL_KIND_SQE, sqe);
	/* it may have a path, which is not looked at */
	if (!err)
		chain->step_paths += PATH_MAX;
	return err;
}

int spawnpol_chain_may_fail(struct spawnpol_chain *chain)
{
	struct io_uring_sqe *sqe;

	/* those of a pool have their own */
	if (chain->actions.nr <= chain->pooled.prefix)
		return action_refuse(chain, -EINVAL);
	if (chain_editable(chain))
		return chain_editable(chain);
	sqe = &chain->actions.v[chain->actions.nr - 1].sqe;
	sqe->flags &= ~IOSQE_IO_LINK;
	sqe->flags |= IOSQE_IO_HARDLINK;
	return 0;
}
