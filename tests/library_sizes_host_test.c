// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Structures that callers allocate can grow: a program that was built with the header
 * of another release of the library is served, or refused, but never overwritten.
 */
#include "fake_ring.h"

#include <spawnpol_bpf.h>

static struct fake f;

/* A structure as a later release has it, and what must stay as it is. */
#define GROWN(type)							\
	struct {							\
		type now;						\
		uint64_t later[2];					\
		uint64_t beyond;					\
	}
#define LATER(grown)	(sizeof((grown).now) + sizeof((grown).later))
#define FILL(grown)	memset(&(grown), 0xa5, sizeof(grown))
#define UNTOUCHED	0xa5a5a5a5a5a5a5a5ull

/* Members that the library does not know are zero, and nothing else is written. */
#define CHECK_GROWN(grown)						\
	do {								\
		CHECK_EQ((grown).later[0], 0ull);			\
		CHECK_EQ((grown).later[1], 0ull);			\
		CHECK_EQ((grown).beyond, UNTOUCHED);			\
	} while (0)

/* The launch of a chain, told into a structure of size bytes. */
static int launch_into(struct spawnpol_outcome *out, size_t size)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_cqe cqe = { .res = 77 };

	fake_init(&f);
	queue(&f, c);
	cqe.user_data = (uint64_t)TAG << 48 | (uintptr_t)c | INDEX_CLONE;
	CHECK_EQ(spawnpol_handle_cqe_sized(f.ring, &cqe, out, size),
		 SPAWNPOL_CQE_TAKEN);
	cqe.user_data = (uint64_t)TAG << 48 | (uintptr_t)c | INDEX_STEP;
	cqe.res = 0;
	return spawnpol_handle_cqe_sized(f.ring, &cqe, out, size);
}

TEST(outcomes_of_a_later_release)
{
	GROWN(struct spawnpol_outcome) out;

	FILL(out);
	CHECK_EQ(launch_into(&out.now, LATER(out)), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.now.pid, 77);
	EXPECT_EQ(out.now.error, 0);
	EXPECT_STR(out.now.path, "/bin/true");
	CHECK_GROWN(out);
}

TEST(outcomes_of_no_release)
{
	struct io_uring_cqe cqe = { .user_data = (uint64_t)TAG << 48 };
	struct spawnpol_outcome out;

	fake_init(&f);
	EXPECT_EQ(spawnpol_handle_cqe_sized(f.ring, &cqe, &out, sizeof(out) - 1),
		  -EINVAL);
	EXPECT_EQ(spawnpol_handle_cqe_sized(f.ring, &cqe, &out, 0), -EINVAL);
}

TEST(queries_of_a_later_release)
{
	GROWN(struct io_uring_spawn_query) query;

	FILL(query);
	CHECK_OK(spawnpol_query_sized(-1, &query.now, LATER(query)));
	EXPECT_EQ(query.now.abi, IORING_SPAWN_ABI);
	EXPECT_EQ(query.now.size, sizeof(query.now));
	CHECK_GROWN(query);
	EXPECT_EQ(spawnpol_query_sized(-1, &query.now, 8), -EINVAL);

	fake_init(&f);
	FILL(query);
	CHECK_OK(spawnpol_ring_query_sized(f.ring, &query.now, LATER(query)));
	EXPECT_EQ(query.now.op_clone, FAKE_CLONE);
	CHECK_GROWN(query);
	EXPECT_EQ(spawnpol_ring_query_sized(f.ring, &query.now, 8), -EINVAL);
}

TEST(probes_of_a_later_release)
{
	GROWN(struct spawnpol_probe) probe;

	FILL(probe);
	CHECK_OK(spawnpol_probe_sized(&probe.now, LATER(probe)));
	CHECK_GROWN(probe);
	EXPECT_EQ(spawnpol_probe_sized(&probe.now, sizeof(probe.now) - 1), -EINVAL);
}

/* The query within it can grow, too, and nothing after it moves. */
TEST(a_probe_has_room_for_the_query)
{
	EXPECT_EQ(sizeof(struct spawnpol_probe),
		  offsetof(struct spawnpol_probe, query) + 512);
}

TEST(information_about_links_has_a_size)
{
	struct spawnpol_link_info info;

	EXPECT_EQ(spawnpol_policy_info_sized(0, &info, sizeof(info) - 1), -EINVAL);
	EXPECT_EQ(spawnpol_policy_info_sized(0, &info, 0), -EINVAL);
}

TEST(advice_of_a_later_release)
{
	GROWN(struct spawnpol_advice) advice;

	FILL(advice);
	CHECK_OK(spawnpol_advise_sized(SPAWNPOL_TOPIC_RING, -EPERM, &advice.now,
				       LATER(advice)));
	EXPECT_HAS(advice.now.text, "disabled");
	EXPECT_HAS(advice.now.remedy, "sysctl");
	CHECK_GROWN(advice);
	EXPECT_EQ(spawnpol_advise_sized(SPAWNPOL_TOPIC_RING, -EPERM, &advice.now,
					sizeof(advice.now) - 1), -EINVAL);
}

/* Elements of an array are as large as the caller says. */
TEST(values_of_a_later_release)
{
	struct {
		struct spawnpol_policy_value now;
		uint64_t later;
	} values[2] = { { .now = { "a", "", 1 } }, { .now = { "b", "", 1 } } };
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .values = &values[0].now,
		      .value_size = sizeof(values[0]), .nr_values = 2);

	/* what is not known is not used: there is no such file */
	EXPECT_EQ(spawnpol_policy_load("/no/policy", &opts), -ENOENT);
	values[1].later = 1;
	EXPECT_EQ(spawnpol_policy_load("/no/policy", &opts), -E2BIG);
	opts.nr_values = 1;
	EXPECT_EQ(spawnpol_policy_load("/no/policy", &opts), -ENOENT);
	opts.value_size = sizeof(values[0].now) - 1;
	EXPECT_EQ(spawnpol_policy_load("/no/policy", &opts), -EINVAL);
	opts.value_size = 0;
	EXPECT_EQ(spawnpol_policy_load("/no/policy", &opts), -EINVAL);
}

TEST(names_are_looked_up_for_a_query_with_a_size)
{
	struct io_uring_spawn_query query = { 0 };
	uint32_t names;

	EXPECT_EQ(spawnpol_probe_names_sized(&query, 8, &names), -EINVAL);
}

/* Asking for what the library does not know is refused before anything is done. */
static int attach_with(const struct spawnpol_attach_opts *opts)
{
	int err = spawnpol_policy_attach(0, 0, opts);

	EXPECT_EQ(spawnpol_policy_attach_registered(0, 0, opts), err);
	EXPECT_EQ(spawnpol_ring_attach(f.ring, 0, opts), err);
	return err;
}

TEST(options_of_a_later_release)
{
	struct {
		struct spawnpol_attach_opts opts;
		uint64_t later;
	} grown = { .opts.sz = sizeof(grown), .later = 1 };

	fake_init(&f);
	EXPECT_EQ(attach_with(&grown.opts), -E2BIG);
	grown.opts.sz = sizeof(grown.opts) - 1;
	EXPECT_EQ(attach_with(&grown.opts), -EINVAL);
	grown.opts.sz = 0;
	EXPECT_EQ(attach_with(&grown.opts), -EINVAL);
}

TEST(options_of_pools_and_what_they_tell)
{
	struct {
		struct spawnpol_pool_opts opts;
		uint64_t later;
	} grown = { .opts.sz = sizeof(grown), .later = 1 };
	GROWN(struct spawnpol_pool_stats) stats;
	struct spawnpol_pool *pool;

	fake_init(&f);
	EXPECT_EQ(spawnpol_pool_new(&pool, f.ring, new_chain(NULL), 1, &grown.opts), -E2BIG);
	grown.opts.sz = sizeof(grown.opts) - 1;
	EXPECT_EQ(spawnpol_pool_new(&pool, f.ring, new_chain(NULL), 1, &grown.opts), -EINVAL);
	grown.opts.sz = sizeof(grown.opts);
	CHECK_OK(spawnpol_pool_new(&pool, f.ring, new_chain(NULL), 1, &grown.opts));
	FILL(stats);
	spawnpol_pool_stats_sized(pool, &stats.now, LATER(stats));
	EXPECT_EQ(stats.now.hits, 0ull);
	CHECK_GROWN(stats);
	spawnpol_pool_close(pool);
}

TEST(calls_of_kept_children_have_a_size)
{
	struct spawnpol_outcome out;

	fake_init(&f);
	EXPECT_EQ(spawnpol_child_new_sized(f.ring, NULL, &out, sizeof(out) - 1), -EINVAL);
}

/* Padding would be a member of a caller that does not set it. */
TEST(options_have_no_holes)
{
	EXPECT_EQ(sizeof(struct spawnpol_attach_opts),
		  sizeof(size_t) + 6 * sizeof(uint32_t) + 2 * sizeof(uint64_t));
	EXPECT_EQ(sizeof(struct spawnpol_pool_opts),
		  sizeof(size_t) + 2 * sizeof(uint32_t) + sizeof(uint64_t));
}

TEST(the_library_tells_its_version)
{
	EXPECT_EQ(spawnpol_version(), (unsigned int)SPAWNPOL_VERSION);
	EXPECT_STR(spawnpol_version_text(), "0.1.0");
	EXPECT_LT(SPAWNPOL_RELEASE(0, 9, 255), SPAWNPOL_RELEASE(0, 10, 0));
	EXPECT_LT(SPAWNPOL_RELEASE(0, 255, 255), SPAWNPOL_RELEASE(1, 0, 0));
}
