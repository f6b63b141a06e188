/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must hold of a chain, whatever has failed on its way. */
#ifndef SPAWNPOL_TESTS_FAULT_CHAIN_H
#define SPAWNPOL_TESTS_FAULT_CHAIN_H

#include "fault.h"
#include "ring.h"

/* No program was started. */
#define NO_PROGRAM (-1000)

/*
 * Let a chain come to its end: submit what a failed submission has left, wait
 * for the one CQE of each SQE (steps, and OTHER + n), for the program, if there
 * is one, and until the child is gone. Returns the program's exit status
 * (-SIGNAL, NO_PROGRAM).
 */
int fault_settle(const struct fault_walk *w, struct tring *r,
		 unsigned int steps, unsigned int others);
/* The same of one SPAWN, with user_data WHOLE, that is in no chain. */
int fault_settle_whole(const struct fault_walk *w, struct tring *r);
/* Wait for one CQE. */
int fault_res(const struct fault_walk *w, struct tring *r, uint64_t user_data);
/* Wait for what has become of a child; a failed one is nobody's to wait for. */
int fault_wait(pid_t pid);

/* EXEC with an environment that has one string. */
struct io_uring_sqe *q_exec_small(struct tring *r, const char *path,
				  char *const argv[]);

#endif
