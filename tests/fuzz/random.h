/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that look random and are the same for the same seed, anywhere. */
#ifndef SPAWNPOL_FUZZ_RANDOM_H
#define SPAWNPOL_FUZZ_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rnd {
	uint64_t state;
	bool tame; /* nothing odd is asked for */
};

/* The seed of one of many, made from the seed of all. */
uint64_t rnd_mix(uint64_t seed, uint64_t number);
uint64_t rnd_next(struct rnd *r);
/* 0 to n - 1 */
unsigned int rnd_below(struct rnd *r, unsigned int n);
/* True once in n times. */
bool rnd_once_in(struct rnd *r, unsigned int n);
/* The same for what makes most of a case fail. */
bool rnd_odd(struct rnd *r, unsigned int n);

/* One element of an array. */
#define RND_OF(r, array)                                                       \
	((array)[rnd_below(r, sizeof(array) / sizeof((array)[0]))])

#endif
