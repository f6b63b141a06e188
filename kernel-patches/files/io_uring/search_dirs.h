/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of directories that a launcher has had opened for the searches of its SPAWNs
 * (IORING_REGISTER_SPAWN_SEARCH). A list never changes: the ring holds one reference,
 * each search in it another, and what replaces it is another list.
 */
#ifndef IOU_SEARCH_DIRS_H
#define IOU_SEARCH_DIRS_H

#include <linux/path.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

struct io_ring_ctx;
struct io_search;
struct filename;
struct seq_file;

struct io_search_dir {
	struct path		path;
	u32			offset;		/* of its name in the launcher's list */
};

struct io_search_dirs {
	refcount_t		refs;
	unsigned int		nr;		/* that are open */
	size_t			longest;	/* name of one, without its NUL */
	char			*names;		/* theirs, with colons in between */
	struct work_struct	release;
	struct io_search_dir	dirs[];
};

#ifdef CONFIG_IO_URING_SPAWN
/*
 * IORING_REGISTER_SPAWN_SEARCH. Lets go of the ring's lock for as long as directories
 * are opened and closed. Returns the number of those that are open.
 */
int io_search_register(struct io_ring_ctx *ctx, void __user *arg, unsigned int nr_args);
/* A reference to the list with this number, or NULL. Under the ring's lock. */
struct io_search_dirs *io_search_dirs_of(struct io_ring_ctx *ctx, unsigned int index);
void io_search_dirs_put(struct io_search_dirs *dirs);
/* ... for who may hold the ring's lock. */
void io_search_dirs_put_later(struct io_search_dirs *dirs);

/* Whether it looks for @name, its candidate, in an open directory. */
bool io_search_is_open(const struct io_search *search, const struct filename *name);
/* Look there for it, as for an open file's directory. LOOKUP_*; 0 or an error. */
int io_search_find(struct io_search *search, unsigned int flags, struct path *found);

/* Nobody submits to the ring any more. */
void io_search_ring_exit(struct io_ring_ctx *ctx);
void io_search_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx);
#else
static inline int io_search_register(struct io_ring_ctx *ctx, void __user *arg,
				     unsigned int nr_args)
{
	return -EINVAL;
}

static inline void io_search_ring_exit(struct io_ring_ctx *ctx)
{
}

static inline void io_search_show_fdinfo(struct seq_file *m, struct io_ring_ctx *ctx)
{
}
#endif

static inline struct io_search_dirs *io_search_dirs_get(struct io_search_dirs *dirs)
{
	refcount_inc(&dirs->refs);
	return dirs;
}

#endif
