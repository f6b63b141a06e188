// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies through libspawnpol: both ways to attach, links, outcomes. */
#include "tap.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <liburing.h>
#include <spawnpol_bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launch.h"
#include "library_policy.h"
#include "policy.h"

#define WANTED	(IORING_POLICY_DONE | IORING_POLICY_BEFORE_EXEC)

static struct spawnpol_ring *ring;
static struct tpolicy policy, hello;

static void set_up(void)
{
	ring = ring_of(32, 0);
	tpolicy_load(&policy, "tests/library");
	tpolicy_load(&hello, "bpf/hello_policy");
}

static int ring_fd(void)
{
	return spawnpol_ring_fd(ring);
}

static int attach(const struct spawnpol_attach_opts *opts)
{
	return spawnpol_policy_attach(ring_fd(), tpolicy_fd(&policy), opts);
}

static int attach_hello(const struct spawnpol_attach_opts *opts)
{
	return spawnpol_policy_attach(ring_fd(), tpolicy_fd(&hello), opts);
}

static struct spawnpol_link_info info_of(int link)
{
	struct spawnpol_link_info info;

	CHECK_OK(spawnpol_policy_info(link, &info));
	return info;
}

static struct spawnpol_chain *cookie_chain(const char *program, uint64_t cookie)
{
	struct spawnpol_chain *chain = chain_of(program);

	CHECK_OK(spawnpol_chain_cookie(chain, cookie));
	return chain;
}

/* Launch and free it; the program, if it runs, must end well. */
static struct spawnpol_outcome launch(struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_OK(spawnpol_chain_free(chain));
	if (!out.error)
		CHECK_EQ(wait_exit(out.pid), 0);
	check_none_stays();
	return out;
}

/* --- links --------------------------------------------------------------------- */

TEST(programs_tell_their_events)
{
	uint32_t events = 1;

	set_up();
	CHECK_OK(spawnpol_policy_events(tpolicy_fd(&policy), &events));
	CHECK_EQ(events, WANTED);
	CHECK_OK(spawnpol_policy_events(tpolicy_fd(&hello), &events));
	CHECK_EQ(events, 0u);
	CHECK_LT(spawnpol_policy_events(ring_fd(), &events), 0);
}

TEST(attach_by_default)
{
	struct spawnpol_link_info info;
	struct io_uring_spawn_query query;
	int link;

	set_up();
	link = CHECK_OK(attach(NULL));
	CHECK_EQ(fcntl(link, F_GETFD), FD_CLOEXEC);
	info = info_of(link);
	CHECK_OK(spawnpol_query(ring_fd(), &query));
	EXPECT_EQ(info.slot, 0u);
	EXPECT_EQ(info.events & WANTED, WANTED);
	EXPECT_EQ(info.max_issues, query.def_issues);
	EXPECT_EQ(info.max_staged, query.def_staged);
	EXPECT_EQ(info.max_delay_ns, query.def_delay_ns);
	EXPECT_EQ(info.ring_id, query.ring_id);
	EXPECT_NE(info.ring_id, 0u);
	EXPECT_NE(info.prog_id, 0u);
}

TEST(attach_as_told_both_ways)
{
	const struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.slot = 3, .events = IORING_POLICY_BEFORE_STEP,
		.max_issues = 5, .max_staged = 2, .max_delay_ns = 7,
	};

	set_up();
	for (int way = 0; way < 2; way++) {
		struct spawnpol_link_info info;
		int link;

		link = CHECK_OK(way ? attach(&opts) :
				spawnpol_policy_attach_registered(ring_fd(),
						tpolicy_fd(&policy), &opts));
		CHECK_EQ(fcntl(link, F_GETFD), FD_CLOEXEC);
		info = info_of(link);
		EXPECT_EQ(info.slot, 3u);
		EXPECT_NE(info.events & IORING_POLICY_BEFORE_STEP, 0u);
		EXPECT_EQ(info.events & WANTED, 0u);
		EXPECT_EQ(info.max_issues, 5u);
		EXPECT_EQ(info.max_staged, 2u);
		EXPECT_EQ(info.max_delay_ns, 7u);
		/* the program can come again when the link is gone */
		EXPECT_EQ(attach(&opts), -EEXIST);
		close(link);
	}
}

TEST(attach_refuses)
{
	struct spawnpol_attach_opts opts = { .sz = sizeof(opts), .slot = IORING_SPAWN_SLOTS };
	int link, null;

	set_up();
	null = CHECK_SYS(open("/dev/null", O_RDONLY));
	EXPECT_EQ(attach(&opts), -EINVAL);
	opts.slot = 0;
	opts.events = 1U << 20;
	EXPECT_EQ(attach(&opts), -EINVAL);
	opts.events = 0;
	opts.max_issues = UINT32_MAX;
	EXPECT_EQ(attach(&opts), -E2BIG);
	opts.max_issues = 0;
	EXPECT_EQ(spawnpol_policy_attach(null, tpolicy_fd(&policy), &opts),
		  -EBADF);
	EXPECT_LT(spawnpol_policy_attach_registered(null, tpolicy_fd(&policy),
						    &opts), 0);
	EXPECT_LT(spawnpol_policy_attach(ring_fd(), null, &opts), 0);
	EXPECT_LT(spawnpol_policy_attach(ring_fd(), null, NULL), 0);
	link = CHECK_OK(attach(&opts));
	EXPECT_EQ(attach(&opts), -EEXIST);
	EXPECT_EQ(spawnpol_policy_attach_registered(ring_fd(),
			tpolicy_fd(&policy), &opts), -EEXIST);
	opts.order = SPAWNPOL_ORDER_ID;
	EXPECT_EQ(attach(&opts), -EINVAL);
	opts.order = SPAWNPOL_ORDER_BEFORE | SPAWNPOL_ORDER_AFTER;
	EXPECT_EQ(attach_hello(&opts), -ERANGE);
	opts.order = SPAWNPOL_ORDER_BEFORE;
	opts.relative = tpolicy_fd(&hello);
	EXPECT_EQ(attach_hello(&opts), -ENOENT);
	opts.relative = 0;
	opts.revision = info_of(link).revision + 1;
	EXPECT_EQ(attach_hello(&opts), -ESTALE);
	close(link);
}

/* Each way to say where, by each of the two calls. */
TEST(U9_attach_before_and_after)
{
	const struct {
		uint32_t order;
		unsigned int position;
	} cases[] = {
		{ 0, 1 },
		{ SPAWNPOL_ORDER_BEFORE, 0 },
		{ SPAWNPOL_ORDER_AFTER, 1 },
		{ SPAWNPOL_ORDER_BEFORE | SPAWNPOL_ORDER_LINK, 0 },
		{ SPAWNPOL_ORDER_AFTER | SPAWNPOL_ORDER_LINK, 1 },
		{ SPAWNPOL_ORDER_BEFORE | SPAWNPOL_ORDER_LINK |
		  SPAWNPOL_ORDER_ID, 0 },
	};
	struct spawnpol_attach_opts opts = { .sz = sizeof(opts) };
	unsigned int i;
	int first, second;

	set_up();
	first = CHECK_OK(attach(&opts));
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		opts.order = cases[i / 2].order;
		opts.relative = opts.order & SPAWNPOL_ORDER_ID ?
				info_of(first).id :
				opts.order & SPAWNPOL_ORDER_LINK ? (uint32_t)first : 0;
		opts.revision = info_of(first).revision;
		second = CHECK_OK(i & 1 ? attach_hello(&opts) :
				  spawnpol_policy_attach_registered(ring_fd(),
						tpolicy_fd(&hello), &opts));
		EXPECT_EQ(info_of(second).position, cases[i / 2].position);
		EXPECT_EQ(info_of(first).position, !cases[i / 2].position);
		EXPECT_EQ(info_of(first).revision, opts.revision + 1);
		CHECK_EQ(spawnpol_policy_update(second, tpolicy_fd(&policy), -1),
			 -EEXIST);
		close(second);
	}
	close(first);
}

TEST(update_exchanges_the_program)
{
	struct spawnpol_link_info before, after;
	struct spawnpol_chain *chain;
	int link;

	set_up();
	link = CHECK_OK(attach(NULL));
	before = info_of(link);
	CHECK_EQ(spawnpol_policy_update(link, tpolicy_fd(&hello),
					tpolicy_fd(&hello)), -EPERM);
	CHECK_OK(spawnpol_policy_update(link, tpolicy_fd(&hello),
					tpolicy_fd(&policy)));
	after = info_of(link);
	EXPECT_EQ(after.id, before.id);
	EXPECT_NE(after.prog_id, before.prog_id);
	/* it skips a chdir that failed */
	chain = cookie_chain("/bin/true", COOKIE_ABORT);
	CHECK_OK(spawnpol_chain_chdir(chain, "/no/where"));
	EXPECT_EQ(launch(chain).error, 0);
	CHECK_OK(spawnpol_policy_update(link, tpolicy_fd(&policy), -1));
	EXPECT_EQ(info_of(link).prog_id, before.prog_id);
}

TEST(detach_and_a_ring_that_goes)
{
	int link, other;
	double until;

	set_up();
	link = CHECK_OK(attach(NULL));
	CHECK_OK(spawnpol_policy_detach(link));
	EXPECT_EQ(info_of(link).ring_id, 0u);
	EXPECT_EQ(spawnpol_policy_detach(link), 0);
	EXPECT_EQ(spawnpol_policy_update(link, tpolicy_fd(&hello), -1),
		  -ENOLINK);
	EXPECT_EQ(launch(cookie_chain("/no/program", COOKIE_TRUE)).error, -ENOENT);

	other = CHECK_OK(attach(NULL));
	EXPECT_EQ(launch(cookie_chain("/no/program", COOKIE_TRUE)).error, 0);
	spawnpol_ring_close(ring);
	/* the ring is taken down after its descriptor is closed */
	until = now() + tap_patience();
	while (info_of(other).ring_id && now() < until)
		sleep_ms(20);
	EXPECT_EQ(info_of(other).ring_id, 0u);
	EXPECT_EQ(spawnpol_policy_update(other, tpolicy_fd(&hello), -1),
		  -ENOLINK);
}

TEST(info_knows_links_from_other_things)
{
	struct spawnpol_link_info info;
	int map;

	set_up();
	EXPECT_EQ(spawnpol_policy_info(tpolicy_fd(&policy), &info), -EINVAL);
	EXPECT_LT(spawnpol_policy_info(ring_fd(), &info), 0);
	EXPECT_EQ(spawnpol_policy_detach(999), -EBADF);
	/* BPF_MAP_TYPE_SOCKMAP is 15, like the link's type */
	map = CHECK_OK(bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "map", 4, 4, 1, NULL));
	EXPECT_EQ(spawnpol_policy_info(map, &info), -EINVAL);
}

/* --- outcomes -------------------------------------------------------------------- */

static const struct {
	uint64_t cookie;
	const char *program;
	bool bad_step;		/* a chdir that fails */
	int error;
	enum spawnpol_kind kind;
} cases[] = {
	{ COOKIE_CONTINUE, "/bin/true", false, 0, SPAWNPOL_KIND_EXEC },
	{ COOKIE_CONTINUE, "/no/program", false, -ENOENT, SPAWNPOL_KIND_EXEC },
	{ COOKIE_CONTINUE, "/bin/true", true, -ENOENT, SPAWNPOL_KIND_CHDIR },
	{ COOKIE_ABORT, "/no/program", false, -ENOENT, SPAWNPOL_KIND_EXEC },
	{ COOKIE_ABORT, "/bin/true", true, -ENOENT, SPAWNPOL_KIND_CHDIR },
	{ COOKIE_RETRY, "/no/program", false, -ETOOMANYREFS, SPAWNPOL_KIND_EXEC },
	{ COOKIE_RETRY, "/bin/true", true, -ETOOMANYREFS, SPAWNPOL_KIND_CHDIR },
	{ COOKIE_SKIP, "/bin/true", true, 0, SPAWNPOL_KIND_EXEC },
	{ COOKIE_SKIP, "/no/program", false, -ENOENT, SPAWNPOL_KIND_EXEC },
	{ COOKIE_RESULT, "/no/program", false, -EXDEV, SPAWNPOL_KIND_EXEC },
	{ COOKIE_RESULT, "/bin/true", true, -EXDEV, SPAWNPOL_KIND_CHDIR },
	{ COOKIE_TRUE, "/no/program", false, 0, SPAWNPOL_KIND_EXEC },
	{ COOKIE_TRUE, "bare", false, 0, SPAWNPOL_KIND_EXEC },
	/* executed at a step that is no EXEC */
	{ COOKIE_TRUE, "/no/program", true, 0, SPAWNPOL_KIND_EXEC },
	{ COOKIE_CONTINUE, "bare", false, -EBADF, SPAWNPOL_KIND_EXEC },
	{ COOKIE_NOTHING, "/no/program", false, -EBADRQC, SPAWNPOL_KIND_EXEC },
	{ COOKIE_NOTHING, "/bin/true", true, -EBADRQC, SPAWNPOL_KIND_CHDIR },
	{ COOKIE_NO_EXEC, "/bin/true", false, -ECANCELED, SPAWNPOL_KIND_EXEC },
};

TEST(outcomes_under_a_policy, .timeout = 90)
{
	const struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.events = SPAWNPOL_EVENTS_AUTO,
		.max_issues = 20,
	};

	set_up();
	CHECK_OK(attach(&opts));
	/* with a step that goes well in front: numbers count */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spawnpol_chain *chain = cookie_chain(cases[i].program,
							cases[i].cookie);
		struct spawnpol_outcome out;

		DIAG("cookie %d, %s%s", (int)cases[i].cookie, cases[i].program,
		     cases[i].bad_step ? ", bad step" : "");
		CHECK_OK(spawnpol_chain_setsid(chain));
		if (cases[i].bad_step)
			CHECK_OK(spawnpol_chain_chdir(chain, "/no/where"));
		out = launch(chain);
		EXPECT_EQ(out.error, cases[i].error);
		EXPECT_EQ(out.kind, cases[i].kind);
		EXPECT_EQ(out.step, cases[i].bad_step &&
			  cases[i].kind == SPAWNPOL_KIND_EXEC ? 2 : 1);
	}
}

TEST(a_policy_overrules_may_fail)
{
	struct spawnpol_chain *chain = cookie_chain("/bin/true", COOKIE_ABORT);
	struct spawnpol_outcome out;

	set_up();
	CHECK_OK(attach(NULL));
	CHECK_OK(spawnpol_chain_close(chain, 77));
	CHECK_OK(spawnpol_chain_may_fail(chain));
	CHECK_OK(spawnpol_chain_setsid(chain));
	out = launch(chain);
	CHECK_EQ(out.error, -EBADF);
	CHECK_EQ(out.step, 0);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_CLOSE);
}

TEST(slots_choose_the_policy)
{
	const struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.slot = 4, .events = SPAWNPOL_EVENTS_AUTO,
	};
	struct spawnpol_chain *chain;

	set_up();
	CHECK_OK(attach(&opts));
	EXPECT_EQ(launch(cookie_chain("/no/program", COOKIE_TRUE)).error, -ENOENT);
	chain = cookie_chain("/no/program", COOKIE_TRUE);
	CHECK_OK(spawnpol_chain_slot(chain, 4));
	EXPECT_EQ(launch(chain).error, 0);
	chain = cookie_chain("/bin/true", COOKIE_TRUE);
	CHECK_OK(spawnpol_chain_slot(chain, 5));
	CHECK_OK(spawnpol_chain_need_policy(chain, true));
	EXPECT_EQ(launch(chain).error, -ENOLINK);
}

TEST(deadlines_and_cancelling_end_a_policys_wait)
{
	const struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.events = SPAWNPOL_EVENTS_AUTO, .max_delay_ns = COOKIE_WAIT_NS,
	};
	unsigned int ms = 50;
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	double begin;

	set_up();
	CHECK_OK(attach(&opts));
	/* where the machine has much else to do, the first is before the child */
	do {
		CHECK_LT(ms, 100000);
		begin = now();
		chain = cookie_chain("/no/program", COOKIE_WAIT);
		CHECK_OK(spawnpol_chain_deadline(chain, 1000000ULL * ms));
		out = launch(chain);
		EXPECT_EQ(out.error, -ETIME);
		EXPECT_LT(now() - begin, ms / 1000.0 + tap_patience());
		ms *= 4;
	} while (out.step < 0);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);

	begin = now();
	chain = cookie_chain("/no/program", COOKIE_WAIT);
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 50), 0);
	CHECK_OK(spawnpol_cancel(ring, chain));
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	EXPECT_EQ(out.error, -ECANCELED);
	EXPECT_LT(now() - begin, tap_patience());
}

TEST(a_rings_user_needs_no_privilege)
{
	const struct spawnpol_attach_opts opts = { .sz = sizeof(opts), .slot = 0 };
	struct spawnpol_ring *mine;
	int link;

	set_up();
	become_ordinary();
	CHECK_OK(spawnpol_ring_open(&mine, 8, 0));
	EXPECT_EQ(spawnpol_policy_attach_registered(spawnpol_ring_fd(mine),
			tpolicy_fd(&policy), NULL), -EPERM);
	link = CHECK_OK(spawnpol_policy_attach_registered(
			spawnpol_ring_fd(mine), tpolicy_fd(&policy), &opts));
	EXPECT_EQ(info_of(link).slot, 0u);
	ring = mine;
	EXPECT_EQ(launch(cookie_chain("/no/program", COOKIE_TRUE)).error, 0);
}

TEST(probe_sees_everything)
{
	struct spawnpol_probe probe;
	uint32_t names;

	CHECK_OK(spawnpol_probe(&probe));
	EXPECT_EQ(probe.error, 0);
	EXPECT_EQ(probe.policy_error, 0);
	EXPECT_EQ(spawnpol_probe_names(&probe.query, &names), 0);
	EXPECT_EQ(names, 63u);
	EXPECT_EQ(probe.query.abi, (unsigned int)IORING_SPAWN_ABI);
	EXPECT_EQ(probe.query.nr_slots, (unsigned int)IORING_SPAWN_SLOTS);
	EXPECT(probe.ops[0] >> SPAWNPOL_OP_CLONE & 1);
	EXPECT(!(probe.child_ops[0] >> SPAWNPOL_OP_CLONE & 1));
	EXPECT(probe.child_ops[0] >> SPAWNPOL_OP_EXEC & 1);
	EXPECT(probe.child_ops[0] >> SPAWNPOL_OP_CHILD & 1);
	EXPECT(!(probe.child_ops[0] >> IORING_OP_POLL_ADD & 1));
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(probe.child_ops[i], probe.query.child_ops[i]);
}

/* A name does not count with another number, and counts with any if there is none. */
TEST(names_go_with_the_numbers_of_the_query)
{
	struct io_uring_spawn_query query;
	const struct {
		__u32 *number;
		uint32_t name;
	} all[] = {
		{ &query.op_clone, SPAWNPOL_NAME_CLONE },
		{ &query.op_exec, SPAWNPOL_NAME_EXEC },
		{ &query.op_child, SPAWNPOL_NAME_CHILD },
		{ &query.prog_type, SPAWNPOL_NAME_PROG_TYPE },
		{ &query.op_spawn, SPAWNPOL_NAME_SPAWN },
		{ &query.op_bpf, SPAWNPOL_NAME_BPF },
	};
	uint32_t names;

	ring = ring_of(8, 0);
	CHECK_OK(spawnpol_query(ring_fd(), &query));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i].number += 1000;
		EXPECT_EQ(spawnpol_probe_names(&query, &names), 0);
		EXPECT_EQ(names, 63u & ~all[i].name);
		*all[i].number = 0;
		EXPECT_EQ(spawnpol_probe_names(&query, &names), 0);
		EXPECT_EQ(names, 63u);
		CHECK_OK(spawnpol_query(ring_fd(), &query));
	}
	/* what is not in a query of the first release is not read */
	query.op_bpf = 1000;
	CHECK_OK(spawnpol_probe_names_sized(&query, offsetof(struct io_uring_spawn_query,
							    op_bpf), &names));
	EXPECT_EQ(names, 63u);
}
