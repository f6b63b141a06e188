// SPDX-License-Identifier: LGPL-2.1-or-later
/* A ring for one actor. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <spawnpol.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "actor_ring.h"
#include "kernel.h"
#include "policy_object.h"
#include "tool.h"

#define ENTRIES		8	/* the actor, its cancellation, a signal */

/* user_data of our own requests */
#define OWN		(1ULL << 63)
#define THE_ACTOR	OWN
#define THE_CANCEL	(OWN + 1)
#define THE_SIGNAL	(OWN + 2)

/*
 * With DEFER_TASKRUN nothing happens to actor and children but while we wait: a pid that
 * is not told to have ended stays that process's.
 */
#define RING_FLAGS							\
	(IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL |		\
	 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static int make_ring(struct tool *t, struct actor_ring *r, unsigned int cqes)
{
	struct io_uring_params params = {
		.flags = RING_FLAGS,
		.cq_entries = cqes < 2 * ENTRIES ? 2 * ENTRIES : cqes,
	};
	int ret = io_uring_queue_init_params(ENTRIES, &r->uring, &params);

	return ret ? fail(t, ret, "cannot make a ring") : 0;
}

static int attach(struct tool *t, struct actor_ring *r, const char *name,
		  unsigned int in_flight)
{
	SPAWNPOL_OPTS(spawnpol_actor_attach_opts, opts, .in_flight = in_flight);
	struct spawnpol_actor_needs needs;
	struct spawnpol_advice a;
	int ret;

	/* from the file: reading it in the kernel needs more privileges */
	ret = object_needs(&r->object, &needs);
	if (ret)
		return fail(t, ret, "cannot tell what '%s' needs", name);
	opts.state_size = needs.state_size ?: SPAWNPOL_STATE_NONE;
	if (!in_flight)
		opts.in_flight = needs.in_flight ?: kernel_query()->def_in_flight;
	r->link = spawnpol_actor_attach(r->uring.ring_fd,
					bpf_program__fd(r->object.prog), &opts);
	if (r->link >= 0)
		return 0;
	a = spawnpol_advise(SPAWNPOL_TOPIC_ATTACH, r->link);
	fail(t, r->link, "cannot attach the actor '%s' (%s)", name, a.text);
	if (a.remedy)
		advise(t, "%s", a.remedy);
	return r->link;
}

static struct io_uring_sqe *new_request(struct actor_ring *r, uint64_t what)
{
	/* there are never more than a few */
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	memset(sqe, 0, sizeof(*sqe));
	sqe->user_data = what;
	return sqe;
}

static void wait_for_signal(struct actor_ring *r)
{
	struct io_uring_sqe *sqe = new_request(r, THE_SIGNAL);

	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = r->signals;
	sqe->poll32_events = POLLIN;
}

static int submit(struct tool *t, struct actor_ring *r)
{
	int ret = io_uring_submit(&r->uring);

	return ret < 0 ? fail(t, ret, "cannot submit to the ring") : 0;
}

int actor_ring_open(struct tool *t, struct actor_ring *r, const char *name,
		    unsigned int cqes, unsigned int in_flight, int signals)
{
	int ret;

	memset(r, 0, sizeof(*r));
	r->link = -1;
	r->signals = signals;
	ret = policy_object_load(t, &r->object, name, "", OBJECT_ACTOR);
	if (ret)
		return ret;
	ret = make_ring(t, r, cqes);
	if (ret)
		goto close_object;
	ret = attach(t, r, name, in_flight);
	if (ret)
		goto exit_ring;
	wait_for_signal(r);
	return 0;

exit_ring:
	io_uring_queue_exit(&r->uring);
close_object:
	object_close(&r->object);
	return ret;
}

void actor_ring_close(struct actor_ring *r)
{
	io_uring_queue_exit(&r->uring);
	close(r->link);
	object_close(&r->object);
}

int actor_ring_start(struct tool *t, struct actor_ring *r, const uint64_t args[4])
{
	struct io_uring_sqe *sqe = new_request(r, THE_ACTOR);

	spawnpol_actor_prep(sqe, kernel_query()->op_bpf, 0, args);
	return submit(t, r);
}

int actor_ring_cancel(struct tool *t, struct actor_ring *r)
{
	struct io_uring_sqe *sqe = new_request(r, THE_CANCEL);

	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->addr = THE_ACTOR;
	return submit(t, r);
}

static bool take_signal(struct actor_ring *r, struct actor_news *news)
{
	struct signalfd_siginfo info;

	if (read(r->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	news->kind = ACTOR_SIGNAL;
	news->signal = info.ssi_signo;
	news->signal_code = info.ssi_code;
	return true;
}

/* False: it is nothing to tell of. */
static bool take(struct actor_ring *r, const struct io_uring_cqe *cqe,
		 struct actor_news *news)
{
	*news = (struct actor_news) {
		.user_data = cqe->user_data, .res = cqe->res, .flags = cqe->flags,
	};
	switch (cqe->user_data) {
	case THE_CANCEL:
		return false;
	case THE_ACTOR:
		news->kind = ACTOR_ENDED;
		return true;
	case THE_SIGNAL:
		wait_for_signal(r);
		return take_signal(r, news);
	default:
		news->kind = ACTOR_POSTED;
		return true;
	}
}

int actor_ring_next(struct tool *t, struct actor_ring *r, struct actor_news *news)
{
	struct io_uring_cqe *cqe;
	bool told = false;
	int ret;

	while (!told) {
		if (io_uring_peek_cqe(&r->uring, &cqe)) {
			ret = io_uring_submit_and_wait(&r->uring, 1);
			if (ret < 0 && ret != -EINTR)
				return fail(t, ret, "cannot wait for the ring");
			continue;
		}
		told = take(r, cqe, news);
		io_uring_cqe_seen(&r->uring, cqe);
	}
	return 0;
}
