// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actions: ids, capabilities, and restrictions of a process on itself. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

#include "action.h"

int spawnpol_chain_setgroups(struct spawnpol_chain *chain, const gid_t *groups,
			     size_t nr)
{
	return action_add_data(chain, SPAWNPOL_KIND_SETGROUPS,
			       ACTION(IORING_CHILD_SETGROUPS, .off = nr),
			       groups, nr * sizeof(*groups));
}

int spawnpol_chain_setresgid(struct spawnpol_chain *chain, gid_t real,
			     gid_t effective, gid_t saved)
{
	return action_add(chain, SPAWNPOL_KIND_SETRESGID,
			  ACTION(IORING_CHILD_SETRESGID, .addr = real,
				 .off = effective, .addr3 = saved));
}

int spawnpol_chain_setresuid(struct spawnpol_chain *chain, uid_t real,
			     uid_t effective, uid_t saved)
{
	return action_add(chain, SPAWNPOL_KIND_SETRESUID,
			  ACTION(IORING_CHILD_SETRESUID, .addr = real,
				 .off = effective, .addr3 = saved));
}

int spawnpol_chain_capset(struct spawnpol_chain *chain, uint64_t effective,
			  uint64_t permitted, uint64_t inheritable)
{
	return action_add(chain, SPAWNPOL_KIND_CAPSET,
			  ACTION(IORING_CHILD_CAPSET, .addr = effective,
				 .off = permitted, .addr3 = inheritable));
}

int spawnpol_chain_prctl(struct spawnpol_chain *chain, int option,
			 unsigned long arg2, unsigned long arg3)
{
	if (option < 0)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_PRCTL,
			  ACTION(IORING_CHILD_PRCTL, .rw_flags = option,
				 .addr = arg2, .off = arg3));
}

int spawnpol_chain_dumpable(struct spawnpol_chain *chain, bool on)
{
	return action_add(chain, SPAWNPOL_KIND_DUMPABLE,
			  ACTION(IORING_CHILD_DUMPABLE, .off = on));
}

/* The kernel reads a structure that points to the code. */
static const struct sock_fprog *keep_filter(struct spawnpol_chain *chain,
					    const struct sock_fprog *prog)
{
	struct sock_fprog *copy;

	if (chain->borrow)
		return prog;
	copy = chain_room(chain, sizeof(*copy));
	if (!copy)
		return NULL;
	copy->len = prog->len;
	copy->filter = chain_keep(chain, prog->filter,
				  prog->len * sizeof(*prog->filter));
	return copy->filter ? copy : NULL;
}

int spawnpol_chain_seccomp(struct spawnpol_chain *chain,
			   const struct sock_fprog *prog)
{
	const struct sock_fprog *kept;
	int err = chain_editable(chain);

	if (err)
		return err;
	if (!prog || !prog->filter)
		return action_refuse(chain, -EINVAL);
	kept = keep_filter(chain, prog);
	if (!kept)
		return chain->error;
	return action_add(chain, SPAWNPOL_KIND_SECCOMP,
			  ACTION(IORING_CHILD_PRCTL, .rw_flags = PR_SET_SECCOMP,
				 .addr = SECCOMP_MODE_FILTER,
				 .off = (uintptr_t)kept));
}

int spawnpol_chain_landlock(struct spawnpol_chain *chain, int ruleset_fd)
{
	if (ruleset_fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, SPAWNPOL_KIND_LANDLOCK,
			  ACTION(IORING_CHILD_LANDLOCK, .fd = ruleset_fd));
}
