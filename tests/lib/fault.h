/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fault injection, one fault at a time: the kernel counts, for a task, every
 * allocation and every copy from or to user space, and fails the nth. A walk
 * goes through all of them:
 *
 *	struct fault_walk w = fault_walk("attach", 1);
 *
 *	while (fault_next(&w)) {
 *		fault_begin(&w);
 *		link = attach_by_ring(...);
 *		fault_end(&w);
 *		fault_check(&w, "the link", link, (int[]){ -ENOMEM, 0 });
 *		...
 *	}
 *
 * It is at its end when nothing failed because less was done than the number
 * says. Who walks with a stride begins where chance says; SPAWNPOL_FAULT_STRIDE
 * in the environment is the stride of all walks instead: 1 for every fault. With
 * SPAWNPOL_FAULT_VERBOSE=2 the kernel's log shows where each happened.
 */
#ifndef SPAWNPOL_TESTS_FAULT_H
#define SPAWNPOL_TESTS_FAULT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * What the kernel calls ENOTSUPP: seccomp(2) and bpf(2) let it out when there
 * is no memory for a program's machine code.
 */
#define NOT_SUPPORTED 524

#define FAULT_RESULTS 12

struct fault_walk {
	const char *name;
	unsigned int stride;
	unsigned int nth;      /* what is to fail this time */
	unsigned int injected; /* so far */
	bool happened;	       /* to be set for each; fault_end() does */
	int fd;
	unsigned int descriptors; /* of this process, when it began */
	struct {
		const char *what;
		int res;
		unsigned int count;
	} results[FAULT_RESULTS];
};

/* Have everything fail that can. Skips the test on other kernels. */
void fault_prepare(void);
/* Set a file of one kind's, "failslab" for instance. */
void fault_set(const char *kind, const char *what, const char *value);
/*
 * From here to the end of the test only what this function of the kernel asks
 * for fails, or counts. For all tests that run: this one has to be ALONE.
 */
void fault_only_in(const char *function);
/* The kinds there are. */
#define FAULT_KINDS 3
extern const char *const fault_kinds[FAULT_KINDS];

struct fault_walk fault_walk(const char *name, unsigned int stride);
/*
 * Before each fault: the next number; fails if the last one has left a
 * descriptor open. False at the end, when the counts have been printed.
 */
bool fault_next(struct fault_walk *w);
/* The result of something is no error, or one of these; a 0 ends them. */
void fault_check(struct fault_walk *w, const char *what, int res,
		 const int *errors);

/* Around what is to fail in this thread, as closely as possible. */
void fault_begin(struct fault_walk *w);
void fault_end(struct fault_walk *w);

/* The same for any task: its file, number, and whether it has failed yet. */
int fault_open(pid_t pid, pid_t tid);
void fault_arm(int fd, unsigned int nth);
bool fault_happened(int fd);
void fault_disarm(int fd);
/* A child that blocks in a step is to fail there, when it goes on. */
void fault_blocked(pid_t pid, unsigned int nth);

#endif
