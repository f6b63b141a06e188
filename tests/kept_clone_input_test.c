// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kept children and chains of links: what CLONE and its steps are refused (C1, C4). Each
 * request has its CQE then, and the child that waits is as it was.
 */
#include "lib/child.h"
#include "lib/kept_one.h"

#include <limits.h>

#define KEEP IORING_CLONE_KEEP
#define CHILD IORING_CLONE_CHILD
#define COPY IORING_CLONE_COPY
#define FILES IORING_CLONE_FILES

static void check_clone(int error)
{
	q_nop(&r);
	q_nop(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), error);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	tring_total(&r, 3);
	tring_forget(&r);
	check_only_it();
}

TEST(C1_links_with_flags_and_numbers_that_contradict)
{
	static const struct {
		uint32_t flags, child;
		uint64_t keep_ns, clone_args;
		int error;
	} rows[] = {
		{ CHILD | COPY, 1, 0, 0, -EINVAL },
		{ CHILD | COPY | KEEP, 1, 0, 0, -EINVAL },
		{ KEEP, 0, 0, 0, -EINVAL },
		{ KEEP | FILES, 1, 0, 0, -EINVAL },
		{ KEEP | FILES, 0, 1ULL << 63, 0, -EINVAL },
		{ CHILD, 0, 0, 0, -EINVAL },
		{ COPY, 0, 0, 0, -EINVAL },
		{ CHILD | KEEP, 0, 0, 0, -EINVAL },
		{ CHILD, 1U << 31, 0, 0, -EINVAL },
		{ COPY | KEEP, UINT32_MAX, 0, 0, -EINVAL },
		{ CHILD, 1, 1, 0, -EINVAL },
		{ COPY, 1, 1, 0, -EINVAL },
		{ COPY, 1, 0, 8, -EINVAL },
		{ COPY | KEEP, 1, 0, 8, -EINVAL },
		{ CHILD, 1, 0, 8, -EFAULT },
		{ KEEP | FILES, 0, 0, 8, -EFAULT },
		{ CHILD | KEEP | IORING_CLONE_NEED_POLICY, 1, 0, 0, -ENOLINK },
		{ COPY | IORING_CLONE_NEED_POLICY, 1, 0, 0, -ENOLINK },
		{ CHILD | KEEP | 1U << 3, 1, 0, 0, -EINVAL },
		{ CHILD | KEEP | 1U << 7, 1, 0, 0, -EINVAL },
		{ CHILD | KEEP, INT_MAX, 0, 0, -ESRCH },
		{ COPY, INT_MAX, 0, 0, -ESRCH },
	};
	unsigned int i;

	by_links = true;
	start();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct io_uring_sqe *sqe = q_in_child(0);

		DIAG("%u", i);
		sqe->rw_flags = rows[i].flags;
		w.kept.child = rows[i].child == 1 ? (uint32_t)number : rows[i].child;
		w.kept.keep_ns = rows[i].keep_ns;
		w.kept.clone_args = rows[i].clone_args;
		if (rows[i].clone_args)
			w.kept.clone_args_size = sizeof(struct clone_args);
		check_clone(rows[i].error);
	}
	q_in_child(KEEP);
	w.kept.clone_args_size = sizeof(struct clone_args);
	check_clone(-EINVAL);
	q_in_child(KEEP)->fd = number;
	check_clone(-EINVAL);
	/* without the flags, addr points to something else */
	q_in_child(KEEP)->rw_flags = 0;
	check_clone(-EINVAL);
	finish();
}

TEST(C1_sizes_of_what_clone_is_told)
{
	static const struct {
		unsigned int size, odd;
		int error;
	} rows[] = {
		{ 0, 0, -EINVAL },   { 8, 0, -EINVAL },	    { 16, 0, -EINVAL },
		{ 23, 0, -EINVAL },  { 25, 24, -E2BIG },    { 32, 31, -E2BIG },
		{ 4096, 4095, -E2BIG }, { 4097, 0, -E2BIG }, { UINT_MAX, 0, -E2BIG },
	};
	static char room[4096] __attribute__((aligned(4096)));
	struct io_uring_sqe *sqe;
	unsigned int i;

	by_links = true;
	start();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		DIAG("%u", rows[i].size);
		sqe = q_in_child(KEEP);
		memset(room, 0, sizeof(room));
		memcpy(room, &w.kept, sizeof(w.kept));
		if (rows[i].odd)
			room[rows[i].odd] = 1;
		sqe->addr = (uintptr_t)room;
		sqe->len = rows[i].size;
		check_clone(rows[i].error);
	}
	q_in_child(KEEP)->addr = 8;
	check_clone(-EFAULT);
	q_in_child(KEEP)->addr = 0;
	check_clone(-EINVAL);
	/* longer, and nothing in it */
	memset(room, 0, sizeof(room));
	sqe = q_in_child(KEEP);
	memcpy(room, &w.kept, sizeof(w.kept));
	sqe->addr = (uintptr_t)room;
	sqe->len = sizeof(room);
	q_nop(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), number);
	EXPECT_EQ(tring_res(&r, 0), 0);
	finish();
}

/* All of it is 0: there is no limit and nothing to be copied. */
TEST(C1_clone_without_a_structure)
{
	int nr;

	by_links = true;
	start();
	q_clone(&r)->rw_flags = KEEP | FILES;
	q_nop(&r);
	tring_submit(&r);
	nr = CHECK_OK(tring_res(&r, CLONE));
	EXPECT_EQ(tring_res(&r, 0), 0);
	kept_end(&r, nr);
	check_children(1);
	finish();
}

/* Where no child waits yet, it could be of no use after a failure. */
TEST(C1_no_program_of_a_child_that_is_to_wait)
{
	static char *const argv[] = { "x", NULL };
	unsigned int i;

	by_links = true;
	start();
	for (i = 0; i < 2; i++) {
		q_in_child(KEEP)->rw_flags = i ? KEEP | COPY : KEEP | FILES;
		if (!i)
			w.kept.child = 0;
		q_nop(&r);
		hardlink(q_exec(&r, "/nonexistent", argv));
		q_nop(&r);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 1), -EINVAL);
		EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
		tring_total(&r, 4);
		tring_forget(&r);
		check_children(1);
	}
	/* and there is no chain of CLONE alone */
	q_in_child(KEEP);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EINVAL);
	tring_forget(&r);
	finish();
}
