// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * ALONE: it counts the links and programs that the system has.
 *
 * A program of IORING_OP_BPF is attached, started, and what it stages is made, at each place
 * in turn where memory or user space can be missing: the request has its one CQE, each
 * staged request its completion, nothing is left, and the same works the next moment (A4).
 * What leaks shows in the scan for leaks that ends a run of the debug kernel.
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/whole.h"

#include <linux/bpf.h>
#include <sys/wait.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

static const int errors[] = { -ENOMEM, -EFAULT, -EAGAIN, 0 };

/* --- attaching -------------------------------------------------------------------------- */

static int attach_one(bool by_ring)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = a.fd,
		.slot = 5,
		.state_size = 4096,
		.max_staged = 1024,
	};

	return by_ring ? actor_attach_ring(tring_fd(&r), attr) :
			 actor_attach_bpf(tring_fd(&r), attr);
}

static void attach_and_close(bool by_ring)
{
	int link = CHECK_OK(attach_one(by_ring));

	close(link);
}

static void walk_attach(bool by_ring)
{
	struct fault_walk w;
	int link;

	fault_prepare();
	tring_init(&r, 0);
	actor_load(&a);
	attach_and_close(by_ring);
	w = fault_walk("attach", 1);
	while (fault_next(&w)) {
		fault_begin(&w);
		link = attach_one(by_ring);
		fault_end(&w);
		fault_check(&w, "it", link, errors);
		if (link >= 0)
			CHECK_SYS(close(link));
		attach_and_close(by_ring);
	}
	CHECK_GT(w.injected, 0);
}

TEST(A1_faults_of_attaching, .timeout = 60)
{
	walk_attach(true);
}

TEST(A1_faults_of_attaching_by_bpf, .timeout = 60)
{
	walk_attach(false);
}

/* --- running ----------------------------------------------------------------------------- */

static struct whole whole;
static char buf[64];
static int fds[2];
/* In memory: a remote file system has troubles of its own after a fault. */
static const char *path;

/* Each way in which requests end: at once, by a worker, by a poll, in a child. */
static void script(void)
{
	struct script_rule *rule;

	actor_reset(&a);
	actor_links(&a, IORING_OP_NOP, 1);
	actor_starts(&a, IORING_OP_NOP, 2);
	sqe_on(actor_starts(&a, IORING_OP_READ, 3), fds[0], buf, 1)->flags =
		IOSQE_ASYNC;
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 4), AT_FDCWD, path, 0)
		->file_index = 1;
	rule = actor_when(&a, 2, SCRIPT_OK, WAIT);
	sqe_on(actor_sqe(&a, rule, IORING_OP_READ, 5), fds[0], buf, 1);
	sqe_on(actor_sqe(&a, rule, IORING_OP_WRITE, 6), fds[1], "xx", 2);
	rule_result(actor_when(&a, SCRIPT_ANY, SCRIPT_IDLE, END), 7);
}

/* A request that is not there for want of memory is submitted again. */
static int settle(struct fault_walk *w, int submitted)
{
	int res;

	if (submitted < 0) {
		fault_check(w, "the submission", submitted, errors);
		tring_submit(&r);
	}
	/* whoever waits for the pipe, if its writer has failed */
	CHECK_EQ(write(fds[1], "yy", 2), 2);
	res = tring_res(&r, ACTOR);
	tring_total(&r, 1);
	return res;
}

static void empty_pipe(void)
{
	CHECK_SYS(fcntl(fds[0], F_SETFL, O_NONBLOCK));
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
	CHECK_SYS(fcntl(fds[0], F_SETFL, 0));
}

static void check_told(struct fault_walk *w)
{
	unsigned int i;

	for (i = 1; i < a.script->runs; i++) {
		const struct script_run *run = actor_run(&a, i);
		int res = run->ctx.res;

		if (res == -ECANCELED)
			continue;
		DIAG("fault %u: operation %u: %d", w->nth, run->ctx.opcode, res);
		fault_check(w, "a staged request", res, errors);
	}
}

static void walk_run(unsigned int flags)
{
	struct fault_walk w;
	int none = -1, submitted, res;

	fault_prepare();
	path = in_dir("file");
	write_file(path, "x", 0600);
	make_pipe(fds);
	actor_begin(&r, &a, flags);
	CHECK_OK(io_uring_register_files(&r.uring, &none, 1));
	w = fault_walk("run", 3);
	while (fault_next(&w)) {
		script();
		tring_forget(&r);
		q_actor(&r, ACTOR);
		fault_begin(&w);
		submitted = tring_try_submit(&r);
		fault_end(&w);
		res = settle(&w, submitted);
		fault_check(&w, "the program", res, errors);
		check_told(&w);
		empty_pipe();

		script();
		tring_forget(&r);
		CHECK_EQ(actor_result(&r), 7);
		CHECK_EQ(a.script->runs, 7);
		empty_pipe();
	}
	CHECK_GT(w.injected, 0);
}

TEST(A4_faults_of_running, .timeout = 300)
{
	walk_run(0);
}

TEST(A4_faults_of_running_with_large_entries, .timeout = 300)
{
	walk_run(IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
}

/* --- spawning ------------------------------------------------------------------------------ */

TEST(A3_faults_of_a_spawn, .timeout = 300)
{
	struct fault_walk w;
	int submitted, res;

	fault_prepare();
	helpers_for_all();
	actor_begin(&r, &a, 0);
	w = fault_walk("spawn", 7);
	while (fault_next(&w)) {
		whole_exit(&whole, 3);
		actor_again(&r, &a);
		sqe_on(actor_starts(&a, SPAWNPOL_OP_SPAWN, 1), 0, &whole.arg,
		       sizeof(whole.arg));
		actor_ends_with(&a, 1);
		q_actor(&r, ACTOR);
		fault_begin(&w);
		submitted = tring_try_submit(&r);
		fault_end(&w);
		if (submitted < 0) {
			fault_check(&w, "the submission", submitted, errors);
			tring_submit(&r);
		}
		res = tring_res(&r, ACTOR);
		fault_check(&w, "the spawn", res, errors);
		if (res > 0)
			CHECK_EQ(wait_exit(res), 3);
		whole_is_gone();
		tring_forget(&r);
		actor_go(&r);
		res = tring_res(&r, ACTOR);
		CHECK_EQ(wait_exit(CHECK_OK(res)), 3);
	}
	CHECK_GT(w.injected, 0);
}

/* --- a dry run ----------------------------------------------------------------------------- */

TEST(A6_faults_of_a_dry_run, .timeout = 60)
{
	static struct bpf_iouring_op_ctx ctx = { .event = START, .room = 1 };
	static char out[16384];
	union bpf_attr attr = { .test = { .ctx_in = (uintptr_t)&ctx,
					  .ctx_size_in = sizeof(ctx),
					  .data_out = (uintptr_t)out,
					  .data_size_out = sizeof(out) } };
	struct fault_walk w;

	fault_prepare();
	actor_load(&a);
	attr.test.prog_fd = a.fd;
	w = fault_walk("dry run", 1);
	while (fault_next(&w)) {
		union bpf_attr this = attr;
		int res;

		fault_begin(&w);
		res = bpf_call(BPF_PROG_TEST_RUN, &this, sizeof(this));
		fault_end(&w);
		fault_check(&w, "it", res, errors);
		this = attr;
		CHECK_EQ(bpf_call(BPF_PROG_TEST_RUN, &this, sizeof(this)), 0);
	}
	CHECK_GT(w.injected, 0);
}
