// SPDX-License-Identifier: GPL-2.0
/*
 * Open directories for searches: see search_dirs.h.
 *
 * A file system may take as long as it likes to open a directory, or to let go of one.
 * So neither is done under the ring's lock, which others wait for in ways that nothing
 * interrupts. Requests can end under it: the last of them leaves a list to a worker.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/io_uring_types.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/nospec.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <uapi/linux/io_uring_spawn.h>

#include "../fs/internal.h"

#include "name.h"
#include "search.h"
#include "search_dirs.h"

static void io_search_dirs_free(struct io_search_dirs *dirs)
{
	unsigned int i;

	for (i = 0; i < dirs->nr; i++)
		path_put(&dirs->dirs[i].path);
	kvfree(dirs->names);
	kvfree(dirs);
}

void io_search_dirs_put(struct io_search_dirs *dirs)
{
	if (dirs && refcount_dec_and_test(&dirs->refs))
		io_search_dirs_free(dirs);
}

static void io_search_dirs_release(struct work_struct *work)
{
	io_search_dirs_free(container_of(work, struct io_search_dirs, release));
}

void io_search_dirs_put_later(struct io_search_dirs *dirs)
{
	if (!dirs || !refcount_dec_and_test(&dirs->refs))
		return;
	INIT_WORK(&dirs->release, io_search_dirs_release);
	queue_work(system_unbound_wq, &dirs->release);
}

/* --- opening them ------------------------------------------------------------- */

/* Whether the list can be one, and of how many directories. */
static int io_search_count_dirs(const char *list)
{
	const char *dir = list, *end;
	int nr = 0;

	for (;;) {
		if (*dir != '/')
			return -EINVAL;
		end = strchrnul(dir, ':');
		if (end - dir >= PATH_MAX)
			return -ENAMETOOLONG;
		if (++nr > IORING_SPAWN_SEARCH_DIRS)
			return -E2BIG;
		if (!*end)
			return nr;
		dir = end + 1;
	}
}

/*
 * Open the next one, if it is there. Its name is added to those of the others that are
 * there, at *@to, which is at or before @name.
 */
static int io_search_open_dir(struct io_search_dirs *dirs, const char *name, char **to)
{
	struct io_search_dir *dir = &dirs->dirs[dirs->nr];
	size_t len = strlen(name);
	int ret;

	if (fatal_signal_pending(current))
		return -EINTR;
	ret = kern_path(name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dir->path);
	if (ret)
		return io_search_goes_on(ret) ? 0 : ret;
	dir->offset = name - dirs->names;
	if (dirs->nr++)
		*(*to)++ = ':';
	memmove(*to, name, len);
	*to += len;
	dirs->longest = max(dirs->longest, len);
	return 0;
}

/* The list becomes that of the names of those that could be opened. */
static int io_search_open_dirs(struct io_search_dirs *dirs)
{
	char *rest = dirs->names, *to = dirs->names, *name;
	int ret;

	while ((name = strsep(&rest, ":"))) {
		ret = io_search_open_dir(dirs, name, &to);
		if (ret)
			return ret;
		cond_resched();
	}
	*to = '\0';
	return dirs->nr ? 0 : -ENOENT;
}

/* Consumes @list, a copy that can be written to. */
static struct io_search_dirs *io_search_dirs_make(char *list)
{
	struct io_search_dirs *dirs;
	int ret;

	ret = io_search_count_dirs(list);
	if (ret < 0)
		goto free_list;
	dirs = kvzalloc(struct_size(dirs, dirs, ret), GFP_KERNEL_ACCOUNT);
	ret = -ENOMEM;
	if (!dirs)
		goto free_list;
	refcount_set(&dirs->refs, 1);
	dirs->names = list;
	ret = io_search_open_dirs(dirs);
	if (!ret)
		return dirs;
	io_search_dirs_put(dirs);
	return ERR_PTR(ret);

free_list:
	kvfree(list);
	return ERR_PTR(ret);
}

static struct io_search_dirs *io_search_dirs_import(u64 addr)
{
	const char __user *from = u64_to_user_ptr(addr);
	long size = strnlen_user(from, IO_SEARCH_MAX_LIST);
	char *list;

	if (!size)
		return ERR_PTR(-EFAULT);
	if (size > IO_SEARCH_MAX_LIST)
		return ERR_PTR(-E2BIG);
	list = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!list)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(list, from, size)) {
		kvfree(list);
		return ERR_PTR(-EFAULT);
	}
	/* it may have changed */
	list[size - 1] = '\0';
	return io_search_dirs_make(list);
}

/* --- those of a ring -------------------------------------------------------------- */

/* Returns what was there before. */
static struct io_search_dirs *io_search_replace(struct io_ring_ctx *ctx,
						unsigned int index,
						struct io_search_dirs *by)
{
	guard(spinlock_irq)(&ctx->spawn.lock);
	swap(ctx->spawn.searches[index], by);
	return by;
}

static int io_search_register_unlocked(struct io_ring_ctx *ctx,
				       const struct io_uring_spawn_search *arg)
{
	unsigned int index = array_index_nospec(arg->index, IORING_SPAWN_SEARCHES);
	struct io_search_dirs *dirs = NULL, *old;
	int nr = 0;

	if (arg->list) {
		dirs = io_search_dirs_import(arg->list);
		if (IS_ERR(dirs))
			return PTR_ERR(dirs);
		nr = dirs->nr;
	}
	mutex_lock(&ctx->uring_lock);
	old = io_search_replace(ctx, index, dirs);
	mutex_unlock(&ctx->uring_lock);
	if (!arg->list && !old)
		return -ENXIO;
	io_search_dirs_put(old);
	return nr;
}

int io_search_register(struct io_ring_ctx *ctx, void __user *uarg, unsigned int nr_args)
	__releases(ctx->uring_lock)
	__acquires(ctx->uring_lock)
{
	struct io_uring_spawn_search arg;
	int ret;

	if (!uarg || nr_args != 1)
		return -EINVAL;
	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.index >= IORING_SPAWN_SEARCHES || arg.flags ||
	    memchr_inv(arg.resv, 0, sizeof(arg.resv)))
		return -EINVAL;
	mutex_unlock(&ctx->uring_lock);
	ret = io_search_register_unlocked(ctx, &arg);
	mutex_lock(&ctx->uring_lock);
	return ret;
}

struct io_search_dirs *io_search_dirs_of(struct io_ring_ctx *ctx, unsigned int index)
{
	struct io_search_dirs *dirs;

	lockdep_assert_held(&ctx->uring_lock);

	index = array_index_nospec(index, IORING_SPAWN_SEARCHES);
	dirs = ctx->spawn.searches[index];
	return dirs ? io_search_dirs_get(dirs) : NULL;
}

void io_search_ring_exit(struct io_ring_ctx *ctx)
{
	unsigned int i;

	for (i = 0; i < IORING_SPAWN_SEARCHES; i++)
		io_search_dirs_put(io_search_replace(ctx, i, NULL));
}

#ifdef CONFIG_PROC_FS
/* The ring's lock may be held for long by who waits for this reader. */
static struct io_search_dirs *io_search_peek(struct io_ring_ctx *ctx, unsigned int index)
{
	struct io_search_dirs *dirs;

	guard(spinlock_irq)(&ctx->spawn.lock);
	dirs = ctx->spawn.searches[index];
	return dirs ? io_search_dirs_get(dirs) : NULL;
}

void io_search_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
	struct io_search_dirs *dirs;
	unsigned int i, nr;

	for (i = 0; i < IORING_SPAWN_SEARCHES; i++) {
		dirs = io_search_peek(ctx, i);
		if (!dirs)
			continue;
		for (nr = 0; nr < dirs->nr; nr++) {
			seq_printf(m, "SpawnSearch:\tlist %u directory %u ", i, nr);
			seq_path(m, &dirs->dirs[nr].path, " \t\n\\");
			seq_putc(m, '\n');
			cond_resched();
		}
		io_search_dirs_put(dirs);
	}
}
#endif

/* --- looking in them -------------------------------------------------------------- */

bool io_search_is_open(const struct io_search *search, const struct filename *name)
{
	return search && search->dirs && name == search->candidate;
}

int io_search_find(struct io_search *search, unsigned int flags, struct path *found)
{
	int ret;

	/* a link that must not be followed is told as the candidate's, too */
	search->name->aname = search->candidate->aname;
	ret = path_lookup_from(&search->dirs->dirs[search->nr].path, search->name,
			       flags, found);
	io_name_audited(search->name);
	/* what is found is the name's that it is known by */
	if (!ret)
		audit_inode(search->candidate, found->dentry, 0);
	return ret;
}
