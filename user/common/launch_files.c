// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptors that the child starts with: the launcher passes them, options name
 * them, or options name files for them. The child's table is made from this list, so
 * that no step can find another descriptor of the launcher.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "launch_internal.h"

static bool has_number(const struct launch_files *files, size_t nr,
		       uint32_t number)
{
	for (size_t i = 0; i < nr; i++)
		if (files->v[i].number == number)
			return true;
	return false;
}

static int put(struct launch_files *files, int source, uint32_t number,
	       uint32_t flags)
{
	struct io_uring_clone_file *v = files->v;

	if (files->nr == files->cap) {
		files->cap = files->cap ? 2 * files->cap : 16;
		v = reallocarray(v, files->cap, sizeof(*v));
		if (!v)
			return -ENOMEM;
		files->v = v;
	}
	v[files->nr++] = (struct io_uring_clone_file) {
		.source = source,
		.number = number,
		.flags = flags,
	};
	return 0;
}

int launch_give(struct launch *l, int source, int number)
{
	return put(&l->given, source, number, 0);
}

int launch_files_pass(struct launch *l, uint32_t number, int place)
{
	struct rlimit limit;

	/* CLONE would not say which one */
	if (has_number(&l->files, l->files.nr, number) ||
	    getrlimit(RLIMIT_NOFILE, &limit) || number >= limit.rlim_cur)
		return -EINVAL;
	return put(&l->files, l->fds[place], number, 0);
}

/* The entry of a file, or NULL; if there are several, any is as good. */
static const struct io_uring_clone_file *find(const struct launch *l, int place)
{
	for (size_t i = 0; i < l->files.nr; i++)
		if (l->files.v[i].source == (uint32_t)l->fds[place])
			return &l->files.v[i];
	return NULL;
}

static bool is_named(const struct launch *l, uint32_t number)
{
	for (size_t i = 0; i < l->nr_named; i++)
		if (l->named[i] == number)
			return true;
	return false;
}

int launch_files_done(struct launch *l)
{
	const size_t nr_passed = l->files.nr;
	uint32_t number = NR_STREAMS;
	int err = 0;

	for (size_t i = 0; i < l->given.nr && !err; i++)
		if (!has_number(&l->files, nr_passed, l->given.v[i].number))
			err = put(&l->files, l->given.v[i].source,
				  l->given.v[i].number, 0);
	for (int i = NR_STREAMS; i < l->nr_fds && !err; i++) {
		if (find(l, i))
			continue;
		while (has_number(&l->files, l->files.nr, number) ||
		       is_named(l, number))
			number++;
		err = put(&l->files, l->fds[i], number, IORING_CLONE_FILE_CLOEXEC);
	}
	err = err ?: spawnpol_chain_files(l->chain, l->files.v, l->files.nr);
	if (err == -E2BIG)
		return launch_complain(l, err, "more than %d open files",
				       SPAWNPOL_MAX_FILES);
	return err;
}

int launch_files_number(const struct launch *l, int place)
{
	return find(l, place)->number;
}
