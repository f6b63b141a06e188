// SPDX-License-Identifier: GPL-2.0
/*
 * What the child of a chain does to its descriptors and its place in the file
 * system.
 */
#include <linux/kernel.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/io_uring.h>
#include <linux/namei.h>
#include <linux/security.h>
#include <linux/sort.h>
#include <linux/string.h>

#include <uapi/linux/io_uring.h>

#include "../fs/internal.h"

#include "io_uring.h"
#include "child_cmd.h"

static int io_child_set_fd(struct io_child *child, struct file *file)
{
	int ret;

	ret = replace_fd(child->off, file, child->flags & O_CLOEXEC);
	return ret < 0 ? ret : child->off;
}

/* What dup2() does with two equal numbers is of no use here: set the flag. */
int io_child_dup(struct io_child *child)
{
	struct file *file;
	int ret;

	if (child->off > INT_MAX)
		return -EBADF;

	/* a registered one, which the ring may have from another process */
	if (child->file)
		return receive_fd_replace(child->off, child->file,
					  child->flags & O_CLOEXEC);

	file = fget_raw(child->fd);
	if (!file)
		return -EBADF;
	ret = io_child_set_fd(child, file);
	fput(file);
	return ret;
}

int io_child_open(struct io_child *child)
{
	struct open_how how = build_open_how(child->flags, child->addr3);
	struct open_flags op;
	struct file *file;
	int ret;

	/* no file is to be made or cut if its number cannot be had */
	if (child->off >= rlimit(RLIMIT_NOFILE))
		return -EBADF;
	if (!(how.flags & O_PATH) && !cmd_to_io_kiocb(child)->ctx->compat)
		how.flags |= O_LARGEFILE;
	ret = build_open_flags(&how, &op);
	if (ret)
		return ret;

	file = do_filp_open(child->fd, child->path, &op);
	if (IS_ERR(file))
		return PTR_ERR(file);

	ret = io_child_set_fd(child, file);
	fput(file);
	return ret;
}

/* Find a directory for @use. Stale handles are looked up again, as elsewhere. */
static int io_child_with_dir(struct io_child *child,
			     int (*use)(const struct path *path))
{
	unsigned int flags = LOOKUP_FOLLOW | LOOKUP_DIRECTORY;
	struct path path;
	int ret;

retry:
	ret = filename_lookup(child->fd, child->path, flags, &path, NULL);
	if (!ret) {
		ret = path_permission(&path, MAY_EXEC | MAY_CHDIR) ?:
		      use(&path);
		path_put(&path);
	}
	if (retry_estale(ret, flags)) {
		flags |= LOOKUP_REVAL;
		goto retry;
	}
	return ret;
}

static int io_child_set_pwd(const struct path *path)
{
	set_fs_pwd(current->fs, path);
	return 0;
}

int io_child_chdir(struct io_child *child)
{
	return io_child_with_dir(child, io_child_set_pwd);
}

static int io_child_set_root(const struct path *path)
{
	int ret;

	if (!ns_capable(current_user_ns(), CAP_SYS_CHROOT))
		return -EPERM;
	ret = security_path_chroot(path);
	if (!ret)
		set_fs_root(current->fs, path);
	return ret;
}

int io_child_chroot(struct io_child *child)
{
	return io_child_with_dir(child, io_child_set_root);
}

int io_child_fchdir(struct io_child *child)
{
	struct file *file = fget_raw(child->fd);
	int ret = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (d_can_lookup(file->f_path.dentry)) {
		ret = file_permission(file, MAY_EXEC | MAY_CHDIR);
		if (!ret)
			set_fs_pwd(current->fs, &file->f_path);
	}
	fput(file);
	return ret;
}

int io_child_umask(struct io_child *child)
{
	return xchg(&current->fs->umask, child->off);
}

int io_child_close_range(struct io_child *child)
{
	return __close_range(child->fd, child->off, child->flags);
}

static int io_child_compare_fds(const void *a, const void *b)
{
	u32 one = *(const u32 *)a, other = *(const u32 *)b;

	return one < other ? -1 : one > other;
}

/* @kept is in ascending order. */
static void io_child_close_gaps(const u32 *kept, size_t count, unsigned int flags)
{
	u64 next = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (kept[i] > next)
			__close_range(next, kept[i] - 1, flags);
		next = (u64)kept[i] + 1;
	}
	if (next <= UINT_MAX)
		__close_range(next, UINT_MAX, flags);
}

int io_child_close_except(struct io_child *child)
{
	size_t count = child->off;
	u32 *kept = NULL;

	if (count) {
		kept = vmemdup_array_user(u64_to_user_ptr(child->addr), count,
					  sizeof(*kept));
		if (IS_ERR(kept))
			return PTR_ERR(kept);
		sort(kept, count, sizeof(*kept), io_child_compare_fds, NULL);
	}
	io_child_close_gaps(kept, count, child->flags);
	kvfree(kept);
	return 0;
}
