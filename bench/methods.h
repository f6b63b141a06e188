/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways to launch a program that are compared. */
#ifndef SPAWNPOL_BENCH_METHODS_H
#define SPAWNPOL_BENCH_METHODS_H

#include <spawnpol.h>

#include "site.h"

/* Between the tries of those methods that try again. */
#define RETRY_DELAY	"2ms"
#define RETRY_DELAY_NS	2000000

struct launcher;

/*
 * A way to launch the site's program. Those that search do so in the site's
 * directories; what each does is told where it is defined.
 */
struct method {
	const char *name;
	/* Make what a program that launches often would keep. */
	void (*prepare)(struct launcher *l);
	/* Launch nr programs, at most l->max; tell their pids, unless ... */
	void (*launch)(struct launcher *l, pid_t *pids, unsigned int nr);
	/* ... launch only submits: then this waits for all CQEs and tells them. */
	void (*collect)(struct launcher *l, pid_t *pids, unsigned int nr);
	/* Make what the launch has used up anew; does nothing if that is there. */
	void (*refill)(struct launcher *l);
	void (*release)(struct launcher *l);
	const char *const *policy_options;	/* for those with a policy */
	bool whole;			/* one request (SPAWN), not linked ones */
	bool refill_later;		/* not part of what a launch costs */
};

/* A method, ready to be used on a site. */
struct launcher {
	const struct method *method;
	const struct site *site;
	unsigned int max;		/* programs launched at once */
	bool waits;			/* collect before the program reports */
	uint64_t begin;			/* when the last launch began */
	uint64_t held;			/* ns its caller could do nothing else */
	struct spawnpol_ring *ring;
	struct spawnpol_chain **chains;
	struct spawnpol_outcome *outcomes;
	unsigned int nr_chains;
	int link;			/* of the policy, for those with one */
	void *own;			/* of methods without the library */
	unsigned int retries;		/* made by the launcher itself */
};

/* C library and system calls. */
extern const struct method method_fork, method_vfork, method_vfork_path,
	method_posix_spawn, method_clone, method_ready;
/* Chains of io_uring requests. */
extern const struct method method_chain, method_listed, method_empty,
	method_hardlink, method_policy,
	method_remember, method_user, method_idle,
	method_default_idle, method_policy_retry, method_user_retry,
	method_policy_decides;
/* The same with one request for the whole spawn, IORING_OP_SPAWN. */
extern const struct method method_spawn_path, method_spawn,
	method_spawn_listed, method_spawn_open, method_spawn_policy;
/* In children that were made ahead, and the same without. */
extern const struct method method_fresh, method_pool, method_pool_hit,
	method_pool_search, method_pool_open;

/* Gives up if the method cannot be used. */
void launcher_init(struct launcher *l, const struct method *method,
		   const struct site *site, unsigned int max);
void launcher_exit(struct launcher *l);

/*
 * Launch, and wait for all CQEs; begin and held are set. Programs report, and are
 * to be reaped. What was used up is made anew, if that is not for later.
 */
void launch(struct launcher *l, pid_t *pids, unsigned int nr);
/* Collect one that has ended; gives up if its exit status is not 0. */
void reap(pid_t pid);
/* Afterwards: make what is still missing for the next launch. */
void launcher_refill(struct launcher *l);

/*
 * Launch one and wait for all of it: the latency, in ns. From the launch to the
 * report the launcher sleeps until the program reports; if l->waits, it collects
 * first. Then it makes what was used up anew.
 */
uint64_t launch_latency(struct launcher *l);

#endif
