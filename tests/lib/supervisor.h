/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A launcher that is the supervisor (SECCOMP_RET_USER_NOTIF) of its own children:
 *
 *	supervise(&r, SYS_setsid);
 *	q_clone(&r);
 *	q_child(&r, IORING_CHILD_SETSID);
 *	...
 *	tring_submit(&r);
 *	asked = asked_in(&r, 0);
 *	let_go_on(&asked);
 */
#ifndef SPAWNPOL_TESTS_SUPERVISOR_H
#define SPAWNPOL_TESTS_SUPERVISOR_H

#include "ring.h"

#include <linux/seccomp.h>

/* Where it is asked. */
extern int supervisor_listener;

/* From now on, this process' children ask it about a call, which it must not make. */
void supervise_call(int call);
/* About those with this value at an offset of seccomp_data only. */
void supervise_word(int call, size_t offset, uint32_t value);
/* The same, and a plain ring. */
void supervise(struct tring *r, int call);

/* Wait until somebody asks; false if this step ends before. */
bool wait_asked(struct tring *r, unsigned int step);
/* The same, and what is asked. */
bool is_asked(struct tring *r, struct seccomp_notif *asked, unsigned int step);
/* What the child of the first chain asks in this step. */
struct seccomp_notif asked_in(struct tring *r, unsigned int step);

void let_go_on(const struct seccomp_notif *asked);
void fail_with(const struct seccomp_notif *asked, int error);
void emulate(const struct seccomp_notif *asked, int64_t value);

/* Nobody waits for this answer any longer. */
void expect_obsolete(const struct seccomp_notif *asked);

#endif
