// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * O3: chains that look for their program in a ring's open directories, on a ring that no
 * kernel knows: what the one request says, and what is refused.
 */
#include "fake_ring.h"

#include <limits.h>

static struct fake fake;

static void begin(void)
{
	fake_kernel.query.op_spawn = 83;
	fake_kernel.query.max_spawn = 512 << 10;
	fake_kernel.query.spawn_flags = IORING_SPAWN_REGISTERED;
	fake_init(&fake);
}

static struct spawnpol_chain *search_of(const char *name)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_search_open(c, name, 5));
	return c;
}

static void refused(const char *name, unsigned int index, int error)
{
	struct spawnpol_chain *c = new_chain(NULL);

	EXPECT_EQ(spawnpol_chain_search_open(c, name, index), error);
	EXPECT_EQ(spawnpol_chain_error(c), error);
	CHECK_OK(spawnpol_chain_free(c));
}

static const struct io_uring_spawn *queued(struct spawnpol_chain *c)
{
	const struct io_uring_sqe *sqe = &fake.sqes[fake.uring.sq.sqe_tail % ENTRIES];

	CHECK_EQ(spawnpol_ring_nr_sqes(fake.ring, c), 1);
	queue(&fake, c);
	return (void *)(uintptr_t)sqe->addr;
}

TEST(O3_a_search_names_a_list_by_its_number)
{
	struct spawnpol_chain *c = search_of("x");
	const struct io_uring_spawn *arg;
	enum spawnpol_kind kind;

	begin();
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 1u);
	CHECK_OK(spawnpol_chain_step(c, 0, &kind, NULL));
	EXPECT_EQ(kind, SPAWNPOL_KIND_EXEC);
	CHECK_OK(spawnpol_chain_need_policy(c, true));
	arg = queued(c);
	EXPECT_EQ(arg->flags, IORING_SPAWN_REGISTERED | IORING_SPAWN_NEED_POLICY);
	EXPECT_EQ(arg->search, 5u);
	EXPECT_EQ(arg->dfd, AT_FDCWD);
	EXPECT_EQ(arg->exec_flags, 0u);
	EXPECT_STR((char *)(uintptr_t)arg->path, "x");
	EXPECT_STR(*(char **)(uintptr_t)arg->argv, "x");
	/* a path is one */
	arg = queued(search_of("./x"));
	EXPECT_EQ(arg->flags, 0u);
	EXPECT_EQ(arg->search, 0u);
	EXPECT_STR((char *)(uintptr_t)arg->path, "./x");
	/* a chain that is used again has no such search left */
	c = search_of("x");
	CHECK_OK(spawnpol_chain_reset(c));
	CHECK_OK(spawnpol_chain_program(c, "/bin/y"));
	EXPECT_EQ(queued(c)->flags, 0u);
}

TEST(O3_names_and_numbers_that_are_none)
{
	char name[NAME_MAX + 2];

	memset(name, 'x', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	refused(NULL, 0, -EINVAL);
	refused("x", IORING_SPAWN_SEARCHES, -EINVAL);
	refused("", 0, -ENOENT);
	refused(name, 0, -ENAMETOOLONG);
	name[NAME_MAX] = '\0';
	CHECK_OK(spawnpol_chain_search_open(new_chain(NULL), name,
					    IORING_SPAWN_SEARCHES - 1));
}

TEST(O3_there_is_no_other_program)
{
	struct spawnpol_chain *c = new_chain("/bin/x");

	EXPECT_EQ(spawnpol_chain_search_open(c, "x", 0), -EINVAL);
	c = new_chain(NULL);
	CHECK_OK(spawnpol_chain_search(c, "x", "/a:/b"));
	EXPECT_EQ(spawnpol_chain_search_open(c, "x", 0), -EINVAL);
	c = search_of("x");
	EXPECT_EQ(spawnpol_chain_program(c, "/bin/x"), -EINVAL);
	c = search_of("x");
	EXPECT_EQ(spawnpol_chain_search(c, "x", "/a:/b"), -EINVAL);
	c = search_of("x");
	EXPECT_EQ(spawnpol_chain_search_open(c, "x", 0), -EINVAL);
}

/* What is submitted is this search or nothing. */
static void not_submitted(struct spawnpol_chain *c)
{
	unsigned int before = fake.uring.sq.sqe_tail;

	EXPECT_EQ(spawnpol_ring_nr_sqes(fake.ring, c), -EOPNOTSUPP);
	EXPECT_EQ(spawnpol_queue(fake.ring, &c, 1), -EOPNOTSUPP);
	EXPECT_EQ(fake.uring.sq.sqe_tail, before);
	/* it is the ring's matter: the chain is as good as it was */
	EXPECT_EQ(spawnpol_chain_error(c), 0);
}

TEST(O3_links_are_no_search_in_open_directories)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	struct spawnpol_chain *c = search_of("x");

	begin();
	CHECK_OK(spawnpol_chain_sqe(c, &nop));
	not_submitted(c);
	c = search_of("x");
	CHECK_OK(spawnpol_ring_use_links(fake.ring, true));
	not_submitted(c);
	CHECK_OK(spawnpol_ring_use_links(fake.ring, false));
	queued(c);
}

TEST(O3_kernels_without_open_directories)
{
	begin();
	fake_kernel.query.spawn_flags = IORING_SPAWN_FILES;
	fake_init(&fake);
	not_submitted(search_of("x"));
	/* the kernel is not even asked */
	EXPECT_EQ(spawnpol_ring_open_search(fake.ring, 0, "/bin"), -EOPNOTSUPP);
	EXPECT_EQ(spawnpol_ring_forget_search(fake.ring, 0), -EOPNOTSUPP);
	fake_kernel.query.op_spawn = 0;
	fake_kernel.query.spawn_flags = 0;
	fake_init(&fake);
	not_submitted(search_of("x"));
}

TEST(O3_a_program_in_open_directories_is_named_as_the_kernel_names_it)
{
	struct spawnpol_chain *c = search_of("x");
	struct spawnpol_outcome out;

	begin();
	queued(c);
	c->told.report.end = IORING_END_STEP;
	c->told.report.path_len = strlen(strcpy(c->told.path, "/b/x"));
	CHECK_EQ(cqe_flags(&fake, c, INDEX_CLONE, -ENOENT, 1 << IORING_SPAWN_STEP_SHIFT,
			   &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.step, 0);
	EXPECT_STR(out.path, "/b/x");
	queued(c);
	CHECK_EQ(cqe_flags(&fake, c, INDEX_CLONE, 77, 3 << IORING_SPAWN_STEP_SHIFT, &out),
		 SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.step, 0);
	EXPECT_EQ(out.pid, 77);
	EXPECT_STR(out.path, "x");
}
