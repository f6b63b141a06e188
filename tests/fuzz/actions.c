// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens beside the requests of a case. */
#include "run.h"
#include "child.h"
#include "../lib/program.h"
#include "world.h"

#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

/* This liburing is older. */
#define IORING_ASYNC_CANCEL_OP (1U << 5)

static const struct fuzz_case *the_case;
static struct io_uring *the_ring;
static const int *the_links;
static pthread_t thread;
static bool has_thread;
static pid_t submitter;

static void wait_us(uint32_t us)
{
	struct timespec ts = { .tv_nsec = us * 1000L };

	if (us)
		nanosleep(&ts, NULL);
}

static void cancel(const struct action *a, unsigned int number)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(the_ring);

	if (!sqe)
		return;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->addr = a->target;
	sqe->cancel_flags = a->flags;
	sqe->len = a->flags & IORING_ASYNC_CANCEL_OP ? a->opcode : 0;
	sqe->user_data = ACTION_DATA + number;
	io_uring_submit(the_ring);
}

static void update(int link)
{
	union bpf_attr attr = { .link_update.link_fd = link,
				.link_update.new_prog_fd = other_prog };

	bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

static void detach(int link)
{
	union bpf_attr attr = { .link_detach.link_fd = link };

	bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr));
}

/* Whoever looks finds the same, in the old one or the new one. */
static void register_again(void)
{
	struct io_uring_spawn_search arg;

	for (arg = (struct io_uring_spawn_search){ 0 }; arg.index < OPEN_LISTS;
	     arg.index++) {
		arg.list = (uintptr_t)world_list(
			the_case->lists[arg.index]);
		syscall(__NR_io_uring_register, the_ring->ring_fd,
			SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 1);
	}
}

/* Whatever becomes of it: the links, for one, may not be there. */
static void act(const struct action *a)
{
	switch (a->kind) {
	case ACTION_CANCEL:
		cancel(a, a - the_case->actions);
		break;
	case ACTION_DETACH:
		detach(the_links[a->target]);
		break;
	case ACTION_UPDATE:
		update(the_links[a->target]);
		break;
	case ACTION_CLOSE_LINK:
		close(the_links[a->target]);
		break;
	case ACTION_KILL:
		signal_children(SIGKILL);
		break;
	case ACTION_STOP:
		signal_children(SIGSTOP);
		wait_us(1000);
		signal_children(SIGCONT);
		break;
	case ACTION_SIGNAL:
		syscall(SYS_tgkill, getpid(), submitter, SIGUSR1);
		break;
	case ACTION_FEED:
		world_unblock();
		break;
	case ACTION_LISTS:
		register_again();
		break;
	case ACTION_CLOSE_RING:
		io_uring_queue_exit(the_ring);
		break;
	default:
		_exit(0);
	}
}

static void *actions_by_thread(void *arg)
{
	unsigned int i;

	for (i = 0; i < the_case->nr_actions; i++) {
		if (!the_case->actions[i].thread)
			continue;
		wait_us(the_case->actions[i].after_us);
		act(&the_case->actions[i]);
	}
	return arg;
}

static void ignore(int signo)
{
	(void)signo;
}

void actions_begin(const struct fuzz_case *c, struct io_uring *ring,
		   const int *links)
{
	struct sigaction action = { .sa_handler = ignore };
	unsigned int i;

	the_case = c;
	the_ring = ring;
	the_links = links;
	submitter = gettid();
	CHECK_SYS(sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < c->nr_actions; i++)
		has_thread |= c->actions[i].thread;
	if (has_thread)
		CHECK_EQ(pthread_create(&thread, NULL, actions_by_thread, NULL),
			 0);
}

bool actions_by_main(void)
{
	const struct action *a = the_case->actions;
	unsigned int i;

	for (i = 0; i < the_case->nr_actions; i++, a++) {
		if (a->thread)
			continue;
		wait_us(a->after_us);
		act(a);
		if (a->kind == ACTION_CLOSE_RING)
			return true;
	}
	return false;
}

void actions_end(void)
{
	if (has_thread)
		pthread_join(thread, NULL);
}
