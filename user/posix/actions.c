// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From posix_spawn_file_actions_t to steps. libc has no functions to read this
 * structure, so its layout is defined here. Before the first use, it is compared with
 * what this process's libc writes for one action of each kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "posix.h"

enum tag { DO_CLOSE, DO_DUP2, DO_OPEN, DO_CHDIR, DO_FCHDIR, DO_CLOSEFROM,
	   DO_TCSETPGRP, NR_TAGS };

struct __spawn_action {
	int tag;
	union {
		int fd;
		const char *path;	/* DO_CHDIR */
		struct {
			int fd, to;
		} dup2;
		struct {
			int fd;
			const char *path;
			int flags;
			mode_t mode;
		} open;
	};
};

static bool fill(posix_spawn_file_actions_t *actions)
{
	return !posix_spawn_file_actions_addclose(actions, 2) &&
	       !posix_spawn_file_actions_adddup2(actions, 1, 2) &&
	       !posix_spawn_file_actions_addopen(actions, 2, "open", 15, 16) &&
	       !posix_spawn_file_actions_addchdir_np(actions, "chdir") &&
	       !posix_spawn_file_actions_addfchdir_np(actions, 1) &&
	       !posix_spawn_file_actions_addclosefrom_np(actions, 2) &&
	       !posix_spawn_file_actions_addtcsetpgrp_np(actions, 1);
}

static bool is_as_known(const posix_spawn_file_actions_t *actions)
{
	const struct __spawn_action *a = actions->__actions;
	int i;

	if (actions->__used != NR_TAGS)
		return false;
	for (i = 0; i < NR_TAGS; i++)
		if (a[i].tag != i)
			return false;
	return a[DO_CLOSE].fd == 2 && a[DO_DUP2].dup2.fd == 1 &&
	       a[DO_DUP2].dup2.to == 2 && a[DO_OPEN].open.fd == 2 &&
	       !strcmp(a[DO_OPEN].open.path, "open") &&
	       a[DO_OPEN].open.flags == 15 && a[DO_OPEN].open.mode == 16 &&
	       !strcmp(a[DO_CHDIR].path, "chdir") && a[DO_FCHDIR].fd == 1 &&
	       a[DO_CLOSEFROM].fd == 2 && a[DO_TCSETPGRP].fd == 1;
}

/* Tags come first: a pointer is followed only where they are right. */
bool actions_init(void)
{
	posix_spawn_file_actions_t actions;
	bool ok;

	if (posix_spawn_file_actions_init(&actions))
		return false;
	ok = fill(&actions) && is_as_known(&actions);
	posix_spawn_file_actions_destroy(&actions);
	return ok;
}

/* --- steps --------------------------------------------------------------------- */

/* Descriptor numbers from here on are out of range. */
static rlim_t nofile(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}

/* It need not be open, if its number could be. */
static int add_close(struct spawnpol_chain *chain, int fd)
{
	if ((rlim_t)fd >= nofile())
		return spawnpol_chain_close(chain, fd);
	return spawnpol_chain_close_range(chain, fd, fd);
}

/*
 * The number is closed first, whether it is open or not: what is there may be
 * the reason why the file cannot be opened. In libc the number that the file gets
 * at first decides what becomes of O_CLOEXEC.
 */
static bool add_open(struct request *rq, const struct __spawn_action *a)
{
	int err;

	rq->creates |= (a->open.flags & O_EXCL) != 0;
	if (a->open.flags & O_CLOEXEC)
		return leave(rq, "open with O_CLOEXEC", 0);
	if ((rlim_t)a->open.fd >= nofile())
		return leave(rq, "open as a number out of range", 0);
	err = spawnpol_chain_close_range(rq->chain, a->open.fd, a->open.fd) ?:
	      spawnpol_chain_open(rq->chain, a->open.fd, a->open.path,
				  a->open.flags, a->open.mode);
	return err ? leave(rq, "an open that cannot be a step", err) : true;
}

static int add_other(struct spawnpol_chain *chain,
		     const struct __spawn_action *a)
{
	switch (a->tag) {
	case DO_CLOSE:
		return add_close(chain, a->fd);
	case DO_DUP2:
		return spawnpol_chain_dup(chain, a->dup2.fd, a->dup2.to);
	case DO_CHDIR:
		return spawnpol_chain_chdir(chain, a->path);
	case DO_FCHDIR:
		return spawnpol_chain_fchdir(chain, a->fd);
	case DO_CLOSEFROM:
		return spawnpol_chain_close_range(chain, a->fd, ~0U);
	case DO_TCSETPGRP:
		return spawnpol_chain_tcsetpgrp(chain, a->fd, 0);
	default:
		return -EOPNOTSUPP;
	}
}

bool add_file_actions(struct request *rq)
{
	const struct __spawn_action *a;
	int i, err;

	if (!rq->actions)
		return true;
	a = rq->actions->__actions;
	for (i = 0; i < rq->actions->__used; i++, a++) {
		if (a->tag == DO_OPEN) {
			if (!add_open(rq, a))
				return false;
			continue;
		}
		err = add_other(rq->chain, a);
		if (err)
			return leave(rq, "a file action that cannot be a step",
				     err);
	}
	return true;
}
