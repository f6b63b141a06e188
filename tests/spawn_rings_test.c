// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every kind of ring; restrictions; what the ring tells of itself (S4, S11, S19). */
#include "lib/child.h"
#include "lib/ring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* A chain that succeeds by its third EXEC, one that fails, one request alone. */
static void exercise(void)
{
	static char *argv[] = { "exit_with", "7", NULL };

	q_clone(&r);
	q_nop(&r);
	hardlink(q_exec(&r, "/nonexistent/a", argv));
	hardlink(q_exec(&r, "/nonexistent/b", argv));
	q_exec(&r, helper("exit_with"), argv);
	q_nop(&r);
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	q_exit(&r, 0);
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -ENOENT);
	CHECK_EQ(tring_res(&r, 2), -ENOENT);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(tring_res(&r, 4), -ECANCELED);
	CHECK_EQ(tring_res(&r, CHAIN(1)), 0);
	CHECK_EQ(tring_res(&r, CHAIN(1) + 1), -ENOENT);
	CHECK_EQ(tring_res(&r, CHAIN(1) + 2), -ECANCELED);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 7);
	tring_total(&r, 11);
	check_gone(tring_res(&r, CHAIN(1) + CLONE));
	check_no_children();
}

TEST(S4_every_kind_of_ring_spawns)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		exercise();
		tring_forget(&r);
		exercise();
		tring_exit(&r);
	}
}

TEST(S4_combinations_of_flags_spawn)
{
	static const unsigned int flags[] = {
		IORING_SETUP_SQPOLL | IORING_SETUP_SINGLE_ISSUER,
		IORING_SETUP_SQPOLL | IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			IORING_SETUP_SQE128 | IORING_SETUP_CQE32,
		IORING_SETUP_SUBMIT_ALL,
	};
	unsigned int i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		tring_init(&r, flags[i]);
		exercise();
		tring_exit(&r);
	}
}

/*
 * One system call submits and waits for everything: a waiter wakes for CQEs
 * that the child posts, and as one number says how many it got.
 */
TEST(S4_waiters_are_woken_by_the_childs_completions)
{
	unsigned int i;
	double start;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_nop(&r);
		q_nop(&r);
		q_exit(&r, 1);
		tring_end(&r);
		start = now();
		CHECK_EQ(io_uring_submit_and_wait(&r.uring, 4), 4);
		CHECK_LT(now() - start, tap_patience());
		CHECK_EQ(io_uring_cq_ready(&r.uring), 4);
		tring_total(&r, 4);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 1);
		tring_exit(&r);
	}
}

/* A file that a step wrote and closed is no more busy when EXEC comes. */
TEST(S4_files_of_steps_are_put_before_the_next_step)
{
	static char script[] = "#!/bin/sh\nexit 9\n";
	static char *argv[] = { "script", NULL };
	char *path = in_dir("script");
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		tring_init(&r, tring_kinds[i].flags);
		unlink(path);
		q_clone(&r);
		q_open_at(&r, 50, path, O_RDWR | O_CREAT)->addr3 = 0755;
		q_write(&r, 50, script, strlen(script));
		q_op(&r, IORING_OP_CLOSE)->fd = 50;
		q_exec(&r, path, argv);
		tring_end(&r);
		CHECK_OK(io_uring_submit_and_wait(&r.uring, 1));
		/* The submitter does not enter the ring meanwhile. */
		CHECK_EQ(wait_exit(-1), 9);
		CHECK_EQ(tring_res(&r, 3), 0);
		tring_exit(&r);
	}
}

static void *wait_for_last(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)tring_res(&r, 1);
}

TEST(S4_another_thread_waits_for_the_cqes)
{
	struct blocker b;
	pthread_t thread;
	void *res;
	pid_t pid;

	tring_init(&r, 0);
	q_clone(&r);
	q_block(&r, &b);
	q_exit(&r, 2);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_EQ(pthread_create(&thread, NULL, wait_for_last, NULL), 0);
	blocker_release(&b);
	CHECK_EQ(pthread_join(thread, &res), 0);
	CHECK_EQ((intptr_t)res, 0);
	CHECK_EQ(wait_exit(pid), 2);
}

TEST(S4_an_eventfd_is_told)
{
	int fd = CHECK_SYS(syscall(SYS_eventfd2, 0, 0));
	uint64_t count, sum = 0;

	tring_init(&r, 0);
	CHECK_OK(io_uring_register_eventfd(&r.uring, fd));
	q_clone(&r);
	q_nop(&r);
	q_exit(&r, 3);
	tring_submit(&r);
	while (sum < 1 || io_uring_cq_ready(&r.uring) < 3) {
		CHECK_EQ(read(fd, &count, sizeof(count)),
			 (ssize_t)sizeof(count));
		sum += count;
	}
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
}

/* --- restrictions (section 6) ------------------------------------------------ */

static void restrict_ring(const unsigned char *ops, unsigned int nr_ops,
			  unsigned int reg)
{
	struct io_uring_restriction res[16] = { 0 };
	unsigned int i;

	tring_init(&r, IORING_SETUP_R_DISABLED);
	for (i = 0; i < nr_ops; i++) {
		res[i].opcode = IORING_RESTRICTION_SQE_OP;
		res[i].sqe_op = ops[i];
	}
	res[i].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	res[i++].sqe_flags = IOSQE_IO_LINK | IOSQE_IO_HARDLINK;
	res[i].opcode = IORING_RESTRICTION_REGISTER_OP;
	res[i++].register_op = reg;
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, res, i));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
}

#define RESTRICT(reg, ...)                                                     \
	({                                                                     \
		static const unsigned char ops_[] = { __VA_ARGS__ };           \
		restrict_ring(ops_, sizeof(ops_), reg);                        \
	})

TEST(S19_restrictions_allow_what_they_name)
{
	RESTRICT(SPAWNPOL_REGISTER_SPAWN_QUERY, SPAWNPOL_OP_CLONE,
		 SPAWNPOL_OP_EXEC);
	q_clone(&r);
	q_exit(&r, 4);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
}

TEST(S19_restrictions_refuse_clone)
{
	RESTRICT(SPAWNPOL_REGISTER_SPAWN_QUERY, SPAWNPOL_OP_EXEC,
		 IORING_OP_NOP);
	q_clone(&r);
	q_exit(&r, 4);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EACCES);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	check_no_children();
}

TEST(S19_restrictions_refuse_a_step)
{
	RESTRICT(SPAWNPOL_REGISTER_SPAWN_QUERY, SPAWNPOL_OP_CLONE,
		 SPAWNPOL_OP_EXEC);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	q_exit(&r, 4);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	check_no_children();
}

TEST(S19_restrictions_refuse_the_query)
{
	struct io_uring_spawn_query query = { .size = sizeof(query) };

	RESTRICT(IORING_REGISTER_PROBE, SPAWNPOL_OP_CLONE);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &query, 1),
		  -EACCES);
}

/* --- discovery --------------------------------------------------------------- */

TEST(S4_the_query_describes_the_kernel)
{
	struct io_uring_spawn_query query;
	struct io_uring_params params = { 0 };
	unsigned int i;
	int fd;

	fd = CHECK_SYS(syscall(__NR_io_uring_setup, 4, &params));
	EXPECT(params.features & SPAWNPOL_FEAT_SPAWN);
	close(fd);
	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.size, sizeof(query));
	EXPECT_EQ(query.abi, IORING_SPAWN_ABI);
	EXPECT_EQ(query.features, IORING_SPAWN_FEAT_POLICY | IORING_SPAWN_FEAT_OP);
	EXPECT_EQ(query.nr_slots, IORING_SPAWN_SLOTS);
	EXPECT_EQ(query.exec_flags, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	EXPECT_EQ(query.exec_ioprio, IORING_EXEC_SEARCH);
	EXPECT_EQ(query.def_issues, 1024);
	EXPECT_EQ(query.max_issues, 65536);
	EXPECT_EQ(query.def_staged, 8);
	EXPECT_EQ(query.max_staged, 8);
	EXPECT_EQ(query.def_delay_ns, 10000000000);
	EXPECT_EQ(query.max_delay_ns, 300000000000);
	EXPECT_EQ(query.sqe_clone_flags,
		  IORING_CLONE_NEED_POLICY | IORING_CLONE_FILES |
			  IORING_CLONE_REPORT | IORING_CLONE_KEEP |
			  IORING_CLONE_CHILD | IORING_CLONE_COPY);
	EXPECT_EQ(query.max_policies, 16);
	EXPECT_EQ(query.policy_events, 2 * IORING_POLICY_EXECED - 1);
	EXPECT_EQ(query.max_steps, 1024);
	EXPECT_EQ(query.max_files, 65536);
	EXPECT_EQ(query.max_waiting, 4096);
	EXPECT_EQ(query.def_in_flight, 64);
	EXPECT_EQ(query.max_in_flight, 1024);
	EXPECT_EQ(query.max_op_staged, 64);
	EXPECT_EQ(query.max_op_posted, 16);
	EXPECT_EQ(query.max_state, 4096);
	/* What can be retried can be a step. */
	for (i = 0; i < 4; i++)
		EXPECT_EQ(query.retry_ops[i] & ~query.child_ops[i], 0);
	EXPECT(query.retry_ops[0] >> SPAWNPOL_OP_EXEC & 1);
}

TEST(S4_the_query_tells_the_numbers)
{
	struct io_uring_spawn_query query;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.op_clone, SPAWNPOL_OP_CLONE);
	EXPECT_EQ(query.op_exec, SPAWNPOL_OP_EXEC);
	EXPECT_EQ(query.op_child, SPAWNPOL_OP_CHILD);
	EXPECT_EQ(query.prog_type, SPAWNPOL_BPF_PROG_TYPE_IOURING);
	EXPECT_EQ(query.attach_spawn, SPAWNPOL_BPF_IOURING_SPAWN);
	EXPECT_EQ(query.link_type, SPAWNPOL_BPF_LINK_TYPE_IOURING);
	/* that of programs which no operation runs yet */
	EXPECT(!query.attach_op || query.attach_op == SPAWNPOL_BPF_IOURING_OP);
}

/* Asked by programs that know less, or more, than the kernel. */
TEST(S4_the_query_goes_by_the_size)
{
	static const size_t sizes[] = {
		8, 12, offsetof(struct io_uring_spawn_query, child_ops) + 4,
		sizeof(struct io_uring_spawn_query) + 64,
	};
	struct {
		struct io_uring_spawn_query query;
		unsigned char behind[128];
	} is, want;
	size_t known;
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(&want, 0, sizeof(want));
		tring_query(&r, &want.query);
		known = sizes[i] < sizeof(want.query) ? sizes[i] :
							sizeof(want.query);
		want.query.size = known;
		memset((char *)&want + sizes[i], 0xa5, sizeof(want) - sizes[i]);
		memset(&is, 0xa5, sizeof(is));
		is.query.size = sizes[i];
		CHECK_OK(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &is,
					1));
		if (memcmp(&is, &want, sizeof(is)))
			FAIL("another answer with a size of %zu", sizes[i]);
	}
}

TEST(S4_the_query_refuses_wrong_arguments)
{
	struct io_uring_spawn_query query = { .size = sizeof(query) };

	tring_init(&r, 0);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &query, 0),
		  -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &query, 2),
		  -EINVAL);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, NULL, 1),
		  -EINVAL);
	EXPECT_EQ(
		tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, (void *)8, 1),
		-EFAULT);
	EXPECT_EQ(
		tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY + 1, NULL, 0),
		-EINVAL);
	query.size = 7;
	EXPECT_EQ(tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &query, 1),
		  -EINVAL);
	EXPECT_EQ(query.size, 7);
}
