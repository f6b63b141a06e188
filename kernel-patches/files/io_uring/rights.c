// SPDX-License-Identifier: GPL-2.0
/*
 * Comparing what two tasks may do: see rights.h.
 */
#include <linux/kernel.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/security.h>
#include <linux/string.h>

#include "rights.h"

/* Larger lists are the same only if they are one: interrupts can be off. */
#define IO_RIGHTS_MAX_GROUPS	256

static bool io_same_groups(const struct group_info *a, const struct group_info *b)
{
	if (a == b)
		return true;
	if (a->ngroups != b->ngroups || a->ngroups > IO_RIGHTS_MAX_GROUPS)
		return false;
	/* both are sorted */
	return !memcmp(a->gid, b->gid, a->ngroups * sizeof(a->gid[0]));
}

static bool io_same_ids(const struct cred *a, const struct cred *b)
{
	return uid_eq(a->uid, b->uid) && uid_eq(a->euid, b->euid) &&
	       uid_eq(a->suid, b->suid) && uid_eq(a->fsuid, b->fsuid) &&
	       gid_eq(a->gid, b->gid) && gid_eq(a->egid, b->egid) &&
	       gid_eq(a->sgid, b->sgid) && gid_eq(a->fsgid, b->fsgid) &&
	       io_same_groups(a->group_info, b->group_info);
}

static bool io_same_caps(const struct cred *a, const struct cred *b)
{
	return a->securebits == b->securebits && a->user_ns == b->user_ns &&
	       a->cap_effective.val == b->cap_effective.val &&
	       a->cap_permitted.val == b->cap_permitted.val &&
	       a->cap_inheritable.val == b->cap_inheritable.val &&
	       a->cap_bset.val == b->cap_bset.val &&
	       a->cap_ambient.val == b->cap_ambient.val;
}

/* Of those that a child inherits. */
static bool io_same_keyrings(const struct cred *a, const struct cred *b)
{
#ifdef CONFIG_KEYS
	return a->session_keyring == b->session_keyring &&
	       a->process_keyring == b->process_keyring &&
	       a->jit_keyring == b->jit_keyring &&
	       a->request_key_auth == b->request_key_auth;
#else
	return true;
#endif
}

bool io_same_access(const struct cred *a, const struct cred *b)
{
	return a == b || (io_same_ids(a, b) && io_same_caps(a, b) &&
			  security_cred_same(a, b));
}

bool io_same_creds(const struct cred *a, const struct cred *b)
{
	return a == b || (io_same_access(a, b) && io_same_keyrings(a, b));
}

bool io_same_rights(struct task_struct *task, struct task_struct *sq_thread,
		    const struct cred *cred)
{
	if (!io_same_creds(rcu_dereference(task->real_cred), cred))
		return false;
	if (READ_ONCE(task->fs) != READ_ONCE(sq_thread->fs) ||
	    READ_ONCE(task->files) != READ_ONCE(sq_thread->files) ||
	    READ_ONCE(task->nsproxy) != READ_ONCE(sq_thread->nsproxy))
		return false;
#ifdef CONFIG_SECCOMP_FILTER
	if (READ_ONCE(task->seccomp.filter) != READ_ONCE(sq_thread->seccomp.filter))
		return false;
#endif
	return task_no_new_privs(task) == task_no_new_privs(sq_thread);
}
