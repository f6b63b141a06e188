// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actors through libspawnpol: attaching, running, cancelling, outcomes. */
#include "installed_actor.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "launch.h"
#include "spawn_actors.h"

static struct spawnpol_ring *ring;
static int prog;

/* copy from a pipe with nothing in it: until somebody writes, or it is cancelled. */
static int fds[2];
static char buffer[16];
static uint64_t args[4];

static void set_up(void)
{
	ring = ring_of(8, 0);
	prog = installed_actor("copy");
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	args[0] = (uintptr_t)buffer;
	args[1] = spawn_actor_pair(fds[0], open("/dev/null", O_WRONLY | O_CLOEXEC));
	args[2] = spawn_actor_pair(sizeof(buffer), 1);
}

static struct spawnpol_actor *new_actor(void)
{
	struct spawnpol_actor *actor;

	CHECK_OK(spawnpol_actor_new(&actor, "user"));
	return actor;
}

static struct spawnpol_actor *started(void)
{
	struct spawnpol_actor *actor = new_actor();

	CHECK_OK(spawnpol_actor_submit(ring, actor, 0, args));
	return actor;
}

static struct spawnpol_outcome next(void)
{
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	return out;
}

static struct spawnpol_link_info info_of(int link)
{
	struct spawnpol_link_info info;

	CHECK_OK(spawnpol_policy_info(link, &info));
	return info;
}

TEST(what_a_program_needs)
{
	struct spawnpol_actor_needs needs;

	set_up();
	CHECK_OK(spawnpol_actor_needs(prog, &needs));
	EXPECT_GT(needs.state_size, SPAWN_COPY_BUFFERS * 16);
	EXPECT_EQ(needs.in_flight, SPAWN_COPY_BUFFERS);
	EXPECT_EQ(spawnpol_actor_needs(fds[0], &needs), -EINVAL);
}

static void check_attached(int link, const struct spawnpol_actor_attach_opts *opts)
{
	struct spawnpol_actor_needs needs;
	struct spawnpol_link_info info;

	CHECK_OK(spawnpol_actor_needs(prog, &needs));
	CHECK_OK(link);
	info = info_of(link);
	EXPECT_EQ(info.slot, opts ? opts->slot : 0);
	EXPECT_EQ(info.max_staged, opts && opts->in_flight ? opts->in_flight :
							     needs.in_flight);
	EXPECT_EQ(info.state_size, opts && opts->state_size == SPAWNPOL_STATE_NONE ? 0 :
				   opts && opts->state_size ? opts->state_size :
							      needs.state_size);
	EXPECT_EQ(info.max_issues, opts ? opts->total : 0);
	CHECK_EQ(fcntl(link, F_GETFD), FD_CLOEXEC);
	close(link);
}

TEST(all_ways_to_attach)
{
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, opts, .slot = 7, .in_flight = 3,
		      .state_size = 2048, .total = 100);
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, none, .state_size = SPAWNPOL_STATE_NONE);
	const struct spawnpol_actor_attach_opts *all[] = { NULL, &opts, &none };
	int fd;

	set_up();
	fd = spawnpol_ring_fd(ring);
	for (int i = 0; i < 3; i++) {
		check_attached(spawnpol_actor_attach(fd, prog, all[i]), all[i]);
		check_attached(spawnpol_actor_attach_registered(fd, prog, all[i]), all[i]);
		check_attached(spawnpol_ring_attach_actor(ring, prog, all[i]), all[i]);
	}
}

TEST(attaching_is_refused)
{
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, slot, .slot = IORING_SPAWN_SLOTS);
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, large, .in_flight = 1 << 20);
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, state, .state_size = 1 << 20);
	int fd, other;

	set_up();
	fd = spawnpol_ring_fd(ring);
	CHECK_OK(spawnpol_actor_attach(fd, prog, NULL));
	EXPECT_EQ(spawnpol_actor_attach(fd, prog, NULL), -EEXIST);
	other = installed_actor("copy");
	EXPECT_EQ(spawnpol_actor_attach(fd, other, NULL), -EBUSY);
	EXPECT_EQ(spawnpol_ring_attach_actor(ring, other, NULL), -EBUSY);
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, -EBUSY).text, "slot");
	EXPECT_EQ(spawnpol_actor_attach(fd, prog, &slot), -EINVAL);
	large.slot = state.slot = 1;
	EXPECT_EQ(spawnpol_actor_attach(fd, prog, &large), -E2BIG);
	EXPECT_EQ(spawnpol_actor_attach(fd, prog, &state), -E2BIG);
	EXPECT_EQ(spawnpol_actor_attach(fds[0], prog, NULL), -EBADF);
	EXPECT_EQ(spawnpol_actor_attach_registered(fds[0], prog, NULL), -EOPNOTSUPP);
}

static int installed_policy(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/bpf/hello_policy.bpf.o", tap_build());
	return CHECK_OK(spawnpol_policy_load(path, NULL));
}

/* Each way to attach an actor refuses a policy, whatever the options. */
static void refuses_policy(struct spawnpol_ring *of, int policy)
{
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, none, .in_flight = 1,
		      .state_size = SPAWNPOL_STATE_NONE);
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, some, .in_flight = 1, .state_size = 8);
	const struct spawnpol_actor_attach_opts *all[] = { NULL, &none, &some };
	int fd = spawnpol_ring_fd(of);

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(spawnpol_ring_attach_actor(of, policy, all[i]), -EINVAL);
		if (fd < 0)
			continue;
		EXPECT_EQ(spawnpol_actor_attach(fd, policy, all[i]), -EINVAL);
		EXPECT_EQ(spawnpol_actor_attach_registered(fd, policy, all[i]), -EINVAL);
	}
}

static void refuses_actor(struct spawnpol_ring *of)
{
	SPAWNPOL_OPTS(spawnpol_attach_opts, none, .slot = 0);
	SPAWNPOL_OPTS(spawnpol_attach_opts, first, .order = SPAWNPOL_ORDER_BEFORE);
	const struct spawnpol_attach_opts *all[] = { NULL, &none, &first };
	int fd = spawnpol_ring_fd(of);

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(spawnpol_ring_attach(of, prog, all[i]), -EINVAL);
		if (fd < 0)
			continue;
		EXPECT_EQ(spawnpol_policy_attach(fd, prog, all[i]), -EINVAL);
		EXPECT_EQ(spawnpol_policy_attach_registered(fd, prog, all[i]), -EINVAL);
	}
}

TEST(a_policy_is_no_actor_and_an_actor_no_policy)
{
	struct spawnpol_ring *rings[2];
	int policy, link;

	set_up();
	policy = installed_policy();
	rings[0] = ring;
	CHECK_OK(spawnpol_ring_open_registered(&rings[1], 8, 0));
	for (int i = 0; i < 2; i++) {
		refuses_policy(rings[i], policy);
		refuses_actor(rings[i]);
		/* nothing was attached, and each has its place */
		link = CHECK_OK(spawnpol_ring_attach(rings[i], policy, NULL));
		EXPECT_EQ(info_of(link).revision, 2);
		link = CHECK_OK(spawnpol_ring_attach_actor(rings[i], prog, NULL));
		EXPECT_EQ(info_of(link).revision, 2);
	}
	EXPECT_HAS(spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, -EINVAL).text, "kind");
}

TEST(outcomes_of_actors_and_chains)
{
	struct spawnpol_actor *actor;
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	char text[128];

	set_up();
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	actor = started();
	EXPECT_EQ(spawnpol_actor_free(actor), -EBUSY);
	chain = chain_of("/bin/true");
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	out = next();
	CHECK_EQ(out.chain, chain);
	CHECK_EQ(out.actor, NULL);
	CHECK_EQ(wait_exit(out.pid), 0);

	/* offsets are nothing for a pipe */
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	out = next();
	CHECK_EQ(out.actor, actor);
	EXPECT_EQ(out.user && !strcmp(out.user, "user"), 1);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_ACTOR);
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(out.result, 0);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_STR(text, "completed with 0");
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), -ECHILD);
	CHECK_OK(spawnpol_actor_free(actor));
	CHECK_OK(spawnpol_chain_free(chain));
}

TEST(a_slot_without_a_program)
{
	struct spawnpol_actor *actor;
	struct spawnpol_outcome out;
	char text[128];

	set_up();
	actor = started();
	out = next();
	EXPECT_EQ(out.error, -ENOLINK);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT_HAS(text, "the slot has no program");
	/* it is idle */
	CHECK_OK(spawnpol_actor_submit(ring, actor, 15, args));
	EXPECT_EQ(next().error, -ENOLINK);
}

TEST(one_that_is_cancelled)
{
	struct spawnpol_actor *actor, *other;
	struct spawnpol_outcome out;

	set_up();
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	actor = started();
	other = started();
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, 100), 0);
	CHECK_OK(spawnpol_actor_cancel(ring, actor));
	out = next();
	EXPECT_EQ(out.actor, actor);
	EXPECT_EQ(out.error, -ECANCELED);
	EXPECT_EQ(spawnpol_actor_cancel(ring, actor), -ENOENT);
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, 100), 0);
	CHECK_OK(spawnpol_actor_cancel(ring, other));
	EXPECT_EQ(next().actor, other);
}

TEST(detaching_ends_actors)
{
	int link;

	set_up();
	link = CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	started();
	started();
	CHECK_EQ(info_of(link).actors, 2);
	CHECK_OK(spawnpol_policy_detach(link));
	EXPECT_EQ(next().error, -ENOLINK);
	EXPECT_EQ(next().error, -ENOLINK);
}

TEST(updating_replaces_the_program)
{
	struct spawnpol_actor *actor;
	int link;

	set_up();
	link = CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	actor = started();
	CHECK_OK(spawnpol_policy_update(link, installed_actor("copy"), prog));
	CHECK_EQ(spawnpol_policy_update(link, prog, prog), -EPERM);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	CHECK_EQ(next().actor, actor);
}

/* Closing the ring ends what is in flight. */
TEST(closing_the_ring)
{
	struct spawnpol_actor *actor;

	set_up();
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	actor = started();
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_actor_free(actor));
}

TEST(a_registered_ring)
{
	set_up();
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_ring_open_registered(&ring, 4, 0));
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	started();
	close(fds[1]);
	EXPECT_EQ(next().error, 0);
	spawnpol_ring_close(ring);
}

/* An outcome that comes while that of a kept child is waited for is not lost. */
TEST(an_outcome_that_comes_meanwhile)
{
	struct spawnpol_actor *actor;
	struct spawnpol_outcome out;
	int child;

	set_up();
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	actor = started();
	CHECK_EQ(write(fds[1], "x", 1), 1);
	close(fds[1]);
	usleep(100000);
	child = CHECK_OK(spawnpol_child_new(ring, NULL, &out));
	CHECK_EQ(spawnpol_actor_free(actor), -EBUSY);
	out = next();
	CHECK_EQ(out.actor, actor);
	EXPECT_EQ(out.error, 0);
	CHECK_OK(spawnpol_actor_free(actor));
	CHECK_OK(spawnpol_child_end(ring, child));
}

static void *submit_and_end(void *arg)
{
	(void)arg;
	return started();
}

/* As with chains: a thread that ends takes what it has submitted along. */
TEST(a_thread_that_ends)
{
	struct spawnpol_outcome out;
	pthread_t thread;
	void *actor;

	set_up();
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	CHECK_EQ(pthread_create(&thread, NULL, submit_and_end, NULL), 0);
	CHECK_EQ(pthread_join(thread, &actor), 0);
	out = next();
	EXPECT_EQ(out.actor, actor);
	EXPECT_EQ(out.error, -ECANCELED);
}

/* --- a ring of the caller's own ----------------------------------------------------- */

TEST(a_wrapped_ring)
{
	struct __kernel_timespec ts = { .tv_sec = tap_patience() };
	struct spawnpol_actor *actor = new_actor();
	struct spawnpol_outcome out;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring uring;

	set_up();
	CHECK_OK(io_uring_queue_init(8, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 0x7777));
	CHECK_OK(spawnpol_ring_attach_actor(ring, prog, NULL));
	close(fds[1]);
	CHECK_OK(spawnpol_actor_queue(ring, actor, 0, args));
	sqe = io_uring_get_sqe(&uring);
	io_uring_prep_nop(sqe);
	sqe->user_data = 5;
	CHECK_EQ(io_uring_submit(&uring), 2);
	for (int i = 0; i < 2; i++) {
		CHECK_OK(io_uring_wait_cqe_timeout(&uring, &cqe, &ts));
		if (cqe->user_data == 5) {
			EXPECT_EQ(spawnpol_handle_cqe(ring, cqe, &out),
				  SPAWNPOL_CQE_FOREIGN);
		} else {
			CHECK_EQ(spawnpol_handle_cqe(ring, cqe, &out),
				 SPAWNPOL_CQE_OUTCOME);
			EXPECT_EQ(out.actor, actor);
			EXPECT_EQ(out.error, 0);
		}
		io_uring_cqe_seen(&uring, cqe);
	}
	spawnpol_ring_close(ring);
	io_uring_queue_exit(&uring);
}

/* --- values ---------------------------------------------------------------------------- */

TEST(values_of_constants)
{
	uint32_t in_flight = 5;
	const struct spawnpol_policy_value values[] = {
		{ "spawnpol_in_flight", &in_flight, sizeof(in_flight) },
	};
	static char log[4096];
	SPAWNPOL_OPTS(spawnpol_policy_load_opts, opts, SPAWNPOL_POLICY_VALUES(values),
		      .log = log, .log_size = sizeof(log));
	struct spawnpol_actor_needs needs;
	char path[4096];

	snprintf(path, sizeof(path), "%s/bpf/copy.bpf.o", tap_build());
	prog = spawnpol_actor_load(path, &opts);
	if (prog < 0)
		FAIL("%s", log);
	CHECK_OK(spawnpol_actor_needs(prog, &needs));
	EXPECT_EQ(needs.in_flight, 5);
}
