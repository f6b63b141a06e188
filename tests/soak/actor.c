// SPDX-License-Identifier: LGPL-2.1-or-later
/* What actors ask for, and how they end. */
#include "actor.h"
#include "chain.h"
#include "soak.h"

#include "child.h"

#include <errno.h>
#include <stdlib.h>

static char *program_argv[] = { "quit", NULL };

/* --- kinds ---------------------------------------------------------------------- */

/* Under policies that come and go there may be no program. */
static void make_spawn(struct actor *a, unsigned int *random)
{
	unsigned int slot = rand_r(random) % SEARCH_SLOT;

	a->any_policy = slot < LOOSE_SLOTS;
	a->arg = (struct io_uring_spawn){
		.slot = slot,
		.path = (uintptr_t)soak.program,
		.dfd = AT_FDCWD,
		.argv = (uintptr_t)program_argv,
	};
	a->expected = ACTOR_EXITED;
}

/* The arguments for tests/soak_actor.bpf.c. */
static void fill(struct actor *a, struct io_uring_sqe *sqe, unsigned int *random)
{
	uint64_t args[4] = { a->kind };

	switch (a->kind) {
	case ACTOR_COUNTS:
		args[1] = a->expected = 1 + rand_r(random) % 200;
		break;
	case ACTOR_TICKS:
		a->ts = (struct __kernel_timespec){ .tv_nsec = 500000 };
		args[1] = (uintptr_t)&a->ts;
		args[2] = a->expected = 1 + rand_r(random) % 5;
		break;
	case ACTOR_SPAWNS:
		make_spawn(a, random);
		args[1] = (uintptr_t)&a->arg;
		args[2] = sizeof(a->arg);
		COUNT(actor_spawns);
		break;
	default:
		a->ts = (struct __kernel_timespec){ .tv_sec = 100000 };
		args[1] = soak.blocked;
		args[2] = (uintptr_t)&a->byte;
		args[3] = (uintptr_t)&a->ts;
		a->expected = -ECANCELED;
		a->cancel_at = now() + rand_r(random) % 20 / 1000.0;
	}
	sqe->addr = args[0];
	sqe->off = args[1];
	sqe->addr3 = args[2];
	sqe->__pad2[0] = args[3];
}

void actor_start(struct actor *a, struct tring *r, uint64_t first,
		 unsigned int *random)
{
	struct io_uring_sqe *sqe;

	*a = (struct actor){
		.busy = true,
		.loose = rand_r(random) % 2,
		.kind = rand_r(random) % NR_ACTORS,
		.user_data = ACTOR_MARK | first,
		.until = now() + soak_patience(),
	};
	/* nobody would wait for the program of one whose program has gone */
	if (a->kind == ACTOR_SPAWNS)
		a->loose = false;
	sqe = q_alone(r, SPAWNPOL_OP_BPF, a->user_data);
	sqe->len = a->loose ? rand_r(random) % LOOSE_PROGRAMS : KNOWN_PROGRAM;
	fill(a, sqe, random);
	COUNT(actors);
}

/* --- ends ----------------------------------------------------------------------- */

static bool is_as_expected(const struct actor *a, int res)
{
	if (a->loose)
		return res >= 0 || res == -ECANCELED || res == -ENOLINK ||
		       res == -EDEADLK;
	return res == a->expected ||
	       (a->any_policy && res == ACTOR_NO_PROGRAM);
}

static void finish(struct actor *a, int res)
{
	if (!is_as_expected(a, res)) {
		complain("an actor of kind %d, %s program: result %d instead of %d",
			 a->kind, a->loose ? "any" : "a known", res, a->expected);
		COUNT(lost);
	}
	if (res == -ECANCELED)
		COUNT(actors_cancelled);
	else if (res == -ENOLINK)
		COUNT(actors_unlinked);
	COUNT(actors_ended);
	/* late, but not lost */
	if (a->given_up)
		__atomic_sub_fetch(&soak.lost, 1, __ATOMIC_RELAXED);
	a->busy = false;
}

bool actor_take(struct actor *a, const struct io_uring_cqe *cqe)
{
	if (a->cancelling && cqe->user_data == a->user_data + CANCEL) {
		a->cancelling = false;
		/* it was not there yet, or has ended meanwhile */
		a->cancel_at = now() + (cqe->res ? 0.01 : soak_patience());
		return true;
	}
	if (!a->busy || cqe->user_data != a->user_data)
		return false;
	if (!sabotage_once(SABOTAGE_ACTOR))
		finish(a, cqe->res);
	return true;
}

static void cancel(struct actor *a, struct tring *r)
{
	q_cancel(r, a->user_data, 0, a->user_data + CANCEL);
	a->cancelling = true;
}

bool actor_look(struct actor *a, struct tring *r, const char *ring_kind)
{
	double time = now();

	if (a->cancelling)
		return true;
	if (!a->busy || a->given_up)
		return false;
	if (time > a->until) {
		complain("the CQE of an actor does not come: kind %d, %s program, "
			 "on a ring of kind %s", a->kind,
			 a->loose ? "any" : "a known", ring_kind);
		COUNT(lost);
		a->given_up = true;
	} else if (a->kind == ACTOR_WAITS && time > a->cancel_at) {
		cancel(a, r);
	}
	return true;
}
