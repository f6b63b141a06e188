// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: what is refused, and that nothing is started then (O1). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <linux/sched.h>
#include <stdlib.h>
#include <sys/mman.h>

static struct tring r;
static struct whole w;

static void fresh(void)
{
	whole_exit(&w, 0);
	whole_step(&w, IORING_CHILD_SETSID);
	whole_step(&w, IORING_CHILD_UMASK);
}

static void check_refused(int error)
{
	const struct tring_cqe *cqe = tring_cqe(&r, WHOLE);

	EXPECT_EQ(cqe->res, error);
	tring_total(&r, 1);
	whole_is_gone();
	fresh();
	tring_forget(&r);
}

static void check(int error)
{
	q_whole(&r, &w);
	tring_submit(&r);
	check_refused(error);
}

static void start(void)
{
	tring_init(&r, 0);
	fresh();
}

TEST(O1_fields_of_the_request)
{
	static const struct {
		size_t where, size;
	} zero[] = {
#define Z(field) { offsetof(struct io_uring_sqe, field), \
		   sizeof(((struct io_uring_sqe *)0)->field) }
		Z(fd), Z(ioprio), Z(off), Z(rw_flags), Z(buf_index), Z(personality),
		Z(file_index), Z(addr3), Z(__pad2[0]),
#undef Z
	};
	struct io_uring_sqe *sqe;
	unsigned int i;

	start();
	for (i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		sqe = q_whole(&r, &w);
		memset((char *)sqe + zero[i].where, 1, 1);
		tring_submit(&r);
		check_refused(-EINVAL);
	}
	q_whole(&r, &w)->flags |= IOSQE_FIXED_FILE;
	tring_submit(&r);
	check_refused(-EINVAL);
}

TEST(O1_sizes)
{
	static char larger[sizeof(struct io_uring_spawn) + 8];
	static char page[8192];
	struct io_uring_sqe *sqe;

	start();
	q_whole(&r, &w)->len = sizeof(w.arg) - 8;
	tring_submit(&r);
	check_refused(-EINVAL);
	q_whole(&r, &w)->len = 0;
	tring_submit(&r);
	check_refused(-EINVAL);

	memcpy(larger, &w.arg, sizeof(w.arg));
	larger[sizeof(larger) - 1] = 1;
	sqe = q_whole(&r, &w);
	sqe->len = sizeof(larger);
	sqe->addr = (uintptr_t)larger;
	tring_submit(&r);
	check_refused(-E2BIG);
	sqe = q_whole(&r, &w);
	sqe->len = sizeof(page);
	sqe->addr = (uintptr_t)page;
	tring_submit(&r);
	check_refused(-E2BIG);

	/* what a kernel does not know yet is 0 */
	memcpy(larger, &w.arg, sizeof(w.arg));
	memset(larger + sizeof(w.arg), 0, 8);
	sqe = q_whole(&r, &w);
	sqe->len = sizeof(larger);
	sqe->addr = (uintptr_t)larger;
	tring_submit(&r);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 0);
}

TEST(O1_flags_and_numbers)
{
	start();
	w.arg.flags = 1U << 31;
	check(-EINVAL);
	w.arg.slot = IORING_SPAWN_SLOTS;
	check(-EINVAL);
	w.arg.files = (uintptr_t)&w;
	check(-EINVAL);
	w.arg.clone_args_size = 64;
	check(-EINVAL);
	w.arg.exec_flags = 1;
	check(-EINVAL);
	w.arg.timeout_ns = UINT64_MAX;
	check(-EINVAL);
	w.arg.nr_steps = 1025;
	check(-E2BIG);
	w.arg.search = (uintptr_t)"/bin";
	w.arg.dfd = 3;
	check(-EINVAL);
	w.arg.search = (uintptr_t)"/bin";
	w.arg.exec_flags = AT_SYMLINK_NOFOLLOW;
	check(-EINVAL);
	w.arg.flags = IORING_SPAWN_NEED_POLICY;
	check(-ENOLINK);
}

TEST(O1_memory_that_cannot_be_read)
{
	start();
	q_whole(&r, &w)->addr = 8;
	tring_submit(&r);
	check_refused(-EFAULT);
	w.arg.path = 8;
	check(-EFAULT);
	w.arg.steps = 8;
	check(-EFAULT);
	w.arg.search = 8;
	check(-EFAULT);
	w.arg.shell = 8;
	check(-EFAULT);
	w.arg.report = 8;
	check(-EFAULT);
	w.arg.clone_args = 8;
	w.arg.clone_args_size = sizeof(struct clone_args);
	check(-EFAULT);
	/* looked at when the child is made */
	w.arg.flags = IORING_SPAWN_FILES;
	w.arg.files = 8;
	check(-EFAULT);
}

/* An array that ends where memory does. */
TEST(O1_steps_that_can_be_read_in_part)
{
	char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	start();
	CHECK(two != MAP_FAILED);
	CHECK_SYS(munmap(two + 4096, 4096));
	w.arg.steps = (uintptr_t)(two + 4096 - sizeof(w.steps[0]));
	memcpy(two + 4096 - sizeof(w.steps[0]), &w.steps[0], sizeof(w.steps[0]));
	check(-EFAULT);
}

TEST(O1_steps_that_are_none)
{
	start();
	w.steps[1].cmd = IORING_CHILD_LAST;
	check(-EOPNOTSUPP);
	w.steps[1].cmd = UINT32_MAX;
	check(-EOPNOTSUPP);
	w.steps[1].flags = 1U << 31;
	check(-EINVAL);
	w.steps[1].off = 01000;
	check(-EINVAL);
	w.steps[1].flags = IORING_SPAWN_STEP_FIXED;
	check(-EINVAL);
	w.steps[1].cmd = IORING_CHILD_CHDIR;
	w.steps[1].addr = 8;
	check(-EFAULT);
	w.steps[1].cmd = IORING_CHILD_CHDIR;
	w.steps[1].addr = (uintptr_t)"";
	check(-ENOENT);
}

TEST(O1_names_and_lists)
{
	static char path[5000], list[200000];

	start();
	memset(path, 'x', sizeof(path) - 1);
	memset(list, 'x', sizeof(list) - 1);
	w.arg.path = (uintptr_t)path;
	check(-ENAMETOOLONG);
	w.arg.search = (uintptr_t)"";
	w.arg.path = (uintptr_t)"sh";
	check(-EINVAL);
	w.arg.search = (uintptr_t)list;
	w.arg.path = (uintptr_t)"sh";
	check(-E2BIG);
	w.arg.search = (uintptr_t)"/bin";
	w.arg.path = (uintptr_t)"";
	check(-ENOENT);
	path[256] = 0;
	w.arg.search = (uintptr_t)"/bin";
	w.arg.path = (uintptr_t)path;
	check(-ENAMETOOLONG);
}

TEST(O1_what_is_imported_has_a_limit)
{
	static char path[4096];
	static struct io_uring_spawn_step steps[1024];
	struct io_uring_spawn_query query;
	unsigned int i;

	start();
	tring_query(&r, &query);
	CHECK_GT(query.max_spawn, 0);
	memset(path, '/', sizeof(path) - 1);
	for (i = 0; i < 1024; i++) {
		steps[i].cmd = IORING_CHILD_CHDIR;
		steps[i].fd = AT_FDCWD;
		steps[i].addr = (uintptr_t)path;
	}
	w.arg.steps = (uintptr_t)steps;
	w.arg.nr_steps = query.max_spawn / sizeof(path) + 1;
	CHECK_LT(w.arg.nr_steps, 1024);
	check(-E2BIG);
}

/* Each of them, and EXEC, counts as such (S4). */
TEST(O3_restrictions)
{
	struct io_uring_restriction res[3] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_SPAWN },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_EXEC },
		{ .opcode = IORING_RESTRICTION_SQE_OP, .sqe_op = SPAWNPOL_OP_CHILD },
	};
	static const int errors[] = { -EACCES, -EACCES, 0 };
	unsigned int nr;

	for (nr = 1; nr <= 3; nr++) {
		tring_init(&r, IORING_SETUP_R_DISABLED);
		CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, res, nr));
		CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
		fresh();
		q_whole(&r, &w);
		tring_submit(&r);
		if (errors[nr - 1]) {
			EXPECT_EQ(tring_res(&r, WHOLE), errors[nr - 1]);
			whole_is_gone();
		} else {
			EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 0);
		}
		tring_exit(&r);
	}
}
