/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests that are programs (IORING_OP_BPF), for tests. The program does what its
 * script says (tests/actor_script.h):
 *
 *	actor_begin(&r, &a, 0);
 *	actor_sqe(&a, actor_on(&a, START, SCRIPT_ANY, WAIT), IORING_OP_NOP, 7);
 *	actor_on(&a, CQE, 7, END);
 *	q_actor(&r, ACTOR);
 *	tring_submit(&r);
 *	CHECK_EQ(tring_res(&r, ACTOR), 0);
 *	CHECK_EQ(actor_run(&a, 1)->ctx.tag, 7);
 *
 * What goes wrong in a helper fails the test.
 */
#ifndef SPAWNPOL_TESTS_ACTOR_H
#define SPAWNPOL_TESTS_ACTOR_H

#include "program.h"
#include "../actor_script.h"

#define ACTOR (OTHER + 100) /* user_data of the request; of others ACTOR + n */
#define START IORING_ACTOR_START
#define CQE IORING_ACTOR_CQE
#define CANCEL IORING_ACTOR_CANCEL
#define WAIT IORING_ACTOR_WAIT
#define END IORING_ACTOR_END

/* In headers since Linux 6.3 to 6.11. */
#define OP_READ_MULTISHOT 49
#define OP_WAITID 50
#define OP_FUTEX_WAIT 51
#define OP_FUTEX_WAKE 52
#define OP_FUTEX_WAITV 53
#define OP_FIXED_FD_INSTALL 54
#define OP_FTRUNCATE 55
#define OP_BIND 56
#define OP_LISTEN 57
#ifndef IORING_TIMEOUT_MULTISHOT
#define IORING_TIMEOUT_MULTISHOT (1U << 6)
#endif

/* tests/actor.bpf.c, loaded; what it does and saw is in *script. */
struct tactor {
	struct bpf_object *obj;
	struct script *script;
	int fd;
};

/* In the test's file: load it once, for the first actor_load() of every test. */
#define ACTOR_PRELOAD                                                 \
	__attribute__((constructor)) static void actor_preload_(void) \
	{                                                             \
		actor_preload();                                      \
	}
void actor_preload(void);
void actor_load(struct tactor *a);
void actor_free(struct tactor *a);
/* Forget rules, SQEs and runs. */
void actor_reset(struct tactor *a);

/* A program that only returns a number, or -errno. */
int actor_returning(int value);
/* IORING_ATTACH_BPF and BPF_LINK_CREATE with these fields; a link or -errno. */
int actor_attach_ring(int ring, struct io_uring_attach_bpf attr);
int actor_attach_bpf(int ring, struct io_uring_attach_bpf attr);
/* To slot 0 with a state of 64 bytes; the link. */
int actor_attach(struct tring *r, struct tactor *a);
/* A ring with the program in slot 0; the link. */
int actor_begin(struct tring *r, struct tactor *a, unsigned int flags);
/* Forget what both have seen, and the rules. */
void actor_again(struct tring *r, struct tactor *a);

/* Add a rule for this event with this tag (or SCRIPT_ANY). */
struct script_rule *actor_on(struct tactor *a, unsigned int event, uint64_t tag,
			     unsigned int verdict);
/* The same, if all of these hold (SCRIPT_*). */
struct script_rule *actor_when(struct tactor *a, uint64_t tag, unsigned int when,
			       unsigned int verdict);
/* One more SQE, zeroed, for the rule that was added last. */
struct io_uring_sqe *actor_sqe(struct tactor *a, struct script_rule *rule,
			       unsigned int op, uint64_t tag);
/* Rules of their own for the start: stages these ... */
struct io_uring_sqe *actor_starts(struct tactor *a, unsigned int op, uint64_t tag);
/* ... linked to the one that follows. */
struct io_uring_sqe *actor_links(struct tactor *a, unsigned int op, uint64_t tag);
/* A read, a write or the like of this memory. */
struct io_uring_sqe *sqe_on(struct io_uring_sqe *sqe, int fd, const void *buf,
			    unsigned int len);
/* END with ctx->res when the completion with this tag is told. */
void actor_ends_with(struct tactor *a, uint64_t tag);
/* The result that a rule sets. */
void rule_result(struct script_rule *rule, int res);

/* Queue IORING_OP_BPF of slot 0, in no chain. */
struct io_uring_sqe *q_actor(struct tring *r, uint64_t user_data);
/* Queue and submit it. */
void actor_go(struct tring *r);
/* The same; its result. */
int actor_result(struct tring *r);
/* The nth run, which must have happened. */
const struct script_run *actor_run(struct tactor *a, unsigned int n);
/* The run that was told of the nth completion with this tag. */
const struct script_run *actor_told(struct tactor *a, uint64_t tag, unsigned int n);
/* How often it was told of one. */
unsigned int actor_times(struct tactor *a, unsigned int event, uint64_t tag);
/* Wait until it has run so often, or was told of this tag; what is due on r is done. */
void actor_wait_runs(struct tring *r, struct tactor *a, unsigned int runs);
void actor_wait_told(struct tring *r, struct tactor *a, uint64_t tag);
/* So many milliseconds, in which what is due on r is done. */
void actor_idle(struct tring *r, unsigned int ms);

#endif
