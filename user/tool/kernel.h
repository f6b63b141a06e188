/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rejecting commands early, with a reason, on kernels that cannot run them. */
#ifndef SPAWNPOL_KERNEL_H
#define SPAWNPOL_KERNEL_H

struct io_uring_spawn_query;
struct tool;

/* 0 if chains can be spawned here; else the cause is recorded. */
int kernel_check_spawn(struct tool *t);
/* The same for policies. */
int kernel_check_policies(struct tool *t);
/* The same for actors. */
int kernel_check_actors(struct tool *t);

/*
 * What the running kernel can do and by which numbers it calls that; zeroes if it
 * does not say. It is asked once.
 */
const struct io_uring_spawn_query *kernel_query(void);

#endif
