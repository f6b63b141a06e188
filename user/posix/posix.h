/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declarations shared by the files of libspawnpol-posix. */
#ifndef SPAWNPOL_POSIX_H
#define SPAWNPOL_POSIX_H

#include <spawn.h>
#include <spawnpol.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef int spawn_fn(pid_t *pid, const char *file,
		     const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attr, char *const argv[],
		     char *const envp[]);

/* struct sched_attr, whose header conflicts with sched.h. */
struct sched_request {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* One call of posix_spawn() or posix_spawnp(). */
struct request {
	const char *file;
	const posix_spawn_file_actions_t *actions;
	const posix_spawnattr_t *attr;
	char *const *argv, *const *envp;
	bool search;			/* posix_spawnp() */
	bool creates;			/* a file that must not exist before */
	uint64_t mask;			/* signals that the caller blocks */
	int cancel;			/* its cancelability: PTHREAD_CANCEL_* */

	struct spawnpol_chain *chain;	/* the thread's */
	uint8_t op_child;		/* IORING_OP_CHILD of this kernel */
	struct sched_request sched;	/* until the launch, if it is not copied */

	/* if another function is to do it: why, and what the kernel said (or 0) */
	const char *why;
	int error;
};

/* What a thread has to spawn with. */
struct thread {
	struct spawnpol_ring *ring;
	struct spawnpol_chain *chain;
	unsigned int entries;		/* of the ring */
	uint8_t op_child;		/* of its kernel */
	pid_t tid;			/* who made it */
	bool busy;			/* a call is under way */
	unsigned int call;		/* counts calls that begin or are given up */
	const struct request *waiting;	/* the call during which handlers run now */
};

/* next.c */

/* Does libc's function come next, or that of another library? */
bool next_is_libcs(const struct request *rq);
/* Call it. */
int next_call(const struct request *rq, pid_t *pid);

/* launch.c */

/*
 * Launch the chain on the thread's ring. False: no child was made, and another function
 * is to try. Otherwise *result is the call's, and *pid the child's if that is 0.
 */
bool launch(struct thread *th, struct request *rq, pid_t *pid, int *result);

/* log.c */

/* Another function is to do it: libc's, as a rule. Returns false. */
bool leave(struct request *rq, const char *why, int error);
/* A line about it, if SPAWNPOL_DEBUG asks for that. */
void say_left(const struct request *rq);
/* A line in any case: "SUBJECT: WHAT (ERROR)"; subject may be NULL. */
void say(const char *subject, const char *what, int error);

/* actions.c, attributes.c: add steps to the chain, false if it was left */
bool add_attributes(struct request *rq);
bool add_mask(struct request *rq);
bool add_file_actions(struct request *rq);
bool actions_init(void);

/* thread.c */

/* This thread's chain, empty, which belongs to the call until thread_end(). */
struct thread *thread_begin(struct request *rq);
void thread_end(struct thread *th);
/* Make a ring for chains of nr requests, if there is none. */
bool thread_ring(struct thread *th, struct request *rq, unsigned int nr);
/* Give up the ring, and what is in flight on it. */
void thread_drop(struct thread *th);
/* Has it been found that this process cannot use the engine? */
bool engine_missing(struct request *rq);

/* policy.c: the policy that the environment names, if any. 0 or an error. */
int policy_attach(struct spawnpol_ring *ring);
bool policy_wanted(void);
/* If there is one, say once for the process why programs run without it. */
void policy_missed(const char *why, int error);

#endif
