/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An actor of the soak test: one IORING_OP_BPF, of a program that is known or of any. */
#ifndef SPAWNPOL_SOAK_ACTOR_H
#define SPAWNPOL_SOAK_ACTOR_H

#include "ring.h"
#include "../soak_actor.h"

#include <stdbool.h>

/* Actors of a ring at once. */
#define ACTORS_EACH 3
/* In their user_data, with generation, place and CANCEL as those of chains have them. */
#define ACTOR_MARK (1ULL << 63)

struct actor {
	bool busy;
	bool given_up;
	bool loose; /* in a slot whose program comes and goes */
	enum soak_actor kind;
	uint64_t user_data;
	int expected; /* its result, if it is not loose */
	bool cancelling;
	double cancel_at; /* if it waits to be cancelled */
	double until;
	/* what it and its requests point to */
	struct __kernel_timespec ts;
	struct io_uring_spawn arg;
	bool any_policy; /* the SPAWN is in a slot whose policies come and go */
	char byte;
};

/* Queue one of any kind. @first: its user_data without the mark. */
void actor_start(struct actor *a, struct tring *r, uint64_t first,
		 unsigned int *random);
/* A CQE whose user_data has the mark. False: it is not one that was to come. */
bool actor_take(struct actor *a, const struct io_uring_cqe *cqe);
/* Whether it is in flight and may still end. Cancels it when it is time. */
bool actor_look(struct actor *a, struct tring *r, const char *ring_kind);

#endif
