// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program of an actor is detached or replaced while the actor is being cancelled (A4).
 * What keeps it from its end is a read that cannot be cancelled, as the lock of its pipe
 * is taken.
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/place.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct tring r;
static struct tactor a, other;
ACTOR_PRELOAD

static struct __kernel_timespec hour = { .tv_sec = 3600 };
static char byte;

/* --- a read that cannot be cancelled -------------------------------------------------- */

/* A thread writes a page that is not there yet, and has the lock meanwhile. */
static struct {
	int fds[2];
	struct hold page;
	pthread_t writer;
} locked;

static void *write_page(void *none)
{
	CHECK_EQ(write(locked.fds[1], locked.page.page, 1), 1);
	return none;
}

static void lock_pipe(void)
{
	make_pipe(locked.fds);
	hold_init(&locked.page);
	CHECK_EQ(pthread_create(&locked.writer, NULL, write_page, NULL), 0);
	hold_wait(&locked.page);
}

/* The read gets its byte. */
static void unlock_pipe(void)
{
	hold_release(&locked.page, "x");
	CHECK_EQ(pthread_join(locked.writer, NULL), 0);
}

static void close_pipe(void)
{
	close(locked.fds[0]);
	close(locked.fds[1]);
	close(locked.page.fd);
}

/* A worker of io_uring of this process cannot be interrupted. */
static bool worker_is_stuck(void)
{
	DIR *tasks = CHECK_PTR(opendir("/proc/self/task"));
	struct dirent *task;
	bool stuck = false;

	while (!stuck && (task = readdir(tasks))) {
		const char *stat = read_file(format("/proc/self/task/%s/stat",
						    task->d_name));

		stuck = strstr(stat, "(iou-wrk-") && strstr(stat, ") D ");
	}
	closedir(tasks);
	return stuck;
}

static void wait_for_worker(void)
{
	double until = now() + tap_patience();

	while (!worker_is_stuck()) {
		CHECK_LT(now(), until);
		actor_idle(&r, 1);
	}
}

#define READ 1
#define TIMEOUT 2

/* An actor with that read and a timeout; the link. */
static int begin(unsigned int flags)
{
	int link;

	lock_pipe();
	link = actor_begin(&r, &a, flags);
	sqe_on(actor_starts(&a, IORING_OP_READ, READ), locked.fds[0], &byte, 1)
		->flags = IOSQE_ASYNC;
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, TIMEOUT), -1, &hour, 1);
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	wait_for_worker();
	return link;
}

static int cancel(void)
{
	q_cancel(&r, ACTOR, 0, OTHER);
	tring_submit(&r);
	return tring_res(&r, OTHER);
}

/* It has been told START, CANCEL and that the timeout has ended. */
static int begin_cancelled(unsigned int flags)
{
	int link = begin(flags);

	EXPECT_EQ(cancel(), 0);
	actor_wait_runs(&r, &a, 3);
	EXPECT_EQ(actor_run(&a, 1)->ctx.event, CANCEL);
	EXPECT_EQ(actor_run(&a, 2)->ctx.tag, TIMEOUT);
	EXPECT_EQ(actor_run(&a, 2)->ctx.in_flight, 1);
	return link;
}

/* The actor is there as long as the read is; then it ends with this result. */
static void finish(int result)
{
	tring_none(&r, ACTOR, 20);
	EXPECT_EQ(count_of(fdinfo_of(tring_fd(&r)), "SpawnActor:"), 1);
	unlock_pipe();
	EXPECT_EQ(tring_res(&r, ACTOR), result);
	EXPECT_EQ(count_of(fdinfo_of(tring_fd(&r)), "SpawnActor:"), 0);
}

static void end(int link)
{
	close(link);
	tring_exit(&r);
	close_pipe();
	actor_free(&a);
}

/*
 * Before there is an actor: one that waits for what cannot be cancelled looks again every
 * tenth of a second, and bpf(2) gives up loading when its task has work to do.
 */
static void load_other(void)
{
	actor_load(&a);
	actor_load(&other);
	actor_free(&a);
}

static void each_kind(void (*check)(unsigned int flags))
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		check(tring_kinds[i].flags);
	}
}

/* --- detached ------------------------------------------------------------------------- */

static void detach_cancelled(unsigned int flags)
{
	int link = begin_cancelled(flags);

	detach_link(link);
	finish(-ECANCELED);
	/* the read was not told */
	EXPECT_EQ(a.script->runs, 3);
	EXPECT_EQ(link_info(link).runs, 3);
	EXPECT_EQ(link_info(link).actors, 0);
	tring_total(&r, 2);
	end(link);
}

TEST(A4_detached_while_it_is_cancelled)
{
	each_kind(detach_cancelled);
}

/* With the last reference to the link. */
static void close_cancelled(unsigned int flags)
{
	int link = begin_cancelled(flags);

	close(link);
	finish(-ECANCELED);
	EXPECT_EQ(a.script->runs, 3);
	tring_total(&r, 2);
	end(-1);
}

TEST(A4_its_link_is_closed_while_it_is_cancelled)
{
	each_kind(close_cancelled);
}

/* The other way round: the first reason counts, and the cancel does not find it. */
static void cancel_detached(unsigned int flags)
{
	int link = begin(flags);

	detach_link(link);
	EXPECT_EQ(cancel(), -ENOENT);
	finish(-ENOLINK);
	EXPECT_EQ(a.script->runs, 1);
	tring_total(&r, 2);
	end(link);
}

TEST(A4_cancelled_after_it_was_detached)
{
	each_kind(cancel_detached);
}

/* The slot has another program meanwhile, and actors that run it. */
static void use_slot(unsigned int flags)
{
	struct io_uring_attach_bpf attr = { .prog_fd = other.fd };
	int link = begin_cancelled(flags), other_link;

	actor_reset(&other);
	rule_result(actor_on(&other, START, SCRIPT_ANY, END), 21);
	EXPECT_EQ(actor_attach_ring(tring_fd(&r), attr), -EBUSY);
	detach_link(link);
	other_link = CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
	q_actor(&r, ACTOR + 1);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR + 1), 21);
	finish(-ECANCELED);
	EXPECT_EQ(other.script->runs, 1);
	EXPECT_EQ(a.script->runs, 3);
	tring_total(&r, 3);
	close(other_link);
	end(link);
}

TEST(A4_its_slot_is_used_while_it_is_cancelled)
{
	load_other();
	each_kind(use_slot);
}

/* --- updated -------------------------------------------------------------------------- */

/* The new program is told of what is left, and cannot change the result. */
static void update_cancelled(unsigned int flags)
{
	const struct script_run *run;
	struct script_rule *rule;
	int link = begin_cancelled(flags);

	actor_reset(&other);
	rule = actor_on(&other, CQE, READ, END);
	rule_result(rule, 5);
	actor_sqe(&other, rule, IORING_OP_NOP, 7);
	CHECK_EQ(update_link(link, other.fd), 0);
	finish(-ECANCELED);
	EXPECT_EQ(a.script->runs, 3);
	CHECK_EQ(other.script->runs, 1);
	run = actor_run(&other, 0);
	EXPECT_EQ(run->ctx.flags, IORING_ACTOR_F_CANCELLED);
	EXPECT_EQ(run->ctx.res, 1);
	EXPECT_EQ(run->ctx.in_flight, 0);
	EXPECT_EQ(run->ctx.user_data, ACTOR);
	EXPECT_EQ(run->stage_error, -ECANCELED);
	EXPECT_EQ(run->state, 3);
	EXPECT_EQ(link_info(link).runs, 4);
	EXPECT_EQ(link_info(link).actors, 0);
	end(link);
}

TEST(A1_updated_while_it_is_cancelled)
{
	load_other();
	each_kind(update_cancelled);
}

TEST(A4_updated_and_detached_while_it_is_cancelled)
{
	int link;

	load_other();
	link = begin_cancelled(0);
	CHECK_EQ(update_link(link, other.fd), 0);
	detach_link(link);
	EXPECT_EQ(update_link(link, a.fd), -ENOLINK);
	finish(-ECANCELED);
	EXPECT_EQ(a.script->runs, 3);
	EXPECT_EQ(other.script->runs, 0);
	end(link);
}

/* --- at the same time ------------------------------------------------------------------- */

#define ACTORS 4

/* A thread that changes the link in each round, while the launcher cancels. */
struct changer {
	pthread_t id;
	pthread_barrier_t begin, end;
	unsigned int rounds;
	int link;
	int programs[3];
};

static void change(struct changer *c, unsigned int *seed)
{
	unsigned int i, updates = rand_r(seed) % 6;

	for (i = 0; i < updates; i++)
		CHECK_EQ(update_link(c->link, c->programs[rand_r(seed) % 3]), 0);
	if (rand_r(seed) % 2)
		usleep(rand_r(seed) % 500);
	if (rand_r(seed) % 2)
		detach_link(c->link);
	close(c->link);
}

static void *change_links(void *arg)
{
	struct changer *c = arg;
	unsigned int i, seed = 1;

	for (i = 0; i < c->rounds; i++) {
		pthread_barrier_wait(&c->begin);
		change(c, &seed);
		pthread_barrier_wait(&c->end);
	}
	return NULL;
}

static void start_changer(struct changer *c)
{
	c->programs[0] = a.fd;
	c->programs[1] = other.fd;
	c->programs[2] = CHECK_OK(actor_returning(WAIT));
	CHECK_EQ(pthread_barrier_init(&c->begin, NULL, 2), 0);
	CHECK_EQ(pthread_barrier_init(&c->end, NULL, 2), 0);
	CHECK_EQ(pthread_create(&c->id, NULL, change_links, c), 0);
}

/* Each has its one CQE, and as many are cancelled as the cancel says. */
static unsigned int count_cancelled(void)
{
	unsigned int i, cancelled = 0;
	int res;

	for (i = 0; i < ACTORS; i++) {
		res = tring_res(&r, ACTOR + i);
		cancelled += res == -ECANCELED;
		if (res != -ECANCELED)
			CHECK_EQ(res, -ENOLINK);
	}
	CHECK_EQ(tring_res(&r, OTHER), cancelled);
	tring_total(&r, ACTORS + 1);
	return cancelled;
}

static unsigned int race(struct changer *c, int fd)
{
	unsigned int i, cancelled;

	actor_again(&r, &a);
	sqe_on(actor_starts(&a, IORING_OP_READ, READ), fd, &byte, 1)->flags =
		IOSQE_ASYNC;
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, TIMEOUT), -1, &hour, 1);
	c->link = actor_attach(&r, &a);
	for (i = 0; i < ACTORS; i++)
		q_actor(&r, ACTOR + i);
	tring_submit(&r);
	actor_wait_runs(&r, &a, ACTORS);
	pthread_barrier_wait(&c->begin);
	if (rand() % 2)
		usleep(rand() % 200);
	q_cancel(&r, 0, IORING_ASYNC_CANCEL_ANY, OTHER);
	tring_submit(&r);
	cancelled = count_cancelled();
	pthread_barrier_wait(&c->end);
	EXPECT_EQ(count_of(fdinfo_of(tring_fd(&r)), "SpawnActor:"), 0);
	return cancelled;
}

TEST(A4_changed_and_cancelled_at_once, .timeout = 240)
{
	struct changer c = { .rounds = 80 / tap_slowness() };
	unsigned int kind, i, cancelled;
	int fds[2];

	make_pipe(fds);
	actor_load(&a);
	actor_load(&other);
	srand(1);
	for (kind = 0; kind < tring_nr_kinds; kind++) {
		tring_init(&r, tring_kinds[kind].flags);
		start_changer(&c);
		for (i = cancelled = 0; i < c.rounds; i++)
			cancelled += race(&c, fds[0]);
		CHECK_EQ(pthread_join(c.id, NULL), 0);
		DIAG("%s: %u of %u cancelled", tring_kinds[kind].name, cancelled,
		     ACTORS * c.rounds);
		tring_exit(&r);
	}
}
