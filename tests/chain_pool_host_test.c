// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C5: pools on a ring that no kernel knows: what is asked for and when, what a chain says
 * with a child and without, and what is refused.
 */
#include "fake_ring.h"

static struct fake fake;
static struct spawnpol_pool *pool;
static unsigned int next;	/* in the SQ */

static struct spawnpol_chain *prefix(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_umask(c, 027));
	return c;
}

/* Copies cannot lead a session. */
static struct spawnpol_chain *prefix_for_copies(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_umask(c, 027));
	return c;
}

static void begin_with(struct spawnpol_chain *c, unsigned int nr, unsigned int flags)
{
	SPAWNPOL_OPTS(spawnpol_pool_opts, opts, .flags = flags, .keep_ns = 7);

	fake_kernel.query.op_spawn = 83;
	fake_kernel.query.max_spawn = 512 << 10;
	fake_kernel.query.spawn_flags = IORING_SPAWN_FILES | IORING_SPAWN_KEEP;
	fake_init(&fake);
	next = 0;
	CHECK_OK(spawnpol_pool_new(&pool, fake.ring, c, nr, &opts));
}

static void begin(unsigned int nr)
{
	begin_with(prefix(), nr, 0);
}

static struct spawnpol_pool_stats stats(void)
{
	struct spawnpol_pool_stats s;

	spawnpol_pool_stats(pool, &s);
	return s;
}

static unsigned int nr_queued(void)
{
	return fake.uring.sq.sqe_tail - next;
}

/* The next request in the SQ, which the kernel takes. */
static const struct io_uring_sqe *taken(void)
{
	CHECK(nr_queued());
	fake.head = next + 1;
	return &fake.sqes[next++ % ENTRIES];
}

static const struct io_uring_spawn *said(const struct io_uring_sqe *sqe)
{
	CHECK_EQ(sqe->opcode, 83);
	return (void *)(uintptr_t)sqe->addr;
}

static int answer(const struct io_uring_sqe *sqe, int res, unsigned int step,
		  struct spawnpol_outcome *out)
{
	struct io_uring_cqe cqe = {
		.user_data = sqe->user_data,
		.res = res,
		.flags = step << IORING_SPAWN_STEP_SHIFT,
	};

	return spawnpol_handle_cqe(fake.ring, &cqe, out);
}

/* A child of the pool is there, under this number. */
static void make(int number)
{
	struct spawnpol_outcome out;

	CHECK_EQ(answer(taken(), number, 0, &out), SPAWNPOL_CQE_TAKEN);
}

static struct spawnpol_chain *chain(void)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_pool(c, pool));
	CHECK_OK(spawnpol_chain_nice(c, 3));
	CHECK_OK(spawnpol_chain_program(c, "/bin/x"));
	return c;
}

static uint64_t step_of(const struct io_uring_spawn *arg, unsigned int nr)
{
	return ((struct io_uring_spawn_step *)(uintptr_t)arg->steps)[nr].cmd;
}

TEST(C5_what_a_pool_asks_for)
{
	const struct io_uring_spawn *arg;

	begin(3);
	EXPECT_EQ(nr_queued(), 0u);
	CHECK_EQ(spawnpol_pool_fill(pool), 3);
	EXPECT_EQ(nr_queued(), 3u);
	arg = said(taken());
	EXPECT_EQ(arg->flags, IORING_SPAWN_KEEP | IORING_SPAWN_FILES);
	EXPECT_EQ(arg->nr_steps, 2u);
	EXPECT_EQ(step_of(arg, 0), (uint64_t)IORING_CHILD_SETSID);
	EXPECT_EQ(arg->keep_ns, 7u);
	EXPECT_EQ(arg->path, 0u);
	EXPECT_EQ(arg->report, 0u);
	CHECK_EQ(spawnpol_pool_fill(pool), 0);
	EXPECT_EQ(stats().making, 3u);
}

TEST(C5_a_hit_has_its_own_steps_only)
{
	struct io_uring_clone_file file = { .source = 5, .number = 1 };
	const struct io_uring_sqe *sqe;
	const struct io_uring_spawn *arg;
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_OK(spawnpol_chain_files(c, &file, 1));
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	EXPECT_EQ(stats().waiting, 1u);
	queue(&fake, c);
	EXPECT_EQ(stats().waiting, 0u);
	sqe = taken();
	arg = said(sqe);
	EXPECT_EQ(arg->flags, IORING_SPAWN_CHILD | IORING_SPAWN_FILES);
	EXPECT_EQ(arg->child, 9u);
	EXPECT_EQ(arg->clone_args, 0u);
	EXPECT_EQ(arg->nr_steps, 1u);
	EXPECT_EQ(step_of(arg, 0), (uint64_t)IORING_CHILD_NICE);
	/* nothing is asked for before the outcome */
	EXPECT_EQ(nr_queued(), 0u);
	CHECK_EQ(answer(sqe, 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pid, 55);
	EXPECT_EQ(out.step, 3);
	EXPECT_EQ(stats().hits, 1u);
	EXPECT_EQ(nr_queued(), 1u);
	EXPECT_EQ(said(taken())->flags, IORING_SPAWN_KEEP | IORING_SPAWN_FILES);
}

TEST(C5_steps_count_as_if_all_were_the_chains)
{
	const struct io_uring_sqe *sqe;
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	queue(&fake, c);
	sqe = taken();
	/* it says nothing about files, so that there is none to be added */
	EXPECT_EQ(said(sqe)->flags, IORING_SPAWN_CHILD);
	EXPECT_EQ(said(sqe)->files, 0u);
	c->told.report.end = IORING_END_STEP;
	c->told.report.pid = 55;
	CHECK_EQ(answer(sqe, -EPERM, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.step, 2);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_NICE);
	EXPECT_EQ(out.child, 0);
}

TEST(C5_a_miss_has_all_steps)
{
	const struct io_uring_spawn *arg;
	struct spawnpol_outcome out;
	const struct io_uring_sqe *sqe;
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	queue(&fake, c);
	sqe = taken();
	arg = said(sqe);
	/* no files, as the children of the pool have none */
	EXPECT_EQ(arg->flags, IORING_SPAWN_FILES);
	EXPECT_EQ(arg->nr_steps, 3u);
	CHECK_EQ(answer(sqe, -EPERM, 3, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_NICE);
	EXPECT_EQ(out.step, 2);
	EXPECT_EQ(stats().misses, 1u);
	EXPECT_EQ(stats().hits, 0u);
	/* the pool gets filled all the same */
	EXPECT_EQ(nr_queued(), 1u);
}

TEST(C5_a_child_that_is_gone_is_made_up_for)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	queue(&fake, c);
	CHECK_EQ(answer(taken(), -ESRCH, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().gone, 1u);
	EXPECT_EQ(stats().misses, 1u);
	CHECK_EQ(nr_queued(), 1u);
	EXPECT_EQ(said(&fake.sqes[next % ENTRIES])->nr_steps, 3u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.pid, 55);
	EXPECT_EQ(stats().hits, 0u);
	EXPECT_EQ(nr_queued(), 1u);
}

/* Who takes a pool's child must not be put into the caller's link. */
TEST(C5_again_after_the_callers_link)
{
	struct spawnpol_outcome out;
	const struct io_uring_sqe *sqe;
	struct io_uring_sqe *nop;
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	queue(&fake, c);
	sqe = taken();
	nop = io_uring_get_sqe(&fake.uring);
	io_uring_prep_nop(nop);
	nop->flags = IOSQE_IO_LINK;
	CHECK_EQ(answer(sqe, -ESRCH, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(nr_queued(), 1u);
	EXPECT_EQ(spawnpol_pool_fill(pool), -EINPROGRESS);
	taken();
	CHECK_EQ(spawnpol_queue(fake.ring, NULL, 0), 0);
	EXPECT_EQ(said(taken())->nr_steps, 3u);
}

TEST(C5_a_child_that_is_stale_takes_the_others_along)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin(3);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 3);
	for (int i = 1; i <= 3; i++)
		make(i);
	queue(&fake, c);
	CHECK_EQ(answer(taken(), -ESTALE, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(stats().stale, 3u);
	EXPECT_EQ(stats().waiting, 0u);
	EXPECT_EQ(fake_kernel.cancelled, 3u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(nr_queued(), 2u);
}

TEST(C5_a_chain_that_the_kernel_does_not_take_gives_its_child_back)
{
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	/* there is no such ring */
	EXPECT_EQ(spawnpol_submit(fake.ring, &c, 1), -EBADF);
	EXPECT_EQ(stats().waiting, 1u);
	queue(&fake, c);
	EXPECT_EQ(said(taken())->child, 9u);
}

TEST(C4_copies_of_the_first_child)
{
	const struct io_uring_spawn *arg;
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin_with(prefix_for_copies(), 1, SPAWNPOL_POOL_COPY);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	EXPECT_EQ(said(&fake.sqes[0])->keep_ns, 0u);
	make(1);
	make(2);
	EXPECT_EQ(stats().waiting, 1u);
	queue(&fake, c);
	EXPECT_EQ(said(&fake.sqes[next % ENTRIES])->child, 2u);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	arg = said(&fake.sqes[next % ENTRIES]);
	EXPECT_EQ(arg->flags, IORING_SPAWN_KEEP | IORING_SPAWN_COPY);
	EXPECT_EQ(arg->child, 1u);
	EXPECT_EQ(arg->nr_steps, 0u);
	EXPECT_EQ(arg->keep_ns, 7u);
	/* it cannot be copied any more: another one is made */
	CHECK_EQ(answer(taken(), -ESTALE, 0, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	EXPECT_EQ(said(taken())->nr_steps, 1u);
}

static void no_prefix(struct spawnpol_chain *c)
{
	EXPECT_EQ(spawnpol_pool_new(&pool, fake.ring, c, 1, NULL), -EINVAL);
	CHECK_OK(spawnpol_chain_free(c));
}

TEST(C5_pools_that_make_no_sense)
{
	struct spawnpol_chain *c;

	begin(1);
	EXPECT_EQ(spawnpol_pool_new(&pool, fake.ring, prefix(), 0, NULL), -EINVAL);
	SPAWNPOL_OPTS(spawnpol_pool_opts, copies, .flags = SPAWNPOL_POOL_COPY);
	EXPECT_EQ(spawnpol_pool_new(&pool, fake.ring, prefix(), 1, &copies), -EINVAL);
	EXPECT_EQ(spawnpol_pool_new(&pool, fake.ring, prefix(), SPAWNPOL_MAX_POOL + 1, NULL),
		  -EINVAL);
	no_prefix(new_chain("/bin/x"));
	c = prefix();
	CHECK_OK(spawnpol_chain_dup(c, 1, 2));
	no_prefix(c);
	c = prefix();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	no_prefix(c);
	c = prefix();
	CHECK_OK(spawnpol_chain_keep(c, true));
	no_prefix(c);
}

TEST(C5_chains_that_do_not_go_with_a_pool)
{
	struct io_uring_clone_file file = { .source = 5, .number = 6 };
	struct spawnpol_chain *c = prefix();

	CHECK_OK(spawnpol_chain_fchdir(c, 6));
	begin_with(c, 1, 0);
	c = new_chain("/bin/x");
	EXPECT_EQ(spawnpol_chain_pool(c, pool), -EINVAL);
	EXPECT_EQ(spawnpol_chain_pool(new_chain(NULL), NULL), -EINVAL);
	/* a new child would have another file there when the prefix's step comes */
	EXPECT_EQ(spawnpol_chain_files(chain(), &file, 1), -EINVAL);
	c = chain();
	CHECK_OK(spawnpol_chain_in_child(c, 9));
	EXPECT_EQ(spawnpol_queue(fake.ring, &c, 1), -EINVAL);
}

TEST(C5_a_child_that_is_made_in_another_way_is_a_miss)
{
	struct spawnpol_chain *c;

	begin(1);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	CHECK_OK(spawnpol_chain_namespaces(c, CLONE_NEWNS));
	queue(&fake, c);
	EXPECT_EQ(said(taken())->child, 0u);
	EXPECT_EQ(stats().waiting, 1u);
	c = chain();
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	queue(&fake, c);
	EXPECT_EQ(said(taken())->child, 9u);
}

TEST(C5_files_of_the_chain_come_before_those_of_the_pool)
{
	struct io_uring_clone_file files[] = {
		{ .source = 10, .number = 0 }, { .source = 11, .number = 1 },
	};
	struct io_uring_clone_file file = { .source = 5, .number = 1 };
	const struct io_uring_clone_files *list;
	struct spawnpol_chain *c = prefix();

	CHECK_OK(spawnpol_chain_files(c, files, 2));
	begin_with(c, 1, 0);
	c = chain();
	CHECK_OK(spawnpol_chain_files(c, &file, 1));
	queue(&fake, c);
	list = (void *)(uintptr_t)said(taken())->files;
	CHECK_EQ(list->nr, 2);
	EXPECT_EQ(list->files[0].source, 5u);
	EXPECT_EQ(list->files[1].source, 10u);
	/* it says nothing: those of the pool */
	c = chain();
	queue(&fake, c);
	list = (void *)(uintptr_t)said(taken())->files;
	CHECK_EQ(list->nr, 2);
	EXPECT_EQ(list->files[0].source, 10u);
}

TEST(C4_a_copy_that_fails_for_want_of_room_does_not_end_the_first)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;

	begin_with(prefix_for_copies(), 1, SPAWNPOL_POOL_COPY);
	c = chain();
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	make(1);
	make(2);
	queue(&fake, c);
	CHECK_EQ(answer(taken(), 55, 1, &out), SPAWNPOL_CQE_OUTCOME);
	fake_kernel.cancelled = 0;
	CHECK_EQ(answer(taken(), -EAGAIN, 0, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(fake_kernel.cancelled, 0u);
	EXPECT_EQ(stats().stale, 0u);
	EXPECT_EQ(stats().failed, 1u);
}

TEST(C5_a_launch_that_is_refused_leaves_no_child)
{
	struct spawnpol_outcome out;

	begin(1);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	make(9);
	queue(&fake, chain());
	fake_kernel.cancelled = 0;
	/* a descriptor of its list is not open: the child has heard nothing of it */
	CHECK_EQ(answer(taken(), -EBADF, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(fake_kernel.cancelled, 1u);
	EXPECT_EQ(stats().hits, 0u);
	EXPECT_EQ(stats().waiting, 0u);
}

TEST(C5_the_path_of_an_outcome_outlives_the_pool)
{
	struct spawnpol_chain *c, *p = new_chain(NULL);
	const struct io_uring_sqe *sqe;
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_chain_chdir(p, "/nonexistent-directory"));
	begin_with(p, 1, 0);
	c = chain();
	queue(&fake, c);
	sqe = taken();
	spawnpol_pool_close(pool);
	CHECK_EQ(answer(sqe, -ENOENT, 1, &out), SPAWNPOL_CQE_OUTCOME);
	CHECK_STR(out.path, "/nonexistent-directory");
	CHECK_OK(spawnpol_chain_free(c));
}

/* Steps that have no descriptor say 0 in its place. */
TEST(C5_a_chain_can_have_file_0)
{
	struct io_uring_clone_file file = { .source = 5, .number = 0 };
	struct spawnpol_chain *c = prefix();

	spawnpol_chain_setsid(c);
	begin_with(c, 1, 0);
	CHECK_OK(spawnpol_chain_files(chain(), &file, 1));
}

TEST(C5_kernels_without_kept_children)
{
	struct spawnpol_chain *c;

	begin(2);
	fake_kernel.query.spawn_flags = IORING_SPAWN_FILES;
	fake_init(&fake);
	next = 0;
	CHECK_OK(spawnpol_pool_new(&pool, fake.ring, prefix(), 2, NULL));
	EXPECT_EQ(spawnpol_pool_fill(pool), -EOPNOTSUPP);
	c = chain();
	queue(&fake, c);
	EXPECT_EQ(said(taken())->nr_steps, 3u);
	EXPECT_EQ(stats().misses, 1u);
}
