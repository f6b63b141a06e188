// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The library without a kernel: what the builder accepts, and which SQEs a
 * chain becomes.
 */
#include "fake_ring.h"

#include <limits.h>

/*
 * In place of liburing's: a kernel that takes this many requests and then has
 * no memory for more.
 */
static unsigned int kernel_takes;

int io_uring_submit(struct io_uring *uring)
{
	unsigned int taken = kernel_takes;

	*uring->sq.ktail = uring->sq.sqe_head = uring->sq.sqe_tail;
	*uring->sq.khead += taken;
	kernel_takes = 0;
	if (taken)
		return taken;
	return io_uring_sq_ready(uring) ? -EAGAIN : 0;
}

/* --- the builder ----------------------------------------------------------------- */

#define REFUSED(err, call)						\
	do {								\
		struct spawnpol_chain *c = new_chain("/bin/true");	\
		EXPECT_EQ(call, err);					\
		EXPECT_EQ(spawnpol_chain_error(c), err);		\
		/* it sticks */						\
		EXPECT_EQ(spawnpol_chain_setsid(c), err);		\
		EXPECT_EQ(spawnpol_chain_free(c), 0);			\
	} while (0)

TEST(builder_refuses_nonsense)
{
	static char *const nothing[] = { NULL };
	static const pid_t tids[40];
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };

	REFUSED(-EINVAL, spawnpol_chain_program(c, ""));
	REFUSED(-EINVAL, spawnpol_chain_program(c, NULL));
	REFUSED(-EBADF, spawnpol_chain_program_fd(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_search(c, NULL, "/bin"));
	REFUSED(-ENOENT, spawnpol_chain_search(c, "", "/bin"));
	REFUSED(-EINVAL, spawnpol_chain_argv(c, NULL));
	REFUSED(-EINVAL, spawnpol_chain_argv(c, nothing));
	REFUSED(-EBADF, spawnpol_chain_open(c, -1, "/x", O_RDONLY, 0));
	REFUSED(-EINVAL, spawnpol_chain_open(c, 1, NULL, O_RDONLY, 0));
	REFUSED(-EBADF, spawnpol_chain_dup(c, -1, 1));
	REFUSED(-EBADF, spawnpol_chain_dup(c, 1, -1));
	REFUSED(-EBADF, spawnpol_chain_install(c, 0, -1));
	REFUSED(-EBADF, spawnpol_chain_close(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_chdir(c, NULL));
	REFUSED(-EBADF, spawnpol_chain_fchdir(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_setpgid(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_may_fail(c));
	REFUSED(-EBADF, spawnpol_chain_cgroup(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_exit_signal(c, -1));
	REFUSED(-EINVAL, spawnpol_chain_exit_signal(c, 65));
	REFUSED(-EINVAL, spawnpol_chain_namespaces(c, CLONE_NEWPID | CLONE_FILES));
	REFUSED(-EINVAL, spawnpol_chain_set_tid(c, tids, 33));
	REFUSED(-EINVAL, spawnpol_chain_slot(c, IORING_SPAWN_SLOTS));
	REFUSED(-E2BIG, spawnpol_chain_files(c, NULL, SPAWNPOL_MAX_FILES + 1));

	sqe.flags = IOSQE_IO_LINK;
	REFUSED(-EINVAL, spawnpol_chain_sqe(c, &sqe));
	sqe.flags = 0;
	sqe.opcode = IORING_OP_LINK_TIMEOUT;
	REFUSED(-EINVAL, spawnpol_chain_sqe(c, &sqe));
}

/* By the numbers of the ring's kernel, which the builder does not know. */
TEST(clone_and_exec_are_no_requests_of_the_callers)
{
	static const uint8_t refused[] = { FAKE_CLONE, FAKE_EXEC };
	static const uint8_t taken[] = { FAKE_CHILD, SPAWNPOL_OP_CLONE,
					 SPAWNPOL_OP_EXEC, SPAWNPOL_OP_CHILD };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_NOP };
	struct spawnpol_chain *c;
	struct fake f;

	fake_init(&f);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		sqe.opcode = refused[i];
		c = new_chain("/bin/true");
		CHECK_OK(spawnpol_chain_sqe(c, &sqe));
		EXPECT_EQ(spawnpol_queue(f.ring, &c, 1), -EINVAL);
		EXPECT_EQ(spawnpol_submit(f.ring, &c, 1), -EINVAL);
		EXPECT_EQ(f.uring.sq.sqe_tail, 0u);
		EXPECT_EQ(spawnpol_chain_free(c), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		sqe.opcode = taken[i];
		c = new_chain("/bin/true");
		CHECK_OK(spawnpol_chain_sqe(c, &sqe));
		queue(&f, c);
		EXPECT_EQ(f.sqes[3 * i + 1].opcode, taken[i]);
	}
}

TEST(first_error_sticks_and_reaches_submit)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct fake f;

	fake_init(&f);
	EXPECT_EQ(spawnpol_chain_close(c, -1), -EBADF);
	EXPECT_EQ(spawnpol_chain_slot(c, 99), -EBADF);
	EXPECT_EQ(spawnpol_queue(f.ring, &c, 1), -EBADF);
	EXPECT_EQ(spawnpol_submit(f.ring, &c, 1), -EBADF);
	EXPECT_EQ(f.uring.sq.sqe_tail, 0u);
	spawnpol_chain_free(c);
}

TEST(steps_have_a_limit)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	int i = 1;

	while (i < SPAWNPOL_MAX_STEPS && !spawnpol_chain_setsid(c))
		i++;
	EXPECT_EQ(i, SPAWNPOL_MAX_STEPS);
	EXPECT_EQ(spawnpol_chain_setsid(c), -E2BIG);
	EXPECT_EQ(spawnpol_chain_error(c), -E2BIG);
	spawnpol_chain_free(c);
}

TEST(free_takes_null)
{
	EXPECT_EQ(spawnpol_chain_free(NULL), 0);
	spawnpol_ring_close(NULL);
}

/* --- SQEs -------------------------------------------------------------------------- */

TEST(smallest_chain_is_clone_and_exec)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_sqe *clone, *exec;
	struct fake f;

	fake_init(&f);
	queue(&f, c);
	CHECK_EQ(f.uring.sq.sqe_tail, 2u);
	clone = &f.sqes[0];
	exec = &f.sqes[1];

	EXPECT_EQ(clone->opcode, FAKE_CLONE);
	EXPECT_EQ(clone->flags, IOSQE_IO_LINK);
	/* without arguments: a child that sends SIGCHLD, and nothing special */
	EXPECT_EQ(clone->addr, 0u);
	EXPECT_EQ(clone->len, 0u);
	EXPECT_EQ(clone->rw_flags, 0);
	EXPECT_EQ(clone->file_index, 0u);
	EXPECT_EQ(clone->off, 0u);
	EXPECT_EQ(clone->user_data >> 48, (unsigned int)TAG);

	EXPECT_EQ(exec->opcode, FAKE_EXEC);
	EXPECT_EQ(exec->flags, 0);
	EXPECT_EQ(exec->fd, AT_FDCWD);
	EXPECT_STR((char *)(uintptr_t)exec->addr, "/bin/true");
	EXPECT_STR(((char **)(uintptr_t)exec->addr2)[0], "/bin/true");
	EXPECT_EQ(((char **)(uintptr_t)exec->addr2)[1], NULL);
	EXPECT_EQ((char **)(uintptr_t)exec->addr3, environ);
	EXPECT_NE(exec->user_data, clone->user_data);
}

TEST(bare_names_never_mean_the_working_directory)
{
	struct spawnpol_chain *c = new_chain("ls");
	struct fake f;

	fake_init(&f);
	queue(&f, c);
	EXPECT_EQ(f.sqes[0].rw_flags, IORING_CLONE_NEED_POLICY);
	EXPECT_EQ(f.sqes[1].fd, -1);
}

TEST(attributes_are_in_the_clone)
{
	static const pid_t tids[] = { 77, 7 };
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct __kernel_timespec *ts;
	struct clone_args *args;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	CHECK_OK(spawnpol_chain_cgroup(c, 9));
	CHECK_OK(spawnpol_chain_exit_signal(c, 0));
	CHECK_OK(spawnpol_chain_clear_sighand(c, true));
	CHECK_OK(spawnpol_chain_namespaces(c, CLONE_NEWNS | CLONE_NEWTIME));
	CHECK_OK(spawnpol_chain_namespaces(c, CLONE_NEWPID));
	CHECK_OK(spawnpol_chain_set_tid(c, tids, 2));
	CHECK_OK(spawnpol_chain_deadline(c, 2500000000));
	CHECK_OK(spawnpol_chain_cookie(c, 0x1122334455667788));
	CHECK_OK(spawnpol_chain_slot(c, 15));
	CHECK_OK(spawnpol_chain_need_policy(c, true));
	queue(&f, c);

	args = (void *)(uintptr_t)f.sqes[0].addr;
	/* CLONE_PIDFD | CLONE_NEWPID | CLEAR_SIGHAND | INTO_CGROUP */
	EXPECT_EQ(args->flags, 0x320001000);
	EXPECT_EQ(*(int *)(uintptr_t)args->pidfd, -1);
	EXPECT_EQ(args->cgroup, 9u);
	EXPECT_EQ(args->exit_signal, 0u);
	EXPECT_EQ(args->set_tid_size, 2u);
	EXPECT_EQ(((pid_t *)(uintptr_t)args->set_tid)[1], 7);
	EXPECT_EQ(f.sqes[0].off, 0x1122334455667788u);
	EXPECT_EQ(f.sqes[0].file_index, 15u);
	EXPECT_EQ(f.sqes[0].rw_flags, IORING_CLONE_NEED_POLICY);

	EXPECT_EQ(f.sqes[1].opcode, IORING_OP_LINK_TIMEOUT);
	EXPECT_EQ(f.sqes[1].flags, IOSQE_IO_LINK);
	EXPECT_EQ(f.sqes[1].len, 1u);
	ts = (void *)(uintptr_t)f.sqes[1].addr;
	EXPECT_EQ(ts->tv_sec, 2);
	EXPECT_EQ(ts->tv_nsec, 500000000);
}

TEST(the_list_of_files_is_copied)
{
	struct io_uring_clone_file files[] = {
		{ .source = 5, .number = 0 },
		{ .source = 1, .number = 9, .flags = IORING_CLONE_FILE_FIXED },
	};
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_clone_files *list;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_files(c, files, 2));
	memset(files, 0xff, sizeof(files));
	queue(&f, c);
	EXPECT_EQ(f.sqes[0].rw_flags, IORING_CLONE_FILES);
	list = (void *)(uintptr_t)f.sqes[0].addr3;
	CHECK_EQ(list->nr, 2u);
	EXPECT_EQ(list->flags, 0u);
	EXPECT_EQ(list->resv, 0u);
	EXPECT_EQ(list->files[0].source, 5u);
	EXPECT_EQ(list->files[1].number, 9u);
	EXPECT_EQ(list->files[1].flags, IORING_CLONE_FILE_FIXED);

	/* none is not the same as all */
	c = new_chain("/bin/true");
	CHECK_OK(spawnpol_chain_files(c, NULL, 0));
	queue(&f, c);
	EXPECT_EQ(f.sqes[2].rw_flags, IORING_CLONE_FILES);
	list = (void *)(uintptr_t)f.sqes[2].addr3;
	EXPECT_EQ(list->nr, 0u);
}

TEST(actions_keep_their_order)
{
	static const int silent = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	struct spawnpol_chain *c = new_chain("/bin/true");
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP, .fd = -1,
				    .user_data = 5 };
	char path[] = "/tmp/out";
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_open(c, 1, path, O_WRONLY | O_CREAT, 0640));
	memset(path, 'x', sizeof(path) - 1);
	CHECK_OK(spawnpol_chain_dup(c, 1, 2));
	CHECK_OK(spawnpol_chain_install(c, 3, 4));
	CHECK_OK(spawnpol_chain_close(c, 5));
	CHECK_OK(spawnpol_chain_may_fail(c));
	CHECK_OK(spawnpol_chain_chdir(c, "/"));
	CHECK_OK(spawnpol_chain_fchdir(c, 6));
	CHECK_OK(spawnpol_chain_setsid(c));
	CHECK_OK(spawnpol_chain_setpgid(c, 0));
	CHECK_OK(spawnpol_chain_sqe(c, &nop));
	CHECK_OK(spawnpol_chain_open(c, 0, "/dev/null", O_RDONLY, 0777));
	queue(&f, c);
	CHECK_EQ(f.uring.sq.sqe_tail, 12u);

	EXPECT_EQ(f.sqes[1].opcode, FAKE_CHILD);
	EXPECT_EQ(f.sqes[1].len, IORING_CHILD_OPEN);
	EXPECT_EQ(f.sqes[1].fd, AT_FDCWD);
	EXPECT_STR((char *)(uintptr_t)f.sqes[1].addr, "/tmp/out");
	EXPECT_EQ(f.sqes[1].off, 1u);
	EXPECT_EQ(f.sqes[1].open_flags, (unsigned int)(O_WRONLY | O_CREAT));
	EXPECT_EQ(f.sqes[1].addr3, 0640u);
	EXPECT_EQ(f.sqes[1].flags, silent);

	EXPECT_EQ(f.sqes[2].len, IORING_CHILD_DUP);
	EXPECT_EQ(f.sqes[2].fd, 1);
	EXPECT_EQ(f.sqes[2].off, 2u);
	EXPECT_EQ(f.sqes[3].len, IORING_CHILD_DUP);
	EXPECT_EQ(f.sqes[3].flags, silent | IOSQE_FIXED_FILE);
	EXPECT_EQ(f.sqes[4].opcode, IORING_OP_CLOSE);
	EXPECT_EQ(f.sqes[4].flags, IOSQE_IO_HARDLINK | IOSQE_CQE_SKIP_SUCCESS);
	EXPECT_EQ(f.sqes[5].len, IORING_CHILD_CHDIR);
	EXPECT_EQ(f.sqes[6].len, IORING_CHILD_FCHDIR);
	EXPECT_EQ(f.sqes[7].len, IORING_CHILD_SETSID);
	EXPECT_EQ(f.sqes[8].len, IORING_CHILD_SETPGID);
	EXPECT_EQ(f.sqes[9].opcode, IORING_OP_NOP);
	EXPECT_EQ(f.sqes[9].flags, silent);
	EXPECT_NE(f.sqes[9].user_data, 5u);
	/* a mode that open(2) would not look at is not handed on */
	EXPECT_EQ(f.sqes[10].addr3, 0u);
	EXPECT_EQ(f.sqes[11].opcode, FAKE_EXEC);
	EXPECT_EQ(f.sqes[11].flags, 0);
}

TEST(programs_fall_back_by_hard_links)
{
	struct spawnpol_chain *c = new_chain("/a/true");
	char *argv[] = { "true", "--help", NULL }, *envp[] = { "A=b", NULL };
	char **got;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_program(c, "/b/true"));
	CHECK_OK(spawnpol_chain_program_fd(c, 9));
	CHECK_OK(spawnpol_chain_argv(c, argv));
	CHECK_OK(spawnpol_chain_envp(c, envp));
	argv[1] = NULL;
	/* actions come first, also if they were told later */
	CHECK_OK(spawnpol_chain_setsid(c));
	queue(&f, c);
	CHECK_EQ(f.uring.sq.sqe_tail, 5u);
	EXPECT_EQ(f.sqes[1].opcode, FAKE_CHILD);
	EXPECT_EQ(f.sqes[2].flags, IOSQE_IO_HARDLINK);
	EXPECT_EQ(f.sqes[3].flags, IOSQE_IO_HARDLINK);
	EXPECT_EQ(f.sqes[4].flags, 0);
	EXPECT_EQ(f.sqes[4].rw_flags, AT_EMPTY_PATH);
	EXPECT_EQ(f.sqes[4].fd, 9);
	got = (char **)(uintptr_t)f.sqes[4].addr2;
	EXPECT_STR(got[1], "--help");
	EXPECT_EQ(got[2], NULL);
	EXPECT_STR(((char **)(uintptr_t)f.sqes[2].addr3)[0], "A=b");
}

/* --- queueing ------------------------------------------------------------------------ */

TEST(queue_refuses)
{
	struct spawnpol_chain *c[20], *empty = new_chain(NULL);
	struct spawnpol_chain *big = new_chain("/bin/true");
	struct fake f;

	fake_init(&f);
	EXPECT_EQ(spawnpol_queue(f.ring, &empty, 1), -EINVAL);
	for (int i = 0; i < ENTRIES - 1; i++)
		CHECK_OK(spawnpol_chain_setsid(big));
	EXPECT_EQ(spawnpol_queue(f.ring, &big, 1), -E2BIG);
	EXPECT_EQ(f.uring.sq.sqe_tail, 0u);

	for (int i = 0; i < 20; i++)
		c[i] = new_chain("/bin/true");
	/* two SQEs each: 16 have room, and the 17th says so */
	EXPECT_EQ(spawnpol_queue(f.ring, c, 20), 16);
	EXPECT_EQ(spawnpol_queue(f.ring, c + 16, 4), -EAGAIN);
	EXPECT_EQ(spawnpol_queue(f.ring, c, 1), -EBUSY);
	EXPECT_EQ(spawnpol_chain_setsid(c[0]), -EBUSY);
	EXPECT_EQ(spawnpol_chain_error(c[0]), 0);
	EXPECT_EQ(spawnpol_chain_free(c[0]), -EBUSY);
	EXPECT_EQ(spawnpol_cancel(f.ring, c[16]), -ENOENT);
	EXPECT_EQ(spawnpol_cancel(f.ring, c[0]), -EAGAIN);
}

TEST(chains_the_kernel_did_not_take_are_taken_back)
{
	struct spawnpol_chain *c[2] = { new_chain("/a/b"), new_chain("/a/b") };
	struct fake f;

	fake_init(&f);
	EXPECT_EQ(spawnpol_submit(f.ring, c, 2), -EAGAIN);
	EXPECT_EQ(f.uring.sq.sqe_tail, 0u);
	EXPECT_EQ(f.tail, 0u);
	EXPECT_EQ(f.ring->outcomes, 0u);
	EXPECT_EQ(f.ring->pending, 0u);
	EXPECT_EQ(spawnpol_chain_free(c[0]), 0);
	EXPECT_EQ(spawnpol_chain_free(c[1]), 0);
}

TEST(rest_of_a_torn_chain_does_nothing)
{
	struct spawnpol_chain *c[2] = { new_chain("/a/b"), new_chain("/a/b") };
	struct spawnpol_outcome out;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_close(c[0], 3));
	CHECK_OK(spawnpol_chain_close(c[0], 4));
	kernel_takes = 2;
	CHECK_EQ(spawnpol_submit(f.ring, c, 2), 1);
	EXPECT_EQ(f.sqes[0].opcode, FAKE_CLONE);
	EXPECT_EQ(f.sqes[1].opcode, IORING_OP_CLOSE);
	EXPECT_EQ(f.sqes[2].opcode, IORING_OP_NOP);
	EXPECT_EQ(f.sqes[3].opcode, IORING_OP_NOP);
	EXPECT_EQ(f.sqes[3].flags, 0);
	EXPECT_EQ(f.tail, 4u);
	EXPECT_EQ(spawnpol_chain_free(c[1]), 0);
	/* the child is made and dies; the NOP "succeeds" */
	EXPECT_EQ(cqe(&f, c[0], INDEX_CLONE, 77, &out), SPAWNPOL_CQE_TAKEN);
	EXPECT_EQ(cqe(&f, c[0], INDEX_STEP + 2, 0, &out), SPAWNPOL_CQE_OUTCOME);
	EXPECT_EQ(out.error, -EAGAIN);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
}

/* --- searches ---------------------------------------------------------------------- */

/* The paths that are tried for a name, with a blank behind each. */
static const char *attempts(const char *name, const char *path)
{
	static char text[1024];
	struct spawnpol_chain *c = new_chain(NULL);
	struct fake f;

	fake_init(&f);
	*text = 0;
	CHECK_OK(spawnpol_chain_search(c, name, path));
	queue(&f, c);
	for (unsigned int i = 1; i < f.uring.sq.sqe_tail; i++) {
		const struct io_uring_sqe *sqe = &f.sqes[i];

		EXPECT_EQ(sqe->opcode, FAKE_EXEC);
		EXPECT_EQ(sqe->fd, AT_FDCWD);
		EXPECT_EQ(sqe->rw_flags, 0);
		EXPECT_EQ(sqe->ioprio,
			  strchr(name, '/') ? 0 : IORING_EXEC_SEARCH);
		EXPECT_EQ(!(sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK)),
			  i + 1 == f.uring.sq.sqe_tail);
		EXPECT_STR(*(char **)(uintptr_t)sqe->addr2, name);
		strcat(strcat(text, (char *)(uintptr_t)sqe->addr), " ");
	}
	return text;
}

TEST(search_tries_what_execvp_would)
{
	EXPECT_STR(attempts("x", "/a:/b/c"), "/a/x /b/c/x ");
	EXPECT_STR(attempts("x", "/a"), "/a/x ");
	EXPECT_STR(attempts("x", ""), "x ");
	EXPECT_STR(attempts("x", ":/a"), "x /a/x ");
	EXPECT_STR(attempts("x", "/a:"), "/a/x x ");
	EXPECT_STR(attempts("x", "/a::rel"), "/a/x x rel/x ");
	EXPECT_STR(attempts("x", "/"), "//x ");
	EXPECT_STR(attempts("x", NULL), "/bin/x /usr/bin/x ");
	EXPECT_STR(attempts("./x", "/a:/b"), "./x ");
}

TEST(search_has_limits)
{
	char name[NAME_MAX + 2] = "", path[PATH_MAX + 8], many[2 * 300] = "";
	struct spawnpol_chain *c = new_chain(NULL);
	struct fake f;

	memset(name, 'n', NAME_MAX + 1);
	EXPECT_EQ(spawnpol_chain_search(c, name, "/a"), -ENAMETOOLONG);
	CHECK_OK(spawnpol_chain_free(c));
	name[NAME_MAX] = '\0';
	EXPECT_GT(strlen(attempts(name, "/a")), NAME_MAX);

	memset(path, 'p', PATH_MAX);
	strcpy(path + PATH_MAX, ":/a");
	EXPECT_STR(attempts("x", path), "/a/x ");

	/* as links; that is known when it is submitted */
	memset(many, ':', 299);
	c = new_chain(NULL);
	fake_init(&f);
	EXPECT_EQ(spawnpol_chain_search(c, "x", many), 0);
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 300u);
	EXPECT_EQ(spawnpol_chain_step(c, 0, NULL, NULL), -E2BIG);
	EXPECT_EQ(spawnpol_ring_nr_sqes(f.ring, c), -E2BIG);
	EXPECT_EQ(spawnpol_queue(f.ring, &c, 1), -E2BIG);
	EXPECT_EQ(spawnpol_chain_program(c, "/bin/x"), -E2BIG);
	EXPECT_EQ(spawnpol_chain_error(c), -E2BIG);
}

/* One of several programs, and the steps do not fit with all of them. */
TEST(search_among_programs)
{
	struct spawnpol_chain *c = new_chain("/first");
	char many[2 * 300] = "";
	struct io_uring_sqe sqe;
	struct fake f;

	fake_init(&f);
	CHECK_OK(spawnpol_chain_search(c, "x", "/a:/b"));
	CHECK_OK(spawnpol_chain_search(c, "y", "/c:"));
	CHECK_OK(spawnpol_chain_program(c, "/last"));
	CHECK_EQ(spawnpol_chain_nr_steps(c), 6u);
	for (unsigned int i = 0; i < 6; i++) {
		static const char *const path[] = { "/first", "/a/x", "/b/x",
						    "/c/y", "y", "/last" };

		CHECK_OK(spawnpol_chain_step(c, i, NULL, &sqe));
		EXPECT_STR((char *)(uintptr_t)sqe.addr, path[i]);
	}
	EXPECT_EQ(spawnpol_ring_nr_sqes(f.ring, c), 7);
	queue(&f, c);
	EXPECT_EQ(f.uring.sq.sqe_tail, 7u);
	memset(many, ':', 245);
	c = new_chain("/first");
	CHECK_OK(spawnpol_chain_search(c, "x", many));
	memset(many, ':', 4);
	many[4] = '\0';
	EXPECT_EQ(spawnpol_chain_search(c, "x", many), -E2BIG);
}
