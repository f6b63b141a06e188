// SPDX-License-Identifier: LGPL-2.1-or-later
/* Runs a case: a ring, its policies, its requests, and what comes of them. */
#include "run.h"
#include "child.h"
#include "../lib/program.h"
#include "world.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define CQE_SECONDS (60 * tap_slowness())

static struct io_uring ring;
static bool has_ring;
static int links[MAX_LINKS];

/* Each of them has one directory at least that is there. */
static void register_lists(const unsigned int *lists)
{
	struct io_uring_spawn_search arg;
	int ret;

	for (arg = (struct io_uring_spawn_search){ 0 }; arg.index < OPEN_LISTS;
	     arg.index++) {
		arg.list = lists[arg.index] == LIST_FORGOTTEN ? 0 :
			   (uintptr_t)world_list(lists[arg.index]);
		ret = syscall(__NR_io_uring_register, ring.ring_fd,
			      SPAWNPOL_REGISTER_SPAWN_SEARCH, &arg, 1);
		CHECK(arg.list ? ret > 0 : !ret);
	}
}

static void make_ring(const struct fuzz_case *c)
{
	struct io_uring_params params = {
		.flags = c->ring_flags,
		.cq_entries = c->cq_entries,
		.sq_thread_idle = 20,
	};
	struct iovec buffer = { (void *)BUFFER, BUFFER_SIZE };
	int files[] = { FD_NULL, FD_FILE, FD_BLOCK_R, FD_READONLY };

	CHECK_OK(io_uring_queue_init_params(c->entries, &ring, &params));
	has_ring = true;
	if (c->ring_flags & IORING_SETUP_R_DISABLED)
		CHECK_OK(io_uring_enable_rings(&ring));
	CHECK_OK(io_uring_register_files(&ring, files, 4));
	register_lists(c->lists);
	if (c->buffers)
		CHECK_OK(io_uring_register_buffers(&ring, &buffer, 1));
}

static int attach_link(const struct policy_link *link, int prog)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = prog,
		.slot = link->slot,
		.events = link->events,
		.max_issues = link->max_issues,
		.max_staged = link->max_staged,
		.max_delay_ns = link->max_delay_ns,
	};

	return syscall(__NR_io_uring_register, ring.ring_fd,
		       SPAWNPOL_ATTACH_BPF, &attr, 1);
}

/* Those that pass, to which all there is to know is told. */
static void attach_passing(const struct policy_link *link, const int *progs,
			   unsigned int nr)
{
	struct policy_link passing = { .slot = link->slot, .events = 0xff };
	unsigned int i;

	/* no policy can be attached to such a ring */
	if (ring.flags & IORING_SETUP_IOPOLL)
		return;
	for (i = 0; i < nr; i++)
		CHECK_SYS(attach_link(&passing, progs[i]));
}

static void attach_links(const struct fuzz_case *c)
{
	const struct policy_link *link = c->links;
	unsigned int i;

	for (i = 0; i < MAX_LINKS; i++)
		links[i] = -1;
	memset(engine, 0, sizeof(*engine));
	memcpy(engine->rules, c->rules, sizeof(c->rules));
	for (i = 0; i < c->nr_links; i++, link++) {
		attach_passing(link, passing_progs, link->before);
		links[i] = attach_link(link, engine_prog);
		attach_passing(link, passing_progs + MAX_SIDE, link->after);
	}
}

static void note(struct seen *seen, const struct io_uring_cqe *cqe)
{
	if (seen->nr_cqes == MAX_CQES)
		return;
	seen->cqes[seen->nr_cqes++] = (struct seen_cqe){
		.user_data = cqe->user_data,
		.res = cqe->res,
		.flags = cqe->flags,
	};
}

static void drain(struct seen *seen)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&ring, &cqe) && cqe) {
		note(seen, cqe);
		io_uring_cqe_seen(&ring, cqe);
	}
}

/* A call may take only some, if a request is wrong. */
static void submit(const struct fuzz_case *c, struct seen *seen,
		   unsigned int from, unsigned int to)
{
	static unsigned int batch;
	unsigned int size = c->ring_flags & IORING_SETUP_SQE128 ? 128 : 64;
	struct io_uring_sqe *sqe;
	unsigned int i;
	int ret;

	for (i = from; i < to; i++) {
		sqe = CHECK_PTR(io_uring_get_sqe(&ring));
		memset(sqe, 0, size);
		*sqe = c->sqes[i];
	}
	while (from < to) {
		batch++;
		ret = io_uring_submit(&ring);
		if (ret == -EBUSY || ret == -EINTR || ret == -EAGAIN) {
			drain(seen);
			continue;
		}
		CHECK_OK(ret);
		for (i = 0; i < (unsigned int)ret && from < to; i++, from++) {
			seen->accepted[from] = true;
			seen->batch[from] = batch;
		}
		if (!ret)
			break;
	}
}

/* What may go without a CQE is not waited for. */
static bool has_all(const struct fuzz_case *c, const struct seen *seen)
{
	bool had[MAX_SQES] = { false };
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++)
		if (seen->cqes[i].user_data < c->nr_sqes &&
		    !(seen->cqes[i].flags & SPAWNPOL_CQE_F_STAGED))
			had[seen->cqes[i].user_data] = true;
	for (i = 0; i < c->nr_sqes; i++)
		if (seen->accepted[i] && !had[i] && !c->noise[i] &&
		    !(c->sqes[i].flags & IOSQE_CQE_SKIP_SUCCESS))
			return false;
	return true;
}

static void wait_for_all(const struct fuzz_case *c, struct seen *seen)
{
	struct __kernel_timespec ts = { .tv_nsec = 2000000 };
	double until = now() + CQE_SECONDS;
	struct io_uring_cqe *cqe;

	drain(seen);
	while (!has_all(c, seen)) {
		if (now() > until) {
			seen->late = true;
			return;
		}
		if (io_uring_wait_cqe_timeout(&ring, &cqe, &ts))
			world_unblock();
		drain(seen);
	}
}

/* What has been prepared goes on with the lists that it was prepared with. */
static void relist(const struct fuzz_case *c)
{
	double until = now() + CQE_SECONDS;

	/* the SQ thread prepares all of it before it says so */
	while (ring.flags & IORING_SETUP_SQPOLL && io_uring_sq_ready(&ring) &&
	       now() < until)
		sched_yield();
	register_lists(c->relists);
}

/* For the next one in this process. */
void case_end(void)
{
	unsigned int i;

	if (has_ring)
		io_uring_queue_exit(&ring);
	has_ring = false;
	for (i = 0; i < MAX_LINKS; i++)
		if (links[i] >= 0)
			close(links[i]);
}

void case_run(const struct fuzz_case *c, struct seen *seen)
{
	unsigned int i, from = 0;

	count_signals();
	world_fresh();
	make_ring(c);
	kept_begin(c, &ring, seen);
	attach_links(c);
	actions_begin(c, &ring, links);
	for (i = 0; i < c->nr_sqes; i++) {
		if (!c->submit[i])
			continue;
		submit(c, seen, from, i + 1);
		from = i + 1;
	}
	relist(c);
	seen->closed = actions_by_main();
	if (!seen->closed)
		wait_for_all(c, seen);
	actions_end();
	if (!seen->closed)
		kept_look(c, &ring, seen);
	reap_all(seen, case_has_kept(c) && !seen->closed ? &ring : NULL);
	if (!seen->closed) {
		drain(seen);
		io_uring_get_events(&ring);
		drain(seen);
	}
	seen->sigchlds = signals_counted();
	seen->engine = engine;
	seen->runs = engine->runs;
}
