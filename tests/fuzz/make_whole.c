// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: what a chain of commands says, in one request; rarely not so. */
#include "whole_model.h"
#include "world.h"

#include <fcntl.h>
#include <string.h>

#define MAX_STEPS 6

/* What is being made, until it is put where the kernel reads it. */
struct making {
	struct io_uring_spawn arg;
	struct io_uring_spawn_step steps[MAX_STEPS];
	uint64_t steps_at; /* 0: wherever */
	uint32_t size;
};

static const uint64_t nowhere[] = {
	8, ARENA_END, 0x7ffffffff000, 0xffff888000000000, -1ULL,
};

/* --- steps -------------------------------------------------------------------------- */

static void make_whole_step(struct rnd *r, struct io_uring_spawn_step *step)
{
	struct io_uring_sqe sqe = { 0 };

	make_child(r, &sqe);
	*step = (struct io_uring_spawn_step){
		.cmd = sqe.len,
		.fd = sqe.fd,
		.child_flags = sqe.rw_flags,
		.addr = sqe.addr,
		.off = sqe.off,
		.addr3 = sqe.addr3,
		.addr4 = sqe.__pad2[0],
		.user_data = rnd_next(r),
	};
	/* others write there */
	if (step->addr == ARENA_END - 1)
		step->addr = ARENA_END;
	if (rnd_below(r, 3))
		step->flags |= IORING_SPAWN_STEP_MAY_FAIL;
	if (rnd_odd(r, step->cmd == IORING_CHILD_DUP ? 3 : 60)) {
		step->flags |= IORING_SPAWN_STEP_FIXED;
		step->fd = rnd_below(r, 5);
	}
}

/* As many as there can be, or more than can be imported: all of them the same. */
static void make_many(struct rnd *r, struct making *m)
{
	static struct io_uring_spawn_step steps[WHOLE_MAX_STEPS + 1];
	static const unsigned int numbers[] = { 100, 150, WHOLE_MAX_STEPS,
						WHOLE_MAX_STEPS + 1 };
	struct io_uring_spawn_step step = { .cmd = IORING_CHILD_UMASK };
	char path[4096];
	unsigned int i;

	if (rnd_once_in(r, 2)) {
		memset(path, '/', sizeof(path));
		path[sizeof(path) - 1] = '\0';
		step.cmd = IORING_CHILD_CHDIR;
		step.fd = AT_FDCWD;
		step.addr = arena_text(path);
	}
	m->arg.nr_steps = RND_OF(r, numbers);
	for (i = 0; i < m->arg.nr_steps; i++)
		steps[i] = step;
	m->steps_at = arena_put(steps, m->arg.nr_steps * sizeof(step));
}

static void make_steps(struct rnd *r, struct making *m)
{
	unsigned int i;

	if (rnd_odd(r, 60)) {
		make_many(r, m);
		return;
	}
	/* each of them can be the end */
	m->arg.nr_steps = rnd_once_in(r, 2) ? rnd_below(r, 2)
					    : rnd_below(r, MAX_STEPS + 1);
	for (i = 0; i < m->arg.nr_steps; i++)
		make_whole_step(r, &m->steps[i]);
}

/* --- the program ---------------------------------------------------------------------- */

/* So many of one letter. */
static uint64_t long_text(unsigned int len)
{
	static char text[WHOLE_MAX_LIST + 16];

	memset(text, 'x', len);
	text[len] = '\0';
	return arena_text(text);
}

static uint64_t make_list(struct rnd *r)
{
	static const char *const elements[] = {
		"",	    ".",   "d", "nope",	  "text",   "w",
		"/nothing", "./d", "/", "nope/x", "d/../d",
	};
	static const unsigned int lengths[] = {
		300, 4088, 4089, 4090, 4091, 4092, 4100, WHOLE_MAX_LIST - 1,
	};
	unsigned int nr = 1 + rnd_below(r, 6);
	char list[128] = "", *at = list;

	if (rnd_odd(r, 25))
		return long_text(RND_OF(r, lengths));
	while (nr--)
		at = stpcpy(stpcpy(at, RND_OF(r, elements)), nr ? ":" : "");
	/* nothing at all is no list */
	return arena_text(list[0] ? list : ":");
}

static void make_search(struct rnd *r, struct making *m)
{
	static const char *const names[] = {
		"good", "good", "good",	  "nope",   "text",   "noexec",
		"runs", "lost", "doomed", "d/good", "./good", "empty",
	};

	m->arg.search = make_list(r);
	if (rnd_once_in(r, 2)) {
		m->arg.flags |= IORING_SPAWN_REGISTERED;
		m->arg.search = rnd_below(r, OPEN_LISTS);
		/* numbers that have none, and that are none */
		if (rnd_odd(r, 12))
			m->arg.search = rnd_below(r, IORING_SPAWN_SEARCHES + 1);
	}
	m->arg.path = arena_text(RND_OF(r, names));
	m->arg.dfd = AT_FDCWD;
	m->arg.exec_flags = 0;
	if (rnd_odd(r, 30))
		m->arg.path = long_text(rnd_once_in(r, 2) ? 255 : 200);
}

static void make_whole_program(struct rnd *r, struct making *m)
{
	static const char *const shells[] = { "good", "good", "nope", "text",
					      "./d/good" };
	struct io_uring_sqe sqe;

	memset(&sqe, 0, sizeof(sqe));
	if (rnd_once_in(r, 3))
		make_program(r, &sqe);
	else
		make_exec(r, &sqe);
	m->arg.path = sqe.addr;
	m->arg.dfd = sqe.fd;
	m->arg.exec_flags = sqe.rw_flags;
	m->arg.argv = sqe.addr2;
	m->arg.envp = sqe.addr3;
	if (rnd_once_in(r, 2))
		make_search(r, m);
	if (rnd_below(r, 5))
		return;
	m->arg.shell = arena_text(RND_OF(r, shells));
	m->arg.dfd = AT_FDCWD;
	m->arg.exec_flags = 0;
}

/* --- all of it ------------------------------------------------------------------------- */

static void make_head(struct rnd *r, struct making *m, unsigned int number)
{
	struct io_uring_sqe sqe;

	make_clone(r, &sqe);
	m->arg.flags = sqe.rw_flags;
	if (rnd_once_in(r, 4))
		m->arg.flags |= IORING_SPAWN_AS_IS;
	m->arg.slot = sqe.file_index;
	m->arg.cookie = number;
	m->arg.clone_args = sqe.addr;
	m->arg.clone_args_size = sqe.len;
	m->arg.files = sqe.addr3;
	if (rnd_once_in(r, 6))
		m->arg.timeout_ns = rnd_once_in(r, 2) ? 1000000000000
						      : rnd_below(r, 5000000);
}

static void make_report(struct rnd *r, struct making *m)
{
	struct {
		struct io_uring_spawn_report head;
		char path[32];
	} report = { .head.size = sizeof(report.head) +
				  rnd_below(r, sizeof(report.path) + 1) };

	m->arg.report = arena_put(&report, sizeof(report));
}

/* --- what is wrong with it -------------------------------------------------------------- */

static uint64_t bad_text(struct rnd *r, unsigned int too_long)
{
	switch (rnd_below(r, 4)) {
	case 0:
		return arena_text("");
	case 1:
		return long_text(too_long);
	case 2: /* without an end */
		return arena_put_last("abcd", 4);
	default:
		return RND_OF(r, nowhere);
	}
}

static void spoil_size(struct rnd *r, struct making *m)
{
	static const uint32_t sizes[] = { 0,   8,   111, 113,  116,
					  120, 160, 512, 4096, 4097 };

	m->size = rnd_once_in(r, 4) ? rnd_next(r) : RND_OF(r, sizes);
}

static void spoil_steps(struct rnd *r, struct making *m)
{
	struct io_uring_spawn_step *step;

	if (!m->arg.nr_steps || m->steps_at) {
		m->steps_at = RND_OF(r, nowhere);
		m->arg.nr_steps = 1 + rnd_below(r, 3);
		return;
	}
	step = &m->steps[rnd_below(r, m->arg.nr_steps)];
	switch (rnd_below(r, 5)) {
	case 0:
		step->resv = 1UL << rnd_below(r, 64);
		break;
	case 4:
		step->flags |= 4 << rnd_below(r, 30);
		break;
	case 1:
		step->cmd = IORING_CHILD_LAST + rnd_below(r, 3);
		break;
	case 2:
		step->cmd = IORING_CHILD_CHDIR;
		step->addr = bad_text(r, 4096);
		break;
	default: /* from the middle of this one on, there is nothing */
		m->steps_at = arena_put_last(m->steps,
					     (char *)step - (char *)m->steps +
						     8 * rnd_below(r, 8));
	}
}

static void spoil_numbers(struct rnd *r, struct making *m)
{
	switch (rnd_below(r, 7)) {
	case 0:
		m->arg.flags |= 8U << rnd_below(r, 29);
		if (m->arg.flags & IORING_SPAWN_REGISTERED && rnd_below(r, 2))
			m->arg.search = rnd_below(r, IORING_SPAWN_SEARCHES + 1);
		break;
	case 1:
		m->arg.slot = IORING_SPAWN_SLOTS << rnd_below(r, 28);
		break;
	case 2:
		m->arg.exec_flags |= 1U << rnd_below(r, 32);
		break;
	case 3:
		m->arg.dfd = FD_DIR;
		break;
	case 4:
		m->arg.timeout_ns |= 1UL << 63;
		break;
	case 5:
		m->arg.clone_args_size = rnd_below(r, 200);
		break;
	default:
		m->arg.nr_steps = rnd_next(r);
	}
}

static void spoil_texts(struct rnd *r, struct making *m)
{
	switch (rnd_below(r, 5)) {
	case 0:
		m->arg.path = bad_text(r, m->arg.search ? 256 : 4096);
		break;
	case 1:
		m->arg.search = bad_text(r, WHOLE_MAX_LIST);
		break;
	case 2:
		m->arg.shell = bad_text(r, 4096);
		break;
	case 3:
		m->arg.files = RND_OF(r, nowhere);
		break;
	default:
		m->arg.report =
			rnd_once_in(r, 2) ? RND_OF(r, nowhere) : arena_text("");
	}
}

static void spoil(struct rnd *r, struct making *m)
{
	switch (rnd_below(r, 5)) {
	case 0:
		spoil_size(r, m);
		break;
	case 1 ... 2:
		spoil_steps(r, m);
		break;
	case 3:
		spoil_numbers(r, m);
		break;
	default:
		spoil_texts(r, m);
	}
}

/* What a later kernel's structure has more than this one's. */
static uint64_t put_arg(struct rnd *r, const struct making *m)
{
	struct {
		struct io_uring_spawn arg;
		char more[64];
	} longer = { .arg = m->arg };

	if (rnd_odd(r, 60))
		return rnd_once_in(r, 2) ? RND_OF(r, nowhere) : ARENA_END - 56;
	if (m->size > sizeof(m->arg) && rnd_once_in(r, 3))
		longer.more[rnd_below(r, sizeof(longer.more))] = 1;
	return arena_put(&longer, sizeof(longer));
}

static void spoil_request(struct rnd *r, struct io_uring_sqe *sqe)
{
	switch (rnd_below(r, 7)) {
	case 0:
		sqe->fd = 1;
		break;
	case 1:
		sqe->off = rnd_next(r);
		break;
	case 2:
		sqe->addr3 = BUFFER;
		break;
	case 3:
		sqe->rw_flags = 1U << rnd_below(r, 32);
		break;
	case 4:
		sqe->buf_index = 1;
		break;
	case 5:
		sqe->file_index = 1;
		break;
	default:
		sqe->ioprio = 1U << rnd_below(r, 16);
	}
}

void make_whole(struct rnd *r, struct io_uring_sqe *sqe, unsigned int number)
{
	struct making m = { .size = sizeof(m.arg) };

	make_head(r, &m, number);
	make_steps(r, &m);
	make_whole_program(r, &m);
	if (rnd_once_in(r, 3))
		make_report(r, &m);
	if (rnd_once_in(r, 3))
		make_kept(r, &m.arg);
	if (rnd_odd(r, 5))
		spoil(r, &m);
	if (!m.steps_at)
		m.steps_at = arena_put(m.steps, sizeof(m.steps));
	m.arg.steps = m.steps_at;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = SPAWNPOL_OP_SPAWN;
	sqe->addr = put_arg(r, &m);
	sqe->len = m.size;
	if (rnd_odd(r, 60))
		spoil_request(r, sqe);
}
