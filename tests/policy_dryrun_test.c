// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Policies run dry (BPF_PROG_TEST_RUN): the programs as the kernel has verified
 * and compiled them decide about made-up contexts, and nothing is spawned. Also
 * an example of how to test a policy of one's own.
 */
#include "io_uring_spawn.h"
#include "policy.h"
#include "ring.h"
#include "spawn_policy.h"

#include <bpf/bpf.h>

/* What one run has come to. */
struct dry {
	struct bpf_iouring_ctx ctx; /* in and out */
	struct bpf_iouring_test_result result;
	struct bpf_iouring_test_staged staged[2];
};

static struct tpolicy policy;

/* Run the policy for an EXEC of this name; its verdict. */
static uint32_t run(struct dry *d, const char *name)
{
	struct bpf_iouring_ctx in = d->ctx;
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .ctx_in = &in, .ctx_size_in = sizeof(in),
		    .ctx_out = &d->ctx, .ctx_size_out = sizeof(d->ctx),
		    .data_in = name, .data_size_in = name ? strlen(name) : 0,
		    .data_out = &d->result,
		    .data_size_out = sizeof(d->result) + sizeof(d->staged));

	CHECK_OK(bpf_prog_test_run_opts(tpolicy_fd(&policy), &opts));
	return opts.retval;
}

static void configure(const struct spawn_policy_config *config)
{
	uint32_t key = 0;

	tpolicy_load(&policy, "bpf/spawn_policy");
	CHECK_OK(bpf_map_update_elem(
		tpolicy_map(&policy, SPAWN_POLICY_CONFIG_MAP), &key, config,
		BPF_ANY));
}

/* O4: the whole list is staged, and the part of it that has been busy. */
TEST(a_search_as_one_request)
{
	static struct spawn_policy_config config = {
		.version = SPAWN_POLICY_CONFIG_VERSION,
		.dirs_size = sizeof("/a:/bb:/c") - 1,
		.dirs = "/a:/bb:/c",
		.nr_retries = 1,
		.retries = { { .error = ETXTBSY, .count = 1 } },
	};
	struct dry d = { .ctx = {
		.event = IORING_POLICY_BEFORE_EXEC,
		.opcode = SPAWNPOL_OP_EXEC,
		.search_offset = -1,
	} };

	configure(&config);
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_EQ(d.result.nr_staged, 1);
	CHECK_EQ(d.staged[0].kind, IORING_STAGED_SEARCH);
	CHECK_STR(d.staged[0].path, "/a:/bb:/c");

	/* the scratch area has come back with the context */
	d.ctx.event = IORING_POLICY_STAGED;
	d.ctx.res = -ETXTBSY;
	d.ctx.search_offset = 3;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_EQ(d.staged[0].kind, IORING_STAGED_SEARCH);
	CHECK_STR(d.staged[0].path, "/bb");

	d.ctx.res = -EACCES;
	d.ctx.search_offset = 0;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_STR(d.staged[0].path, "/c");

	d.ctx.res = -ENOENT;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_CONTINUE);
	CHECK_EQ(d.result.nr_staged, 0);
	CHECK(d.result.flags & IORING_TEST_RESULT);
	CHECK_EQ(d.result.result, -EACCES);
}

TEST(a_search_step_by_step)
{
	static struct spawn_policy_config config = {
		.version = SPAWN_POLICY_CONFIG_VERSION,
		.errors = SPAWN_POLICY_ERRORS_POSIX,
		.dirs_size = sizeof("/a:/b") - 1,
		.dirs = "/a:/b",
	};
	struct dry d = { .ctx = {
		.event = IORING_POLICY_BEFORE_EXEC,
		.opcode = SPAWNPOL_OP_EXEC,
		.search_offset = -1,
	} };

	configure(&config);
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_STR(d.staged[0].path, "/a");
	d.ctx.event = IORING_POLICY_STAGED;
	d.ctx.res = -ELOOP;
	d.ctx.search_offset = 0;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_STR(d.staged[0].path, "/b");
	d.ctx.res = -EIO;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_CONTINUE);
}

/* What EXECED is told of is where the next search begins; and nothing can be staged there. */
TEST(a_search_that_is_remembered)
{
	static struct spawn_policy_config config = {
		.version = SPAWN_POLICY_CONFIG_VERSION,
		.dirs_size = sizeof("/a:/bb:/c") - 1,
		.dirs = "/a:/bb:/c",
		.remember_ns = 3600000000000ULL,
	};
	struct dry d = { .ctx = {
		.event = IORING_POLICY_BEFORE_EXEC,
		.opcode = SPAWNPOL_OP_EXEC,
		.search_offset = -1,
	} };

	config.generation = getpid();
	configure(&config);
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_STR(d.staged[0].path, "/a:/bb:/c");
	d.ctx.event = IORING_POLICY_EXECED;
	d.ctx.search_offset = 3;
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_CONTINUE);
	CHECK_EQ(d.result.nr_staged, 0);

	d = (struct dry){ .ctx = {
		.event = IORING_POLICY_BEFORE_EXEC,
		.opcode = SPAWNPOL_OP_EXEC,
		.search_offset = -1,
	} };
	CHECK_EQ(run(&d, "prog"), IORING_VERDICT_SUBMIT);
	CHECK_STR(d.staged[0].path, "/bb");
}

TEST(a_retry_with_its_delay)
{
	static struct spawn_policy_config config = {
		.version = SPAWN_POLICY_CONFIG_VERSION,
		.nr_retries = 1,
		.retries = { { .error = ETXTBSY, .count = 1, .delay_ns = 5000 } },
	};
	struct dry d = { .ctx = {
		.event = IORING_POLICY_FAILED,
		.opcode = SPAWNPOL_OP_EXEC,
		.res = -ETXTBSY,
		.flags = IORING_POLICY_F_CAN_RETRY,
	} };

	configure(&config);
	CHECK_EQ(run(&d, "/bin/prog"), IORING_VERDICT_RETRY);
	CHECK_EQ(d.result.delay_ns, 5000);
	CHECK_EQ(run(&d, "/bin/prog"), IORING_VERDICT_CONTINUE);
	CHECK_EQ(d.result.delay_ns, 0);
}

TEST(a_request_staged)
{
	struct dry d = { .ctx = {
		.event = IORING_POLICY_FAILED,
		.opcode = SPAWNPOL_OP_CHILD,
		.cmd = IORING_CHILD_OPEN,
		.res = -ENOENT,
		.off = 7,
	} };
	struct io_uring_sqe sqe;

	tpolicy_load(&policy, "bpf/fallback_policy");
	CHECK_EQ(run(&d, NULL), IORING_VERDICT_SUBMIT);
	CHECK_EQ(d.result.nr_staged, 1);
	CHECK_STR(d.staged[0].path, "/dev/null");
	memcpy(&sqe, d.staged[0].sqe, sizeof(sqe));
	CHECK_EQ(sqe.opcode, SPAWNPOL_OP_CHILD);
	CHECK_EQ(sqe.len, IORING_CHILD_OPEN);
	CHECK_EQ(sqe.off, 7);

	d.ctx.event = IORING_POLICY_STAGED;
	d.ctx.res = -EMFILE;
	CHECK_EQ(run(&d, NULL), IORING_VERDICT_CONTINUE);
	CHECK_EQ(d.result.result, -ENOENT);
}
