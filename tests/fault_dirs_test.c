// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * Registering a list of open directories fails at each place in turn where memory or user
 * space can be missing: it says so, holds no directory, and the list that was there is
 * still the one that is searched (O1, O3). What leaks shows in the scan for leaks that
 * ends a run of the debug kernel.
 */
#include "lib/child.h"
#include "lib/dirs.h"
#include "lib/fault.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static struct tring r;
static struct whole w;

/* The program is in the first of these; the second list begins with the others. */
static char *with, *mounted, *without;

/* Which candidate it is tells which list is there. */
static void check_candidate(const struct fault_walk *walk, unsigned int nr)
{
	const struct tring_cqe *cqe;

	whole_init(&w, "prog");
	w.argv[1] = "7";
	w.arg.flags = IORING_SPAWN_REGISTERED;
	cqe = whole_run(&r, &w);
	if (cqe->res < 0)
		FAIL("fault %u of %s: SPAWN is %d", walk->nth, walk->name,
		     cqe->res);
	CHECK_EQ(wait_exit(cqe->res), 7);
	CHECK_EQ(whole_step_of(cqe), nr);
}

/* What has failed, or is forgotten, holds nothing. A program may hold it for a moment. */
static void check_not_held(const struct fault_walk *walk)
{
	double until = now() + tap_patience();

	while (umount2(mounted, 0)) {
		CHECK_EQ(errno, EBUSY);
		if (now() > until)
			FAIL("fault %u of %s: the mount is held", walk->nth,
			     walk->name);
		sleep_ms(1);
	}
	CHECK_SYS(mount("none", mounted, "tmpfs", 0, NULL));
}

static void begin(void)
{
	fault_prepare();
	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	with = new_dir("with");
	mounted = new_dir("mounted");
	without = in_dir("without");
	copy_file(helper("exit_with"), format("%s/prog", with), 0755);
	CHECK_SYS(mount("none", mounted, "tmpfs", 0, NULL));
	/* a link, for what is allocated to follow it */
	CHECK_SYS(symlink("mounted", without));
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, with), 1);
}

TEST(O3_faults_of_registering_open_directories, .timeout = 100)
{
	static const int errors[] = { -ENOMEM, -EFAULT, 0 };
	struct fault_walk walk;
	char *other;
	int nr;

	begin();
	walk = fault_walk("a list of open directories", 1);
	other = format("%s:/nonexistent:%s:%s", mounted, without, with);
	while (fault_next(&walk)) {
		fault_begin(&walk);
		nr = dirs_set(&r, 0, other);
		fault_end(&walk);
		fault_check(&walk, "the register command", nr, errors);
		if (nr >= 0)
			CHECK_EQ(nr, 3);
		check_candidate(&walk, nr < 0 ? 1 : 3);
		if (nr >= 0)
			CHECK_EQ(dirs_set(&r, 0, with), 1);
		check_not_held(&walk);
	}
	/* two structures, two copies, and a name for each directory */
	CHECK_GT(walk.injected, 7);
	tring_exit(&r);
}

TEST(O3_faults_of_forgetting_open_directories, .timeout = 100)
{
	static const int errors[] = { -EFAULT, 0 };
	struct fault_walk walk;
	int nr;

	begin();
	walk = fault_walk("forgetting a list", 1);
	while (fault_next(&walk)) {
		fault_begin(&walk);
		nr = dirs_set(&r, 0, NULL);
		fault_end(&walk);
		fault_check(&walk, "the register command", nr, errors);
		if (nr < 0)
			check_candidate(&walk, 1);
		else
			CHECK_EQ(dirs_set(&r, 0, with), 1);
	}
	CHECK_GT(walk.injected, 0);
	tring_exit(&r);
}
