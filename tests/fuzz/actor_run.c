// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running a case of actors, in the case's process, and writing down what becomes of it. */
#include "actor_case.h"

#include "../lib/child.h"
#include "../lib/place.h"

#include <bpf/libbpf.h>
#include <stdlib.h>
#include <sys/socket.h>

#define GROUP 3

struct actor_world actor_world;

static struct tring r;

/* As seen from build/tests/fuzz. */
void actor_program_load(struct tactor *a)
{
	struct bpf_program *prog;

	a->obj = CHECK_PTR(bpf_object__open(format("%s/actor.bpf.o", tap_build())));
	prog = CHECK_PTR(object_policy(a->obj));
	CHECK_OK(bpf_object__load(a->obj));
	a->script = CHECK_PTR(object_variables(a->obj, sizeof(*a->script)));
	a->fd = bpf_program__fd(prog);
}

/* --- the world ---------------------------------------------------------------------- */

static void connect_tcp(int tcp[2])
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

void actor_world_make(void)
{
	static char *argv[] = { "quit", NULL };
	struct actor_world *w = &actor_world;

	CHECK_SYS(pipe2(w->pipe, O_CLOEXEC));
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w->socket));
	connect_tcp(w->tcp);
	w->soon.tv_nsec = 1000000;
	w->later.tv_sec = 100000;
	w->spawn = (struct io_uring_spawn){
		.path = (uintptr_t)format("%s/helpers/quit", tap_build()),
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)argv,
	};
}

/* --- the ring ----------------------------------------------------------------------- */

static int make_ring(const struct actor_case *c, struct tactor *a)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = a->fd,
		.state_size = 64,
		.max_staged = c->max_staged,
		.max_issues = c->max_issues,
	};
	int files[2] = { -1, -1 };
	struct io_uring_sqe *sqe;

	tring_init(&r, tring_kinds[c->kind].flags);
	CHECK_OK(io_uring_register_files(&r.uring, files, 2));
	sqe = sqe_on(q_alone(&r, IORING_OP_PROVIDE_BUFFERS, OTHER), 16,
		     actor_world.bufs, 16);
	sqe->buf_group = GROUP;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	tring_forget(&r);
	return CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
}

static void write_script(const struct actor_case *c, struct tactor *a)
{
	unsigned int i;

	actor_reset(a);
	memcpy(a->script->rules, c->rules, sizeof(c->rules));
	for (i = 0; i < c->nr_sqes; i++)
		memcpy(a->script->sqes[i], &c->sqes[i], sizeof(c->sqes[i]));
	a->script->nr_sqes = c->nr_sqes;
}

static void submit_actors(const struct actor_case *c)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < c->nr_actors; i++) {
		sqe = q_actor(&r, ACTOR + i);
		if (c->linked[i])
			sqe->flags = IOSQE_IO_HARDLINK;
	}
	tring_submit(&r);
}

/* --- actions ------------------------------------------------------------------------ */

static void detach(struct actor_seen *seen, int *link)
{
	seen->detached = true;
	close(*link);
	*link = -1;
}

static void replace(struct actor_seen *seen, int link)
{
	int prog = CHECK_OK(actor_returning(END));

	if (link >= 0)
		seen->replaced = !update_link(link, prog);
	close(prog);
}

static void act(const struct actor_case *c, struct actor_seen *seen, int *link,
		unsigned int n)
{
	unsigned int value = c->actions[n].value;

	switch (c->actions[n].kind) {
	case ACT_CANCEL:
		q_cancel(&r, ACTOR + value % c->nr_actors, 0, OTHER + n);
		break;
	case ACT_CANCEL_ALL:
		q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER + n);
		break;
	case ACT_WRITE_PIPE:
		CHECK_GT(write(actor_world.pipe[1], "abcdef", 1 + value), 0);
		break;
	case ACT_WRITE_SOCKET:
		CHECK_GT(write(actor_world.socket[1], "abcdef", 1 + value), 0);
		break;
	case ACT_WAIT:
		actor_idle(&r, 1 + value / 2);
		break;
	case ACT_DETACH:
		if (*link >= 0)
			detach(seen, link);
		break;
	case ACT_REPLACE:
		replace(seen, *link);
		break;
	default:
		q_alone(&r, IORING_OP_NOP, OTHER + n);
	}
	tring_submit(&r);
}

static bool has_cqe(unsigned int n, const struct actor_case *c)
{
	enum actor_action kind = c->actions[n].kind;

	return kind == ACT_CANCEL || kind == ACT_CANCEL_ALL || kind == ACT_NOP;
}

/* --- the end ------------------------------------------------------------------------ */

static bool has(uint64_t user_data)
{
	unsigned int i;

	for (i = 0; i < r.nr_seen; i++)
		if (r.seen[i].user_data == user_data)
			return true;
	return false;
}

static bool all_have_ended(const struct actor_case *c)
{
	unsigned int i;

	for (i = 0; i < c->nr_actors; i++)
		if (!has(ACTOR + i))
			return false;
	for (i = 0; i < c->nr_actions; i++)
		if (has_cqe(i, c) && !has(OTHER + i))
			return false;
	return true;
}

/* Cancels again and again, since what follows another actor begins when that has ended. */
static bool wait_for_all(const struct actor_case *c)
{
	double until = now() + tap_patience();
	unsigned int i;

	actor_idle(&r, c->number % 5);
	for (i = 0; !all_have_ended(c); i++) {
		if (now() > until)
			return false;
		q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, LAST_CANCELS + i);
		tring_submit(&r);
		while (!has(LAST_CANCELS + i) && now() < until)
			actor_idle(&r, 1);
	}
	return true;
}

static void look(struct tactor *a, struct actor_seen *seen, int link)
{
	seen->nr_cqes = r.nr_seen;
	memcpy(seen->cqes, r.seen, sizeof(seen->cqes));
	seen->script = *a->script;
	seen->has_info = link >= 0;
	if (seen->has_info)
		seen->info = link_info(link);
	seen->left = count_of(fdinfo_of(tring_fd(&r)), "SpawnActor:");
}

bool actor_case_run(const struct actor_case *c, struct tactor *a,
		    struct actor_seen *seen)
{
	bool fine = true;
	unsigned int i;
	int link;

	memset(seen, 0, sizeof(*seen));
	link = make_ring(c, a);
	write_script(c, a);
	submit_actors(c);
	for (i = 0; i < c->nr_actions; i++)
		act(c, seen, &link, i);
	if (!c->closes)
		fine = wait_for_all(c);
	look(a, seen, link);
	close(link);
	tring_exit(&r);
	return fine;
}
