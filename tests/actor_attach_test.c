// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs of IORING_OP_BPF in their slots: attaching, budgets, replacing (A1, A4, A6). */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/place.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define BY_RING(prog_, ...)                                                  \
	actor_attach_ring(tring_fd(&r), (struct io_uring_attach_bpf){        \
						.prog_fd = (prog_), __VA_ARGS__ })
#define BY_BPF(prog_, ...)                                                   \
	actor_attach_bpf(tring_fd(&r), (struct io_uring_attach_bpf){         \
					       .prog_fd = (prog_), __VA_ARGS__ })
#define BOTH(error, ...)                                                     \
	do {                                                                 \
		EXPECT_EQ(BY_RING(__VA_ARGS__), error);                      \
		EXPECT_EQ(BY_BPF(__VA_ARGS__), error);                       \
	} while (0)

TEST(A1_both_ways_to_attach_make_the_same_link)
{
	struct spawnpol_link_info info[2];
	int prog = CHECK_OK(actor_returning(END)), link[2], i;
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	link[0] = CHECK_OK(BY_RING(prog, .slot = 0, .state_size = 9));
	link[1] = CHECK_OK(BY_BPF(prog, .slot = 3, .state_size = 9));
	tring_query(&r, &query);
	for (i = 0; i < 2; i++) {
		info[i] = link_info(link[i]);
		EXPECT_EQ(fcntl(link[i], F_GETFD), FD_CLOEXEC);
		EXPECT_EQ(info[i].type, SPAWNPOL_BPF_LINK_TYPE_IOURING);
		EXPECT_GT(info[i].id, 0);
		EXPECT_EQ(info[i].prog_id, program_id(prog));
		EXPECT_EQ(info[i].slot, 3 * i);
		EXPECT_EQ(info[i].attach_type, SPAWNPOL_BPF_IOURING_OP);
		EXPECT_EQ(info[i].events, 0);
		EXPECT_EQ(info[i].max_issues, 0);
		EXPECT_EQ(info[i].max_staged, 64);
		EXPECT_EQ(info[i].state_size, 9);
		EXPECT_EQ(info[i].runs, 0);
		EXPECT_EQ(info[i].actors, 0);
		EXPECT_EQ(info[i].ring_id, query.ring_id);
		q_actor(&r, ACTOR + i)->len = 3 * i;
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, ACTOR + i), 0);
		EXPECT_EQ(link_info(link[i]).runs, 1);
	}
	EXPECT_NE(info[0].id, info[1].id);
}

TEST(A1_a_ring_has_sixteen_slots_apart_from_those_of_policies)
{
	int prog = CHECK_OK(actor_returning(END)), link = -1, slot;
	int other = CHECK_OK(actor_returning(END));
	int policy = CHECK_OK(load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN,
					     BPF_F_SLEEPABLE));

	tring_init(&r, 0);
	for (slot = 0; slot < IORING_SPAWN_SLOTS; slot++) {
		CHECK_OK(attach_by_ring(tring_fd(&r), policy, slot, 0));
		link = CHECK_OK(BY_RING(prog, .slot = slot));
	}
	BOTH(-EINVAL, prog, .slot = 16);
	BOTH(-EBUSY, other, .slot = 0);
	BOTH(-EBUSY, other, .slot = 15);
	BOTH(-EEXIST, prog, .slot = 0);
	/* the last reference frees it */
	close(link);
	BOTH(-EBUSY, other, .slot = 14);
	CHECK_OK(BY_BPF(prog, .slot = 15));
}

TEST(A1_wrong_fields_are_refused)
{
	int prog = CHECK_OK(actor_returning(END));
	int null = CHECK_SYS(open("/dev/null", O_RDONLY));

	tring_init(&r, 0);
	BOTH(-EINVAL, prog, .slot = ~0U);
	BOTH(-EINVAL, prog, .events = IORING_POLICY_DONE);
	BOTH(-EINVAL, prog, .flags = BPF_F_BEFORE);
	BOTH(-EINVAL, prog, .flags = BPF_F_AFTER);
	BOTH(-EINVAL, prog, .flags = 1);
	BOTH(-EINVAL, prog, .relative = 1);
	BOTH(-EINVAL, prog, .max_delay_ns = 1);
	BOTH(-EINVAL, prog, .expected_revision = 1);
	BOTH(-EBADF, 1023);
	BOTH(-EINVAL, null);
	/* nothing was left half attached */
	CHECK_OK(BY_RING(prog));
}

TEST(A6_budgets_have_ceilings)
{
	int prog = CHECK_OK(actor_returning(END)), link;
	struct spawnpol_link_info info;

	tring_init(&r, 0);
	BOTH(-E2BIG, prog, .max_staged = 1025);
	BOTH(-E2BIG, prog, .max_staged = ~0U);
	BOTH(-E2BIG, prog, .state_size = 4097);
	BOTH(-E2BIG, prog, .state_size = ~0U);
	link = CHECK_OK(BY_BPF(prog, .max_staged = 1024, .state_size = 4096,
			       .max_issues = ~0U));
	info = link_info(link);
	EXPECT_EQ(info.max_staged, 1024);
	EXPECT_EQ(info.state_size, 4096);
	EXPECT_EQ(info.max_issues, ~0U);
}

TEST(A6_the_query_tells_of_them)
{
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT(query.features & IORING_SPAWN_FEAT_OP);
	EXPECT_EQ(query.op_bpf, SPAWNPOL_OP_BPF);
	EXPECT_EQ(query.attach_op, SPAWNPOL_BPF_IOURING_OP);
	EXPECT_EQ(query.def_in_flight, 64);
	EXPECT_EQ(query.max_in_flight, 1024);
	EXPECT_EQ(query.max_op_staged, 64);
	EXPECT_EQ(query.max_op_posted, 16);
	EXPECT_EQ(query.max_state, 4096);
	EXPECT_EQ(query.resv, 0);
}

/* A slot of policies takes no such program, and the other way round. */
TEST(A1_attach_types_are_not_mixed)
{
	struct spawnpol_link_create attr = { 0 };
	int prog = CHECK_OK(actor_returning(END));

	tring_init(&r, 0);
	attr.target_fd = tring_fd(&r);
	attr.attach_type = SPAWNPOL_BPF_IOURING_SPAWN;
	attr.prog_fd = prog;
	EXPECT_EQ(bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr)), -EINVAL);
	attr.attach_type = SPAWNPOL_BPF_IOURING_OP;
	attr.prog_fd = CHECK_OK(load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN,
					       BPF_F_SLEEPABLE));
	EXPECT_EQ(bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr)), -EINVAL);
	attr.prog_fd = prog;
	CHECK_OK(bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr)));
}

TEST(A1_iopoll_rings_and_other_files_are_refused)
{
	int prog = CHECK_OK(actor_returning(END));
	int null = CHECK_SYS(open("/dev/null", O_RDONLY));
	struct io_uring_attach_bpf attr = { .prog_fd = prog };

	EXPECT_EQ(actor_attach_bpf(1023, attr), -EBADF);
	EXPECT_EQ(actor_attach_bpf(null, attr), -EBADF);
	tring_init(&r, IORING_SETUP_IOPOLL);
	BOTH(-EINVAL, prog, .slot = 0);
}

TEST(A1_restrictions_hold_for_attaching)
{
	struct io_uring_restriction res = {
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = SPAWNPOL_OP_BPF,
	};
	int prog = CHECK_OK(actor_returning(END));

	tring_init(&r, IORING_SETUP_R_DISABLED);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, &res, 1));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	BOTH(-EACCES, prog, .slot = 0);
}

TEST(A1_an_ordinary_owner_attaches_a_program_it_was_given)
{
	actor_load(&a);
	become_ordinary();
	tring_init(&r, 0);
	EXPECT_EQ(actor_returning(END), -EPERM);
	CHECK_OK(BY_RING(a.fd));
	rule_result(actor_on(&a, START, SCRIPT_ANY, END), 12);
	EXPECT_EQ(actor_result(&r), 12);
}

/* --- programs are replaced and detached ------------------------------------------ */

static int fds[2];
static char buf[64];

/* An actor that reads a pipe, until there is something. */
static int begin_reading(unsigned int flags)
{
	int link = actor_begin(&r, &a, flags);

	make_pipe(fds);
	sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], buf, sizeof(buf));
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	EXPECT_EQ(link_info(link).actors, 1);
	return link;
}

TEST(A1_an_update_replaces_the_program_of_actors_that_run)
{
	struct tactor other;
	int link;

	link = begin_reading(0);
	actor_load(&other);
	actor_on(&other, CQE, 1, END)->sets_result = SCRIPT_COUNT;
	CHECK_EQ(update_link(link, other.fd), 0);
	EXPECT_EQ(link_info(link).prog_id, program_id(other.fd));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	/* the state that the old one has left */
	EXPECT_EQ(tring_res(&r, ACTOR), 1);
	EXPECT_EQ(a.script->runs, 1);
	EXPECT_EQ(other.script->runs, 1);
	EXPECT_EQ(link_info(link).runs, 2);
	EXPECT_EQ(link_info(link).actors, 0);
}

TEST(A1_an_update_takes_a_program_of_this_kind_only)
{
	int link = begin_reading(0);
	int policy = CHECK_OK(load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN,
					     BPF_F_SLEEPABLE));

	EXPECT_EQ(update_link(link, policy), -EINVAL);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(a.script->runs, 2);
}

static void check_detached(void)
{
	EXPECT_EQ(tring_res(&r, ACTOR), -ENOLINK);
	/* it was cancelled, without a word to the program */
	EXPECT_EQ(a.script->runs, 1);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(read(fds[0], buf, 1), 1);
	tring_forget(&r);
	EXPECT_EQ(actor_result(&r), -ENOLINK);
	tring_total(&r, 1);
}

TEST(A4_a_detached_program_ends_its_actors)
{
	unsigned int i;

	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		int link;

		DIAG("%s, %s", tring_kinds[i / 2].name,
		     i % 2 ? "closed" : "detached");
		link = begin_reading(tring_kinds[i / 2].flags);
		if (i % 2) {
			close(link);
		} else {
			detach_link(link);
			EXPECT_EQ(link_info(link).ring_id, 0);
		}
		check_detached();
		close(fds[0]);
		close(fds[1]);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* All of them, and those of other slots go on. */
TEST(A4_a_detached_program_ends_all_its_actors)
{
	struct io_uring_attach_bpf attr = { .slot = 1 };
	int link, other, i;

	link = begin_reading(0);
	attr.prog_fd = a.fd;
	other = CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	for (i = 1; i < 10; i++)
		q_actor(&r, ACTOR + i)->len = i >= 5;
	tring_submit(&r);
	actor_wait_runs(&r, &a, 10);
	EXPECT_EQ(link_info(link).actors, 5);
	EXPECT_EQ(link_info(other).actors, 5);
	detach_link(link);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(tring_res(&r, ACTOR + i), -ENOLINK);
	tring_total(&r, 5);
	EXPECT_EQ(link_info(other).actors, 5);
	CHECK_EQ(write(fds[1], "12345678", 8), 8);
	close(fds[1]);
	for (i = 5; i < 10; i++)
		EXPECT_EQ(tring_res(&r, ACTOR + i), 0);
}

/* The slot can have another program, which has nothing to do with those actors. */
TEST(A4_a_slot_can_be_used_again_at_once)
{
	int link = begin_reading(0), prog = CHECK_OK(actor_returning(END));

	close(link);
	link = CHECK_OK(BY_RING(prog));
	q_actor(&r, ACTOR + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), 0);
	EXPECT_EQ(tring_res(&r, ACTOR), -ENOLINK);
	EXPECT_EQ(link_info(link).runs, 1);
}

TEST(A1_closing_the_ring_detaches_the_link)
{
	double until = now() + tap_patience();
	int link = begin_reading(0);

	tring_exit(&r);
	while (link_info(link).ring_id && now() < until)
		sleep_ms(1);
	EXPECT_EQ(link_info(link).ring_id, 0);
	while (link_info(link).actors && now() < until)
		sleep_ms(1);
	EXPECT_EQ(link_info(link).actors, 0);
	/* not run: the ring is gone */
	EXPECT_EQ(a.script->runs, 1);
}

TEST(A6_fdinfo_shows_programs_and_actors)
{
	int link = begin_reading(0);
	struct spawnpol_link_info info = link_info(link);
	const char *text = fdinfo_of(tring_fd(&r));

	EXPECT_HAS(text, format("SpawnProgram:\tslot 0 link %u prog %u", info.id,
				info.prog_id));
	EXPECT_HAS(text, format("SpawnActor:\tslot 0 link %u in_flight 1",
				info.id));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	text = fdinfo_of(tring_fd(&r));
	EXPECT_HAS(text, "SpawnProgram:");
	EXPECT_EQ(count_of(text, "SpawnActor:"), 0);
	close(link);
	EXPECT_EQ(count_of(fdinfo_of(tring_fd(&r)), "SpawnProgram:"), 0);
}

TEST(A6_counters_of_the_link)
{
	struct spawnpol_link_info info;
	struct script_rule *rule;
	int link = actor_begin(&r, &a, 0);

	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule->copies = 10;
	EXPECT_EQ(actor_result(&r), 0);
	info = link_info(link);
	EXPECT_EQ(info.runs, 11);
	EXPECT_EQ(info.verdicts[WAIT], 10);
	EXPECT_EQ(info.verdicts[END], 1);
	EXPECT_EQ(info.staged, 10);
	EXPECT_EQ(info.failures, 0);
	EXPECT_EQ(info.exhausted, 0);
	EXPECT_EQ(info.actors, 0);
}

/* --- the rings of others ------------------------------------------------------------ */

struct peer {
	volatile int ring;
	volatile int go;
};

/* A process with a ring that runs slot 0 when told; exits with its result. */
static pid_t start_peer(struct peer *peer, unsigned int flags)
{
	pid_t pid = CHECK_SYS(fork());
	double until = now() + tap_patience();

	if (!pid) {
		CHECK_SYS(prctl(PR_SET_PDEATHSIG, SIGKILL));
		tring_init(&r, flags);
		peer->ring = tring_fd(&r);
		while (!peer->go)
			sleep_ms(1);
		_exit(actor_result(&r));
	}
	while (!peer->ring) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	return pid;
}

static int fetch_descriptor(pid_t pid, int fd)
{
	int pidfd = CHECK_SYS(syscall(SYS_pidfd_open, pid, 0)), got;

	got = CHECK_SYS(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	close(pidfd);
	return got;
}

TEST(A1_attaching_to_another_processs_ring)
{
	struct peer *peer = shared_memory(sizeof(*peer));
	unsigned int i;

	actor_load(&a);
	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		struct io_uring_attach_bpf attr = { .prog_fd = a.fd };
		int ring, link;
		pid_t pid;

		DIAG("%s, %s", tring_kinds[i / 2].name, i % 2 ? "bpf" : "ring");
		actor_reset(&a);
		rule_result(actor_on(&a, START, SCRIPT_ANY, END), 42);
		memset(peer, 0, sizeof(*peer));
		pid = start_peer(peer, tring_kinds[i / 2].flags);
		ring = fetch_descriptor(pid, peer->ring);
		link = CHECK_OK(i % 2 ? actor_attach_bpf(ring, attr)
				      : actor_attach_ring(ring, attr));
		close(ring);
		peer->go = 1;
		EXPECT_EQ(wait_exit(pid), 42);
		EXPECT_EQ(actor_run(&a, 0)->tgid, pid);
		close(link);
	}
}
