// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library on kernels that answer its query in different ways: with other
 * numbers, with more or less than it knows, and with another ABI.
 */
#include "fake_ring.h"

/* The end of the last field that a chain needs. */
#define ENOUGH offsetof(struct io_uring_spawn_query, prog_type)

static struct fake f;

/* The opcodes of a chain with a step, on the kernel as it is now. */
static void check_chain(uint8_t clone, uint8_t child, uint8_t exec)
{
	struct spawnpol_chain *c = new_chain("/bin/true");

	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_close(c, 7));
	fake_init(&f);
	queue(&f, c);
	CHECK_EQ(f.uring.sq.sqe_tail, 4);
	EXPECT_EQ(f.sqes[0].opcode, clone);
	EXPECT_EQ(f.sqes[1].opcode, child);
	EXPECT_EQ(f.sqes[2].opcode, IORING_OP_CLOSE);
	EXPECT_EQ(f.sqes[3].opcode, exec);
}

static int ask(struct io_uring_spawn_query *query)
{
	memset(query, 0xa5, sizeof(*query));
	return spawnpol_query(-1, query);
}

TEST(requests_have_the_numbers_of_the_kernel)
{
	check_chain(FAKE_CLONE, FAKE_CHILD, FAKE_EXEC);
	fake_kernel.query.op_clone = 255;
	fake_kernel.query.op_exec = 58;
	fake_kernel.query.op_child = 1;
	check_chain(255, 1, 58);
}

/* A request has the number that its ring's kernel told, not that of another ring. */
TEST(a_chain_can_be_put_on_any_ring)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct spawnpol_outcome out;
	static struct fake g;

	CHECK_OK(spawnpol_chain_setsid(c));
	fake_init(&f);
	fake_kernel.query.op_clone = 90;
	fake_kernel.query.op_exec = 91;
	fake_kernel.query.op_child = 92;
	fake_init(&g);
	queue(&f, c);
	cqe(&f, c, INDEX_CLONE, -EAGAIN, &out);
	CHECK_EQ(cqe(&f, c, INDEX_STEP + 1, -ECANCELED, &out),
		 SPAWNPOL_CQE_OUTCOME);
	queue(&g, c);
	EXPECT_EQ(f.sqes[0].opcode, FAKE_CLONE);
	EXPECT_EQ(f.sqes[1].opcode, FAKE_CHILD);
	EXPECT_EQ(f.sqes[2].opcode, FAKE_EXEC);
	EXPECT_EQ(g.sqes[0].opcode, 90);
	EXPECT_EQ(g.sqes[1].opcode, 92);
	EXPECT_EQ(g.sqes[2].opcode, 91);
}

TEST(a_ring_asks_once)
{
	fake_init(&f);
	queue(&f, new_chain("/bin/true"));
	queue(&f, new_chain("/bin/true"));
	EXPECT_EQ(fake_kernel.asked, 1);
}

TEST(answers_of_any_size_are_taken)
{
	struct io_uring_spawn_query query;

	fake_kernel.known = ENOUGH;
	check_chain(FAKE_CLONE, FAKE_CHILD, FAKE_EXEC);
	CHECK_OK(ask(&query));
	EXPECT_EQ(query.size, ENOUGH);
	EXPECT_EQ(query.op_child, FAKE_CHILD);
	EXPECT_EQ(query.exec_ioprio, 0);

	fake_kernel.known = sizeof(query) + 32;
	check_chain(FAKE_CLONE, FAKE_CHILD, FAKE_EXEC);
	CHECK_OK(ask(&query));
	EXPECT_EQ(query.size, sizeof(query));
	EXPECT_EQ(query.exec_ioprio, IORING_EXEC_SEARCH);
}

TEST(an_operation_without_number_is_not_there)
{
	uint32_t *numbers[] = { &fake_kernel.query.op_clone,
				&fake_kernel.query.op_exec,
				&fake_kernel.query.op_child };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint32_t number = *numbers[i];

		*numbers[i] = 0;
		EXPECT_EQ(fake_wrap(&f), -EOPNOTSUPP);
		EXPECT_EQ(f.ring, NULL);
		*numbers[i] = number;
	}
	fake_kernel.known = ENOUGH - 4;
	EXPECT_EQ(fake_wrap(&f), -EOPNOTSUPP);
}

static void check_refused(uint32_t abi)
{
	struct io_uring_spawn_query query, only_abi = { .abi = abi };

	EXPECT_EQ(ask(&query), -EPROTO);
	EXPECT(!memcmp(&query, &only_abi, sizeof(query)));
	EXPECT_EQ(fake_wrap(&f), -EPROTO);
	EXPECT_EQ(f.ring, NULL);
}

TEST(another_abi_is_refused_by_its_number)
{
	fake_kernel.query.abi = IORING_SPAWN_ABI + 1;
	check_refused(IORING_SPAWN_ABI + 1);
	/* two words have their meaning in every ABI that has a size */
	fake_kernel.known = 8;
	check_refused(IORING_SPAWN_ABI + 1);
}

/* The first word was the ABI then. */
TEST(abi_1_is_recognised_although_it_has_no_size)
{
	fake_kernel.abi_1 = 1;
	check_refused(1);
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_RING, -EPROTO).text,
		   "interface is not this library's");
}

TEST(no_answer_is_no_kernel_for_spawning)
{
	struct io_uring_spawn_query query;
	static const struct io_uring_spawn_query nothing;

	fake_kernel.error = -EINVAL;
	EXPECT_EQ(fake_wrap(&f), -EOPNOTSUPP);
	EXPECT_EQ(ask(&query), -EOPNOTSUPP);
	EXPECT(!memcmp(&query, &nothing, sizeof(query)));
	/* of a ring with restrictions */
	fake_kernel.error = -EACCES;
	EXPECT_EQ(fake_wrap(&f), -EACCES);
}
