// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * C5: pools on a ring that no kernel knows: what is asked for and when, what a chain says
 * with a child and without, and what is refused.
 */
#include "fake_pool.h"

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

static void says(struct spawnpol_chain *c)
{
	CHECK_OK(spawnpol_chain_slot(c, 3));
	CHECK_OK(spawnpol_chain_cookie(c, 4));
	CHECK_OK(spawnpol_chain_need_policy(c, true));
	CHECK_OK(spawnpol_chain_deadline(c, 5));
}

static void expect_said(const struct io_uring_spawn *arg)
{
	EXPECT_EQ(arg->flags & IORING_SPAWN_NEED_POLICY, (unsigned)IORING_SPAWN_NEED_POLICY);
	EXPECT_EQ(arg->slot, 3u);
	EXPECT_EQ(arg->cookie, 4u);
	EXPECT_EQ(arg->timeout_ns, 5u);
}

/* Which policy is asked, and how long it may take, is not said of the launches. */
TEST(C5_what_a_prefix_says_of_its_own_requests)
{
	struct spawnpol_chain *c = prefix();
	const struct io_uring_spawn *arg;

	says(c);
	begin_with(c, 1, 0);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	expect_said(said(taken()));
	queue(&fake, chain());
	arg = said(taken());
	EXPECT_EQ(arg->flags, IORING_SPAWN_FILES);
	EXPECT_EQ(arg->nr_steps, 3u);
	EXPECT_EQ(arg->slot, 0u);
	EXPECT_EQ(arg->cookie, 0u);
	EXPECT_EQ(arg->timeout_ns, 0u);
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

	c = begin_hit();
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

TEST(C4_copies_are_made_as_the_first_child)
{
	struct spawnpol_chain *c = prefix_for_copies();
	const struct io_uring_spawn *arg;
	struct spawnpol_outcome out;

	says(c);
	begin_with(c, 1, SPAWNPOL_POOL_COPY);
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	make(1);
	CHECK_EQ(answer(taken(), -ETIME, 0, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	arg = said(taken());
	EXPECT_EQ(arg->child, 1u);
	expect_said(arg);
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
	/* that is the pool's to say */
	c = prefix();
	CHECK_OK(spawnpol_chain_keep_time(c, 1));
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
	c = chain();
	CHECK_OK(spawnpol_chain_keep_time(c, 1));
	EXPECT_EQ(spawnpol_queue(fake.ring, &c, 1), -EINVAL);
}

/* What is said of how the child is made would be lost, or be said of the pool's steps. */
TEST(C5_a_chain_is_of_a_pool_before_all_else)
{
	struct spawnpol_chain *c;

	begin(1);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	EXPECT_EQ(spawnpol_chain_pool(c, pool), -EINVAL);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_exit_signal(c, 0));
	EXPECT_EQ(spawnpol_chain_pool(c, pool), -EINVAL);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_pool(c, pool));
	EXPECT_EQ(spawnpol_chain_may_fail(c), -EINVAL);
	c = chain();
	CHECK_OK(spawnpol_chain_may_fail(c));
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
