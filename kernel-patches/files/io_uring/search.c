// SPDX-License-Identifier: GPL-2.0
/*
 * Searches for a program: see search.h. A candidate costs no allocation: all of
 * them are made in the same place.
 */
#include <linux/kernel.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "name.h"
#include "search.h"
#include "search_dirs.h"

bool io_search_goes_on(int error)
{
	switch (error) {
	case -EACCES:
	case -ENODEV:
	case -ENOENT:
	case -ENOTDIR:
	case -ESTALE:
	case -ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

/* --- making one --------------------------------------------------------------- */

/* A name with a slash is a path. */
static bool io_search_is_path(const struct filename *name)
{
	return strchr(name->name, '/');
}

static int io_search_check_name(const struct filename *name)
{
	size_t len = strlen(name->name);

	if (!len)
		return -ENOENT;
	return len > NAME_MAX ? -ENAMETOOLONG : 0;
}

/*
 * Memory for a search with a list of @size bytes, of which it has a copy or not, and
 * for its candidates. A directory is shorter than the list, and than a path.
 */
static struct io_search *io_search_alloc(struct filename *name, size_t size,
					 bool copies)
{
	const size_t head = ALIGN(struct_size_t(struct io_search, copy,
						copies ? size : 0),
				  __alignof__(struct filename));
	const size_t name_size = strlen(name->name) + 1;
	const size_t room = min_t(size_t, size, PATH_MAX) + name_size;
	struct io_search *search;

	search = kvmalloc(head + struct_size_t(struct filename, iname, room),
			  GFP_KERNEL_ACCOUNT);
	if (!search)
		return NULL;
	*search = (struct io_search){
		.name		= name,
		.name_size	= name_size,
		.candidate	= (void *)search + head,
		.list_size	= size,
	};
	io_name_init(search->candidate);
	return search;
}

/* One without a list: for its shell. */
static struct io_search *io_search_of_one(struct filename *name)
{
	struct io_search *search;

	search = kmalloc(sizeof(*search), GFP_KERNEL_ACCOUNT);
	if (!search)
		return ERR_PTR(-ENOMEM);
	*search = (struct io_search){ .name = name };
	return search;
}

struct io_search *io_search_make(struct filename *name, struct filename *list)
{
	struct io_search *search;
	int ret;

	if (io_search_is_path(name))
		return io_search_of_one(name);
	ret = io_search_check_name(name);
	if (ret)
		return ERR_PTR(ret);
	search = io_search_alloc(name, strlen(list->name) + 1, false);
	if (!search)
		return ERR_PTR(-ENOMEM);
	search->list = list->name;
	search->staged = io_name_get(list);
	return search;
}

static struct io_search *io_search_copy(struct filename *name,
					const char __user *list, size_t size)
{
	struct io_search *search;

	search = io_search_alloc(name, size, true);
	if (!search)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(search->copy, list, size)) {
		kvfree(search);
		return ERR_PTR(-EFAULT);
	}
	/* it may have changed */
	search->copy[size - 1] = '\0';
	search->list = search->copy;
	return search;
}

struct io_search *io_search_import(struct filename *name, u64 addr)
{
	const char __user *list = u64_to_user_ptr(addr);
	long size;
	int ret;

	if (!list)
		return io_search_of_one(name);
	size = strnlen_user(list, IO_SEARCH_MAX_LIST);
	if (!size)
		return ERR_PTR(-EFAULT);
	if (size == 1)
		return ERR_PTR(-EINVAL);
	if (size > IO_SEARCH_MAX_LIST)
		return ERR_PTR(-E2BIG);
	if (io_search_is_path(name))
		return io_search_of_one(name);
	ret = io_search_check_name(name);
	return ret ? ERR_PTR(ret) : io_search_copy(name, list, size);
}

static struct io_search *io_search_of_dirs(struct filename *name,
					   struct io_search_dirs *dirs)
{
	struct io_search *search;
	int ret;

	if (io_search_is_path(name))
		return io_search_of_one(name);
	ret = io_search_check_name(name);
	if (ret)
		return ERR_PTR(ret);
	search = io_search_alloc(name, dirs->longest + 1, false);
	if (!search)
		return ERR_PTR(-ENOMEM);
	search->list = dirs->names;
	/* nothing has been imported */
	search->list_size = 0;
	search->dirs = io_search_dirs_get(dirs);
	return search;
}

struct io_search *io_search_in(struct filename *name, struct io_search_dirs *dirs)
{
	struct io_search *search = io_search_of_dirs(name, dirs);

	io_search_dirs_put_later(dirs);
	return search;
}

void io_search_free(struct io_search *search)
{
	if (!search)
		return;
	io_search_dirs_put_later(search->dirs);
	io_name_put(search->shell);
	io_name_put(search->staged);
	kvfree(search);
}

/* --- the candidates ------------------------------------------------------------- */

void io_search_rewind(struct io_search *search)
{
	if (search->paused) {
		search->paused = false;
		return;
	}
	search->begun = false;
	search->again = false;
	search->is_denied = false;
	search->denied = NULL;
}

/*
 * Make DIRECTORY/NAME of the directory that begins at @dir and ends at @end. "" is the
 * working directory, and has no slash after it.
 */
static int io_search_place(struct io_search *search, const char *dir, const char *end)
{
	size_t len = end - dir;
	char *to;

	search->here = dir;
	search->at = search->name;
	if (len + 1 + search->name_size > PATH_MAX)
		return -ENAMETOOLONG;
	to = (char *)search->candidate->iname;
	memcpy(to, dir, len);
	to += len;
	if (len)
		*to++ = '/';
	memcpy(to, search->name->name, search->name_size);
	search->at = search->candidate;
	return 0;
}

int io_search_next(struct io_search *search)
{
	const char *dir, *end;

	if (search->again) {
		search->again = false;
		return 0;
	}
	if (!search->list) {
		search->at = search->name;
		return 0;
	}
	dir = search->begun ? search->next : search->list;
	if (!dir)
		return -ENOENT;
	search->nr = search->begun ? search->nr + 1 : 0;
	search->begun = true;
	end = strchrnul(dir, ':');
	search->next = *end ? end + 1 : NULL;
	return io_search_place(search, dir, end);
}

bool io_search_missed(struct io_search *search, int error)
{
	/* interrupted: the same one again, if at all */
	search->again = error == -EINTR;
	if (!search->list || !io_search_goes_on(error))
		return false;
	if (error == -EACCES && !search->denied)
		search->denied = search->here;
	return true;
}

void io_search_show_denied(struct io_search *search)
{
	io_search_place(search, search->denied, strchrnul(search->denied, ':'));
}

int io_search_offset(const struct io_search *search)
{
	if (!search->list || !search->here)
		return -1;
	if (search->dirs)
		return search->dirs->dirs[search->nr].offset;
	return search->here - search->list;
}
