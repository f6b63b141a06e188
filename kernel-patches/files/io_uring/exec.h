/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_EXEC_H
#define IOU_EXEC_H

#include <linux/fcntl.h>
#include <linux/io_uring_types.h>
#include <uapi/linux/io_uring_spawn.h>

struct filename;
struct io_chain_policy;

/* what sqe->exec_flags and sqe->ioprio can hold */
#define IO_EXEC_FLAGS	(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)
#define IO_EXEC_IOPRIO	IORING_EXEC_SEARCH

int io_exec_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_exec(struct io_kiocb *req, unsigned int issue_flags);
void io_exec_cleanup(struct io_kiocb *req);

/* The path, good as long as the request is. */
const char *io_exec_path(struct io_kiocb *req);
/* ... which is the request's; AT_*. */
struct filename *io_exec_name(struct io_kiocb *req);
u32 io_exec_flags(struct io_kiocb *req);
/* Whether the path is relative to an open file, or that file itself. */
bool io_exec_at(struct io_kiocb *req);
/* Whether it is one attempt of a search. */
bool io_exec_searches(struct io_kiocb *req);
/* Whether an interpreter runs it as a script. */
bool io_exec_is_script(struct io_kiocb *req);
/* A reference to the path as the program could use it itself, or -ENOMEM. */
struct filename *io_exec_full_name(struct io_kiocb *req);
/*
 * Make @req an EXEC of @path with the arguments of @of, or one of @script by
 * the interpreter @path. The names are the request's from then on.
 */
void io_exec_init_staged(struct io_kiocb *req, struct io_kiocb *of,
			 struct filename *path, struct filename *script);
/* What the last EXEC has read of a file counts no more. */
void io_exec_forget_head(struct io_chain_policy *pol);

#endif
