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

/* @list is the search's from here on, also if this fails. */
static struct io_search *io_search_alloc(struct filename *name, char *list)
{
	struct io_search *search;

	if (IS_ERR(list))
		return ERR_CAST(list);
	search = kzalloc(sizeof(*search), GFP_KERNEL_ACCOUNT);
	if (!search) {
		kvfree(list);
		return ERR_PTR(-ENOMEM);
	}
	search->name = name;
	search->list = list;
	return search;
}

static size_t io_search_longest(const char *list)
{
	size_t longest = 0, len;

	for (;; list += len + 1) {
		len = strcspn(list, ":");
		longest = max(longest, len);
		if (!list[len])
			return longest;
	}
}

/* A name with a slash is a path. Memory for it is not what @list has, but what fits. */
static int io_search_prepare(struct io_search *search)
{
	size_t len = strlen(search->name->name), longest;
	struct filename *room;

	if (!search->list || strchr(search->name->name, '/')) {
		kvfree(search->list);
		search->list = NULL;
		return 0;
	}
	if (!len)
		return -ENOENT;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	longest = min_t(size_t, io_search_longest(search->list), PATH_MAX - 1);
	room = io_name_room(longest + 1 + len + 1);
	if (IS_ERR(room))
		return PTR_ERR(room);
	search->candidate = room;
	return 0;
}

static struct io_search *io_search_finish(struct io_search *search,
					  struct filename *shell)
{
	int ret;

	if (IS_ERR(search))
		return search;
	ret = io_search_prepare(search);
	if (ret) {
		io_search_free(search);
		return ERR_PTR(ret);
	}
	search->shell = shell;
	return search;
}

static char *io_search_copy(const char *list)
{
	size_t size;
	char *copy;

	if (!list)
		return NULL;
	size = strlen(list) + 1;
	if (size == 1)
		return ERR_PTR(-EINVAL);
	if (size > IO_SEARCH_MAX_LIST)
		return ERR_PTR(-E2BIG);
	copy = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	return memcpy(copy, list, size);
}

struct io_search *io_search_make(struct filename *name, struct filename *shell,
				 const char *list)
{
	return io_search_finish(io_search_alloc(name, io_search_copy(list)), shell);
}

static char *io_search_copy_user(const char __user *list)
{
	long size;
	char *copy;

	if (!list)
		return NULL;
	size = strnlen_user(list, IO_SEARCH_MAX_LIST);
	if (!size)
		return ERR_PTR(-EFAULT);
	if (size == 1)
		return ERR_PTR(-EINVAL);
	if (size > IO_SEARCH_MAX_LIST)
		return ERR_PTR(-E2BIG);
	copy = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(copy, list, size)) {
		kvfree(copy);
		return ERR_PTR(-EFAULT);
	}
	/* it may have changed */
	copy[size - 1] = '\0';
	return copy;
}

struct io_search *io_search_import(struct filename *name, struct filename *shell,
				   u64 list)
{
	char *copy = io_search_copy_user(u64_to_user_ptr(list));

	return io_search_finish(io_search_alloc(name, copy), shell);
}

void io_search_free(struct io_search *search)
{
	if (!search)
		return;
	io_name_put(search->candidate);
	io_name_put(search->shell);
	kvfree(search->list);
	kfree(search);
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
	search->denied = NULL;
}

/* "" is the working directory, and has no slash after it. */
static int io_search_place(struct io_search *search, const char *dir)
{
	size_t len = strcspn(dir, ":");
	size_t size = strlen(search->name->name) + 1;
	char *to;

	if (len + 1 + size > PATH_MAX)
		return -ENAMETOOLONG;
	to = (char *)search->candidate->iname;
	memcpy(to, dir, len);
	to += len;
	if (len)
		*to++ = '/';
	memcpy(to, search->name->name, size);
	search->at = search->candidate;
	return 0;
}

static int io_search_first(struct io_search *search)
{
	search->begun = true;
	search->next = search->list;
	if (search->list)
		return 0;
	search->at = search->name;
	return 1;
}

int io_search_next(struct io_search *search)
{
	const char *dir;
	int ret;

	if (search->again) {
		search->again = false;
		return 1;
	}
	if (!search->begun) {
		ret = io_search_first(search);
		if (ret)
			return ret;
	}
	dir = search->next;
	if (!dir)
		return 0;
	search->next = strchr(dir, ':');
	if (search->next)
		search->next++;
	ret = io_search_place(search, dir);
	return ret ? ret : 1;
}

/* Where the candidate at hand stands in the list. */
static const char *io_search_here(const struct io_search *search)
{
	const char *end = search->next ? search->next - 1 :
					 search->list + strlen(search->list);

	while (end > search->list && end[-1] != ':')
		end--;
	return end;
}

bool io_search_missed(struct io_search *search, int error)
{
	/* interrupted: the same one again, if at all */
	search->again = error == -EINTR;
	if (!search->list || !io_search_goes_on(error))
		return false;
	if (error == -EACCES && !search->denied)
		search->denied = io_search_here(search);
	return true;
}

int io_search_result(struct io_search *search, int error)
{
	if (!search->denied)
		return error;
	io_search_place(search, search->denied);
	return -EACCES;
}
