/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CHILD_H
#define IOU_CHILD_H

#include <linux/io_uring_types.h>

struct filename;
struct io_step_path;

int io_child_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_child(struct io_kiocb *req, unsigned int issue_flags);
void io_child_cleanup(struct io_kiocb *req);

u32 io_child_cmd(struct io_kiocb *req);
u64 io_child_off(struct io_kiocb *req);
int io_child_fd(struct io_kiocb *req);
/* Its path, if it has one, which is the request's. */
struct filename *io_child_name(struct io_kiocb *req);
void io_child_get_path(struct io_kiocb *req, struct io_step_path *path);
/*
 * As io_child_prep(), with a path that is the kernel's. Takes the caller's
 * reference to @path, also if it fails.
 */
int io_child_prep_path(struct io_kiocb *req, const struct io_uring_sqe *sqe,
		       struct filename *path);
/* Whether there is such a command and it has a path. */
bool io_child_has_path(u32 cmd);

#endif
