/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IOU_RIGHTS_H
#define IOU_RIGHTS_H

struct cred;
struct task_struct;

/*
 * Whether @task may do just what @sq_thread may with the credentials @cred, and
 * sees the same files and namespaces. By value: credentials that a task has
 * changed and changed back are new, and the same. Any context, under RCU.
 */
bool io_same_rights(struct task_struct *task, struct task_struct *sq_thread,
		    const struct cred *cred);
/* The part of it that is in credentials ... */
bool io_same_creds(const struct cred *a, const struct cred *b);
/* ... and of that what decides about access: all but keyrings. */
bool io_same_access(const struct cred *a, const struct cred *b);

#endif
