/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions that add actions to a chain. */
#ifndef SPAWNPOL_ACTION_H
#define SPAWNPOL_ACTION_H

#include "internal.h"

/*
 * Add a request as the next action; its flags are completed. 0, or the error
 * that is now the chain's.
 */
int action_add(struct spawnpol_chain *chain, enum spawnpol_kind kind,
	       const struct io_uring_sqe *want);
/* The same, of a copy of size bytes at data, which addr is to point to. */
int action_add_data(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		    const struct io_uring_sqe *want, const void *data,
		    size_t size);
/* The same, of a path. -EINVAL: NULL. */
int action_add_path(struct spawnpol_chain *chain, enum spawnpol_kind kind,
		    const struct io_uring_sqe *want, const char *path);
/* An argument cannot be right. */
int action_refuse(struct spawnpol_chain *chain, int error);

/* ACTION(IORING_CHILD_UMASK, .off = mask): the request, but for its opcode. */
#define ACTION(cmd, ...) \
	(&(const struct io_uring_sqe){ .len = (cmd), __VA_ARGS__ })

#endif
