// SPDX-License-Identifier: LGPL-2.1-or-later
/* Actions: sessions, the terminal, signals, namespaces. */
#include <errno.h>
#include <signal.h>

#include "action.h"

int spawnpol_chain_setsid(struct spawnpol_chain *chain)
{
	return action_add(chain, SPAWNPOL_KIND_SETSID, ACTION(IORING_CHILD_SETSID));
}

int spawnpol_chain_setpgid(struct spawnpol_chain *chain, pid_t pgid)
{
	if (pgid < 0)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_SETPGID,
			  ACTION(IORING_CHILD_SETPGID, .off = pgid));
}

int spawnpol_chain_tcsetpgrp(struct spawnpol_chain *chain, int fd, pid_t pgid)
{
	if (fd < 0)
		return action_refuse(chain, -EBADF);
	if (pgid < 0)
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_TCSETPGRP,
			  ACTION(IORING_CHILD_TCSETPGRP, .fd = fd,
				 .off = pgid));
}

/* Without those that the C library keeps for itself, which sigset_t can hold. */
static uint64_t bits_of(const sigset_t *set)
{
	uint64_t bits = 0;
	int sig;

	for (sig = 1; sig <= 64; sig++) {
		if (sigismember(set, sig) == 1)
			bits |= 1ULL << (sig - 1);
	}
	return bits;
}

int spawnpol_chain_sigmask(struct spawnpol_chain *chain, const sigset_t *set)
{
	return action_add(chain, SPAWNPOL_KIND_SIGMASK,
			  ACTION(IORING_CHILD_SIGMASK, .off = bits_of(set)));
}

int spawnpol_chain_sigdefault(struct spawnpol_chain *chain, const sigset_t *set)
{
	return action_add(chain, SPAWNPOL_KIND_SIGDEFAULT,
			  ACTION(IORING_CHILD_SIGDEFAULT, .off = bits_of(set)));
}

int spawnpol_chain_sigignore(struct spawnpol_chain *chain, const sigset_t *set)
{
	if (sigismember(set, SIGKILL) || sigismember(set, SIGSTOP))
		return action_refuse(chain, -EINVAL);
	return action_add(chain, SPAWNPOL_KIND_SIGIGNORE,
			  ACTION(IORING_CHILD_SIGIGNORE, .off = bits_of(set)));
}

int spawnpol_chain_unshare(struct spawnpol_chain *chain, uint64_t flags)
{
	return action_add(chain, SPAWNPOL_KIND_UNSHARE,
			  ACTION(IORING_CHILD_UNSHARE, .off = flags));
}

int spawnpol_chain_setns(struct spawnpol_chain *chain, int fd, int type)
{
	if (fd < 0)
		return action_refuse(chain, -EBADF);
	return action_add(chain, SPAWNPOL_KIND_SETNS,
			  ACTION(IORING_CHILD_SETNS, .fd = fd,
				 .off = (unsigned int)type));
}
