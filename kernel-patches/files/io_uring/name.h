/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names that belong to requests: one allocation, charged to who makes it, which
 * path walks and exec use as it is.
 *
 * The caller of such a user takes another reference if that consumes one, and
 * must see to it that audit has let go of the name, by io_call_exit(), before it
 * drops the last one: io_name_put() knows how these are freed, putname() does not.
 */
#ifndef IOU_NAME_H
#define IOU_NAME_H

#include <linux/atomic.h>
#include <linux/audit.h>
#include <linux/fs.h>

/*
 * A copy of a path in user memory. -EFAULT, -ENAMETOOLONG or -ENOMEM.
 */
struct filename *io_name_import(u64 addr);
/*
 * A copy of @path, @len bytes long, followed by a slash and @name unless that is
 * NULL. @path may be in memory that others write to: a NUL in it is not looked
 * for. -ENAMETOOLONG or -ENOMEM.
 */
struct filename *io_name_make(const char *path, size_t len, const char *name);
/* A name in memory of the caller's, who sees to it that no reference is left. */
void io_name_init(struct filename *name);
/* Room for a name of @size bytes, its NUL included. */
struct filename *io_name_room(size_t size);
void io_name_put(struct filename *name);

/*
 * For a call that has the name among its arguments, after io_call_enter(): audit
 * records it, found or not. Until io_name_audited(), after io_call_exit().
 */
static inline void io_name_audit(struct filename *name)
{
	audit_getname(name);
}

static inline void io_name_audited(struct filename *name)
{
	name->aname = NULL;
}

static inline struct filename *io_name_get(struct filename *name)
{
	atomic_inc(&name->refcnt);
	return name;
}

#endif
