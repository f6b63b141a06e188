// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a step has set in a child that waits, stays. */
#include "stays.h"

#include "child.h"
#include "sleeper.h"

static struct tring r;
static struct whole w;

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file;
} list = { .head.nr = 1, .file.number = 5 };

static void add_step(const struct stays *stays)
{
	struct io_uring_spawn_step *step = whole_step(&w, stays->cmd);

	if (stays->fd) {
		list.file.source = stays->fd;
		w.arg.flags |= IORING_SPAWN_FILES;
		w.arg.files = (uintptr_t)&list;
	}
	if (stays->step)
		stays->step(step);
}

static int make_with(const struct stays *stays, bool later)
{
	int number;

	if (!later) {
		kept_new(&w);
		add_step(stays);
		return CHECK_OK(whole_run(&r, &w)->res);
	}
	number = kept_make(&r, &w);
	kept_more(&w, number);
	add_step(stays);
	CHECK_EQ(whole_run(&r, &w)->res, number);
	return number;
}

static int copy_of(int number)
{
	kept_new(&w);
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&w, number);
	return CHECK_OK(whole_run(&r, &w)->res);
}

static void check_program(pid_t pid, const struct stays *stays)
{
	stays->check(pid);
	sleeper_end(pid);
}

void check_stays(const struct stays *stays)
{
	int later, number, copy;

	for (later = 0; later < 2; later++) {
		pid_t pid = CHECK_SYS(fork());

		if (pid) {
			CHECK_EQ(wait_exit(pid), 0);
			continue;
		}
		DIAG("%s", later ? "in a later SPAWN" : "in the first");
		tring_init(&r, 0);
		number = make_with(stays, later);
		if (stays->change)
			stays->change();
		copy = copy_of(number);
		check_program(sleeper_in_copy(&r, number), stays);
		/* it is used, and waits again */
		kept_more(&w, number);
		CHECK_EQ(whole_run(&r, &w)->res, number);
		check_program(sleeper_in(&r, number), stays);
		check_program(sleeper_in(&r, copy), stays);
		_exit(0);
	}
}
