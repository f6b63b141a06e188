// SPDX-License-Identifier: GPL-2.0
/*
 * What the child of a chain may do, from some step on: ids, capabilities and
 * the restrictions that a process puts on itself.
 *
 * The child has credentials of its own. But as long as it shares the memory of
 * its parent, who can trace the child can read and write the parent. So whatever
 * may let others trace it makes the memory undumpable before.
 */
#include <linux/kernel.h>
#include <linux/audit.h>
#include <linux/binfmts.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/io_uring.h>
#include <linux/prctl.h>
#include <linux/sched/coredump.h>
#include <linux/seccomp.h>
#include <linux/security.h>
#include <linux/syscalls.h>

#include "../kernel/uid16.h"

#include "chain.h"
#include "child_cmd.h"
#include "spawn_task.h"

/*
 * commit_creds() does so only where privileges do not shrink, which is enough for
 * memory of one's own. It stays so if the change fails: another child may need it.
 */
void io_child_guard_memory(void)
{
	io_spawn_guard_memory(current->mm);
}

int io_child_setgroups(struct io_child *child)
{
	return ksys_setgroups(child->off, u64_to_user_ptr(child->addr));
}

int io_child_setresgid(struct io_child *child)
{
	io_child_guard_memory();
	return __sys_setresgid(child->addr, child->off, child->addr3);
}

int io_child_setresuid(struct io_child *child)
{
	io_child_guard_memory();
	return __sys_setresuid(child->addr, child->off, child->addr3);
}

int io_child_capset(struct io_child *child)
{
	kernel_cap_t effective = { child->addr };
	kernel_cap_t permitted = { child->off };
	kernel_cap_t inheritable = { child->addr3 };
	struct cred *new = prepare_creds();
	int ret;

	if (!new)
		return -ENOMEM;
	ret = security_capset(new, current_cred(), &effective, &inheritable,
			      &permitted);
	if (ret) {
		abort_creds(new);
		return ret;
	}
	audit_log_capset(new, current_cred());
	io_child_guard_memory();
	return commit_creds(new);
}

/*
 * Those that are the process's own and outlast exec. What belongs to the memory
 * would be the parent's.
 */
static bool io_child_prctl_allowed(u32 option, u64 arg2)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
	case PR_SET_KEEPCAPS:
	case PR_SET_SECUREBITS:
	case PR_SET_NO_NEW_PRIVS:
	case PR_CAPBSET_DROP:
	case PR_CAP_AMBIENT:
	case PR_SET_TIMERSLACK:
	case PR_SET_CHILD_SUBREAPER:
	case PR_SET_SPECULATION_CTRL:
		return true;
	case PR_SET_SECCOMP:
		/* strict mode has no exec */
		return arg2 == SECCOMP_MODE_FILTER;
	default:
		return false;
	}
}

int io_child_prctl(struct io_child *child)
{
	struct io_kiocb *req = cmd_to_io_kiocb(child);

	u32 option = child->flags;

	if (!io_child_prctl_allowed(option, child->addr))
		return -EINVAL;
	if (req->ctx->compat && (child->addr | child->off | child->addr3 |
				 child->addr4) > U32_MAX)
		return -EINVAL;
	/* the filter's description is read as that of a native process */
	if (option == PR_SET_SECCOMP && (req->ctx->compat || in_compat_syscall()))
		return -EOPNOTSUPP;
	return ksys_prctl(option, child->addr, child->off, child->addr3,
			  child->addr4);
}

int io_child_dumpable(struct io_child *child)
{
	cmd_to_io_kiocb(child)->chain->child_state.undumpable = !child->off;
	return 0;
}

int io_child_landlock(struct io_child *child)
{
	if (!IS_ENABLED(CONFIG_SECURITY_LANDLOCK))
		return -EOPNOTSUPP;
	return ksys_landlock_restrict_self(child->fd, 0);
}
