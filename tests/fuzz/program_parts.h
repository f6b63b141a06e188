/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program that is being written (program_write.c), and the parts it is made of.
 * They keep to these rules, so that one part can follow any other: R6 is the context;
 * R7 a map value, if there is one; R8 and R9 are numbers; the stack is written down to
 * a depth; the rest is anybody's.
 */
#ifndef SPAWNPOL_FUZZ_PROGRAM_PARTS_H
#define SPAWNPOL_FUZZ_PROGRAM_PARTS_H

#include "program.h"
#include "program_insn.h"

struct writer {
	struct program *p;
	int depth; /* bytes of the stack that are written, but for loops' */
	bool has_map;
	bool has_staged;
	bool bad;	    /* some rules are broken */
	unsigned int forks; /* ways through the program, as a power of two */
	unsigned int nr_calls;
	unsigned int calls[16]; /* of the function behind the program */
};

extern struct writer w;

/* --- program_write.c ------------------------------------------------------------ */

/* A rule is broken here. */
bool go_wrong(void);
void emit(struct bpf_insn in);
void emit_long(int dst, uint64_t value);
void emit_map(int dst);
/* R8 or R9. */
int number(void);

/* --- memory and numbers: program_memory.c ---------------------------------------- */

/* At off of the stack, by registers where a word is no sign-extended number. */
void write_stack(int off, const void *from, int size);
/* Aligned, with room for so many bytes behind it. */
int stack_offset(int size);
void context_load(void);
void scratch_store(void);
void give_away(void);
void stack_access(void);
void map_access(void);
void arithmetic(void);
void constant(void);

/* --- helpers and kernel functions: program_call.c --------------------------------- */

void keep_result(void);
/* The address of a key on the stack. */
void map_key(int reg);
void helper_plain(void);
void helper_comm(void);
void helper_map(void);
void helper_any(void);
void kfunc(void);

#endif
