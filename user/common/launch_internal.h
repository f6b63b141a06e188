/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Declarations shared by the launch_*.c files. */
#ifndef SPAWNPOL_LAUNCH_INTERNAL_H
#define SPAWNPOL_LAUNCH_INTERNAL_H

#include "launch.h"

/* launch.c: say why it cannot be done. Returns error. */
int launch_complain(struct launch *l, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* launch_env.c */
/* Begin anew, with nothing. */
int launch_env_clear(struct launch *l);
/*
 * Add NAME=VALUE, which is kept by reference, to the launcher's environment or what
 * was made of it. -E2BIG, explained: more than LAUNCH_MAX_ENV variables.
 */
int launch_env_set(struct launch *l, const char *variable);
/* Give it to the chain, if an option was about it. */
int launch_env_done(struct launch *l);

/* launch_files.c */
/*
 * The program gets the file at this place as this number. -EINVAL: the number is
 * passed already, or not below RLIMIT_NOFILE. -ENOMEM.
 */
int launch_files_pass(struct launch *l, uint32_t number, int place);
/*
 * Find numbers for the other files, and give the list to the chain. -E2BIG, explained:
 * more than SPAWNPOL_MAX_FILES.
 */
int launch_files_done(struct launch *l);
/* After that: the number of the file at this place. */
int launch_files_number(const struct launch *l, int place);

#endif
