// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Launching in children that were made ahead, by requests of the launcher's own, and the
 * same requests without such children.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawnpol_uapi.h>
#include <unistd.h>

#include "methods.h"
#include "request.h"

static char *const argv[] = { (char *)SITE_PROGRAM, NULL };

struct pool {
	struct io_uring ring;
	struct io_uring_spawn *spawns;	/* l->max */
	int *results;
	unsigned int used;		/* children that are to be replaced */
};

/* --- what is executed -------------------------------------------------------------- */

/* The right path. */
static void find_by_path(const struct site *site, struct io_uring_spawn *spawn)
{
	spawn->path = (uintptr_t)site_program(site);
}

/* The kernel searches. */
static void find_in_list(const struct site *site, struct io_uring_spawn *spawn)
{
	spawn->path = (uintptr_t)SITE_PROGRAM;
	spawn->search = (uintptr_t)site->path;
}

/* It searches in directories that it has open: list 0. */
static void find_in_open(const struct site *site, struct io_uring_spawn *spawn)
{
	(void)site;
	spawn->path = (uintptr_t)SITE_PROGRAM;
	spawn->search = 0;
	spawn->flags |= IORING_SPAWN_REGISTERED;
}

static void open_directories(struct launcher *l)
{
	const struct io_uring_spawn_search search = {
		.list = (uintptr_t)l->site->path,
	};
	struct pool *p = l->own;

	if (must(io_uring_register(p->ring.ring_fd, SPAWNPOL_REGISTER_SPAWN_SEARCH,
				   &search, 1)) != (int)l->site->misses + 1)
		give_up(0, "not all directories were opened");
}

/* --- launching --------------------------------------------------------------------- */

static void prepare(struct launcher *l, void (*find)(const struct site *site,
						     struct io_uring_spawn *spawn))
{
	struct pool *p = calloc(1, sizeof(*p));

	if (!p)
		give_up(-ENOMEM, "a pool");
	l->own = p;
	p->spawns = calloc(l->max, sizeof(*p->spawns));
	p->results = calloc(l->max, sizeof(*p->results));
	if (!p->spawns || !p->results)
		give_up(-ENOMEM, "%u requests", l->max);
	request_ring(&p->ring);
	for (unsigned int i = 0; i < l->max; i++) {
		p->spawns[i] = (struct io_uring_spawn) {
			.flags = IORING_SPAWN_FILES,
			.files = request_files(),
			.dfd = AT_FDCWD,
			.argv = (uintptr_t)argv,
			.envp = (uintptr_t)environ,
		};
		find(l->site, &p->spawns[i]);
	}
}

static void release(struct launcher *l)
{
	struct pool *p = l->own;

	/* children that wait end with it */
	io_uring_queue_exit(&p->ring);
	free(p->spawns);
	free(p->results);
	free(p);
}

static void submit(struct launcher *l, pid_t *pids, unsigned int nr)
{
	struct pool *p = l->own;

	(void)pids;
	for (unsigned int i = 0; i < nr; i++)
		request_add(&p->ring, &p->spawns[i], i);
	request_submit(&p->ring);
	p->used = nr;
}

static void collect(struct launcher *l, pid_t *pids, unsigned int nr)
{
	struct pool *p = l->own;

	request_wait(&p->ring, pids, nr);
}

/* New ones in place of those that are programs now, all at once. */
static void refill(struct launcher *l)
{
	struct pool *p = l->own;

	if (!p->used)
		return;
	request_keep_many(&p->ring, p->results, p->used);
	for (unsigned int i = 0; i < p->used; i++)
		p->spawns[i].child = p->results[i];
	p->used = 0;
}

static void fill(struct launcher *l)
{
	struct pool *p = l->own;

	for (unsigned int i = 0; i < l->max; i++)
		p->spawns[i].flags |= IORING_SPAWN_CHILD;
	p->used = l->max;
	refill(l);
}

/* --- methods ----------------------------------------------------------------------- */

static void prepare_fresh(struct launcher *l)
{
	prepare(l, find_by_path);
}

static void prepare_pool(struct launcher *l)
{
	prepare(l, find_by_path);
	fill(l);
}

static void prepare_pool_search(struct launcher *l)
{
	prepare(l, find_in_list);
	fill(l);
}

static void prepare_pool_open(struct launcher *l)
{
	prepare(l, find_in_open);
	open_directories(l);
	fill(l);
}

/* No pool: a new child for each program. */
const struct method method_fresh = {
	.name = "fresh", .prepare = prepare_fresh,
	.launch = submit, .collect = collect, .release = release,
};

const struct method method_pool = {
	.name = "pool", .prepare = prepare_pool,
	.launch = submit, .collect = collect, .refill = refill,
	.release = release,
};

/* As method_pool. Who measures refills does so without these. */
const struct method method_pool_hit = {
	.name = "pool_hit", .prepare = prepare_pool,
	.launch = submit, .collect = collect, .refill = refill,
	.refill_later = true, .release = release,
};

const struct method method_pool_search = {
	.name = "pool_search", .prepare = prepare_pool_search,
	.launch = submit, .collect = collect, .refill = refill,
	.release = release,
};

const struct method method_pool_open = {
	.name = "pool_open", .prepare = prepare_pool_open,
	.launch = submit, .collect = collect, .refill = refill,
	.release = release,
};
