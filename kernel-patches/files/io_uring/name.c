// SPDX-License-Identifier: GPL-2.0
/*
 * Names that belong to requests: see name.h.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "name.h"

void io_name_init(struct filename *name)
{
	name->name = name->iname;
	name->uptr = NULL;
	name->aname = NULL;
	atomic_set(&name->refcnt, 1);
}

struct filename *io_name_room(size_t size)
{
	struct filename *name;

	name = kvmalloc(struct_size(name, iname, size), GFP_KERNEL_ACCOUNT);
	if (!name)
		return ERR_PTR(-ENOMEM);
	io_name_init(name);
	return name;
}

struct filename *io_name_import(u64 addr)
{
	const char __user *from = u64_to_user_ptr(addr);
	long size = strnlen_user(from, PATH_MAX);
	struct filename *name;
	char *to;

	if (!size)
		return ERR_PTR(-EFAULT);
	if (size > PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	name = io_name_room(size);
	if (IS_ERR(name))
		return name;

	to = (char *)name->iname;
	if (copy_from_user(to, from, size)) {
		kvfree(name);
		return ERR_PTR(-EFAULT);
	}
	/* it may have changed */
	to[size - 1] = '\0';
	name->uptr = from;
	return name;
}

struct filename *io_name_make(const char *path, size_t len, const char *name)
{
	size_t name_size = name ? strlen(name) + 1 : 0;
	struct filename *made;
	char *to;

	if (len + 1 + name_size > PATH_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	made = io_name_room(len + 1 + name_size);
	if (IS_ERR(made))
		return made;

	to = (char *)made->iname;
	memcpy(to, path, len);
	to[len] = name ? '/' : '\0';
	if (name)
		memcpy(to + len + 1, name, name_size);
	return made;
}

void io_name_put(struct filename *name)
{
	if (name && atomic_dec_and_test(&name->refcnt))
		kvfree(name);
}
