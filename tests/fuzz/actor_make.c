// SPDX-License-Identifier: LGPL-2.1-or-later
/* Scripts of actors, and what the launcher does meanwhile. */
#include "actor_case.h"
#include "random.h"

#include <poll.h>
#include <sys/wait.h>

#define GROUP 3 /* of buffers */

static struct rnd *rnd;

static unsigned int any(unsigned int below)
{
	return rnd_below(rnd, below);
}

static bool once_in(unsigned int times)
{
	return rnd_once_in(rnd, times);
}

/* --- requests ---------------------------------------------------------------------- */

static void make_rw(struct io_uring_sqe *sqe)
{
	static const unsigned char ops[] = { IORING_OP_READ, IORING_OP_WRITE };

	sqe->opcode = RND_OF(rnd, ops);
	sqe_on(sqe, actor_world.pipe[sqe->opcode == IORING_OP_WRITE],
	       actor_world.buf, 1 + any(3));
	if (once_in(3))
		sqe->flags |= IOSQE_ASYNC;
	if (once_in(8))
		sqe->fd = 987;
}

static void make_poll(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = once_in(2) ? actor_world.pipe[0] : actor_world.socket[0];
	sqe->poll32_events = POLLIN;
	sqe->len = once_in(2) ? IORING_POLL_ADD_MULTI : 0;
}

static const struct __kernel_timespec *some_time(void)
{
	return once_in(2) ? &actor_world.later : &actor_world.soon;
}

static void make_timeout(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_TIMEOUT;
	sqe_on(sqe, -1, some_time(), 1);
	if (once_in(3)) {
		sqe->timeout_flags = IORING_TIMEOUT_MULTISHOT;
		sqe->off = 1 + any(5);
	}
}

static void make_link_timeout(struct io_uring_sqe *sqe)
{
	sqe->opcode = IORING_OP_LINK_TIMEOUT;
	sqe_on(sqe, -1, some_time(), 1);
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

	sqe->opcode = RND_OF(rnd, ops);
	sqe->addr = any(TAGS);
	if (sqe->opcode != IORING_OP_ASYNC_CANCEL)
		return;
	sqe->cancel_flags = RND_OF(rnd, flags);
	if (sqe->cancel_flags & IORING_ASYNC_CANCEL_FD) {
		sqe->fd = actor_world.pipe[0];
		sqe->addr = 0;
	} else if (sqe->cancel_flags == 1U << 5) {
		sqe->len = IORING_OP_READ;
		sqe->addr = 0;
	}
}

static void make_futex(struct io_uring_sqe *sqe)
{
	sqe->opcode = once_in(2) ? OP_FUTEX_WAIT : OP_FUTEX_WAKE;
	sqe->addr = (uintptr_t)&actor_world.word;
	sqe->addr3 = ~0U;
	sqe->off = sqe->opcode == OP_FUTEX_WAKE;
	sqe->fd = 2; /* FUTEX2_SIZE_U32 */
}

static void make_socket(struct io_uring_sqe *sqe)
{
	switch (any(3)) {
	case 0:
		sqe->opcode = IORING_OP_SEND_ZC;
		sqe_on(sqe, actor_world.tcp[0], actor_world.buf, 1 + any(5));
		break;
	case 1:
		sqe->opcode = IORING_OP_SEND;
		sqe_on(sqe, actor_world.socket[1], actor_world.buf, 1 + any(5));
		break;
	default:
		sqe->opcode = IORING_OP_RECV;
		sqe->fd = actor_world.socket[0];
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
	sqe->addr = (uintptr_t)&actor_world.spawn;
	sqe->len = sizeof(actor_world.spawn);
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

static void make_sqe(struct io_uring_sqe *sqe)
{
	static void (*const makers[])(struct io_uring_sqe *sqe) = {
		make_rw,     make_rw,	  make_poll,   make_timeout,
		make_cancel, make_cancel, make_futex,  make_socket,
		make_spawn,  make_open,	  make_nop,    make_link_timeout,
	};

	RND_OF(rnd, makers)(sqe);
	sqe->user_data = any(TAGS);
	if (once_in(3))
		sqe->flags |= once_in(4) ? IOSQE_IO_HARDLINK : IOSQE_IO_LINK;
}

/* --- scripts ------------------------------------------------------------------------ */

static struct script_rule *add_rule(struct actor_case *c, unsigned int event,
				    uint64_t tag, unsigned int verdict)
{
	struct script_rule *rule = &c->rules[c->nr_rules++];

	*rule = (struct script_rule){
		.event = event,
		.verdict = verdict,
		.tag = tag,
		.user_data = SCRIPT_ANY,
		.first = c->nr_sqes,
		.size = 64,
		.post_user_data = POSTED,
	};
	return rule;
}

static void add_sqes(struct actor_case *c, struct script_rule *rule,
		     unsigned int most)
{
	unsigned int nr = any(most + 1);

	for (; rule->nr < nr && c->nr_sqes < SCRIPT_SQES; rule->nr++)
		make_sqe(&c->sqes[c->nr_sqes++]);
	rule->posts = once_in(4) ? any(4) : 0;
	rule->sets_result = any(SCRIPT_RES + 1);
	rule->result = once_in(2) ? 5 : -5;
}

static void make_script(struct actor_case *c)
{
	struct script_rule *rule;
	unsigned int i;

	add_sqes(c, add_rule(c, START, SCRIPT_ANY, once_in(20) ? END : WAIT), 8);
	if (once_in(3))
		add_sqes(c, add_rule(c, CQE, any(TAGS), END), 1);
	for (i = 0; i < 3; i++) {
		rule = add_rule(c, CQE, once_in(2) ? SCRIPT_ANY : any(TAGS), WAIT);
		rule->when = once_in(2) ? 1U << any(4) : 0;
		rule->times = 1 + any(20);
		add_sqes(c, rule, 4);
	}
	add_sqes(c, add_rule(c, CANCEL, SCRIPT_ANY, any(2)), 2);
}

/* --- cases -------------------------------------------------------------------------- */

/* Most are as an actor would have it that nobody disturbs much. */
static enum actor_action some_action(void)
{
	static const enum actor_action often[] = { ACT_CANCEL, ACT_WRITE_PIPE,
						   ACT_WRITE_SOCKET, ACT_WAIT,
						   ACT_NOP };

	return once_in(6) ? any(ACT_LAST) : RND_OF(rnd, often);
}

static void make_actions(struct actor_case *c)
{
	unsigned int i;

	c->nr_actions = any(MOST_ACTIONS + 1);
	for (i = 0; i < c->nr_actions; i++) {
		c->actions[i].kind = some_action();
		c->actions[i].value = any(6);
	}
}

void actor_case_make(struct actor_case *c, uint64_t seed, uint64_t number)
{
	struct rnd r = { .state = rnd_mix(seed, number) };
	unsigned int i;

	rnd = &r;
	*c = (struct actor_case){ .seed = seed, .number = number };
	c->kind = any(tring_nr_kinds);
	c->nr_actors = 1 + any(MOST_ACTORS);
	for (i = 0; i + 1 < c->nr_actors; i++)
		c->linked[i] = once_in(5);
	c->max_staged = once_in(4) ? 1 + any(8) : 0;
	c->max_issues = once_in(6) ? 1 + any(30) : 0;
	make_script(c);
	make_actions(c);
	c->closes = once_in(6);
}
