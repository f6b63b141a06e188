// SPDX-License-Identifier: LGPL-2.1-or-later
/* A Weyl sequence through the finalizer of a hash: splitmix64. */
#include "random.h"

#define STEP 0x9e3779b97f4a7c15u

static uint64_t scramble(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

uint64_t rnd_mix(uint64_t seed, uint64_t number)
{
	return scramble(scramble(seed + STEP) + number * STEP);
}

uint64_t rnd_next(struct rnd *r)
{
	r->state += STEP;
	return scramble(r->state);
}

unsigned int rnd_below(struct rnd *r, unsigned int n)
{
	return (rnd_next(r) >> 32) * n >> 32;
}

bool rnd_once_in(struct rnd *r, unsigned int n)
{
	return !rnd_below(r, n);
}

bool rnd_odd(struct rnd *r, unsigned int n)
{
	return !r->tame && rnd_once_in(r, n);
}
