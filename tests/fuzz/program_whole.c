// SPDX-License-Identifier: LGPL-2.1-or-later
/* Spawns in one request, for accepted programs to decide about. */
#include "program.h"

#include "../lib/whole.h"

#include <fcntl.h>

static void make_step(struct whole *w)
{
	static const uint8_t cmds[] = { IORING_CHILD_SETSID, IORING_CHILD_UMASK,
					IORING_CHILD_CHDIR,
					IORING_CHILD_FCHDIR };
	struct io_uring_spawn_step *step = whole_step(w, ONE_OF(cmds));

	if (step->cmd == IORING_CHILD_CHDIR) {
		step->fd = AT_FDCWD;
		step->addr = (uintptr_t)(percent(50) ? "directory" : "missing");
	}
	if (step->cmd == IORING_CHILD_FCHDIR)
		step->fd = 1000;
	if (percent(60))
		step->flags = IORING_SPAWN_STEP_MAY_FAIL;
	step->user_data = random_long();
}

static void make_search(struct whole *w)
{
	static char list[64];

	random_list(list, sizeof(list));
	if (!list[0])
		return;
	w->arg.search = (uintptr_t)list;
	counts.searches++;
}

struct io_uring_sqe *queue_whole(struct tring *r, uint32_t slot)
{
	static const char *const paths[] = { "quit",	"quit",		 "quit",
					     "missing", "noexec",	 "text",
					     "script",	"directory/quit" };
	static struct whole w;
	unsigned int steps = below(4);

	whole_init(&w, ONE_OF(paths));
	w.arg.slot = slot;
	w.arg.cookie = random_long();
	while (steps--)
		make_step(&w);
	if (percent(60))
		make_search(&w);
	if (percent(20))
		w.arg.shell = (uintptr_t)ONE_OF(paths);
	if (percent(30))
		whole_report(&w);
	counts.wholes++;
	return q_whole(r, &w);
}
