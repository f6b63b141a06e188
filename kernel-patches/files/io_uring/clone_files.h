/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_CLONE_FILES_H
#define IOU_CLONE_FILES_H

#define IO_CLONE_MAX_FILES	65536

struct files_struct;
struct io_ring_ctx;
struct io_uring_clone_files;

/*
 * A table of the files that @list names in the current task's, or an empty one
 * for NULL. To be released by put_files_struct().
 */
struct files_struct *io_clone_files(struct io_ring_ctx *ctx,
				    struct io_uring_clone_files __user *list);
/* Close the rings in a table that nobody else has, @all or those that are close-on-exec. */
void io_files_close_rings(struct files_struct *files, bool all);

#endif
