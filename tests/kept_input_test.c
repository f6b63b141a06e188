// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children: what is refused. Nothing is started then, and the child that waits is as
 * it was: it can be run in the next moment (C1, C4).
 */
#include "lib/child.h"
#include "lib/kept_one.h"
#include "lib/ring.h"
#include "lib/wrong_files.h"

#include <limits.h>
#include <linux/sched.h>
#include <sched.h>

#define KEEP IORING_SPAWN_KEEP
#define CHILD IORING_SPAWN_CHILD
#define COPY IORING_SPAWN_COPY
#define FILES IORING_SPAWN_FILES

/* --- fields -------------------------------------------------------------------------- */

TEST(C1_flags_and_numbers_that_contradict_each_other)
{
	static const struct {
		uint32_t flags, child;
		bool program;
		int error;
	} rows[] = {
		{ CHILD | COPY, IN_IT, true, -EINVAL },
		{ CHILD | COPY | KEEP, IN_IT, false, -EINVAL },
		{ KEEP | FILES, 0, true, -EINVAL },
		{ KEEP, 0, true, -EINVAL },
		{ KEEP | COPY, IN_IT, true, -EINVAL },
		{ KEEP, 0, false, -EINVAL },
		{ 0, IN_IT, true, -EINVAL },
		{ KEEP | FILES, IN_IT, false, -EINVAL },
		{ CHILD, 0, true, -EINVAL },
		{ COPY, 0, true, -EINVAL },
		{ CHILD | KEEP, 0, false, -EINVAL },
		{ COPY | KEEP, 0, false, -EINVAL },
		{ CHILD, 1U << 31, true, -EINVAL },
		{ COPY, 1U << 31, true, -EINVAL },
		{ CHILD, IN_IT - 1, true, -EINVAL },
		{ KEEP | FILES | IORING_SPAWN_REGISTERED, 0, false, -EINVAL },
		{ CHILD | IORING_SPAWN_REGISTERED, IN_IT, false, -EINVAL },
		{ CHILD | KEEP | IORING_SPAWN_NEED_POLICY, IN_IT, false, -ENOLINK },
		{ COPY | IORING_SPAWN_NEED_POLICY, IN_IT, true, -ENOLINK },
		{ KEEP | FILES | IORING_SPAWN_NEED_POLICY, 0, false, -ENOLINK },
		/* there is to be a program, and it has no path */
		{ 0, 0, false, -EFAULT },
		{ FILES, 0, false, -EFAULT },
		{ COPY, IN_IT, false, -EFAULT },
	};
	unsigned int i;

	start();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		DIAG("%u", i);
		from_row(rows[i].flags, rows[i].child, rows[i].program);
		check(rows[i].error);
	}
	for (i = 7; i < 32; i++) {
		from_row(CHILD | KEEP | 1U << i, IN_IT, false);
		check(-EINVAL);
	}
	finish();
}

/* What there is for a program, without one. */
TEST(C1_fields_of_a_program_that_is_none)
{
	static const uint32_t flags[] = { KEEP | FILES, KEEP | CHILD, CHILD,
					  KEEP | COPY };
	static char *none[] = { NULL };
	unsigned int i, j;

	start();
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 6; j++) {
			DIAG("flags %u, field %u", i, j);
			from_row(flags[i], i ? IN_IT : 0, false);
			if (j == 0)
				w.arg.search = (uintptr_t)"/bin";
			else if (j == 1)
				w.arg.shell = (uintptr_t)"/bin/sh";
			else if (j == 2)
				w.arg.argv = (uintptr_t)none;
			else if (j == 3)
				w.arg.envp = (uintptr_t)none;
			else if (j == 4)
				w.arg.dfd = AT_FDCWD;
			else
				w.arg.exec_flags = AT_EMPTY_PATH;
			check(-EINVAL);
		}
	}
	finish();
}

TEST(C1_reserved_fields_and_times)
{
	start();
	whole_exit(&w, 1);
	w.arg.resv = 1;
	check(-EINVAL);
	kept_new(&w);
	w.arg.resv = 1U << 31;
	check(-EINVAL);
	kept_more(&w, number);
	w.arg.resv = 1;
	check(-EINVAL);

	/* who does not wait does not wait for so long */
	whole_exit(&w, 1);
	w.arg.keep_ns = 1;
	check(-EINVAL);
	whole_exit(&w, 1);
	kept_in(&w, number);
	w.arg.keep_ns = 1;
	check(-EINVAL);
	whole_exit(&w, 1);
	kept_copy(&w, number);
	w.arg.keep_ns = 1;
	check(-EINVAL);
	kept_new(&w);
	w.arg.keep_ns = 1ULL << 63;
	check(-EINVAL);
	kept_more(&w, number);
	w.arg.keep_ns = UINT64_MAX;
	check(-EINVAL);
	finish();
}

/* --- sizes --------------------------------------------------------------------------- */

/* So many bytes of it, and nothing that can be read after them. */
static int run_sized(unsigned int size)
{
	static char room[sizeof(w.arg) + 64];
	struct io_uring_sqe *sqe;

	memset(room, 0, sizeof(room));
	memcpy(room, &w.arg, size < sizeof(w.arg) ? size : sizeof(w.arg));
	tring_forget(&r);
	sqe = q_whole(&r, &w);
	sqe->addr = (uintptr_t)room;
	sqe->len = size;
	tring_submit(&r);
	return tring_res(&r, WHOLE);
}

TEST(C1_sizes_without_the_new_fields)
{
	unsigned int size;

	start();
	for (size = 104; size <= 160; size += 4) {
		DIAG("%u", size);
		whole_exit(&w, 6);
		if (size < 112) {
			EXPECT_EQ(run_sized(size), -EINVAL);
			check_only_it();
			continue;
		}
		EXPECT_EQ(wait_exit(CHECK_OK(run_sized(size))), 6);
		kept_more(&w, number);
		/* without the field, the number is 0 */
		EXPECT_EQ(run_sized(size), size < 116 ? -EINVAL : number);
		check_only_it();
	}
	finish();
}

TEST(C1_bytes_that_no_kernel_knows)
{
	static char room[sizeof(w.arg) + 8];
	struct io_uring_sqe *sqe;
	unsigned int i;

	start();
	for (i = sizeof(w.arg); i < sizeof(room); i++) {
		kept_more(&w, number);
		memset(room, 0, sizeof(room));
		memcpy(room, &w.arg, sizeof(w.arg));
		room[i] = 1;
		tring_forget(&r);
		sqe = q_whole(&r, &w);
		sqe->addr = (uintptr_t)room;
		sqe->len = sizeof(room);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, WHOLE), -E2BIG);
		check_only_it();
	}
	finish();
}

/* --- clone_args and files ------------------------------------------------------------- */

TEST(C1_clone_args_of_a_child_that_is_there)
{
	static const struct {
		struct clone_args args;
		int error;
	} wrong[] = {
		{ { .flags = CLONE_NEWPID }, -EINVAL },
		{ { .flags = CLONE_NEWUTS | CLONE_PIDFD }, -EINVAL },
		{ { .flags = CLONE_CLEAR_SIGHAND }, -EINVAL },
		{ { .flags = CLONE_INTO_CGROUP }, -EINVAL },
		{ { .flags = CLONE_VM }, -EINVAL },
		{ { .set_tid_size = 1, .set_tid = (uintptr_t)&wrong }, -EINVAL },
		/* looked at when the child is to get it */
		{ { .flags = CLONE_PIDFD, .pidfd = 8 }, -EFAULT },
	};
	unsigned int i;

	start();
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		DIAG("%u", i);
		kept_more(&w, number);
		w.arg.clone_args = (uintptr_t)&wrong[i].args;
		w.arg.clone_args_size = sizeof(wrong[i].args);
		check(wrong[i].error);
	}
	kept_more(&w, number);
	w.arg.clone_args_size = sizeof(struct clone_args);
	check(-EINVAL);
	kept_more(&w, number);
	w.arg.clone_args = 8;
	w.arg.clone_args_size = sizeof(struct clone_args);
	check(-EFAULT);
	/* a copy has none, not even what asks for nothing */
	for (i = 0; i < 2; i++) {
		from_row(i ? COPY : COPY | KEEP, IN_IT, i);
		whole_clone(&w);
		check(-EINVAL);
	}
	finish();
}

/* A list that is wrong is found so before the child gets the SPAWN. */
TEST(C1_lists_of_files)
{
	unsigned int i, j;

	start();
	for (i = 0; i < NR_WRONG_FILES; i++) {
		for (j = 0; j < 4; j++) {
			DIAG("%u, %u", i, j);
			from_row((j < 2 ? CHILD : COPY) | FILES, IN_IT, j % 2);
			if (j == 0 || j == 2)
				w.arg.flags |= KEEP;
			w.arg.files = (uintptr_t)&wrong_files[i];
			check(wrong_files[i].error);
		}
	}
	kept_more(&w, number);
	w.arg.files = (uintptr_t)&wrong_files[0];
	check(-EINVAL);
	finish();
}

/* The step that comes first is not run either. */
TEST(C1_steps_and_programs_that_are_refused)
{
	start();
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK);
	whole_step(&w, IORING_CHILD_LAST);
	check(-EOPNOTSUPP);
	kept_more(&w, number);
	whole_step(&w, IORING_CHILD_UMASK)->resv = 1;
	check(-EINVAL);
	whole_exit(&w, 1);
	kept_in(&w, number);
	w.arg.path = 8;
	check(-EFAULT);
	whole_exit(&w, 1);
	kept_in(&w, number);
	w.arg.search = (uintptr_t)"";
	check(-EINVAL);
	/* in the child, which waits again as that is asked for */
	whole_exit(&w, 1);
	w.arg.flags = KEEP;
	kept_in(&w, number);
	w.arg.argv = 8;
	check(-EFAULT);
	finish();
}
