/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer of policies: makes BPF programs at random, offers them to the
 * verifier, and watches those that it accepts, run dry and on real chains.
 *
 * One case is one program and all that is done with it. What a case does
 * follows from the seed and its number alone.
 */
#ifndef SPAWNPOL_FUZZ_PROGRAM_H
#define SPAWNPOL_FUZZ_PROGRAM_H

#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- chance: program_random.c ------------------------------------------------- */

void random_begin(uint64_t seed, uint64_t number);
uint64_t random_word(void);
/* Less than that, which is not 0. */
unsigned int below(unsigned int limit);
bool percent(unsigned int chance);
#define ONE_OF(array) ((array)[below(sizeof(array) / sizeof((array)[0]))])

/* An immediate value, more often than not one that means something. */
int32_t random_imm(void);
/*
 * A value of 64 bits that cannot be taken for a kernel address, nor become one
 * by a few additions: 40 bits.
 */
uint64_t random_long(void);
/* A result as the kernel knows them: an error, 0, or a little more. */
int32_t random_result(void);
/* Text of a path with its NUL, at most size; returns what it takes. */
unsigned int random_path(char *path, unsigned int size);
/* The same of directories with colons in between. */
unsigned int random_list(char *list, unsigned int size);
void random_sqe(struct io_uring_sqe *sqe);

/* --- the world: program_world.c ------------------------------------------------ */

enum kfunc {
	KF_STAGE_SQE,
	KF_STAGE_CHILD,
	KF_STAGE_EXEC,
	KF_STAGE_EXEC_DIR,
	KF_STAGE_EXEC_INTERP,
	KF_STAGE_EXEC_SEARCH,
	KF_EXEC_NAME,
	KF_STEP_PATH,
	KF_EXEC_HEAD,
	KF_SET_RESULT,
	KF_DELAY,
	KF_POST_STAGED,
	NR_KFUNCS,
};

#define MAP_ENTRIES 4
#define MAP_VALUE 4608 /* more than a path can have */
/* What user space writes into each value before a case. */
#define MAP_SQE 0
#define MAP_PATH 64

struct world {
	int map;
	int kfuncs[NR_KFUNCS]; /* BTF ids */
	int files[6];	       /* that requests may work on; none blocks */
	char *memory; /* that requests may read and write, up to its end */
};

#define WORLD_MEMORY 65536
extern struct world world;
extern const char *const kfunc_names[NR_KFUNCS];

void world_begin(void);
/* Restore what programs before may have changed; new values in the map. */
void world_refresh(void);
/* Whether this process can have children. */
void world_allow_children(bool allowed);

/* --- programs: program_write.c and its parts, program_spoil.c -------------------------------- */

#define PROGRAM_MAX 700

enum program_kind {
	PROGRAM_WRITTEN, /* in order, mostly */
	PROGRAM_SPOILED, /* one of those, changed in a few places */
	PROGRAM_SOUP,
	NR_PROGRAM_KINDS,
};

struct program {
	enum program_kind kind;
	unsigned int nr;
	struct bpf_insn insns[PROGRAM_MAX];
	/* how it is offered */
	uint32_t type;
	uint32_t attach_type;
	uint32_t flags;
	const char *license;
	bool trusted; /* by one who may see kernel addresses (CAP_PERFMON) */
};

void program_write(struct program *p);
void program_spoil(struct program *p);
void program_soup(struct program *p);
/* Any kind of program, and the way to offer it. */
void program_make(struct program *p);

/* --- the verifier: program_load.c ----------------------------------------------- */

/* A descriptor or -errno, with the verifier's words in load_log(); -EAGAIN: too long. */
int program_load(const struct program *p, unsigned int level);
const char *load_log(void);
/* Its last words without numbers: the class of a refusal. */
const char *load_reason(void);
void program_show(const struct program *p);

/* --- what accepted programs do: program_dry.c, program_chain.c ------------------ */

void dry_run(const struct program *p, int prog);
void chains_begin(void);
void chains_run(const struct program *p, int prog);
/* No child is left, and of programs and links that were closed none. */
void chains_check_left(void);

/* program_whole.c: a SPAWN at random; one at a time */
struct tring;
struct io_uring_sqe *queue_whole(struct tring *r, uint32_t slot);

/* --- checks: program_check.c ---------------------------------------------------- */

/* Says what is wrong and how to see it again, and ends the fuzzer. */
_Noreturn void violation(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
/* No word of it is an address of the kernel. */
void check_no_addresses(const char *what, const void *memory, size_t size);
void check_map(void);

/* --- counts ---------------------------------------------------------------------- */

struct counts {
	uint64_t generated[NR_PROGRAM_KINDS];
	uint64_t accepted[NR_PROGRAM_KINDS];
	uint64_t runs;
	uint64_t chains;
	uint64_t wholes;       /* of them in one request ... */
	uint64_t searches;     /* ... which looks for the program */
	uint64_t programs_run; /* by chains, that is */
	uint64_t dry_verdicts[IORING_VERDICT_PASS + 1];
	uint64_t verdicts[IORING_VERDICT_PASS + 1];
	uint64_t kfuncs[NR_KFUNCS]; /* calls in accepted programs */
	uint64_t staged;
	uint64_t failures;  /* verdicts that could not be followed */
	uint64_t exhausted; /* budgets */
};

extern struct counts counts;
extern uint64_t fuzz_seed, fuzz_case;

#endif
