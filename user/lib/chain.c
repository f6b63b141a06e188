// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: memory, the error that sticks, the program and its arguments. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "pool.h"

#define FIRST_BLOCK	1024	/* of the first block: enough for most chains */

static void free_blocks(struct block *block)
{
	struct block *next;

	for (; block; block = next) {
		next = block->next;
		free(block);
	}
}

static void chain_init(struct spawnpol_chain *chain)
{
	memset(chain, 0, offsetof(struct spawnpol_chain, told.path));
	chain->args.exit_signal = SIGCHLD;
	chain->pidfd = -1;
}

int spawnpol_chain_reset(struct spawnpol_chain *chain)
{
	struct steps actions = { .v = chain->actions.v,
				 .cap = chain->actions.cap };
	struct steps programs = { .v = chain->programs.v,
				  .cap = chain->programs.cap };
	struct io_uring_spawn_step *steps = chain->whole.steps;
	struct block *block = chain->blocks;

	if (chain_is_busy(chain))
		return -EBUSY;
	pool_unref(chain->pooled.pool);
	/* the newest is the largest */
	if (block) {
		free_blocks(block->next);
		block->next = NULL;
		block->used = 0;
	}
	chain_init(chain);
	chain->actions = actions;
	chain->programs = programs;
	chain->whole.steps = steps;
	chain->blocks = block;
	return 0;
}

int spawnpol_chain_new(struct spawnpol_chain **chain)
{
	struct spawnpol_chain *c;
	size_t size = (sizeof(*c) + CHAIN_ALIGN - 1) & ~(CHAIN_ALIGN - 1UL);

	c = aligned_alloc(CHAIN_ALIGN, size);
	if (!c)
		return -ENOMEM;
	chain_init(c);
	*chain = c;
	return 0;
}

int spawnpol_chain_free(struct spawnpol_chain *chain)
{
	if (!chain)
		return 0;
	if (chain_is_busy(chain))
		return -EBUSY;
	pool_unref(chain->pooled.pool);
	free_blocks(chain->blocks);
	free(chain->actions.v);
	free(chain->programs.v);
	free(chain->whole.steps);
	free(chain);
	return 0;
}

int spawnpol_chain_borrow(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->borrow = on;
	return 0;
}

int spawnpol_chain_error(const struct spawnpol_chain *chain)
{
	return chain->error;
}

int chain_editable(struct spawnpol_chain *chain)
{
	if (chain_is_busy(chain))
		return -EBUSY;
	return chain->error;
}

int chain_fail(struct spawnpol_chain *chain, int error)
{
	if (!chain->error)
		chain->error = error;
	return error;
}

/* Blocks grow, so that a chain which is reset and used again soon has one. */
static struct block *add_block(struct spawnpol_chain *chain, size_t least)
{
	size_t size = chain->blocks ? 2 * chain->blocks->size : FIRST_BLOCK;
	struct block *block;

	if (size < least)
		size = least;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	*block = (struct block){ .next = chain->blocks, .size = size };
	chain->blocks = block;
	return block;
}

void *chain_room(struct spawnpol_chain *chain, size_t size)
{
	const size_t align = _Alignof(struct block);
	struct block *block = chain->blocks;
	void *room;

	if (size > SIZE_MAX / 4) {
		chain_fail(chain, -ENOMEM);
		return NULL;
	}
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size)
		block = add_block(chain, size);
	if (!block) {
		chain_fail(chain, -ENOMEM);
		return NULL;
	}
	room = block->data + block->used;
	block->used += size;
	return room;
}

void *chain_keep(struct spawnpol_chain *chain, const void *data, size_t size)
{
	void *room;

	if (chain->borrow)
		return (void *)data;
	room = chain_room(chain, size);
	return room ? memcpy(room, data, size) : NULL;
}

/* What submission needs is made here, as it must not fail for lack of memory. */
bool chain_steps_room(struct spawnpol_chain *chain, struct steps *steps,
		      unsigned int nr)
{
	unsigned int cap = steps->cap ? steps->cap : 4;
	struct io_uring_spawn_step *whole;
	struct step *v;

	if (nr <= steps->cap)
		return true;
	while (cap < nr)
		cap *= 2;
	v = realloc(steps->v, cap * sizeof(*v));
	if (v)
		steps->v = v;
	if (v && steps == &chain->actions) {
		whole = realloc(chain->whole.steps, cap * sizeof(*whole));
		if (whole)
			chain->whole.steps = whole;
		else
			v = NULL;
	}
	if (!v) {
		chain_fail(chain, -ENOMEM);
		return false;
	}
	steps->cap = cap;
	return true;
}

/*
 * One more step, zeroed, or NULL with the error stuck to the chain. Whether a search's
 * attempts are too many depends on how the chain is submitted.
 */
struct step *chain_step(struct spawnpol_chain *chain, struct steps *steps)
{
	unsigned int nr = chain->actions.nr +
			  (chain->search.list ? 1 : chain->programs.nr);

	if (nr >= SPAWNPOL_MAX_STEPS) {
		chain_fail(chain, -E2BIG);
		return NULL;
	}
	if (!chain_steps_room(chain, steps, steps->nr + 1))
		return NULL;
	return memset(&steps->v[steps->nr++], 0, sizeof(struct step));
}

unsigned int chain_nr_programs(const struct spawnpol_chain *chain)
{
	return chain->search.list ? chain->search.nr : chain->programs.nr;
}

unsigned int chain_nr_steps(const struct spawnpol_chain *chain)
{
	return chain->actions.nr + chain_nr_programs(chain);
}

unsigned int spawnpol_chain_nr_steps(const struct spawnpol_chain *chain)
{
	return chain_nr_steps(chain);
}

int spawnpol_chain_step(const struct spawnpol_chain *chain, unsigned int nr,
			enum spawnpol_kind *kind, struct io_uring_sqe *sqe)
{
	const struct step *step;
	int err;

	if (nr >= chain_nr_steps(chain))
		return -ENOENT;
	/* not seen from outside: the same attempts, put into words */
	err = nr < chain->actions.nr ? 0 :
	      search_attempts((struct spawnpol_chain *)chain);
	if (err)
		return err;
	step = chain_nth_step(chain, nr);
	if (kind)
		*kind = step->kind;
	if (sqe)
		*sqe = step->sqe;
	return 0;
}

const struct step *chain_nth_step(const struct spawnpol_chain *chain,
				  unsigned int nr)
{
	static const struct step attempt = {
		.kind = SPAWNPOL_KIND_EXEC,
		.sqe = { .fd = AT_FDCWD, .ioprio = IORING_EXEC_SEARCH },
	};

	if (nr < chain->actions.nr)
		return &chain->actions.v[nr];
	nr -= chain->actions.nr;
	return nr < chain->programs.nr ? &chain->programs.v[nr] : &attempt;
}

/* --- the program ------------------------------------------------------------- */

int chain_add_exec(struct spawnpol_chain *chain, int fd, const char *path,
		   unsigned int at_flags, unsigned int flags)
{
	struct step *step;

	if (search_dissolve(chain))
		return chain->error;
	step = chain_step(chain, &chain->programs);
	if (!step)
		return chain->error;
	step->kind = SPAWNPOL_KIND_EXEC;
	step->sqe.fd = fd;
	step->sqe.addr = (uintptr_t)path;
	step->sqe.rw_flags = at_flags;
	step->sqe.ioprio = flags;
	if (!chain->default_argv[0])
		chain->default_argv[0] = (char *)path;
	return 0;
}

static int add_program(struct spawnpol_chain *chain, int fd, const char *path,
		       unsigned int at_flags, unsigned int flags)
{
	/* what is borrowed is not even looked at */
	const char *kept = chain->borrow ? path :
			   chain_keep(chain, path, strlen(path) + 1);

	return kept ? chain_add_exec(chain, fd, kept, at_flags, flags) : -ENOMEM;
}

int spawnpol_chain_program(struct spawnpol_chain *chain, const char *path)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!path || !*path)
		return chain_fail(chain, -EINVAL);
	if (strchr(path, '/'))
		return add_program(chain, AT_FDCWD, path, 0, 0);
	/* no directory at all: "ls" must never become "./ls" */
	chain->bare_name = true;
	return add_program(chain, -1, path, 0, 0);
}

int spawnpol_chain_program_at(struct spawnpol_chain *chain, int dirfd,
			      const char *path, int at_flags)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!path || (!chain->borrow && !*path && !(at_flags & AT_EMPTY_PATH)))
		return chain_fail(chain, -EINVAL);
	if (dirfd < 0 && dirfd != AT_FDCWD)
		return chain_fail(chain, -EBADF);
	return add_program(chain, dirfd, path, at_flags, IORING_EXEC_SEARCH);
}

int spawnpol_chain_program_fd(struct spawnpol_chain *chain, int fd)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (fd < 0)
		return chain_fail(chain, -EBADF);
	return add_program(chain, fd, "", AT_EMPTY_PATH, 0);
}

/* A copy of an array of strings and of the strings, unless the chain borrows. */
static char **keep_strings(struct spawnpol_chain *chain, char *const from[])
{
	size_t nr, size = 0;
	char **to, *text;

	if (chain->borrow)
		return (char **)from;
	for (nr = 0; from[nr]; nr++)
		size += strlen(from[nr]) + 1;
	to = chain_room(chain, (nr + 1) * sizeof(*to) + size);
	if (!to)
		return NULL;
	text = (char *)(to + nr + 1);
	for (size_t i = 0; i < nr; i++) {
		to[i] = text;
		text = stpcpy(text, from[i]) + 1;
	}
	to[nr] = NULL;
	return to;
}

int spawnpol_chain_argv(struct spawnpol_chain *chain, char *const argv[])
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!argv || !argv[0])
		return chain_fail(chain, -EINVAL);
	chain->argv = keep_strings(chain, argv);
	return chain->error;
}

int spawnpol_chain_envp(struct spawnpol_chain *chain, char *const envp[])
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->envp = envp ? keep_strings(chain, envp) : NULL;
	return chain->error;
}
