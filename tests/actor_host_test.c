// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actors of the library, without a kernel: the request, the outcome, what is refused. */
#include "fake_ring.h"

#include <spawnpol_bpf.h>
#include <stdio.h>

#include "actor.h"

enum { FAKE_BPF = 83 };

static const uint64_t args[4] = { 11, 12, 13, 14 };
static struct fake f;
static struct spawnpol_actor *actor;
static char name[] = "mine";

/* --- liburing's call --------------------------------------------------------------- */

static int submit_error;

int io_uring_submit(struct io_uring *uring)
{
	struct io_uring_sq *sq = &uring->sq;
	unsigned int nr = sq->sqe_tail - *sq->khead;

	if (submit_error)
		return submit_error;
	*sq->khead += nr;
	return nr;
}

static void set_up(void)
{
	fake_kernel.query.op_bpf = FAKE_BPF;
	fake_init(&f);
	CHECK_OK(spawnpol_actor_new(&actor, name));
}

static uint64_t user_data(void)
{
	return (uint64_t)TAG << 48 | (uintptr_t)actor | INDEX_ACTOR;
}

static int ends(int res, unsigned int flags, struct spawnpol_outcome *out)
{
	struct io_uring_cqe cqe = {
		.user_data = user_data(),
		.res = res,
		.flags = flags,
	};

	memset(out, 0xa5, sizeof(*out));
	return spawnpol_handle_cqe(f.ring, &cqe, out);
}

TEST(the_request)
{
	const struct io_uring_sqe *sqe = &f.sqes[0];

	set_up();
	CHECK_OK(spawnpol_actor_queue(f.ring, actor, 5, args));
	CHECK_EQ(f.uring.sq.sqe_tail, 1);
	EXPECT_EQ(sqe->opcode, FAKE_BPF);
	EXPECT_EQ(sqe->len, 5);
	EXPECT_EQ(sqe->addr, 11);
	EXPECT_EQ(sqe->off, 12);
	EXPECT_EQ(sqe->addr3, 13);
	EXPECT_EQ(sqe->__pad2[0], 14);
	EXPECT_EQ(sqe->user_data, user_data());
	EXPECT_EQ(sqe->flags, 0);
	EXPECT_EQ(sqe->fd, 0);
}

TEST(a_request_of_the_callers_own)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0xa5, sizeof(sqe));
	sqe.user_data = 77;
	spawnpol_actor_prep(&sqe, 90, 3, NULL);
	EXPECT_EQ(sqe.user_data, 77);
	sqe.user_data = 0;
	EXPECT_EQ(sqe.opcode, 90);
	EXPECT_EQ(sqe.len, 3);
	sqe.opcode = sqe.len = 0;
	for (size_t i = 0; i < sizeof(sqe); i++)
		CHECK_EQ(((const char *)&sqe)[i], 0);
}

TEST(outcomes)
{
	struct spawnpol_outcome out;
	char text[128];

	set_up();
	CHECK_OK(spawnpol_actor_queue(f.ring, actor, 0, NULL));
	/* what its program posts with the same user_data is not its end */
	CHECK_EQ(ends(3, SPAWNPOL_CQE_F_STAGED, &out), SPAWNPOL_CQE_TAKEN);
	CHECK_EQ(ends(12, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_ACTOR);
	EXPECT_EQ(out.actor, actor);
	EXPECT_EQ(out.user, name);
	EXPECT_EQ(out.result, 12);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.chain, NULL);
	EXPECT_EQ(out.pidfd, -1);
	EXPECT_EQ(out.step, -1);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "completed with 12");

	CHECK_OK(spawnpol_actor_queue(f.ring, actor, 0, NULL));
	CHECK_EQ(ends(-ENOLINK, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.result, -ENOLINK);
	EXPECT_EQ(out.error, -ENOLINK);
	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_ACTOR);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "actor: the slot has no program");
	CHECK_OK(spawnpol_actor_free(actor));
}

TEST(one_in_flight_is_left_alone)
{
	struct spawnpol_outcome out;

	set_up();
	CHECK_OK(spawnpol_actor_queue(f.ring, actor, 0, NULL));
	EXPECT_EQ(spawnpol_actor_queue(f.ring, actor, 0, NULL), -EBUSY);
	EXPECT_EQ(spawnpol_actor_submit(f.ring, actor, 0, NULL), -EBUSY);
	EXPECT_EQ(spawnpol_actor_free(actor), -EBUSY);
	CHECK_EQ(ends(0, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(spawnpol_actor_free(actor), 0);
	EXPECT_EQ(spawnpol_actor_free(NULL), 0);
}

TEST(what_is_refused)
{
	struct io_uring_sqe *sqe;

	set_up();
	EXPECT_EQ(spawnpol_actor_queue(f.ring, actor, IORING_SPAWN_SLOTS, NULL), -EINVAL);
	sqe = io_uring_get_sqe(&f.uring);
	sqe->flags = IOSQE_IO_LINK;
	EXPECT_EQ(spawnpol_actor_queue(f.ring, actor, 0, NULL), -EINPROGRESS);
	sqe->flags = 0;
	while (io_uring_get_sqe(&f.uring))
		;
	EXPECT_EQ(spawnpol_actor_queue(f.ring, actor, 0, NULL), -EAGAIN);
	/* submitting makes room */
	CHECK_OK(spawnpol_actor_submit(f.ring, actor, 0, NULL));

	fake_kernel.query.op_bpf = 0;
	fake_init(&f);
	EXPECT_EQ(spawnpol_actor_queue(f.ring, actor, 0, NULL), -EOPNOTSUPP);
	EXPECT_EQ(spawnpol_ring_attach_actor(f.ring, 0, NULL) < 0, true);
}

TEST(a_request_that_is_not_submitted_is_taken_back)
{
	unsigned int tail;

	set_up();
	tail = f.uring.sq.sqe_tail;
	submit_error = -EAGAIN;
	EXPECT_EQ(spawnpol_actor_submit(f.ring, actor, 0, NULL), -EAGAIN);
	EXPECT_EQ(f.uring.sq.sqe_tail, tail);
	EXPECT_EQ(f.ring->outcomes, 0);
	EXPECT_EQ(f.ring->pending, 0);
	submit_error = 0;
	CHECK_OK(spawnpol_actor_submit(f.ring, actor, 0, NULL));
	EXPECT_EQ(f.ring->outcomes, 1);
}

TEST(cancelling)
{
	const struct io_uring_sqe *sqe;

	set_up();
	EXPECT_EQ(spawnpol_actor_cancel(f.ring, actor), -ENOENT);
	CHECK_OK(spawnpol_actor_submit(f.ring, actor, 0, NULL));
	CHECK_OK(spawnpol_actor_cancel(f.ring, actor));
	sqe = &f.sqes[1];
	EXPECT_EQ(sqe->opcode, IORING_OP_ASYNC_CANCEL);
	EXPECT_EQ(sqe->addr, user_data());
	EXPECT_EQ(sqe->flags, IOSQE_CQE_SKIP_SUCCESS);
}

TEST(options_that_are_not_known)
{
	struct {
		struct spawnpol_actor_attach_opts now;
		uint64_t later;
	} opts = {
		.now = { .sz = sizeof(opts), .in_flight = 1, .state_size = 1 },
		.later = 1,
	};

	EXPECT_EQ(spawnpol_actor_attach(0, 0, &opts.now), -E2BIG);
	opts.now.sz = sizeof(opts.now) - 1;
	EXPECT_EQ(spawnpol_actor_attach(0, 0, &opts.now), -EINVAL);
	opts.now.sz = sizeof(opts.now);
	EXPECT_EQ(spawnpol_actor_attach(-1, 0, &opts.now), -EBADF);
	EXPECT_EQ(spawnpol_actor_attach(0, -1, &opts.now), -EBADF);
	EXPECT_EQ(spawnpol_actor_attach_registered(0, -1, &opts.now), -EBADF);
}

TEST(structures_have_a_size)
{
	static struct spawnpol_actor_dry_run run;
	struct spawnpol_actor_needs needs;
	struct bpf_iouring_op_ctx ctx = { 0 };

	EXPECT_EQ(spawnpol_actor_needs_sized(0, &needs, sizeof(needs) - 1), -EINVAL);
	EXPECT_EQ(spawnpol_actor_needs(-1, &needs), -EBADF);
	EXPECT_EQ(spawnpol_actor_dry_run_sized(0, &ctx, sizeof(ctx) - 1, NULL, 0, &run,
					       sizeof(run)), -EINVAL);
	EXPECT_EQ(spawnpol_actor_dry_run_sized(0, &ctx, sizeof(ctx), NULL, 0, &run,
					       sizeof(run) - 1), -EINVAL);
	EXPECT_EQ(spawnpol_actor_dry_run(-1, &ctx, NULL, 0, &run), -EBADF);
}

static bool is_about_policies_alone(const char *text)
{
	return text && strstr(text, "polic") && !strstr(text, "actor");
}

/* Actors have no order, which these errors are about. */
TEST(advice_on_attaching_and_links_is_true_of_actors)
{
	static const enum spawnpol_topic topics[] = {
		SPAWNPOL_TOPIC_ATTACH, SPAWNPOL_TOPIC_LINK,
	};
	struct spawnpol_advice a;

	for (int i = 0; i < 2; i++)
		for (int error = 1; error < 134; error++) {
			a = spawnpol_advise(topics[i], -error);
			if (error == ERANGE || error == ENOENT || error == ESTALE)
				continue;
			EXPECT(!is_about_policies_alone(a.text));
			EXPECT(!is_about_policies_alone(a.remedy));
		}
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_ACTOR, -ECANCELED).text, "thread");
}

TEST(an_object_with_an_actor_is_no_policy)
{
	static char log[4096];
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, .log = log, .log_size = sizeof(log));
	char path[4096];

	snprintf(path, sizeof(path), "%s/bpf/copy.bpf.o", tap_build());
	EXPECT_EQ(spawnpol_policy_load(path, &opts), -EINVAL);
	EXPECT_HAS(log, "'copy' is the body of an IORING_OP_BPF request");
	EXPECT_HAS(log, "spawnpol_actor_load()");
	snprintf(path, sizeof(path), "%s/bpf/hello_policy.bpf.o", tap_build());
	EXPECT_EQ(spawnpol_actor_load(path, &opts), -EINVAL);
	EXPECT_HAS(log, "'hello_policy' is a spawn policy, not an actor");
}
