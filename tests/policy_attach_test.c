// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it changes who may load BPF programs.
 *
 * Loading and attaching policies, also to others' rings (P1, P2, P3).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define ORDINARY_PROG                                                          \
	load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE)

TEST(P1_policies_must_be_sleepable)
{
	CHECK_OK(ORDINARY_PROG);
	EXPECT_EQ(load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN, 0), -EINVAL);
}

TEST(P1_attach_types)
{
	EXPECT_EQ(load_returning(0, 0, BPF_F_SLEEPABLE), -EINVAL);
	EXPECT_EQ(
		load_returning(0, SPAWNPOL_BPF_IOURING_OP + 1, BPF_F_SLEEPABLE),
		-EINVAL);
}

/* Programs of IORING_OP_BPF cannot wait. */
TEST(A2_programs_of_requests_must_not_be_sleepable)
{
	CHECK_OK(load_returning(0, SPAWNPOL_BPF_IOURING_OP, 0));
	EXPECT_EQ(load_returning(0, SPAWNPOL_BPF_IOURING_OP, BPF_F_SLEEPABLE),
		  -EINVAL);
}

TEST(A2_the_verifier_knows_the_verdicts_of_requests)
{
	CHECK_OK(load_returning(IORING_ACTOR_WAIT, SPAWNPOL_BPF_IOURING_OP, 0));
	CHECK_OK(load_returning(IORING_ACTOR_END, SPAWNPOL_BPF_IOURING_OP, 0));
	EXPECT_EQ(load_returning(2, SPAWNPOL_BPF_IOURING_OP, 0), -EINVAL);
	EXPECT_EQ(load_returning(-1, SPAWNPOL_BPF_IOURING_OP, 0), -EINVAL);
}

/* Who may call bpf(2) without CAP_BPF: 0 anyone, 2 nobody. Returns the old. */
static int close_bpf(int value)
{
	const char *path = "/proc/sys/kernel/unprivileged_bpf_disabled";
	int old = atoi(read_file(path));

	write_file(path, value ? "2" : "0", 0);
	return old;
}

TEST(P1_programs_need_cap_bpf)
{
	int old = close_bpf(0);
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		become_ordinary();
		CHECK_EQ(ORDINARY_PROG, -EPERM);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	close_bpf(old);
}

TEST(P6_the_verifier_knows_the_verdicts)
{
	int value;

	for (value = IORING_VERDICT_CONTINUE; value <= IORING_VERDICT_PASS;
	     value++)
		CHECK_OK(load_returning(value, SPAWNPOL_BPF_IOURING_SPAWN,
					BPF_F_SLEEPABLE));
	EXPECT_EQ(load_returning(IORING_VERDICT_PASS + 1,
				 SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE),
		  -EINVAL);
	EXPECT_EQ(
		load_returning(-1, SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE),
		-EINVAL);
}

/* Both ways make the same kind of link. */
TEST(P2_both_ways_to_attach_make_the_same_link)
{
	struct spawnpol_link_info info[2];
	int prog = CHECK_OK(ORDINARY_PROG), link[2], i;

	tring_init(&r, 0);
	link[0] = CHECK_OK(
		attach_by_ring(tring_fd(&r), prog, 0, IORING_POLICY_DONE));
	link[1] = CHECK_OK(
		attach_by_bpf(tring_fd(&r), prog, 3, IORING_POLICY_DONE));
	for (i = 0; i < 2; i++) {
		info[i] = link_info(link[i]);
		EXPECT_EQ(fcntl(link[i], F_GETFD), FD_CLOEXEC);
		EXPECT_EQ(info[i].type, SPAWNPOL_BPF_LINK_TYPE_IOURING);
		EXPECT_GT(info[i].id, 0);
		EXPECT_EQ(info[i].slot, 3 * i);
		EXPECT_EQ(info[i].attach_type, SPAWNPOL_BPF_IOURING_SPAWN);
		EXPECT_EQ(info[i].events, IORING_POLICY_DONE);
		EXPECT_EQ(info[i].max_issues, 1024);
		EXPECT_EQ(info[i].max_staged, 8);
		EXPECT_EQ(info[i].max_delay_ns, 10000000000);
		EXPECT_GT(info[i].ring_id, 0);
	}
	EXPECT_EQ(info[0].prog_id, info[1].prog_id);
	EXPECT_EQ(info[0].ring_id, info[1].ring_id);
	EXPECT_NE(info[0].id, info[1].id);
}

TEST(P2_a_ring_has_sixteen_slots)
{
	int prog = CHECK_OK(ORDINARY_PROG), link, slot;

	tring_init(&r, 0);
	for (slot = 0; slot < IORING_SPAWN_SLOTS; slot++)
		link = CHECK_OK(attach_by_ring(tring_fd(&r), prog, slot, 0));
	EXPECT_EQ(attach_by_ring(tring_fd(&r), prog, 0, 0), -EEXIST);
	EXPECT_EQ(attach_by_bpf(tring_fd(&r), prog, 15, 0), -EEXIST);
	/* The last reference frees it. */
	close(link);
	CHECK_OK(attach_by_bpf(tring_fd(&r), prog, 15, 0));
}

static int ring_attach(struct io_uring_attach_bpf attr)
{
	return tring_register(&r, SPAWNPOL_ATTACH_BPF, &attr, 1);
}

static int bpf_attach(struct spawnpol_link_create attr)
{
	attr.target_fd = tring_fd(&r);
	attr.attach_type = SPAWNPOL_BPF_IOURING_SPAWN;
	return bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
}

#define BY_RING(prog_, ...)                                                    \
	ring_attach((struct io_uring_attach_bpf){ .prog_fd = (prog_),          \
						  ##__VA_ARGS__ })
#define BY_BPF(prog_, ...)                                                     \
	bpf_attach((struct spawnpol_link_create){ .prog_fd = (prog_),          \
						  ##__VA_ARGS__ })

TEST(P2_unknown_flags_and_wrong_fields_are_refused)
{
	int prog = CHECK_OK(ORDINARY_PROG);
	int null = CHECK_SYS(open("/dev/null", O_RDONLY));

	tring_init(&r, 0);
	EXPECT_EQ(BY_RING(prog, .slot = 16), -EINVAL);
	EXPECT_EQ(BY_BPF(prog, .slot = 16), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .slot = ~0U), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .events = 2 * IORING_POLICY_EXECED),
		  -EINVAL);
	EXPECT_EQ(BY_BPF(prog, .events = 1U << 31), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .flags = 1), -EINVAL);
	EXPECT_EQ(BY_BPF(prog, .flags = 1), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .state_size = 1), -EINVAL);
	EXPECT_EQ(BY_BPF(prog, .state_size = 1), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .resv = { 1 }), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .resv = { [1] = 1 }), -EINVAL);
	EXPECT_EQ(BY_RING(prog, .max_issues = 65537), -E2BIG);
	EXPECT_EQ(BY_BPF(prog, .max_issues = ~0U), -E2BIG);
	EXPECT_EQ(BY_RING(prog, .max_staged = 9), -E2BIG);
	EXPECT_EQ(BY_BPF(prog, .max_staged = 9), -E2BIG);
	EXPECT_EQ(BY_RING(prog, .max_delay_ns = 300000000001), -E2BIG);
	EXPECT_EQ(BY_BPF(prog, .max_delay_ns = ~0ULL), -E2BIG);
	EXPECT_EQ(BY_RING(1023), -EBADF);
	EXPECT_EQ(BY_BPF(1023), -EBADF);
	EXPECT_EQ(BY_RING(null), -EINVAL);
	EXPECT_EQ(BY_BPF(null), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_ATTACH_BPF, (void *)8, 1),
		  -EFAULT);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_ATTACH_BPF, NULL, 1), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_ATTACH_BPF, &prog, 0), -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_ATTACH_BPF, &prog, 2), -EINVAL);
	/* Nothing was left half attached. */
	CHECK_OK(BY_RING(prog));
	CHECK_OK(BY_BPF(prog, .slot = 15, .max_issues = 65536, .max_staged = 8,
			.max_delay_ns = 300000000000));
}

static int load_socket_filter(void)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)insns,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
	};

	return bpf_call(BPF_PROG_LOAD, &attr, sizeof(attr));
}

TEST(P2_programs_of_another_type_are_refused)
{
	int prog = CHECK_OK(load_socket_filter());

	tring_init(&r, 0);
	EXPECT_EQ(BY_RING(prog), -EINVAL);
	EXPECT_EQ(BY_BPF(prog), -EINVAL);
}

TEST(P2_targets_that_are_no_ring_are_refused)
{
	int prog = CHECK_OK(ORDINARY_PROG);
	int null = CHECK_SYS(open("/dev/null", O_RDONLY));

	EXPECT_EQ(attach_by_bpf(1023, prog, 0, 0), -EBADF);
	EXPECT_EQ(attach_by_bpf(null, prog, 0, 0), -EBADF);
	tring_init(&r, IORING_SETUP_IOPOLL);
	EXPECT_EQ(attach_by_bpf(tring_fd(&r), prog, 0, 0), -EINVAL);
	EXPECT_EQ(attach_by_ring(tring_fd(&r), prog, 0, 0), -EINVAL);
}

TEST(P2_restrictions_hold_either_way)
{
	struct io_uring_restriction res = {
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = SPAWNPOL_OP_CLONE,
	};
	int prog = CHECK_OK(ORDINARY_PROG);

	tring_init(&r, IORING_SETUP_R_DISABLED);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, &res, 1));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	EXPECT_EQ(attach_by_ring(tring_fd(&r), prog, 0, 0), -EACCES);
	EXPECT_EQ(attach_by_bpf(tring_fd(&r), prog, 0, 0), -EACCES);
}

/* Loaded by a privileged process and passed on. */
TEST(P2_an_ordinary_owner_attaches_a_program_it_was_given)
{
	struct spawnpol_link_info info;
	int link;

	tprog_load(&p);
	become_ordinary();
	tring_init(&r, 0);
	link = CHECK_OK(attach_by_ring(tring_fd(&r), p.fd, 0, 0));
	q_clone(&r);
	hardlink(q_fail(&r));
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 3);
	EXPECT_EQ(p.engine->runs, 1);
	info = link_info(link);
	EXPECT_EQ(info.runs, 1);
}

/* Who has both descriptors may, also where loading is for the privileged. */
TEST(P2_an_ordinary_owner_attaches_by_link_create_too)
{
	int prog = CHECK_OK(ORDINARY_PROG), old = close_bpf(2);
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		int link;

		tring_init(&r, 0);
		become_ordinary();
		CHECK_EQ(ORDINARY_PROG, -EPERM);
		link = CHECK_OK(attach_by_bpf(tring_fd(&r), prog, 0, 0));
		CHECK_EQ(link_info(link).slot, 0);
		_exit(0);
	}
	EXPECT_EQ(wait_exit(pid), 0);
	close_bpf(old);
}

/* --- the rings of others ------------------------------------------------------- */

/* What the two processes share. */
struct peer {
	volatile int ring;
	volatile int go;
};

/* A process with a ring that spawns when told; exits with the program. */
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
		q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
		hardlink(q_fail(&r));
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0); /* the policy's SKIP */
		_exit(wait_exit(CHECK_OK(tring_res(&r, CLONE))));
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

TEST(P3_attaching_to_another_processs_ring)
{
	struct peer *peer = shared_memory(sizeof(*peer));
	unsigned int i;

	tprog_load(&p);
	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		int ring, link;
		pid_t pid;

		tprog_reset(&p);
		tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SKIP);
		memset(peer, 0, sizeof(*peer));
		pid = start_peer(peer, tring_kinds[i / 2].flags);
		ring = fetch_descriptor(pid, peer->ring);
		link = i % 2 ? attach_by_bpf(ring, p.fd, 0, 0)
			     : attach_by_ring(ring, p.fd, 0, 0);
		if (link < 0)
			FAIL("%s, %s: %s", tring_kinds[i / 2].name,
			     i % 2 ? "BPF_LINK_CREATE" : "IORING_ATTACH_BPF",
			     tap_errname(link));
		close(ring);
		peer->go = 1;
		CHECK_EQ(wait_exit(pid), 0);
		EXPECT_EQ(p.engine->runs, 1);
		close(link);
	}
}
