/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_NAME_H
#define IOU_NAME_H

#include <linux/err.h>
#include <linux/fs.h>

/*
 * Audit's entry for an imported name belongs to the system call at hand, and is
 * freed with it. Whoever looks the name up, later or as another task, has an
 * audit context of its own, or none: let audit make an entry there, then.
 */
static inline struct filename *io_own_name(struct filename *name)
{
	if (!IS_ERR(name))
		name->aname = NULL;
	return name;
}

#endif
