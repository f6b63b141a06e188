// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Actions: the three standard streams at once.
 *
 * Descriptors are assigned as if at the same time: 2 can become 1 while 1 becomes 2.
 * The dups are put in an order in which none overwrites a descriptor that another one
 * still needs. If they form a circle, one descriptor is first copied to a spare number.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "action.h"

#define STREAMS	3
#define FILE_MODE	0666	/* less the umask, as a shell's > */

/* Far from the numbers that are given out, and not so far that tables grow much. */
#define SPARE_HIGHEST	255

enum { STAYS = -1, OPENS = -2, DONE = -3 };

struct plan {
	struct spawnpol_chain *chain;
	const char *path[STREAMS];	/* of a file that is opened */
	int flags;			/* how those for writing are opened */
	int from[STREAMS];		/* descriptor, or one of the above */
	int spare;			/* what was moved away, or -1 */
};

/* Does another stream still come from descriptor fd? */
static bool is_needed(const struct plan *p, int fd, int except)
{
	for (int i = 0; i < STREAMS; i++)
		if (i != except && p->from[i] == fd)
			return true;
	return false;
}

static int put(struct plan *p, int stream)
{
	int from = p->from[stream];

	p->from[stream] = DONE;
	if (from == OPENS)
		return spawnpol_chain_open(p->chain, stream, p->path[stream],
					   stream ? O_WRONLY | O_CREAT | p->flags :
						    O_RDONLY, FILE_MODE);
	return spawnpol_chain_dup(p->chain, from, stream);
}

static bool is_waiting(const struct plan *p, int stream)
{
	return p->from[stream] != STAYS && p->from[stream] != DONE;
}

/* Put one stream whose number nobody needs any more; false if there is none. */
static bool put_one(struct plan *p, int *err)
{
	for (int i = 0; i < STREAMS; i++) {
		if (is_waiting(p, i) && !is_needed(p, i, i)) {
			*err = put(p, i);
			return true;
		}
	}
	return false;
}

/* Is fd a number that the chain, or a stream to come, has to do with? */
static bool is_used(const struct plan *p, int fd)
{
	const struct spawnpol_chain *chain = p->chain;

	for (unsigned int i = 0; i < chain->actions.nr; i++) {
		const struct step *step = &chain->actions.v[i];

		if (step->sqe.fd == fd || (int)step->sqe.off == fd)
			return true;
	}
	for (unsigned int i = 0; chain->files && i < chain->files->nr; i++)
		if ((int)chain->files->files[i].number == fd)
			return true;
	return is_needed(p, fd, -1);
}

/* A number that is free in this process now, and in the child at this step. */
static int find_spare(const struct plan *p)
{
	struct rlimit limit;
	int fd = SPARE_HIGHEST;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= (rlim_t)fd)
		fd = (int)limit.rlim_cur - 1;
	for (; fd >= STREAMS; fd--)
		if (!is_used(p, fd) && fcntl(fd, F_GETFD) < 0)
			return fd;
	return -EMFILE;
}

/* All that wait are in circles: break one. */
static int move_away(struct plan *p)
{
	int stream = 0, fd = find_spare(p);

	if (fd < 0)
		return action_refuse(p->chain, fd);
	while (!is_waiting(p, stream))
		stream++;
	for (int i = 0; i < STREAMS; i++)
		if (p->from[i] == stream)
			p->from[i] = fd;
	p->spare = fd;
	return spawnpol_chain_dup(p->chain, stream, fd);
}

static bool any_waits(const struct plan *p)
{
	return is_waiting(p, 0) || is_waiting(p, 1) || is_waiting(p, 2);
}

static int carry_out(struct plan *p)
{
	int err = 0;

	while (!err && any_waits(p))
		if (!put_one(p, &err))
			err = move_away(p);
	if (!err && p->spare >= 0)
		err = spawnpol_chain_close(p->chain, p->spare);
	return err;
}

/* One file for output and errors is opened once: both write at one position. */
static bool is_same_file(const char *const paths[STREAMS])
{
	return paths && paths[1] && paths[2] && !strcmp(paths[1], paths[2]);
}

int spawnpol_chain_stdio(struct spawnpol_chain *chain, const int fds[3],
			 const char *const paths[3], int flags)
{
	struct plan p = { .chain = chain, .flags = flags, .spare = -1 };
	bool same = is_same_file(paths);
	int err = chain_editable(chain);

	if (err)
		return err;
	if (flags & ~(O_APPEND | O_TRUNC | O_EXCL | O_NOFOLLOW))
		return action_refuse(chain, -EINVAL);
	for (int i = 0; i < STREAMS; i++) {
		p.path[i] = paths ? paths[i] : NULL;
		p.from[i] = p.path[i] ? OPENS : fds ? fds[i] : STAYS;
		if (p.from[i] < OPENS || (p.from[i] == OPENS && !p.path[i]))
			return action_refuse(chain, -EBADF);
	}
	if (same)
		p.from[2] = STAYS;
	err = carry_out(&p);
	return err || !same ? err : spawnpol_chain_dup(chain, 1, 2);
}
