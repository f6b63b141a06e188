// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: looking for the program in directories that are open (O3). */
#include "lib/child.h"
#include "lib/dirs.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tring r;
static struct whole w;
static struct tprog p;
TPROG_PRELOAD

/* A program "prog" in a new directory that exits with what it is told. */
static char *program_in(const char *name)
{
	char *dir = new_dir(name);

	copy_file(helper("exit_with"), format("%s/prog", dir), 0755);
	return dir;
}

/* A script. */
static char *exits(const char *name, int status)
{
	char *dir = new_dir(name);

	write_file(format("%s/prog", dir), format("#!/bin/sh\nexit %d\n", status), 0755);
	return dir;
}

/* "prog" in the directories of list 0. A program of program_in() exits with 7. */
static void look(void)
{
	whole_init(&w, "prog");
	whole_report(&w);
	w.argv[1] = "7";
	w.arg.flags = IORING_SPAWN_REGISTERED;
}

static unsigned int check_exits(int status)
{
	return whole_exits(&r, &w, status);
}

static void check_fails(int error, const char *path)
{
	whole_fails(&r, &w, error, path);
}

/* --- what is found ------------------------------------------------------------------ */

TEST(O3_open_directories)
{
	char *none = new_dir("none"), *three = exits("three", 3), *four = exits("four", 4);
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		/* what is not there is left out */
		EXPECT_EQ(dirs_set(&r, 0, format("/nonexistent:%s:%s:/dev/null:%s",
						 none, three, four)), 3);
		EXPECT_EQ(dirs_set(&r, 15, format("%s:%s", four, three)), 2);
		look();
		EXPECT_EQ(check_exits(3), 2);
		w.arg.search = 15;
		EXPECT_EQ(check_exits(4), 1);
		tring_exit(&r);
	}
}

TEST(O3_open_directories_without_it)
{
	char *none = new_dir("none"), *denied = new_dir("denied"), *last = new_dir("last");

	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", none, last)), 2);
	look();
	check_fails(-ENOENT, format("%s/prog", last));
	EXPECT_EQ(w.told.report.attempt, 2);
	write_file(format("%s/prog", denied), "", 0644);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s:%s", none, denied, last)), 3);
	check_fails(-EACCES, format("%s/prog", denied));
	EXPECT_EQ(w.told.report.attempt, 2);
	/* a directory of that name, and those that each directory has */
	CHECK_SYS(mkdir(format("%s/prog", last), 0755));
	CHECK_EQ(dirs_set(&r, 0, last), 1);
	check_fails(-EACCES, format("%s/prog", last));
	w.arg.path = (uintptr_t)"..";
	check_fails(-EACCES, format("%s/..", last));
}

TEST(O3_open_directories_and_a_file_without_a_format)
{
	char *text = new_dir("text"), *next = exits("next", 6);

	write_file(format("%s/prog", text), "exit $1\n", 0755);
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", text, next)), 2);
	look();
	check_fails(-ENOEXEC, format("%s/prog", text));
	w.arg.shell = (uintptr_t)"/bin/sh";
	check_exits(7);
}

TEST(O3_a_script_in_an_open_directory_has_a_name_that_exists)
{
	char *dir = new_dir("dir");

	write_file(format("%s/prog", dir),
		   format("#!/bin/sh\n[ $0 = %s/prog ] && exit 5\n", dir), 0755);
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	look();
	check_exits(5);
}

TEST(O3_links_in_open_directories)
{
	char *dir = new_dir("dir"), *real = program_in("real"), *three = exits("three", 3);
	char *link = format("%s/prog", dir);

	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", dir, three)), 2);
	look();
	CHECK_SYS(symlink("../real/prog", link));
	EXPECT_EQ(check_exits(7), 1);
	CHECK_SYS(unlink(link));
	CHECK_SYS(symlink(format("%s/prog", real), link));
	EXPECT_EQ(check_exits(7), 1);
	CHECK_SYS(unlink(link));
	CHECK_SYS(symlink("nowhere", link));
	EXPECT_EQ(check_exits(3), 2);
	CHECK_SYS(unlink(link));
	CHECK_SYS(symlink("prog", link));
	check_fails(-ELOOP, link);
}

TEST(O3_a_file_mounted_in_an_open_directory)
{
	char *dir = new_dir("dir"), *real = program_in("real"), *three = exits("three", 3);
	char *place = format("%s/prog", dir);

	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	write_file(place, "", 0644);
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", dir, three)), 2);
	look();
	EXPECT_EQ(check_exits(3), 2);
	CHECK_SYS(mount(format("%s/prog", real), place, NULL, MS_BIND, NULL));
	EXPECT_EQ(check_exits(7), 1);
	CHECK_SYS(mount(NULL, place, NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	EXPECT_EQ(check_exits(3), 2);
	CHECK_SYS(umount2(place, 0));
}

/* --- which directory it is ----------------------------------------------------------- */

TEST(O3_an_open_directory_that_is_moved_or_gone)
{
	char *dir = program_in("dir"), *late = in_dir("late"), *away = in_dir("away");

	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", late, dir)), 1);
	look();
	EXPECT_EQ(check_exits(7), 1);
	/* one that comes later is not looked at */
	exits("late", 3);
	EXPECT_EQ(check_exits(7), 1);
	/* one that takes its place is not */
	CHECK_SYS(rename(dir, away));
	exits("dir", 4);
	EXPECT_EQ(check_exits(7), 1);
	CHECK_SYS(unlink(format("%s/prog", away)));
	check_fails(-ENOENT, format("%s/prog", dir));
	CHECK_SYS(rmdir(away));
	check_fails(-ENOENT, format("%s/prog", dir));
	CHECK_EQ(dirs_set(&r, 0, format("%s:%s", late, dir)), 2);
	EXPECT_EQ(check_exits(3), 1);
}

/* The child's own, but for the directories above. */
TEST(O3_permissions_in_open_directories)
{
	char *dir = program_in("dir"), *above = new_dir("above"), *below = in_dir("above/below");
	char *list = format("%s:%s", dir, below);

	CHECK_SYS(chmod(tap_dir(), 0755));
	CHECK_SYS(mkdir(below, 0755));
	copy_file(helper("exit_with"), format("%s/prog", below), 0755);
	CHECK_SYS(chmod(dir, 0700));
	CHECK_SYS(chmod(above, 0700));
	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, list), 2);
	look();
	EXPECT_EQ(check_exits(7), 1);
	whole_step(&w, IORING_CHILD_SETRESUID)->addr = ORDINARY;
	w.steps[0].off = ORDINARY;
	w.steps[0].addr3 = ORDINARY;
	EXPECT_EQ(check_exits(7), 2);
	CHECK_SYS(chmod(format("%s/prog", below), 0700));
	check_fails(-EACCES, format("%s/prog", dir));
	/* by their names both are closed */
	CHECK_SYS(chmod(format("%s/prog", below), 0755));
	w.arg.flags = 0;
	w.arg.search = (uintptr_t)list;
	check_fails(-EACCES, format("%s/prog", dir));
}

static void chroot_step(const char *root)
{
	struct io_uring_spawn_step *step = whole_step(&w, IORING_CHILD_CHROOT);

	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)root;
}

TEST(O3_open_directories_of_a_child_with_another_root)
{
	char *dir = program_in("dir"), *root = new_dir("root"), *inner = new_dir("root/x");

	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	look();
	chroot_step(root);
	check_exits(7);
	/* an absolute link is one of the child's root ... */
	CHECK_SYS(rename(format("%s/prog", dir), format("%s/it", dir)));
	CHECK_SYS(symlink("/x/prog", format("%s/prog", dir)));
	check_fails(-ENOENT, format("%s/prog", dir));
	copy_file(helper("exit_with"), format("%s/prog", inner), 0755);
	w.argv[1] = "8";
	check_exits(8);
	/* ... and a relative one begins where it is */
	CHECK_SYS(unlink(format("%s/prog", dir)));
	CHECK_SYS(symlink("../dir/it", format("%s/prog", dir)));
	check_exits(8);
	/* by its name there is no such directory */
	w.arg.flags = 0;
	w.arg.search = (uintptr_t)dir;
	check_fails(-ENOENT, format("%s/prog", dir));
}

TEST(O3_open_directories_of_a_child_with_other_mounts)
{
	char *dir = program_in("dir");

	tring_init(&r, 0);
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	look();
	whole_step(&w, IORING_CHILD_UNSHARE)->off = CLONE_NEWNS;
	check_exits(7);
}

/* With the root of who registers them. */
TEST(O3_open_directories_of_another_process)
{
	char *root = new_dir("root");
	pid_t pid;

	CHECK_SYS(mkdir(format("%s/only_there", root), 0755));
	copy_file(helper("exit_with"), format("%s/only_there/prog", root), 0755);
	tring_init(&r, 0);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_SYS(chroot(root));
		_exit(dirs_set(&r, 0, "/only_there"));
	}
	CHECK_EQ(wait_exit(pid), 1);
	look();
	check_exits(7);
	EXPECT_EQ(dirs_set(&r, 1, "/only_there"), -ENOENT);
}

/* --- for how long ---------------------------------------------------------------------- */

/* A SPAWN whose child waits in its first step, for a writer of the FIFO. */
static void hold(const char *fifo)
{
	double until = now() + tap_patience();
	pid_t pid;

	look();
	whole_pidfd(&w);
	whole_wait_for(&w, fifo);
	tring_forget(&r);
	q_whole(&r, &w);
	tring_submit(&r);
	while (!(pid = whole_child(&w))) {
		CHECK_LT(now(), until);
		tring_has(&r, WHOLE);
		sleep_ms(1);
	}
	wait_blocked(pid);
}

/* Returns a descriptor for who has nothing more to wait for to close. */
static int let_go(const char *fifo)
{
	return CHECK_SYS(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

TEST(O3_a_list_that_is_replaced_or_forgotten_while_a_spawn_waits)
{
	char *dir = program_in("dir"), *three = exits("three", 3), *fifo = in_dir("fifo");
	unsigned int i;
	int go;

	CHECK_SYS(mkfifo(fifo, 0600));
	for (i = 0; i < 2 * tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i / 2].name);
		tring_init(&r, tring_kinds[i / 2].flags);
		CHECK_EQ(dirs_set(&r, 0, dir), 1);
		hold(fifo);
		EXPECT_EQ(dirs_set(&r, 0, i % 2 ? three : NULL), i % 2);
		go = let_go(fifo);
		EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 7);
		close(go);
		look();
		if (i % 2)
			check_exits(3);
		else
			EXPECT_EQ(whole_run(&r, &w)->res, -ENXIO);
		tring_exit(&r);
	}
}

/* What holds a list holds its mounts. */
static bool is_unmounted(const char *dir)
{
	if (!umount2(dir, 0))
		return true;
	CHECK_EQ(errno, EBUSY);
	return false;
}

static void check_unmounted(const char *dir)
{
	double until = now() + tap_patience();

	while (!is_unmounted(dir)) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

TEST(O3_who_holds_open_directories)
{
	char *dir = new_dir("dir"), *fifo = in_dir("fifo");

	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_SYS(mkfifo(fifo, 0600));
	tring_init(&r, 0);
	CHECK_SYS(mount("none", dir, "tmpfs", 0, NULL));
	CHECK_EQ(dirs_set(&r, 3, dir), 1);
	EXPECT(!is_unmounted(dir));
	EXPECT_EQ(dirs_set(&r, 3, NULL), 0);
	EXPECT(is_unmounted(dir));
	/* what cannot be registered leaves nothing */
	CHECK_SYS(mount("none", dir, "tmpfs", 0, NULL));
	EXPECT_EQ(dirs_set(&r, 3, format("%s:relative", dir)), -EINVAL);
	EXPECT(is_unmounted(dir));
	/* close(2) does not return before */
	CHECK_SYS(mount("none", dir, "tmpfs", 0, NULL));
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	tring_exit(&r);
	EXPECT(is_unmounted(dir));
	/* a SPAWN that is killed with its ring ends a little later */
	tring_init(&r, 0);
	CHECK_SYS(mount("none", dir, "tmpfs", 0, NULL));
	CHECK_EQ(dirs_set(&r, 0, dir), 1);
	hold(fifo);
	CHECK_EQ(dirs_set(&r, 0, NULL), 0);
	EXPECT(!is_unmounted(dir));
	tring_exit(&r);
	check_unmounted(dir);
	whole_is_gone();
}

TEST(O3_fdinfo_names_open_directories)
{
	char *dir = new_dir("dir"), *moved = in_dir("moved");
	int ring;

	tring_init(&r, 0);
	ring = tring_fd(&r);
	CHECK_EQ(dirs_set(&r, 2, format("/:%s", dir)), 2);
	EXPECT_HAS(fdinfo_of(ring), "SpawnSearch:\tlist 2 directory 0 /\n");
	EXPECT_HAS(fdinfo_of(ring), format("SpawnSearch:\tlist 2 directory 1 %s\n", dir));
	CHECK_SYS(rename(dir, moved));
	EXPECT_HAS(fdinfo_of(ring), format("SpawnSearch:\tlist 2 directory 1 %s\n", moved));
	CHECK_EQ(dirs_set(&r, 2, NULL), 0);
	EXPECT_STR(line_of(fdinfo_of(ring), "SpawnSearch"), "");
}

/* --- under a policy (O4) ------------------------------------------------------------- */

TEST(O4_policies_and_open_directories)
{
	char *a = new_dir("a"), *b = new_dir("b"), *three = exits("three", 3);
	char *list = format("%s:/nonexistent:%s:%s", a, b, three);
	const unsigned int at_b = strlen(a) + 1 + strlen("/nonexistent:");

	tprog_start(&r, &p, IORING_POLICY_MISS);
	CHECK_EQ(dirs_set(&r, 0, list), 3);
	look();
	EXPECT_EQ(check_exits(3), 3);
	CHECK_EQ(p.engine->runs, 2);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, IORING_POLICY_MISS);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.attempt, 2);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.search_offset, (int)at_b);
	EXPECT(tprog_run(&p, 1)->ctx.flags & IORING_POLICY_F_SEARCH);
	EXPECT_STR(tprog_run(&p, 1)->name, "prog");
	EXPECT_STR(tprog_run(&p, 1)->path, format("%s/prog", b));

	/* from the beginning: a, a, b, and the one that is there */
	tprog_reset(&p);
	tprog_rule(&p, IORING_POLICY_MISS, 0, IORING_VERDICT_RETRY)->below = 2;
	check_exits(3);
	CHECK_EQ(p.engine->runs, 3);
	EXPECT_STR(tprog_run(&p, 1)->path, format("%s/prog", a));
	EXPECT_STR(tprog_run(&p, 2)->path, format("%s/prog", b));
	EXPECT_EQ(tprog_run(&p, 2)->ctx.search_offset, (int)at_b);
}
