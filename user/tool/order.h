/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The position at which attach puts a policy among those of its slot. */
#ifndef SPAWNPOL_ORDER_H
#define SPAWNPOL_ORDER_H

struct spawnpol_attach_opts;
struct tool;

/* Only one of --first, --before and --after can be given. */
int order_check(struct tool *t);
/* Fill in opts by them. Needs the lock of the pins; -errno with the cause recorded. */
int order_read(struct tool *t, struct spawnpol_attach_opts *opts);

#endif
