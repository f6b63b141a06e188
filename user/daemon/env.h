/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment that a request asks for. */
#ifndef SPAWNPOLD_ENV_H
#define SPAWNPOLD_ENV_H

struct request;

/* Begin anew, with nothing. */
int env_clear(struct request *r);

/*
 * Add NAME=VALUE, which is kept by reference, to the daemon's environment or
 * what was made of it. -E2BIG: more than SPD_MAX_ENV variables.
 */
int env_set(struct request *r, const char *variable);

/* Give it to the chain, if anything was said about it. */
int env_done(struct request *r);

#endif
