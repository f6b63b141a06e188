// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a program of IORING_OP_BPF is told of completions, and posts (A2, A4, A6). */
#include "lib/actor.h"
#include "lib/child.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

/* --- order and tags ----------------------------------------------------------- */

TEST(A2_completions_are_told_in_their_order)
{
	struct script_rule *rule;
	unsigned int kind, i;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		actor_begin(&r, &a, tring_kinds[kind].flags);
		rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
		rule->copies = 64;
		rule->tag_step = 3;
		actor_sqe(&a, rule, IORING_OP_NOP, 1ULL << 63);
		EXPECT_EQ(actor_result(&r), 0);
		CHECK_EQ(a.script->runs, 65);
		for (i = 0; i < 64; i++) {
			const struct script_run *run = actor_run(&a, i + 1);

			EXPECT_EQ(run->ctx.event, IORING_ACTOR_CQE);
			EXPECT_EQ(run->ctx.opcode, IORING_OP_NOP);
			EXPECT_EQ(run->ctx.tag, (1ULL << 63) + 3 * i);
			EXPECT_EQ(run->ctx.in_flight, 63 - i);
			EXPECT_EQ(run->ctx.res, 0);
			EXPECT_EQ(run->ctx.cqe_flags, 0);
			EXPECT_EQ(run->ctx.user_data, ACTOR);
			EXPECT_EQ(run->ctx.flags, 0);
			EXPECT_EQ(run->ctx.wait_pid, 0);
		}
		/* the launcher sees none of them */
		tring_total(&r, 1);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* The order in which they end, not that in which they were staged. */
TEST(A2_what_ends_first_is_told_first)
{
	struct __kernel_timespec ts[3];
	unsigned int i;

	actor_begin(&r, &a, 0);
	for (i = 0; i < 3; i++) {
		ts[i] = (struct __kernel_timespec){
			.tv_nsec = (3 - i) * 40000000 };
		sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, i), -1, &ts[i], 1);
	}
	actor_starts(&a, IORING_OP_NOP, 3);
	EXPECT_EQ(actor_result(&r), 0);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(actor_run(&a, i + 1)->ctx.tag, 3 - i);
}

/* Tags need not be different; user_data of two programs need not, either. */
TEST(A4_tags_are_the_programs_own)
{
	actor_begin(&r, &a, 0);
	actor_starts(&a, IORING_OP_NOP, ACTOR);
	actor_starts(&a, IORING_OP_NOP, ACTOR);
	actor_starts(&a, IORING_OP_FSYNC, ACTOR)->fd = 987;
	q_actor(&r, ACTOR);
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(actor_times(&a, CQE, ACTOR), 3);
	EXPECT_EQ(actor_told(&a, ACTOR, 2)->ctx.res, -EBADF);
	EXPECT_EQ(actor_told(&a, ACTOR, 2)->ctx.opcode, IORING_OP_FSYNC);
	tring_total(&r, 2);
}

/* What is staged is issued at once: what comes first on the ring finds it done. */
TEST(A2_staged_requests_are_issued_before_anything_else)
{
	char first = 0, second = 0;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_WRITE, 1), fds[1], "ab", 2);
	sqe_on(actor_starts(&a, IORING_OP_READ, 2), fds[0], &first, 1);
	sqe_on(actor_starts(&a, IORING_OP_READ, 3), fds[0], &second, 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, 2);
	EXPECT_EQ(first, 'a');
	EXPECT_EQ(second, 'b');
}

/* --- what comes with a completion -------------------------------------------------- */

/* Of a NOP that is told what to say: IORING_NOP_INJECT_RESULT is no CQE32. */
TEST(A2_big_cqes)
{
	unsigned int kind;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		actor_begin(&r, &a, tring_kinds[kind].flags);
		actor_starts(&a, IORING_OP_NOP, 1);
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_run(&a, 1)->ctx.big_cqe[0], 0);
		EXPECT_EQ(actor_run(&a, 1)->ctx.big_cqe[1], 0);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* More requests than a ring keeps for reuse. */
#define ALL_CACHED 100

/* CQEs of the launcher have no words that a staged request has left. */
static void check_big_cqes_of_launcher(void)
{
	struct io_uring_cqe *cqe;
	unsigned int i;

	for (i = 0; i < ALL_CACHED; i++)
		q_alone(&r, IORING_OP_NOP, OTHER + i);
	tring_submit(&r);
	for (i = 0; i < ALL_CACHED; i++) {
		CHECK_EQ(io_uring_wait_cqe(&r.uring, &cqe), 0);
		EXPECT_EQ(cqe->big_cqe[0], 0);
		EXPECT_EQ(cqe->big_cqe[1], 0);
		io_uring_cqe_seen(&r.uring, cqe);
	}
}

/*
 * Of the operations that need no special device, WAITID alone fills both words. The event
 * has them as wait_status, wait_code and wait_pid. No other event or CQE has them.
 */
TEST(A2_both_words_of_a_big_cqe)
{
	const struct script_run *run;
	struct io_uring_sqe *sqe;
	unsigned int kind;
	pid_t pid;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		DIAG("%s", tring_kinds[kind].name);
		actor_begin(&r, &a, tring_kinds[kind].flags | IORING_SETUP_CQE32);
		pid = CHECK_SYS(fork());
		if (!pid)
			_exit(3);
		sqe = actor_starts(&a, OP_WAITID, 1);
		sqe->len = P_PID;
		sqe->fd = pid;
		sqe->file_index = WEXITED;
		actor_sqe(&a, actor_on(&a, CQE, 1, WAIT), IORING_OP_NOP, 2);
		EXPECT_EQ(actor_result(&r), 0);
		run = actor_told(&a, 1, 0);
		EXPECT_EQ(run->ctx.wait_status, 3);
		EXPECT_EQ(run->ctx.wait_code, CLD_EXITED);
		EXPECT_EQ(run->ctx.wait_pid, pid);
		EXPECT_EQ(run->ctx.big_cqe[0], 0);
		EXPECT_EQ(run->ctx.big_cqe[1], 0);
		run = actor_told(&a, 2, 0);
		EXPECT_EQ(run->ctx.wait_status, 0);
		EXPECT_EQ(run->ctx.wait_code, 0);
		EXPECT_EQ(run->ctx.wait_pid, 0);
		EXPECT_EQ(run->ctx.big_cqe[0], 0);
		EXPECT_EQ(run->ctx.big_cqe[1], 0);
		check_big_cqes_of_launcher();
		tring_exit(&r);
		actor_free(&a);
	}
}

/* A command of a socket on a ring of large SQEs and CQEs. */
TEST(A3_commands_of_sockets)
{
	unsigned int flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32;
	struct io_uring_sqe *sqe;
	int sk[2];

	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, sk));
	CHECK_EQ(write(sk[1], "hello", 5), 5);
	actor_begin(&r, &a, flags);
	sqe = actor_starts(&a, IORING_OP_URING_CMD, 1);
	sqe->fd = sk[0];
	sqe->off = 0; /* SOCKET_URING_OP_SIOCINQ */
	actor_starts(&a, IORING_OP_NOP, 2);
	a.script->rules[0].size = 128;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, -EOPNOTSUPP);
	close(sk[0]);
	CHECK_SYS(sk[0] = socket(AF_INET, SOCK_DGRAM, 0));
	actor_again(&r, &a);
	actor_starts(&a, IORING_OP_URING_CMD, 1)->fd = sk[0];
	a.script->rules[0].size = 128;
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), 0);
}

static pid_t start_child(int status)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		if (status < 0)
			kill(getpid(), -status);
		_exit(status);
	}
	return pid;
}

static void wait_for(pid_t pid, siginfo_t *info, int options)
{
	struct io_uring_sqe *sqe;

	actor_again(&r, &a);
	sqe = actor_starts(&a, OP_WAITID, 1);
	sqe->len = P_PID;
	sqe->fd = pid;
	sqe->file_index = options;
	sqe->addr2 = (uintptr_t)info;
	actor_ends_with(&a, 1);
}

TEST(A2_waitid_tells_the_status)
{
	const struct script_run *run;
	siginfo_t info;
	unsigned int i;
	pid_t pid;

	actor_begin(&r, &a, 0);
	for (i = 0; i < 4; i++) {
		memset(&info, 0, sizeof(info));
		pid = start_child(i / 2 ? -SIGKILL : 3);
		wait_for(pid, i % 2 ? &info : NULL, WEXITED);
		EXPECT_EQ(actor_result(&r), 0);
		run = actor_told(&a, 1, 0);
		EXPECT_EQ(run->ctx.opcode, OP_WAITID);
		EXPECT_EQ(run->ctx.wait_status, i / 2 ? SIGKILL : 3);
		EXPECT_EQ(run->ctx.wait_code, i / 2 ? CLD_KILLED : CLD_EXITED);
		EXPECT_EQ(run->ctx.wait_pid, pid);
		EXPECT_EQ(info.si_pid, i % 2 ? pid : 0);
		check_no_children();
	}
}

TEST(A2_waitid_without_a_child_tells_none)
{
	const struct script_run *run;
	pid_t pid;

	actor_begin(&r, &a, 0);
	wait_for(unused_pid(), NULL, WEXITED);
	EXPECT_EQ(actor_result(&r), -ECHILD);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.wait_pid, 0);
	pid = CHECK_SYS(fork());
	if (!pid)
		pause();
	wait_for(pid, NULL, WEXITED | WNOHANG);
	EXPECT_EQ(actor_result(&r), 0);
	run = actor_told(&a, 1, 0);
	EXPECT_EQ(run->ctx.wait_pid, 0);
	EXPECT_EQ(run->ctx.wait_status, 0);
	EXPECT_EQ(run->ctx.wait_code, 0);
	/* one that ends later */
	wait_for(pid, NULL, WEXITED);
	actor_go(&r);
	tring_none(&r, ACTOR, 20);
	kill(pid, SIGTERM);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.wait_pid, pid);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.wait_status, SIGTERM);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.wait_code, CLD_KILLED);
}

/* --- zero-copy sends ---------------------------------------------------------------- */

static void connect_pair(int sk[2])
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = CHECK_SYS(socket(AF_INET, SOCK_STREAM, 0));

	CHECK_SYS(listen(listener, 1));
	CHECK_SYS(getsockname(listener, (void *)&addr, &len));
	sk[0] = CHECK_SYS(socket(AF_INET, SOCK_STREAM, 0));
	CHECK_SYS(connect(sk[0], (void *)&addr, len));
	sk[1] = CHECK_SYS(accept(listener, NULL, NULL));
	close(listener);
}

TEST(A2_a_zero_copy_send_has_a_notification)
{
	const struct script_run *run;
	unsigned int kind;
	char buf[4];
	int sk[2];

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		DIAG("%s", tring_kinds[kind].name);
		connect_pair(sk);
		actor_begin(&r, &a, tring_kinds[kind].flags);
		sqe_on(actor_starts(&a, IORING_OP_SEND_ZC, 77), sk[0], "abcd", 4);
		actor_go(&r);
		actor_wait_runs(&r, &a, 2);
		CHECK_EQ(read(sk[1], buf, 4), 4);
		EXPECT_EQ(tring_res(&r, ACTOR), 0);
		CHECK_EQ(actor_times(&a, CQE, 77), 2);
		run = actor_told(&a, 77, 0);
		EXPECT_EQ(run->ctx.opcode, IORING_OP_SEND_ZC);
		EXPECT_EQ(run->ctx.res, 4);
		EXPECT_EQ(run->ctx.cqe_flags, IORING_CQE_F_MORE);
		EXPECT_EQ(run->ctx.in_flight, 1);
		run = actor_told(&a, 77, 1);
		EXPECT_EQ(run->ctx.opcode, IORING_OP_NOP);
		EXPECT_EQ(run->ctx.res, 0);
		EXPECT_EQ(run->ctx.cqe_flags, IORING_CQE_F_NOTIF);
		EXPECT_EQ(run->ctx.in_flight, 0);
		tring_exit(&r);
		actor_free(&a);
	}
}

TEST(A2_a_zero_copy_send_that_fails)
{
	int null = CHECK_SYS(open("/dev/null", O_RDWR));
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_SEND_ZC, 77), null, "abcd", 4);
	EXPECT_EQ(actor_result(&r), 0);
	CHECK_EQ(actor_times(&a, CQE, 77), 2);
	EXPECT_EQ(actor_told(&a, 77, 0)->ctx.res, -ENOTSOCK);
	EXPECT_EQ(actor_told(&a, 77, 0)->ctx.cqe_flags, IORING_CQE_F_MORE);
	EXPECT_EQ(actor_told(&a, 77, 1)->ctx.cqe_flags, IORING_CQE_F_NOTIF);
	/* there is none of what cannot be prepared */
	actor_again(&r, &a);
	sqe = sqe_on(actor_starts(&a, IORING_OP_SEND_ZC, 77), null, "abcd", 4);
	sqe->addr3 = 1;
	EXPECT_EQ(actor_result(&r), 0);
	CHECK_EQ(actor_times(&a, CQE, 77), 1);
	EXPECT_EQ(actor_told(&a, 77, 0)->ctx.res, -EINVAL);
	EXPECT_EQ(actor_told(&a, 77, 0)->ctx.cqe_flags, 0);
}

/* --- CQEs of its own ------------------------------------------------------------------ */

TEST(A3_a_program_posts_cqes)
{
	const struct tring_cqe *cqe;
	struct script_rule *rule;
	unsigned int kind;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		actor_begin(&r, &a, tring_kinds[kind].flags);
		rule = actor_on(&a, START, SCRIPT_ANY, END);
		rule->posts = 1;
		rule->post_user_data = OTHER + 7;
		rule->post_res = -1234567;
		rule->post_flags = 0xabcd0000 | IORING_CQE_F_MORE;
		EXPECT_EQ(actor_result(&r), 0);
		CHECK_EQ(actor_run(&a, 0)->posted, 1);
		cqe = tring_cqe(&r, OTHER + 7);
		EXPECT_EQ(cqe->res, -1234567);
		EXPECT_EQ(cqe->flags, 0xabcd0000 | IORING_CQE_F_MORE |
					      SPAWNPOL_CQE_F_STAGED);
		/* before that of the request */
		EXPECT_EQ(r.seen[0].user_data, OTHER + 7);
		tring_total(&r, 2);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* After that run, not when the request completes. */
TEST(A3_posted_cqes_come_while_the_request_goes_on)
{
	struct script_rule *rule;
	char byte;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->posts = 1;
	rule->post_user_data = OTHER;
	sqe_on(actor_sqe(&a, rule, IORING_OP_READ, 1), fds[0], &byte, 1);
	actor_go(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT(!tring_has(&r, ACTOR));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
}

TEST(A3_flags_of_posted_cqes)
{
	struct script_rule *rule;
	unsigned int flag;

	actor_begin(&r, &a, 0);
	for (flag = 1; flag; flag <<= 1) {
		bool good = flag >= 1 << 16 || flag == IORING_CQE_F_MORE;

		actor_again(&r, &a);
		rule = actor_on(&a, START, SCRIPT_ANY, END);
		rule->posts = 1;
		rule->post_user_data = OTHER;
		rule->post_flags = flag;
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_run(&a, 0)->post_error, good ? 0 : -EINVAL);
		tring_total(&r, 1 + good);
	}
}

TEST(A6_one_run_posts_16_at_most)
{
	struct script_rule *rule;

	actor_begin(&r, &a, 0);
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->posts = 18;
	rule->post_user_data = OTHER;
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule = actor_on(&a, CQE, 1, END);
	rule->posts = 16;
	rule->post_user_data = OTHER + 1;
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->posted, 16);
	EXPECT_EQ(actor_run(&a, 0)->post_error, -E2BIG);
	EXPECT_EQ(actor_run(&a, 1)->posted, 16);
	EXPECT_EQ(actor_run(&a, 1)->post_error, 0);
	tring_total(&r, 33);
}

/* --- multishot ------------------------------------------------------------------------- */

TEST(A2_more_is_told)
{
	struct io_uring_sqe *sqe;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, 0);
	sqe = actor_starts(&a, IORING_OP_POLL_ADD, 5);
	sqe->fd = fds[0];
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->poll32_events = 1; /* POLLIN */
	actor_when(&a, 5, SCRIPT_LAST, END)->sets_result = SCRIPT_RES;
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	actor_wait_runs(&r, &a, 2);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	actor_wait_runs(&r, &a, 3);
	EXPECT_EQ(actor_run(&a, 1)->ctx.cqe_flags, IORING_CQE_F_MORE);
	EXPECT_EQ(actor_run(&a, 1)->ctx.in_flight, 1);
	EXPECT_EQ(actor_run(&a, 2)->ctx.cqe_flags, IORING_CQE_F_MORE);
	EXPECT_EQ(actor_run(&a, 2)->ctx.tag, 5);
	EXPECT(!tring_has(&r, ACTOR));
}
