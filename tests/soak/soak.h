/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The soak test: very many spawns of every kind on many rings, and actors on the same
 * rings, while policies and programs come and go. Everything that is asked for is
 * accounted for.
 */
#ifndef SPAWNPOL_SOAK_H
#define SPAWNPOL_SOAK_H

#include "ring.h"

#include <stdbool.h>
#include <stdint.h>

#define THREADS 4
#define RINGS_EACH 4
#define RINGS (THREADS * RINGS_EACH)
/* Chains of a ring at once. */
#define IN_FLIGHT 4

/*
 * Slots of each ring: in the first, policies come and go, and nobody knows what
 * becomes of a chain; in the last is the one that searches; the others are empty.
 */
#define LOOSE_SLOTS 8
#define SEARCH_SLOT 15

/* The same of the slots for actors' programs. */
#define LOOSE_PROGRAMS 3
#define KNOWN_PROGRAM 15

/* Something to be done wrong on purpose, to see that it is noticed. */
enum sabotage {
	SABOTAGE_NONE,
	SABOTAGE_CQE,	 /* one is thrown away */
	SABOTAGE_CHILD,	 /* one is not waited for */
	SABOTAGE_MEMORY, /* of the process and of the kernel: not given back */
	SABOTAGE_ACTOR,	 /* the CQE of one is thrown away */
};

struct soak {
	uint64_t seed;
	enum sabotage sabotage;
	uint64_t patience;     /* seconds */
	const char *program;   /* that ends at once; the only one that is run */
	const char *directory; /* where it is */
	int blocked;	       /* descriptor that never has anything to read */
	const char *fifo;      /* that nobody writes to */
	const char *list;      /* directories, with that of the program last */
	const char *nowhere;   /* without it */
	struct tring rings[RINGS];
	unsigned int kinds[RINGS]; /* of tring_kinds */

	/* The main thread raises it, and the others do a part of their work. */
	unsigned int phase;
	uint64_t quota;	   /* chains of a thread in this phase; 0: the end */
	unsigned int idle; /* threads that have done it */
	bool policies_idle;

	/* counts, changed atomically */
	uint64_t spawns;
	uint64_t wholes;   /* of them in one request ... */
	uint64_t searches; /* ... and with a search ... */
	uint64_t opens;	   /* ... in open directories */
	uint64_t lists;	   /* of them, registered */
	uint64_t kept;	   /* through a child that waits ... */
	uint64_t copies;   /* ... which is copied */
	uint64_t requests;
	uint64_t programs;  /* chains that became one ... */
	uint64_t failed;    /* ... that failed before */
	uint64_t cancelled; /* ... that were cancelled, or too late */
	uint64_t changes;   /* of policies */
	uint64_t actors;
	uint64_t actors_ended;
	uint64_t actor_spawns;	   /* by them */
	uint64_t actors_cancelled; /* of them ... */
	uint64_t actors_unlinked;  /* ... that had no program, or lost it */
	uint64_t program_changes;  /* of theirs */
	uint64_t lost;	    /* CQEs that did not come, or came twice */
	uint64_t
		left; /* children that are there and should not, or vice versa */
};

extern struct soak soak;

#define COUNT(what) __atomic_add_fetch(&soak.what, 1, __ATOMIC_RELAXED)
#define GET(what) __atomic_load_n(&soak.what, __ATOMIC_ACQUIRE)

/* Say what is wrong; not more often than anybody would read. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* True for one caller, if that is what is to be done wrong. */
bool sabotage_once(enum sabotage what);
/* Seconds after which something will not come any more. */
double soak_patience(void);

/* Lists of open directories that each ring has: with the program, and without it. */
#define OPEN_LIST 0
#define OPEN_NOWHERE 1

/* spawn.c: a thread with RINGS_EACH rings, whose number is its argument. */
void *spawn_thread(void *number);
/* policies.c: the thread that changes policies, and what it needs. */
void policies_begin(void);
void policies_attach_search(unsigned int ring);
void *policies_thread(void *none);
void policies_end(void);

/* programs.c: the same of actors' programs, which that thread changes as well. */
void programs_begin(void);
void programs_attach_known(unsigned int ring);
void programs_change(void);
/* Detach those that come and go. */
void programs_close(void);
void programs_end(void);

/* state.c: what the machine has, when nothing is in flight. */
struct state {
	unsigned int tasks;
	unsigned int descriptors;
	unsigned int links;
	unsigned int programs;
	long kernel_kb;
	long process_kb;
};

struct state state_look(void);
/* The smaller of each. */
struct state state_min(struct state a, struct state b);
/* How many of them have grown, after so many spawns. Says which, if asked to. */
unsigned int state_grown(const struct state *before, const struct state *after,
			 uint64_t spawns, bool say);

#endif
