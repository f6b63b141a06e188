// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptors that the child starts with: what the client sent, and nothing
 * else. Its table is made of this list, so that descriptors of the daemon and of
 * other clients are not there to be closed, and no step can be early enough to
 * see one.
 */
#include "files.h"

#include <errno.h>
#include <sys/resource.h>

#include "operand.h"

static bool is_taken(const struct request *r, uint32_t number)
{
	for (size_t i = 0; i < r->nr_files; i++)
		if (r->files[i].number == number)
			return true;
	return false;
}

/* The entry of a file, or NULL; if there are several, any is as good. */
static const struct io_uring_clone_file *find(const struct request *r, int file)
{
	for (size_t i = 0; i < r->nr_files; i++)
		if (r->files[i].source == (uint32_t)r->fds[file])
			return &r->files[i];
	return NULL;
}

static void put(struct request *r, uint32_t number, int file, uint32_t flags)
{
	r->files[r->nr_files++] = (struct io_uring_clone_file) {
		.source = r->fds[file],
		.number = number,
		.flags = flags,
	};
}

int files_pass(struct request *r, uint32_t number, int file)
{
	struct rlimit limit;

	/* CLONE would not say which one */
	if (is_taken(r, number) || getrlimit(RLIMIT_NOFILE, &limit) ||
	    number >= limit.rlim_cur)
		return -EINVAL;
	put(r, number, file, 0);
	return 0;
}

int files_done(struct request *r)
{
	uint32_t number = SPD_NR_STREAMS;

	for (int i = 0; i < SPD_NR_STREAMS; i++)
		if (!is_taken(r, i))
			put(r, i, i, 0);
	for (int i = SPD_NR_STREAMS; i < r->nr_fds; i++) {
		if (find(r, i))
			continue;
		while (is_taken(r, number))
			number++;
		put(r, number, i, IORING_CLONE_FILE_CLOEXEC);
	}
	return spawnpol_chain_files(r->chain, r->files, r->nr_files);
}

int files_number(const struct request *r, int file)
{
	return find(r, file)->number;
}
