/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program in a child that has waited, or in a copy of one, that sleeps while the test
 * looks at it from outside:
 *
 *	pid = sleeper_in(&r, number);
 *	EXPECT_STR(sleeper_status(pid, "Umask"), "0027");
 *	sleeper_end(pid);
 */
#ifndef SPAWNPOL_TESTS_SLEEPER_H
#define SPAWNPOL_TESTS_SLEEPER_H

#include "kept.h"

#include <sys/types.h>

#define SIGNAL_BIT(signo) (1ULL << ((signo)-1))

/* Where the program is, if not where the helper is. */
extern const char *sleeper_path;

pid_t sleeper_in(struct tring *r, int number);
pid_t sleeper_in_copy(struct tring *r, int number);
/* In no such child. */
pid_t sleeper_new(struct tring *r);
void sleeper_end(pid_t pid);

/* A line of /proc/PID/status, and a mask of signals there. */
const char *sleeper_status(pid_t pid, const char *key);
unsigned long long sleeper_mask(pid_t pid, const char *key);
/* A small file of /proc/PID, and where a link there leads. The link's text stays. */
const char *sleeper_file(pid_t pid, const char *name);
const char *sleeper_link(pid_t pid, const char *name);

#endif
