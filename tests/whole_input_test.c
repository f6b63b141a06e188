// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_SPAWN: what is refused, and that nothing is started then (O1). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/whole.h"
#include "lib/wrong_files.h"

#include <linux/sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>

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

/* What CLONE's own structure says is wrong with it (S4). */
TEST(O1_arguments_of_clone)
{
	static const struct {
		struct clone_args args;
		int error;
	} wrong[] = {
		{ { .flags = CLONE_VM }, -EINVAL },
		{ { .flags = CLONE_THREAD | CLONE_SIGHAND }, -EINVAL },
		{ { .flags = CLONE_PARENT }, -EINVAL },
		{ { .flags = 1ULL << 63 }, -EINVAL },
		{ { .exit_signal = 65 }, -EINVAL },
		{ { .exit_signal = 1ULL << 32 }, -EINVAL },
		{ { .stack = 4096, .stack_size = 4096 }, -EINVAL },
		{ { .tls = 4096 }, -EINVAL },
		{ { .child_tid = 4096 }, -EINVAL },
		{ { .parent_tid = 4096 }, -EINVAL },
		{ { .set_tid_size = 33, .set_tid = 4096 }, -EINVAL },
		{ { .set_tid_size = 1 }, -EINVAL },
		{ { .set_tid_size = 1, .set_tid = 8 }, -EFAULT },
		/* found when the child is made */
		{ { .flags = CLONE_PIDFD, .pidfd = 8 }, -EFAULT },
		{ { .flags = CLONE_INTO_CGROUP, .cgroup = 987 }, -EBADF },
		{ { .flags = CLONE_NEWUSER | CLONE_NEWPID,
		    .set_tid_size = 3, .set_tid = (uintptr_t)&wrong }, -EINVAL },
	};
	unsigned int i;

	start();
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		DIAG("%u", i);
		w.arg.clone_args = (uintptr_t)&wrong[i].args;
		w.arg.clone_args_size = sizeof(wrong[i].args);
		check(wrong[i].error);
	}
}

TEST(O1_sizes_of_the_arguments_of_clone)
{
	static char larger[8192];

	start();
	w.arg.clone_args = (uintptr_t)larger;
	check(-EINVAL);
	w.arg.clone_args = (uintptr_t)larger;
	w.arg.clone_args_size = 63;
	check(-EINVAL);
	w.arg.clone_args = (uintptr_t)larger;
	w.arg.clone_args_size = sizeof(larger);
	check(-E2BIG);
	larger[sizeof(struct clone_args)] = 1;
	w.arg.clone_args = (uintptr_t)larger;
	w.arg.clone_args_size = sizeof(struct clone_args) + 8;
	check(-E2BIG);
}

/* Read when the child is made. */
TEST(O1_lists_of_files)
{
	unsigned int i;

	start();
	for (i = 0; i < NR_WRONG_FILES; i++) {
		DIAG("%u", i);
		w.arg.flags = IORING_SPAWN_FILES;
		w.arg.files = (uintptr_t)&wrong_files[i];
		check(wrong_files[i].error);
	}
}

TEST(O1_reports)
{
	start();
	whole_report(&w);
	w.told.report.size = sizeof(w.told.report) - 1;
	check(-EINVAL);
	whole_report(&w);
	w.told.report.size = 0;
	check(-EINVAL);
}

TEST(O1_kinds_of_rings_and_of_requests)
{
	start();
	q_whole(&r, &w)->flags |= IOSQE_BUFFER_SELECT;
	tring_submit(&r);
	check_refused(-EOPNOTSUPP);
	tring_exit(&r);
	tring_init(&r, IORING_SETUP_IOPOLL);
	q_whole(&r, &w);
	tring_submit(&r);
	check_refused(-EINVAL);
}

/* A chain does not run one in its child, and one has no steps that are linked to it. */
TEST(O1_no_step_of_a_chain)
{
	struct io_uring_sqe *sqe;

	start();
	q_clone(&r);
	sqe = q_op(&r, SPAWNPOL_OP_SPAWN);
	sqe->addr = (uintptr_t)&w.arg;
	sqe->len = sizeof(w.arg);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), -EOPNOTSUPP);
	EXPECT_EQ(tring_res(&r, CLONE), -ECANCELED);
	tring_total(&r, 3);
	whole_is_gone();

	/* an EXEC of its own, which has no child to be in */
	tring_forget(&r);
	whole_exit(&w, 0);
	q_whole(&r, &w)->flags |= IOSQE_IO_LINK;
	sqe = q_alone(&r, SPAWNPOL_OP_EXEC, OTHER + 2);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)helper("exit_with");
	tring_submit(&r);
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 0);
	EXPECT_EQ(tring_res(&r, OTHER + 2), -EINVAL);
}

TEST(O1_sizes)
{
	static char larger[sizeof(struct io_uring_spawn) + 8];
	static char page[8192];
	struct io_uring_sqe *sqe;

	start();
	/* less than the first kernel knew */
	q_whole(&r, &w)->len = offsetof(struct io_uring_spawn, child) - 8;
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
	w.steps[1].resv = 1;
	check(-EINVAL);
	w.arg.search = (uintptr_t)"/bin";
	w.arg.dfd = 3;
	check(-EINVAL);
	w.arg.search = (uintptr_t)"/bin";
	w.arg.exec_flags = AT_SYMLINK_NOFOLLOW;
	check(-EINVAL);
	/* a shell would take a relative name for one of its own directory */
	w.arg.shell = (uintptr_t)"/bin/sh";
	w.arg.dfd = 0;
	check(-EINVAL);
	w.arg.shell = (uintptr_t)"/bin/sh";
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

/* The last bytes of memory: what follows them cannot be read. */
static char *before_the_end(const void *what, size_t size)
{
	char *two = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(two != MAP_FAILED);
	CHECK_SYS(munmap(two + 4096, 4096));
	return memcpy(two + 4096 - size, what, size);
}

/* Arrays and strings that end where memory does. */
TEST(O1_what_can_be_read_in_part)
{
	start();
	w.arg.steps = (uintptr_t)before_the_end(w.steps, sizeof(w.steps[0]));
	check(-EFAULT);
	w.arg.steps = (uintptr_t)before_the_end(w.steps, sizeof(w.steps[0]) + 8);
	check(-EFAULT);
	w.steps[1].cmd = IORING_CHILD_CHDIR;
	w.steps[1].addr = (uintptr_t)before_the_end("/tmp", 4);
	check(-EFAULT);
	w.arg.path = (uintptr_t)before_the_end("/tmp", 4);
	check(-EFAULT);
	w.arg.shell = (uintptr_t)before_the_end("/bin/sh", 7);
	check(-EFAULT);
	w.arg.path = (uintptr_t)"sh";
	w.arg.search = (uintptr_t)before_the_end("/usr:/bin", 9);
	check(-EFAULT);
	q_whole(&r, &w)->addr = (uintptr_t)before_the_end(&w.arg, sizeof(w.arg) - 8);
	tring_submit(&r);
	check_refused(-EFAULT);
}

/* What is read by exec itself, in the child, is an error of the last step. */
TEST(O1_arguments_that_cannot_be_read)
{
	start();
	w.arg.argv = 8;
	check(-EFAULT);
	w.arg.envp = 8;
	check(-EFAULT);
	w.argv[1] = (char *)8;
	check(-EFAULT);
	w.arg.path = (uintptr_t)"";
	check(-ENOENT);
}

TEST(O1_steps_that_are_none)
{
	static char path[5000];

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
	memset(path, 'x', sizeof(path) - 1);
	w.steps[1].cmd = IORING_CHILD_CHDIR;
	w.steps[1].addr = (uintptr_t)path;
	check(-ENAMETOOLONG);
	/* fields that a command has no use for */
	w.steps[0].fd = 1;
	check(-EINVAL);
	w.steps[0].child_flags = 1;
	check(-EINVAL);
	w.steps[0].addr = 1;
	check(-EINVAL);
	w.steps[0].addr3 = 1;
	check(-EINVAL);
	w.steps[0].addr4 = 1;
	check(-EINVAL);
	/* an option of prctl(2) that is none of those, when it comes to it */
	w.steps[1].cmd = IORING_CHILD_PRCTL;
	w.steps[1].child_flags = PR_SET_NAME;
	check(-EINVAL);
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
	w.arg.search = (uintptr_t)"/bin";
	w.arg.path = (uintptr_t)path;
	check(-ENAMETOOLONG);
	w.arg.shell = (uintptr_t)path;
	check(-ENAMETOOLONG);
	path[256] = 0;
	w.arg.search = (uintptr_t)"/bin";
	w.arg.path = (uintptr_t)path;
	check(-ENAMETOOLONG);
	/* not a byte more than a string of an environment */
	list[131072] = 0;
	w.arg.search = (uintptr_t)list;
	w.arg.path = (uintptr_t)"sh";
	check(-E2BIG);
	list[131071] = 0;
	w.arg.search = (uintptr_t)list;
	w.arg.path = (uintptr_t)"sh";
	check(-ENAMETOOLONG); /* of the candidate */
}

TEST(O1_what_is_imported_has_a_limit)
{
	static char path[4096], list[131072];
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

	/* the list counts as well as the paths */
	memset(list, '/', sizeof(list) - 1);
	w.arg.steps = (uintptr_t)steps;
	w.arg.nr_steps = query.max_spawn / sizeof(path) - 1;
	w.arg.search = (uintptr_t)list;
	w.arg.path = (uintptr_t)"sh";
	check(-E2BIG);
}
