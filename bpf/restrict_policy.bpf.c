// SPDX-License-Identifier: GPL-2.0
/*
 * Lets programs be executed from system directories only; any other EXEC fails with
 * -EACCES. It passes everything else to the policies after it. Attach it before them:
 *
 *	spawnpol load restrict_policy
 *	spawnpol attach restrict_policy --pid PID --first
 *
 * It shows how a restricting policy works together with others, and how to read a name.
 *
 * It leaves out requests that policies after it stage, which the kernel does not put to
 * other policies: their paths have to be trusted. It also leaves out symbolic links and
 * "..". To confine a program, use Landlock (IORING_CHILD_LANDLOCK): a policy is for
 * launchers that cooperate.
 */
#include "spawnpol_policy.h"

SPAWNPOL_EVENTS(IORING_POLICY_BEFORE_EXEC);

/* The longest of the directories below, and a NUL. */
#define NAME_SIZE	16

static __always_inline bool begins_with(const char *name, const char *dir, int len)
{
	return !bpf_strncmp(name, len, dir);
}

static __always_inline bool is_allowed(const char *name)
{
	return begins_with(name, "/usr/bin/", 9) ||
	       begins_with(name, "/usr/sbin/", 10) ||
	       begins_with(name, "/usr/lib/", 9) ||
	       begins_with(name, "/bin/", 5) ||
	       begins_with(name, "/sbin/", 6);
}

SPAWNPOL_POLICY(restrict_policy)(struct bpf_iouring_ctx *ctx)
{
	char name[NAME_SIZE] = "";
	int len;

	if (ctx->event != IORING_POLICY_BEFORE_EXEC)
		return IORING_VERDICT_PASS;
	/* copies the beginning of a name that does not fit */
	len = bpf_iouring_exec_name(ctx, name, sizeof(name));
	/* a path relative to a descriptor does not tell the directory */
	if ((len >= 0 || len == -ENAMETOOLONG) && is_allowed(name) &&
	    !(ctx->flags & IORING_POLICY_F_EXEC_AT))
		return IORING_VERDICT_PASS;
	bpf_iouring_set_result(ctx, -EACCES);
	return IORING_VERDICT_ABORT;
}

SPAWNPOL_LICENSE("GPL");
