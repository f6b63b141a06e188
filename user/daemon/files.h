/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that the child starts with. */
#ifndef SPAWNPOLD_FILES_H
#define SPAWNPOLD_FILES_H

#include <stdint.h>

struct request;

/*
 * The program gets a file that came with the request, by its place there, as
 * this number. -EINVAL: the number is another's, or not below RLIMIT_NOFILE.
 */
int files_pass(struct request *r, uint32_t number, int file);

/* Find numbers for the other files, and give the list to the chain. */
int files_done(struct request *r);

/* After that: what the child calls a file that came with the request. */
int files_number(const struct request *r, int file);

#endif
