/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BPF programs and their links, by the system calls alone: the engine's tests
 * do not lean on libspawnpol.
 */
#ifndef SPAWNPOL_TESTS_PROGRAM_H
#define SPAWNPOL_TESTS_PROGRAM_H

#include "ring.h"
#include "../engine.h"

#include <stdint.h>

struct bpf_object;
struct bpf_program;

/* tests/engine.bpf.c, loaded; what it does and saw is in *engine. */
struct tprog {
	struct bpf_object *obj;
	struct engine *engine;
	int fd;
};

/*
 * In the test's file: load it once, before the first test, and hand that to
 * the first tprog_load() of every test. Loading takes seconds on the debug
 * kernel.
 */
#define TPROG_PRELOAD                                                 \
	__attribute__((constructor)) static void tprog_preload_(void) \
	{                                                             \
		tprog_preload();                                      \
	}

void tprog_preload(void);
void tprog_load(struct tprog *p);
void tprog_free(struct tprog *p);
/* Add a rule; returns it for more to be said. */
struct engine_rule *tprog_rule(struct tprog *p, uint32_t events, uint32_t step,
			       uint32_t verdict);
/* Stage these requests in the rule. */
void rule_stage_text(struct engine_rule *rule, enum engine_stage stage,
		     const char *text);
void rule_stage_sqe(struct engine_rule *rule, const struct io_uring_sqe *sqe,
		    unsigned int count);
/* Forget rules and runs. */
void tprog_reset(struct tprog *p);
/* The nth run, which must have happened. */
const struct engine_run *tprog_run(struct tprog *p, unsigned int n);

/*
 * A program that only returns a number, or -errno; loaded with this attach
 * type and these BPF_F_... flags.
 */
int load_returning(int value, unsigned int attach_type, unsigned int flags);

/* IORING_ATTACH_BPF and BPF_LINK_CREATE; a link's descriptor or -errno. */
int attach_by_ring(int ring, int prog, uint32_t slot, uint32_t events);
int attach_by_bpf(int ring, int prog, uint32_t slot, uint32_t events);
/* The first, which must succeed. */
int attach(struct tring *r, struct tprog *p, uint32_t slot, uint32_t events);
/* A plain ring with the engine in slot 0; the link's descriptor. */
int tprog_start(struct tring *r, struct tprog *p, uint32_t events);
/* Forget what both have seen, and the rules. */
void tprog_again(struct tring *r, struct tprog *p);
int bpf_call(int cmd, void *attr, unsigned int size);
struct spawnpol_link_info link_info(int link);
uint32_t program_id(int fd);

/*
 * An object's first program, to be loaded as what its section says: a sleepable policy, or
 * a program of IORING_OP_BPF. NULL: none.
 */
struct bpf_program *object_policy(struct bpf_object *obj);
/* A loaded object's variables; NULL, and errno tells why. */
void *object_variables(struct bpf_object *obj, size_t size);

#endif
