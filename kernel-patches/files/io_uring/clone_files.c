// SPDX-License-Identifier: GPL-2.0
/*
 * The file table of a child whose CLONE lists the files it is to have.
 */
#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/io_uring.h>
#include <linux/nospec.h>
#include <linux/security.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include <uapi/linux/io_uring_spawn.h>

#include "io_uring.h"
#include "filetable.h"
#include "clone_files.h"

static struct file *io_clone_get_fixed(struct io_ring_ctx *ctx, unsigned int index)
{
	struct file *file = NULL;

	if (mutex_lock_killable(&ctx->uring_lock))
		return NULL;
	if (index < ctx->nr_user_files) {
		index = array_index_nospec(index, ctx->nr_user_files);
		file = io_file_from_index(&ctx->file_table, index);
		if (file)
			get_file(file);
	}
	mutex_unlock(&ctx->uring_lock);
	return file;
}

static struct file *io_clone_get_file(struct io_ring_ctx *ctx,
				      const struct io_uring_clone_file *entry)
{
	if (entry->flags & IORING_CLONE_FILE_FIXED)
		return io_clone_get_fixed(ctx, entry->source);
	return fget_raw(entry->source);
}

static int io_clone_add_file(struct io_ring_ctx *ctx, struct files_struct *files,
			     const struct io_uring_clone_file *entry)
{
	unsigned int flags = 0;
	struct file *file;
	int ret = 0;

	if (entry->resv || entry->flags & ~(IORING_CLONE_FILE_FIXED |
					    IORING_CLONE_FILE_CLOEXEC))
		return -EINVAL;
	if (entry->flags & IORING_CLONE_FILE_CLOEXEC)
		flags = O_CLOEXEC;

	file = io_clone_get_file(ctx, entry);
	if (!file)
		return -EBADF;
	/* the ring may have it from another process: see receive_fd() */
	if (entry->flags & IORING_CLONE_FILE_FIXED)
		ret = security_file_receive(file);
	if (!ret)
		ret = files_replace_fd(files, entry->number, file, flags);
	if (!ret && entry->flags & IORING_CLONE_FILE_FIXED)
		__receive_sock(file);
	fput(file);
	/* dup2() says so, too, of a number that is above all limits */
	if (ret == -EMFILE)
		ret = -EBADF;
	return ret;
}

static int io_clone_add_files(struct io_ring_ctx *ctx, struct files_struct *files,
			      struct io_uring_clone_files __user *list)
{
	struct io_uring_clone_files head;
	struct io_uring_clone_file entry;
	u32 i;
	int ret;

	if (copy_from_user(&head, list, sizeof(head)))
		return -EFAULT;
	if (head.flags || head.resv)
		return -EINVAL;
	if (head.nr > IO_CLONE_MAX_FILES)
		return -E2BIG;

	for (i = 0; i < head.nr; i++) {
		if (copy_from_user(&entry, &list->files[i], sizeof(entry)))
			return -EFAULT;
		ret = io_clone_add_file(ctx, files, &entry);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

struct files_struct *io_clone_files(struct io_ring_ctx *ctx,
				    struct io_uring_clone_files __user *list)
{
	struct files_struct *files = create_files();
	int ret;

	if (!files)
		return ERR_PTR(-ENOMEM);
	ret = list ? io_clone_add_files(ctx, files, list) : 0;
	if (ret) {
		put_files_struct(files);
		return ERR_PTR(ret);
	}
	return files;
}
