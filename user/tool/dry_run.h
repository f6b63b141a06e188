/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a policy without a spawn (BPF_PROG_TEST_RUN). */
#ifndef SPAWNPOL_DRY_RUN_H
#define SPAWNPOL_DRY_RUN_H

#include <io_uring_spawn.h>
#include <stdbool.h>
#include <stdint.h>

#include "situation_data.h"

struct situation;

/* One run, and what it has come to. */
struct dry_run {
	uint32_t events;		/* that the policy asks for */
	char impossible[256];		/* why the kernel would not ask this, or "" */
	struct bpf_iouring_ctx ctx;	/* before: in; then with the scratch it left */
	struct situation_data data;
	uint32_t verdict;
	struct bpf_iouring_test_result result;
	/* as many as the kernel lets one run stage; result has their number */
	struct bpf_iouring_test_staged staged[];
};

/* A run before any, of a policy that asks for these events; free() it. NULL: no memory. */
struct dry_run *dry_run_new(uint32_t events);

/*
 * Run the program in this situation, which for "then" follows from what is in *run, and
 * put what comes of it there. 0, or the error of BPF_PROG_TEST_RUN.
 */
int dry_run(struct dry_run *run, int prog_fd, const struct situation *s);

/* The search that was staged last, if it is what was staged last; or NULL. */
const struct bpf_iouring_test_staged *dry_run_search(const struct dry_run *run);

/* Does the policy leave it at what there is? No other policy is asked in a dry run. */
static inline bool dry_run_leaves(const struct dry_run *run)
{
	return run->verdict == IORING_VERDICT_CONTINUE ||
	       run->verdict == IORING_VERDICT_PASS;
}

/* The error with which a chain would end that cannot follow this verdict; 0: none. */
int dry_run_fails(const struct dry_run *run);

#endif
