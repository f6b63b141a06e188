// SPDX-License-Identifier: LGPL-2.1-or-later
/* Building a chain: how the child is made. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "pool.h"

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND	0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP	0x200000000ULL
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME		0x00000080
#endif

#define NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
			 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | \
			 CLONE_NEWCGROUP | CLONE_NEWTIME)

bool args_are_plain(const struct clone_args *args)
{
	static const struct clone_args plain = { .exit_signal = SIGCHLD };

	return !memcmp(args, &plain, sizeof(plain));
}

static void set_flag(struct spawnpol_chain *chain, uint64_t flag, bool on)
{
	if (on)
		chain->args.flags |= flag;
	else
		chain->args.flags &= ~flag;
}

int spawnpol_chain_pidfd(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	set_flag(chain, CLONE_PIDFD, on);
	chain->args.pidfd = on ? (uintptr_t)&chain->pidfd : 0;
	return 0;
}

int spawnpol_chain_cgroup(struct spawnpol_chain *chain, int fd)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (fd < 0)
		return chain_fail(chain, -EBADF);
	set_flag(chain, CLONE_INTO_CGROUP, true);
	chain->args.cgroup = fd;
	return 0;
}

int spawnpol_chain_exit_signal(struct spawnpol_chain *chain, int sig)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (sig < 0 || sig > SIGRTMAX)
		return chain_fail(chain, -EINVAL);
	chain->args.exit_signal = sig;
	return 0;
}

int spawnpol_chain_clear_sighand(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	set_flag(chain, CLONE_CLEAR_SIGHAND, on);
	return 0;
}

int spawnpol_chain_namespaces(struct spawnpol_chain *chain, uint64_t flags)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (flags & ~(uint64_t)NAMESPACES)
		return chain_fail(chain, -EINVAL);
	set_flag(chain, NAMESPACES, false);
	set_flag(chain, flags, true);
	return 0;
}

int spawnpol_chain_set_tid(struct spawnpol_chain *chain, const pid_t *tids,
			   size_t nr)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (nr > MAX_PID_LEVELS)
		return chain_fail(chain, -EINVAL);
	memcpy(chain->tids, tids, nr * sizeof(*tids));
	chain->args.set_tid = nr ? (uintptr_t)chain->tids : 0;
	chain->args.set_tid_size = nr;
	return 0;
}

int spawnpol_chain_files(struct spawnpol_chain *chain,
			 const struct io_uring_clone_file *files, size_t nr)
{
	size_t size = nr * sizeof(*files);
	struct io_uring_clone_files *list;
	int err = chain_editable(chain);

	if (err)
		return err;
	if (nr > SPAWNPOL_MAX_FILES)
		return chain_fail(chain, -E2BIG);
	if (chain->pooled.pool)
		return pool_files(chain, files, nr);
	list = chain_room(chain, sizeof(*list) + size);
	if (!list)
		return chain->error;
	*list = (struct io_uring_clone_files) { .nr = nr };
	if (nr)
		memcpy(list->files, files, size);
	chain->files = list;
	return 0;
}

int spawnpol_chain_deadline(struct spawnpol_chain *chain, uint64_t ns)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->has_deadline = ns;
	chain->deadline.tv_sec = ns / 1000000000;
	chain->deadline.tv_nsec = ns % 1000000000;
	return 0;
}

int spawnpol_chain_exit_status(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->want_exit = on;
	return 0;
}

int spawnpol_chain_cookie(struct spawnpol_chain *chain, uint64_t cookie)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->cookie = cookie;
	return 0;
}

int spawnpol_chain_slot(struct spawnpol_chain *chain, unsigned int slot)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	if (slot >= IORING_SPAWN_SLOTS)
		return chain_fail(chain, -EINVAL);
	chain->slot = slot;
	return 0;
}

int spawnpol_chain_need_policy(struct spawnpol_chain *chain, bool on)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->need_policy = on;
	return 0;
}

int spawnpol_chain_user(struct spawnpol_chain *chain, void *user)
{
	int err = chain_editable(chain);

	if (err)
		return err;
	chain->user = user;
	return 0;
}
