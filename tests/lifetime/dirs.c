// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Directories that are open for the searches of a round, in a file system that nobody
 * else uses: when the round is over nothing holds it.
 */
#include "round.h"

#include "child.h"
#include "dirs.h"
#include "program.h"

#include <sched.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first has no program, the second one has it. */
static char place[4096], none[4200], with[4200], list[8500];
/* Tells of the end of the first, and of the file system. */
static int watch;

static void choose_place(void)
{
	if (place[0])
		return;
	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	snprintf(place, sizeof(place), "%s", new_dir("open"));
	snprintf(none, sizeof(none), "%s/none", place);
	snprintf(with, sizeof(with), "%s/with", place);
	snprintf(list, sizeof(list), "%s:%s", none, with);
}

void dirs_make(void)
{
	choose_place();
	CHECK_SYS(mount("none", place, "tmpfs", 0, NULL));
	CHECK_SYS(mkdir(none, 0755));
	CHECK_SYS(mkdir(with, 0755));
	copy_file(helper("exit_with"), format("%s/exit_with", with), 0755);
	watch = CHECK_SYS(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	CHECK_SYS(inotify_add_watch(watch, none, IN_DELETE_SELF));
}

void dirs_open(struct round *r)
{
	CHECK_EQ(dirs_set(&r->ring, 0, list), 2);
}

/* --- what happens to them ----------------------------------------------------------- */

void dirs_replace(struct round *r)
{
	CHECK_EQ(dirs_set(&r->ring, 0, "/"), 1);
	r->let_go = true;
}

void dirs_forget(struct round *r)
{
	CHECK_EQ(dirs_set(&r->ring, 0, NULL), 0);
	r->let_go = true;
}

/* One goes, the other is another one of its name. */
void dirs_remove(struct round *r)
{
	CHECK_SYS(rmdir(none));
	CHECK_SYS(rename(with, format("%s/away", place)));
	CHECK_SYS(mkdir(with, 0755));
	r->share->removed = true;
}

void dirs_detach(struct round *r)
{
	CHECK_SYS(umount2(place, MNT_DETACH));
	r->share->unmounted = true;
}

/* --- afterwards ---------------------------------------------------------------------- */

/* Whether it has come, with those before it. */
static bool is_told(uint32_t event)
{
	struct inotify_event told;
	bool has = false;

	while (read(watch, &told, sizeof(told)) == sizeof(told))
		has |= told.mask & event;
	return has;
}

static void unmount(struct round *r)
{
	if (r->share->unmounted)
		return;
	if (!WAIT(!umount2(place, 0)))
		FAIL("something holds the mount");
	r->share->unmounted = true;
}

void dirs_check_let_go(struct round *r)
{
	if (r->let_go)
		unmount(r);
}

void dirs_check(struct round *r)
{
	if (r->share->removed && !WAIT(is_told(IN_DELETE_SELF)))
		FAIL("something holds the directory");
	unmount(r);
	/* of a directory that is gone there is nothing more to tell */
	if (!r->share->removed && !WAIT(is_told(IN_UNMOUNT)))
		FAIL("something holds the file system");
	close(watch);
}
