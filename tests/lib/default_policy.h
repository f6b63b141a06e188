/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The default policy on a ring, for tests of what a launcher sees:
 *
 *	DEFAULT_POLICY
 *
 *	TEST(...)
 *	{
 *		make_directories();
 *		program("4/prog", 0755);
 *		begin();
 *		CHECK_EQ(spawn("prog"), 7);
 *	}
 */
#ifndef SPAWNPOL_TESTS_DEFAULT_POLICY_H
#define SPAWNPOL_TESTS_DEFAULT_POLICY_H

#include "policy.h"
#include "ring.h"
#include "spawn_policy.h"

#include <sys/types.h>

/* Status of the program that must not be found. */
#define WRONG 99

struct default_setup {
	struct tring ring;
	struct tpolicy policy;
	struct spawn_policy_config config; /* to be filled before begin() */
};

extern struct default_setup s;

/* At the top of a test program: the policy is loaded once for all its tests. */
#define DEFAULT_POLICY TPOLICY_PRELOAD("bpf/spawn_policy")

/* The working directory and directories "1" to "4" of the search. */
void make_directories(void);
/* One more directory at the end of the search. */
void search_in(const char *dir);
/* A program DIR/NAME; what it is called with is its status. */
const char *program(const char *path, mode_t mode);

/* Add to the configuration what --retry and --on add to it. */
void retry_on(int error, uint32_t count, uint64_t delay_ns);
void on(uint32_t opcode, uint32_t cmd, int error, uint32_t verdict);

/* A ring under the default policy with the configuration made so far. */
void begin(void);

/* How often the policy gave this verdict since begin(). */
uint64_t verdicts(enum bpf_iouring_verdict verdict);

/* EXEC of NAME with one argument, in the chain being queued. */
struct io_uring_sqe *queue_exec(const char *name, const char *status);
/* Spawn a program called with "7": its status, or EXEC's error. */
int spawn(const char *name);

#endif
