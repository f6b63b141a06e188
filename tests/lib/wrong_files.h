/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of files for a child that the kernel refuses, and how. */
#ifndef SPAWNPOL_TESTS_WRONG_FILES_H
#define SPAWNPOL_TESTS_WRONG_FILES_H

#include "ring.h"

#include <errno.h>

static const struct wrong_files {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file;
	int error;
} wrong_files[] = {
	{ { .nr = 1, .flags = 1 }, {}, -EINVAL },
	{ { .nr = 1, .resv = 1 }, {}, -EINVAL },
	{ { .nr = UINT32_MAX }, {}, -E2BIG },
	{ { .nr = 1 }, { .source = 987 }, -EBADF },
	{ { .nr = 1 }, { .number = UINT32_MAX }, -EBADF },
	{ { .nr = 1 }, { .flags = 1U << 31 }, -EINVAL },
	{ { .nr = 1 }, { .resv = 1 }, -EINVAL },
	{ { .nr = 1 }, { .flags = IORING_CLONE_FILE_FIXED }, -EBADF },
};
#define NR_WRONG_FILES (sizeof(wrong_files) / sizeof(wrong_files[0]))

#endif
