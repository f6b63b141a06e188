// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: what the child does before it executes the program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * A successful action says nothing: what counts is the EXEC's CQE, and fewer
 * CQEs wake the collector less often. Failures are always told.
 */
#define ACTION_FLAGS	(IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS)

static struct io_uring_sqe *add_action(struct spawnpol_chain *chain,
				       enum spawnpol_kind kind, int opcode,
				       int fd)
{
	struct step *step = chain_step(chain, &chain->actions);

	if (!step)
		return NULL;
	step->kind = kind;
	step->sqe.opcode = opcode;
	step->sqe.fd = fd;
	step->sqe.flags = ACTION_FLAGS;
	return &step->sqe;
}

static struct io_uring_sqe *add_command(struct spawnpol_chain *chain,
					enum spawnpol_kind kind,
					enum io_uring_child_cmd cmd, int fd)
{
	struct io_uring_sqe *sqe = add_action(chain, kind, SPAWNPOL_OP_CHILD, fd);

	if (sqe)
		sqe->len = cmd;
	return sqe;
}

static const char *copy_path(struct spawnpol_chain *chain, const char *path)
{
	if (!path) {
		chain_fail(chain, -EINVAL);
		return NULL;
	}
	return chain_block(chain, path, strlen(path) + 1);
}

int spawnpol_chain_open(struct spawnpol_chain *chain, int fd, const char *path,
			int flags, mode_t mode)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;
	const char *copy;

	if (err)
		return err;
	if (fd < 0)
		return chain_fail(chain, -EBADF);
	copy = copy_path(chain, path);
	if (!copy)
		return chain->error;
	sqe = add_command(chain, SPAWNPOL_OPEN, IORING_CHILD_OPEN, AT_FDCWD);
	if (!sqe)
		return chain->error;
	sqe->addr = (uintptr_t)copy;
	sqe->off = fd;
	sqe->open_flags = flags;
	/* as open(2): the mode of a file that is not created is not looked at */
	sqe->addr3 = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ?
		     mode & 07777 : 0;
	return 0;
}

static int add_dup(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		   int from, int to, unsigned int flags)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;

	if (err)
		return err;
	if (from < 0 || to < 0)
		return chain_fail(chain, -EBADF);
	sqe = add_command(chain, kind, IORING_CHILD_DUP, from);
	if (!sqe)
		return chain->error;
	sqe->off = to;
	sqe->flags |= flags;
	return 0;
}

int spawnpol_chain_dup2(struct spawnpol_chain *chain, int from, int to)
{
	return add_dup(chain, SPAWNPOL_DUP2, from, to, 0);
}

int spawnpol_chain_install(struct spawnpol_chain *chain, unsigned int index,
			   int to)
{
	return add_dup(chain, SPAWNPOL_INSTALL, index, to, IOSQE_FIXED_FILE);
}

int spawnpol_chain_close(struct spawnpol_chain *chain, int fd)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (fd < 0)
		return chain_fail(chain, -EBADF);
	return add_action(chain, SPAWNPOL_CLOSE, IORING_OP_CLOSE, fd) ?
	       0 : chain->error;
}

int spawnpol_chain_chdir(struct spawnpol_chain *chain, const char *path)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;
	const char *copy;

	if (err)
		return err;
	copy = copy_path(chain, path);
	if (!copy)
		return chain->error;
	sqe = add_command(chain, SPAWNPOL_CHDIR, IORING_CHILD_CHDIR, AT_FDCWD);
	if (!sqe)
		return chain->error;
	sqe->addr = (uintptr_t)copy;
	return 0;
}

int spawnpol_chain_fchdir(struct spawnpol_chain *chain, int fd)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (fd < 0)
		return chain_fail(chain, -EBADF);
	return add_command(chain, SPAWNPOL_FCHDIR, IORING_CHILD_FCHDIR, fd) ?
	       0 : chain->error;
}

int spawnpol_chain_setsid(struct spawnpol_chain *chain)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	return add_command(chain, SPAWNPOL_SETSID, IORING_CHILD_SETSID, 0) ?
	       0 : chain->error;
}

int spawnpol_chain_setpgid(struct spawnpol_chain *chain, pid_t pgid)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;

	if (err)
		return err;
	if (pgid < 0)
		return chain_fail(chain, -EINVAL);
	sqe = add_command(chain, SPAWNPOL_SETPGID, IORING_CHILD_SETPGID, 0);
	if (!sqe)
		return chain->error;
	sqe->off = pgid;
	return 0;
}

int spawnpol_chain_sqe(struct spawnpol_chain *chain,
		       const struct io_uring_sqe *from)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;

	if (err)
		return err;
	if (from->flags & ~IOSQE_FIXED_FILE ||
	    from->opcode == SPAWNPOL_OP_CLONE ||
	    from->opcode == SPAWNPOL_OP_EXEC ||
	    from->opcode == IORING_OP_LINK_TIMEOUT)
		return chain_fail(chain, -EINVAL);
	sqe = add_action(chain, SPAWNPOL_SQE, from->opcode, from->fd);
	if (!sqe)
		return chain->error;
	*sqe = *from;
	sqe->flags |= ACTION_FLAGS;
	return 0;
}

int spawnpol_chain_may_fail(struct spawnpol_chain *chain)
{
	int err = chain_editable(chain);
	struct io_uring_sqe *sqe;

	if (err)
		return err;
	if (!chain->actions.nr)
		return chain_fail(chain, -EINVAL);
	sqe = &chain->actions.v[chain->actions.nr - 1].sqe;
	sqe->flags &= ~IOSQE_IO_LINK;
	sqe->flags |= IOSQE_IO_HARDLINK;
	return 0;
}
