/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CHILD_H
#define IOU_CHILD_H

#include <linux/io_uring_types.h>

struct filename;

int io_child_prep(struct io_kiocb *req, const struct io_uring_sqe *sqe);
int io_child(struct io_kiocb *req, unsigned int issue_flags);
void io_child_cleanup(struct io_kiocb *req);

u32 io_child_cmd(struct io_kiocb *req);
u64 io_child_off(struct io_kiocb *req);
int io_child_fd(struct io_kiocb *req);
/*
 * As io_child_prep(), with a path that is the kernel's. Takes @path, also if
 * it fails.
 */
int io_child_prep_path(struct io_kiocb *req, const struct io_uring_sqe *sqe,
		       struct filename *path);
/* Whether there is such a command and it has a path. */
bool io_child_has_path(u32 cmd);

#endif
