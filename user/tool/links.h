/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listing the links of the whole system. */
#ifndef SPAWNPOL_LINKS_H
#define SPAWNPOL_LINKS_H

#include <spawnpol.h>
#include <stdbool.h>

struct tool;

/* Is it that of a program of IORING_OP_BPF? Else it is a policy's. */
bool link_is_actor(const struct spawnpol_link_info *info);
/* "actor" or "policy". */
const char *link_kind(const struct spawnpol_link_info *info);

/*
 * Call each(fd, info, data) for the link of every policy and actor, also of other programs, until
 * each() returns other than 0; fd is closed afterwards. Returns 0, what each() returned, or
 * another error, recorded: -EPERM without CAP_SYS_ADMIN.
 */
int links_each(struct tool *t,
	       int (*each)(int fd, const struct spawnpol_link_info *info,
			   void *data),
	       void *data);

#endif
