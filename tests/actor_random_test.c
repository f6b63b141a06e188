// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs of IORING_OP_BPF whose scripts are made up at random: whatever they stage,
 * cancel and wait for, and whatever the launcher does meanwhile, each request has its one
 * CQE, and nothing is left (A2, A3, A4). SPAWNPOL_SEED in the environment is the first
 * seed.
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/place.h"
#include "lib/whole.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

#define TAGS 6
#define GROUP 3

static struct __kernel_timespec soon = { .tv_nsec = 1000000 };
static struct __kernel_timespec later = { .tv_sec = 1000 };
static int fds[2], sk[2], tcp[2];
static char buf[64], bufs[16][16];
static uint32_t word;
static struct whole whole;

static unsigned int any(unsigned int below)
{
	return rand() % below;
}

static bool once_in(unsigned int times)
{
	return !any(times);
}

/* --- requests ---------------------------------------------------------------------- */

static void make_rw(struct io_uring_sqe *sqe)
{
	static const unsigned char ops[] = { IORING_OP_READ, IORING_OP_WRITE };

	sqe->opcode = ops[any(2)];
	sqe_on(sqe, fds[sqe->opcode == IORING_OP_WRITE], buf, 1 + any(3));
	if (once_in(3))
		sqe->flags |= IOSQE_ASYNC;
	if (once_in(8))
		sqe->fd = 987;
}

static void make_poll(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = once_in(2) ? fds[0] : sk[0];
	sqe->poll32_events = POLLIN;
	sqe->len = once_in(2) ? IORING_POLL_ADD_MULTI : 0;
}

static void make_timeout(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_TIMEOUT;
	sqe_on(sqe, -1, once_in(2) ? &later : &soon, 1);
	if (once_in(3)) {
		sqe->timeout_flags = IORING_TIMEOUT_MULTISHOT;
		sqe->off = 1 + any(5);
	}
}

static void make_link_timeout(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_LINK_TIMEOUT;
	sqe_on(sqe, -1, once_in(2) ? &later : &soon, 1);
}

static void make_cancel(struct io_uring_sqe *sqe)
{
	static const unsigned int flags[] = {
		0, IORING_ASYNC_CANCEL_ALL, IORING_ASYNC_CANCEL_ANY,
		IORING_ASYNC_CANCEL_FD, 1U << 5 /* _OP */
	};
	static const unsigned char ops[] = { IORING_OP_ASYNC_CANCEL,
					     IORING_OP_POLL_REMOVE,
					     IORING_OP_TIMEOUT_REMOVE };

	sqe->opcode = ops[any(3)];
	sqe->addr = any(TAGS);
	if (sqe->opcode != IORING_OP_ASYNC_CANCEL)
		return;
	sqe->cancel_flags = flags[any(5)];
	if (sqe->cancel_flags & IORING_ASYNC_CANCEL_FD) {
		sqe->fd = fds[0];
		sqe->addr = 0;
	} else if (sqe->cancel_flags == 1U << 5) {
		sqe->len = IORING_OP_READ;
		sqe->addr = 0;
	}
}

static void make_futex(struct io_uring_sqe *sqe)
{
	sqe->opcode = once_in(2) ? OP_FUTEX_WAIT : OP_FUTEX_WAKE;
	sqe->addr = (uintptr_t)&word;
	sqe->addr3 = ~0U;
	sqe->off = sqe->opcode == OP_FUTEX_WAKE;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
}

static void make_socket(struct io_uring_sqe *sqe)
{
	switch (any(3)) {
	case 0:
		sqe->opcode = IORING_OP_SEND_ZC;
		sqe_on(sqe, tcp[0], buf, 1 + any(5));
		break;
	case 1:
		sqe->opcode = IORING_OP_SEND;
		sqe_on(sqe, sk[1], buf, 1 + any(5));
		break;
	default:
		sqe->opcode = IORING_OP_RECV;
		sqe->fd = sk[0];
		sqe->flags |= IOSQE_BUFFER_SELECT;
		sqe->buf_group = GROUP;
		sqe->ioprio = once_in(2) ? IORING_RECV_MULTISHOT : 0;
	}
}

static void make_spawn(struct io_uring_sqe *sqe)
{
	if (once_in(2)) {
		sqe->opcode = OP_WAITID;
		sqe->len = P_ALL;
		sqe->file_index = WEXITED | __WALL;
		return;
	}
	sqe->opcode = SPAWNPOL_OP_SPAWN;
	sqe->addr = (uintptr_t)&whole.arg;
	sqe->len = sizeof(whole.arg);
}

static void make_open(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_OPENAT;
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)(once_in(2) ? "/" : "/nonexistent");
	sqe->file_index = 1 + any(2);
}

static void make_nop(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_NOP;
}

static void make_one(struct io_uring_sqe *sqe)
{
	static void (*const makers[])(struct io_uring_sqe *sqe) = {
		make_rw,     make_rw,	  make_poll,   make_timeout,
		make_cancel, make_cancel, make_futex,  make_socket,
		make_spawn,  make_open,	  make_nop,    make_link_timeout,
	};

	makers[any(sizeof(makers) / sizeof(makers[0]))](sqe);
	if (once_in(3))
		sqe->flags |= once_in(4) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
}

/* --- scripts -------------------------------------------------------------------------- */

static void add_sqes(struct script_rule *rule, unsigned int most)
{
	unsigned int nr = any(most + 1);

	while (nr-- && a.script->nr_sqes < SCRIPT_SQES)
		make_one(actor_sqe(&a, rule, IORING_OP_NOP, any(TAGS)));
	rule->posts = once_in(4) ? any(4) : 0;
	rule->post_user_data = SCRIPT_ANY - 1;
	rule->sets_result = any(3);
	rule->result = once_in(2) ? 5 : -5;
}

static void make_script(void)
{
	struct script_rule *rule;
	unsigned int i;

	actor_reset(&a);
	add_sqes(actor_on(&a, START, SCRIPT_ANY, WAIT), 8);
	if (once_in(3))
		actor_on(&a, CQE, any(TAGS), END);
	for (i = 0; i < 3; i++) {
		rule = actor_on(&a, CQE, once_in(2) ? SCRIPT_ANY : any(TAGS), WAIT);
		rule->when = once_in(2) ? 1U << any(4) : 0;
		rule->times = 1 + any(20);
		add_sqes(rule, 4);
	}
	add_sqes(actor_on(&a, CANCEL, SCRIPT_ANY, any(2)), 2);
}

/* --- the launcher ----------------------------------------------------------------------- */

static void connect_tcp(void)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	int listener = CHECK_SYS(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t len = sizeof(addr);

	CHECK_SYS(listen(listener, 1));
	CHECK_SYS(getsockname(listener, (void *)&addr, &len));
	tcp[0] = CHECK_SYS(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	CHECK_SYS(connect(tcp[0], (void *)&addr, len));
	tcp[1] = CHECK_SYS(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	close(listener);
}

static void begin(unsigned int flags)
{
	int files[2] = { -1, -1 };
	struct io_uring_sqe *sqe;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sk));
	connect_tcp();
	whole_exit(&whole, 0);
	tring_init(&r, flags);
	CHECK_OK(io_uring_register_files(&r.uring, files, 2));
	sqe = sqe_on(q_alone(&r, IORING_OP_PROVIDE_BUFFERS, OTHER), 16, bufs, 16);
	sqe->buf_group = GROUP;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	tring_forget(&r);
}

static void end(void)
{
	unsigned int i;

	tring_exit(&r);
	for (i = 0; i < 2; i++) {
		close(fds[i]);
		close(sk[i]);
		close(tcp[i]);
	}
	/* what SPAWN has started ends by itself, the rest is gone */
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

static void meddle(int *link, unsigned int nr, unsigned int turn)
{
	switch (any(6)) {
	case 0:
		q_cancel(&r, ACTOR + any(nr), 0, OTHER + turn);
		tring_submit(&r);
		break;
	case 1:
		CHECK_GT(write(fds[1], "abcdef", 1 + any(6)), 0);
		break;
	case 2:
		actor_idle(&r, 1 + any(3));
		break;
	case 3:
		CHECK_GT(write(sk[1], "abcdef", 1 + any(6)), 0);
		break;
	case 4:
		if (once_in(4) && *link >= 0) {
			close(*link);
			*link = -1;
		}
		break;
	default:
		q_alone(&r, IORING_OP_NOP, OTHER + turn);
		tring_submit(&r);
	}
}

static bool all_have_ended(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!tring_has(&r, ACTOR + i))
			return false;
	}
	return true;
}

/*
 * Those that do not end by themselves are cancelled; again, because what follows another
 * one begins when that has ended.
 */
static void finish(unsigned int nr, int link)
{
	double until = now() + tap_patience();
	unsigned int i;

	actor_idle(&r, any(5));
	for (i = 0; !all_have_ended(nr); i++) {
		if (now() > until)
			FAIL("not all have ended");
		q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER + 1000 + i);
		tring_submit(&r);
		actor_idle(&r, 2);
	}
	if (link >= 0)
		CHECK_EQ(link_info(link).actors, 0);
	CHECK_EQ(count_of(fdinfo_of(tring_fd(&r)), "SpawnActor:"), 0);
}

static void one_round(unsigned int seed)
{
	unsigned int nr, i, turns;
	int link;

	srand(seed);
	begin(tring_kinds[seed % tring_nr_kinds].flags);
	make_script();
	link = actor_attach(&r, &a);
	nr = 1 + any(4);
	for (i = 0; i < nr; i++) {
		struct io_uring_sqe *sqe = q_actor(&r, ACTOR + i);

		if (once_in(5) && i + 1 < nr)
			sqe->flags = IOSQE_IO_HARDLINK;
	}
	tring_submit(&r);
	turns = any(10);
	for (i = 0; i < turns; i++)
		meddle(&link, nr, i);
	if (once_in(5)) {
		/* the end of the ring is the end of all */
		if (link >= 0)
			close(link);
		end();
		return;
	}
	finish(nr, link);
	if (link >= 0)
		close(link);
	end();
}

TEST(A4_programs_at_random, .timeout = 600)
{
	const char *first = getenv("SPAWNPOL_SEED");
	unsigned int seed = first ? atoi(first) : 1;
	unsigned int rounds = 400 / tap_slowness(), i;

	actor_load(&a);
	for (i = 0; i < rounds; i++) {
		DIAG("seed %u", seed + i);
		one_round(seed + i);
	}
}
