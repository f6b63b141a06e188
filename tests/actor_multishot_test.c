// SPDX-License-Identifier: LGPL-2.1-or-later
/* Requests with many completions, staged by a program (A3, A4). */
#include "lib/actor.h"
#include "lib/child.h"

#include <poll.h>
#include <sys/socket.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define SHOT 5
#define GROUP 3
#define BUFS 32
static char bufs[BUFS][16];

static void provide(unsigned int nr)
{
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_PROVIDE_BUFFERS, OTHER);

	sqe_on(sqe, nr, bufs, sizeof(bufs[0]));
	sqe->buf_group = GROUP;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	tring_forget(&r);
}

static void use_group(struct io_uring_sqe *sqe)
{
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
}

/* END with the result of the last completion. */
static void end_with_last(void)
{
	actor_when(&a, SHOT, SCRIPT_LAST, END)->sets_result = SCRIPT_RES;
}

/* The nth completion that was told, which is not the last. */
static const struct script_run *shot(unsigned int n)
{
	const struct script_run *run;

	actor_wait_runs(&r, &a, n + 2);
	run = actor_told(&a, SHOT, n);
	EXPECT(run->ctx.cqe_flags & IORING_CQE_F_MORE);
	EXPECT_EQ(run->ctx.in_flight, 1);
	return run;
}

static void each_kind(void (*test)(unsigned int flags))
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		test(tring_kinds[i].flags);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* --- what there is ------------------------------------------------------------------- */

static void poll_pipe(unsigned int flags)
{
	struct io_uring_sqe *sqe;
	unsigned int i;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, flags);
	sqe = actor_starts(&a, IORING_OP_POLL_ADD, SHOT);
	sqe->fd = fds[0];
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->poll32_events = POLLIN;
	end_with_last();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(write(fds[1], "x", 1), 1);
		EXPECT_EQ(shot(i)->ctx.res, POLLIN);
	}
	/* the launcher's own search for it finds nothing; it ends with the actor */
	q_cancel(&r, SHOT, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), -ENOENT);
	q_cancel(&r, ACTOR, 0, OTHER + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	tring_total(&r, 3);
	close(fds[0]);
	close(fds[1]);
}

TEST(A3_multishot_poll)
{
	each_kind(poll_pipe);
}

static void accept_many(unsigned int flags)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	int listener = CHECK_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	socklen_t len = sizeof(addr);
	struct io_uring_sqe *sqe;
	unsigned int i;
	int sk[5];

	CHECK_SYS(listen(listener, 16));
	CHECK_SYS(getsockname(listener, (void *)&addr, &len));
	actor_begin(&r, &a, flags);
	sqe = actor_starts(&a, IORING_OP_ACCEPT, SHOT);
	sqe->fd = listener;
	sqe->ioprio = IORING_ACCEPT_MULTISHOT;
	end_with_last();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 5; i++) {
		sk[i] = CHECK_SYS(socket(AF_INET, SOCK_STREAM, 0));
		CHECK_SYS(connect(sk[i], (void *)&addr, len));
	}
	for (i = 0; i < 5; i++) {
		int got = CHECK_OK(shot(i)->ctx.res);

		/* descriptors of the launcher */
		CHECK_EQ(write(got, "hi", 2), 2);
		close(got);
		close(sk[i]);
	}
	shutdown(listener, SHUT_RD);
	EXPECT_EQ(tring_res(&r, ACTOR), -EINVAL);
	close(listener);
}

TEST(A3_multishot_accept)
{
	each_kind(accept_many);
}

static void receive_many(unsigned int flags)
{
	struct io_uring_sqe *sqe;
	unsigned int i;
	int sk[2];

	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, sk));
	actor_begin(&r, &a, flags);
	provide(BUFS);
	sqe = actor_starts(&a, IORING_OP_RECV, SHOT);
	sqe->fd = sk[0];
	sqe->ioprio = IORING_RECV_MULTISHOT;
	use_group(sqe);
	end_with_last();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 10; i++) {
		const struct script_run *run;

		CHECK_EQ(write(sk[1], format("%u", i), 2), 2);
		run = shot(i);
		EXPECT_EQ(run->ctx.res, 2);
		CHECK(run->ctx.cqe_flags & IORING_CQE_F_BUFFER);
		EXPECT_STR(bufs[run->ctx.cqe_flags >> IORING_CQE_BUFFER_SHIFT],
			   format("%u", i));
	}
	close(sk[1]);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(actor_times(&a, CQE, SHOT), 11);
	close(sk[0]);
}

TEST(A3_multishot_recv)
{
	each_kind(receive_many);
}

static void read_many(unsigned int flags)
{
	struct io_uring_sqe *sqe;
	unsigned int i;
	int fds[2];

	make_pipe(fds);
	actor_begin(&r, &a, flags);
	provide(BUFS);
	sqe = actor_starts(&a, OP_READ_MULTISHOT, SHOT);
	sqe->fd = fds[0];
	use_group(sqe);
	end_with_last();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 10; i++) {
		CHECK_EQ(write(fds[1], "abc", 3), 3);
		EXPECT_EQ(shot(i)->ctx.res, 3);
	}
	close(fds[1]);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	close(fds[0]);
}

TEST(A3_multishot_read)
{
	each_kind(read_many);
}

/* Without a buffer left it ends. */
TEST(A3_multishot_recv_runs_out_of_buffers)
{
	struct io_uring_sqe *sqe;
	int sk[2], i;

	CHECK_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sk));
	actor_begin(&r, &a, 0);
	provide(2);
	sqe = actor_starts(&a, IORING_OP_RECV, SHOT);
	sqe->fd = sk[0];
	sqe->ioprio = IORING_RECV_MULTISHOT;
	use_group(sqe);
	end_with_last();
	for (i = 0; i < 4; i++)
		CHECK_EQ(write(sk[1], "ab", 2), 2);
	EXPECT_EQ(actor_result(&r), -ENOBUFS);
	EXPECT_EQ(actor_times(&a, CQE, SHOT), 3);
}

static void timeouts(unsigned int flags)
{
	struct __kernel_timespec ts = { .tv_nsec = 5000000 };
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, flags);
	sqe = sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, SHOT), -1, &ts, 1);
	sqe->off = 4;
	sqe->timeout_flags = IORING_TIMEOUT_MULTISHOT;
	end_with_last();
	EXPECT_EQ(actor_result(&r), -ETIME);
	EXPECT_EQ(actor_times(&a, CQE, SHOT), 4);
	EXPECT_EQ(actor_told(&a, SHOT, 0)->ctx.res, -ETIME);
	EXPECT_EQ(actor_told(&a, SHOT, 0)->ctx.cqe_flags, IORING_CQE_F_MORE);
	EXPECT_EQ(actor_told(&a, SHOT, 3)->ctx.cqe_flags, 0);
}

TEST(A3_multishot_timeouts)
{
	each_kind(timeouts);
}

/* It completes all the time, and is staged once more whenever it has no place left. */
static void endless_timeout(unsigned int flags)
{
	struct __kernel_timespec interval = { .tv_nsec = 1 }, limit = { .tv_nsec = 20000000 };
	struct io_uring_sqe *sqe;

	actor_begin(&r, &a, flags);
	sqe = sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, SHOT), -1, &interval, 1);
	sqe->timeout_flags = IORING_TIMEOUT_MULTISHOT;
	sqe = actor_sqe(&a, actor_when(&a, SHOT, SCRIPT_LAST, WAIT), IORING_OP_TIMEOUT, SHOT);
	sqe_on(sqe, -1, &interval, 1)->timeout_flags = IORING_TIMEOUT_MULTISHOT;
	q_actor(&r, ACTOR)->flags = IOSQE_IO_LINK;
	sqe_on(q_alone(&r, IORING_OP_LINK_TIMEOUT, OTHER), -1, &limit, 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	EXPECT_GE(actor_times(&a, CQE, SHOT), 1);
}

TEST(A4_an_endless_timeout_ends_with_its_actor)
{
	each_kind(endless_timeout);
}

/* --- no place left ---------------------------------------------------------------------- */

static void attach_for(unsigned int in_flight, unsigned int flags)
{
	struct io_uring_attach_bpf attr = {
		.max_staged = in_flight,
		.state_size = 8,
	};

	tring_init(&r, flags);
	actor_load(&a);
	attr.prog_fd = a.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
}

/*
 * All of what is there is received in one go, before the program can run again: with
 * places for two more completions, the third is not the last, but the multishot is.
 */
static void recv_beyond(unsigned int flags)
{
	struct io_uring_sqe *sqe;
	unsigned int told, i;
	int sk[2];

	CHECK_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sk));
	attach_for(2, flags);
	provide(BUFS);
	for (i = 0; i < 10; i++)
		CHECK_EQ(write(sk[1], "ab", 2), 2);
	sqe = actor_starts(&a, IORING_OP_RECV, SHOT);
	sqe->fd = sk[0];
	sqe->ioprio = IORING_RECV_MULTISHOT;
	use_group(sqe);
	end_with_last();
	/* in flight with it, and none of its concern */
	EXPECT_EQ(actor_result(&r), 2);
	told = actor_times(&a, CQE, SHOT);
	DIAG("%u completions", told);
	EXPECT_GE(told, 2);
	EXPECT_LT(told, 10);
	for (i = 0; i < told; i++)
		EXPECT_EQ(actor_told(&a, SHOT, i)->ctx.res, 2);
	/* nothing is lost: what it was not told of has not been received */
	for (i = told; i < 10; i++) {
		char buf[4];

		CHECK_EQ(recv(sk[0], buf, 4, MSG_DONTWAIT), 2);
	}
	close(sk[0]);
	close(sk[1]);
}

TEST(A4_a_multishot_ends_when_no_place_is_left)
{
	each_kind(recv_beyond);
}

/* A completion that has been told leaves its place to another one. */
TEST(A4_places_of_a_multishot_are_used_again)
{
	struct io_uring_attach_bpf attr = { .max_staged = 2, .state_size = 8 };
	struct io_uring_sqe *sqe;
	unsigned int i;
	int fds[2];

	make_pipe(fds);
	tring_init(&r, 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	sqe = actor_starts(&a, IORING_OP_POLL_ADD, SHOT);
	sqe->fd = fds[0];
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->poll32_events = 1; /* POLLIN */
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 10; i++) {
		CHECK_EQ(write(fds[1], "x", 1), 1);
		actor_wait_runs(&r, &a, i + 2);
		EXPECT_EQ(actor_told(&a, SHOT, i)->ctx.cqe_flags,
			  IORING_CQE_F_MORE);
	}
	EXPECT(!tring_has(&r, ACTOR));
}

/* It can stage it again, and gets all of it. */
TEST(A4_a_multishot_that_has_ended_can_be_staged_again)
{
	struct script_rule *rule;
	struct io_uring_sqe sqe;
	int sk[2], i, bytes = 0;

	CHECK_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sk));
	attach_for(2, 0);
	provide(BUFS);
	for (i = 0; i < 20; i++)
		CHECK_EQ(write(sk[1], "ab", 2), 2);
	close(sk[1]);
	memset(&sqe, 0, sizeof(sqe));
	sqe.opcode = IORING_OP_RECV;
	sqe.fd = sk[0];
	sqe.ioprio = IORING_RECV_MULTISHOT;
	sqe.user_data = SHOT;
	use_group(&sqe);
	*actor_starts(&a, IORING_OP_RECV, SHOT) = sqe;
	actor_when(&a, SHOT, SCRIPT_MORE, WAIT);
	rule = actor_when(&a, SHOT, SCRIPT_LAST | SCRIPT_OK, WAIT);
	rule->times = 20;
	*actor_sqe(&a, rule, IORING_OP_RECV, SHOT) = sqe;
	actor_on(&a, CQE, SHOT, END)->sets_result = SCRIPT_RES;
	actor_idle(&r, 1);
	actor_go(&r);
	/* end of file is a result of 0, after which it is staged until rules end */
	tring_res(&r, ACTOR);
	for (i = 0; i < (int)actor_times(&a, CQE, SHOT); i++) {
		int res = actor_told(&a, SHOT, i)->ctx.res;

		bytes += res > 0 ? res : 0;
	}
	EXPECT_EQ(bytes, 40);
}

/* Each request's last completion has its place, whatever the multishot takes. */
TEST(A4_a_multishot_takes_no_place_of_others)
{
	struct io_uring_sqe *sqe;
	int sk[2], i;

	CHECK_SYS(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sk));
	attach_for(3, 0);
	provide(BUFS);
	for (i = 0; i < 20; i++)
		CHECK_EQ(write(sk[1], "ab", 2), 2);
	sqe = actor_starts(&a, IORING_OP_RECV, SHOT);
	sqe->fd = sk[0];
	sqe->ioprio = IORING_RECV_MULTISHOT;
	use_group(sqe);
	actor_starts(&a, IORING_OP_NOP, 6);
	actor_starts(&a, IORING_OP_NOP, 7);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_times(&a, CQE, 6), 1);
	EXPECT_EQ(actor_times(&a, CQE, 7), 1);
	EXPECT_GE(actor_times(&a, CQE, SHOT), 2);
}

/* A poll tells of what there is while nothing is run: with no place it ends. */
TEST(A4_a_multishot_poll_ends_when_no_place_is_left)
{
	struct io_uring_sqe *sqe;
	int fds[2], i;

	make_pipe(fds);
	attach_for(1, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	sqe = actor_starts(&a, IORING_OP_POLL_ADD, SHOT);
	sqe->fd = fds[0];
	sqe->len = IORING_POLL_ADD_MULTI;
	sqe->poll32_events = POLLIN;
	end_with_last();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	for (i = 0; i < 100 && !tring_has(&r, ACTOR); i++) {
		CHECK_EQ(write(fds[1], "x", 1), 1);
		actor_idle(&r, 1);
	}
	/* told of each, one by one: it goes on, or has ended for want of a place */
	if (tring_has(&r, ACTOR))
		EXPECT_EQ(tring_res(&r, ACTOR), POLLIN);
	else
		EXPECT_GE(actor_times(&a, CQE, SHOT), 1);
}
