/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Policies for tests: BPF objects of the build directory, loaded and attached.
 *
 *	struct tpolicy p;
 *
 *	tpolicy_load(&p, "bpf/hello_policy");
 *	tpolicy_attach(&p, tring_fd(&r), 0);
 *	...
 *	CHECK_EQ(tpolicy_info(&p).verdicts[IORING_VERDICT_SKIP], 1);
 *	tpolicy_free(&p);
 *
 * What goes wrong fails the test, with the verifier's log shown.
 */
#ifndef SPAWNPOL_TESTS_POLICY_H
#define SPAWNPOL_TESTS_POLICY_H

#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"
#include "tap.h"

#include <stdint.h>

struct bpf_object;
struct bpf_program;

struct tpolicy {
	struct bpf_object *obj;
	struct bpf_program *prog; /* the first, or the one chosen */
	int link; /* -1: not attached */
	char *log; /* the verifier's */
};

/* Open NAME.bpf.o: sleepable and for spawning; ready to be changed. */
void tpolicy_open(struct tpolicy *p, const char *name);
/*
 * TPOLICY_PRELOAD("bpf/hello_policy") at the top of a test program has that one
 * loaded before its tests, which share it with its maps: a test's changes to
 * them are seen by those after it. (A debug kernel under emulation takes more
 * than a second to verify a policy.)
 */
#define TPOLICY_PRELOAD(name)                                           \
	__attribute__((constructor)) static void tpolicy_preload_(void) \
	{                                                               \
		tpolicy_preload(name);                                  \
	}
void tpolicy_preload(const char *name);
/* Load it; -errno, and p->log tells why. */
int tpolicy_try_load(struct tpolicy *p);
/* Open and load. */
void tpolicy_load(struct tpolicy *p, const char *name);
void tpolicy_free(struct tpolicy *p);

int tpolicy_fd(const struct tpolicy *p);
/* Descriptor of a map of the object. */
int tpolicy_map(const struct tpolicy *p, const char *name);

/* Attach to a slot, with the events the policy wants and default budgets. */
void tpolicy_attach(struct tpolicy *p, int ring_fd, uint32_t slot);
/* The same with these events. */
void tpolicy_attach_for(struct tpolicy *p, int ring_fd, uint32_t slot,
			uint32_t events);
struct spawnpol_link_info tpolicy_info(const struct tpolicy *p);

/*
 * Text that the program has been tagged with, tag "PREFIX:TEXT" (see
 * tests/refused.h). NULL: none.
 */
const char *tpolicy_tag(const struct tpolicy *p, const char *prefix);

#endif
