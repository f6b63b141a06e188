// SPDX-License-Identifier: LGPL-2.1-or-later
/* Chains that are used again, that borrow what they are given, and that are read. */
#include "fake_ring.h"

#include <linux/filter.h>
#include <malloc.h>

static struct fake f;

static char path[] = "/tmp/file", program[] = "/bin/true";
static char *argv[] = { program, path, NULL };
static char *envp[] = { path, NULL };
static gid_t groups[] = { 3, 4 };
static struct sock_filter code[2];
static struct sock_fprog filter = { .len = 2, .filter = code };

static void fill(struct spawnpol_chain *c)
{
	spawnpol_chain_open(c, 1, path, O_WRONLY, 0);
	spawnpol_chain_chdir(c, path);
	spawnpol_chain_setgroups(c, groups, 2);
	spawnpol_chain_seccomp(c, &filter);
	spawnpol_chain_program(c, program);
	spawnpol_chain_argv(c, argv);
	spawnpol_chain_envp(c, envp);
	CHECK_OK(spawnpol_chain_error(c));
}

static const void *addr(const struct io_uring_sqe *sqe)
{
	return (const void *)(uintptr_t)sqe->addr;
}

/* --- borrowing --------------------------------------------------------------------- */

TEST(what_is_borrowed_is_not_copied)
{
	struct spawnpol_chain *c = new_chain(NULL);
	const struct io_uring_sqe *sqe = f.sqes;

	CHECK_OK(spawnpol_chain_borrow(c, true));
	fill(c);
	fake_init(&f);
	queue(&f, c);
	EXPECT(addr(&sqe[1]) == path);
	EXPECT(addr(&sqe[2]) == path);
	EXPECT(addr(&sqe[3]) == groups);
	EXPECT_EQ(sqe[4].off, (uintptr_t)&filter);
	EXPECT(addr(&sqe[5]) == program);
	EXPECT_EQ(sqe[5].addr2, (uintptr_t)argv);
	EXPECT_EQ(sqe[5].addr3, (uintptr_t)envp);
}

TEST(what_is_not_borrowed_is_copied)
{
	struct spawnpol_chain *c = new_chain(NULL);
	const struct io_uring_sqe *sqe = f.sqes;
	const struct sock_fprog *copy;
	char *const *args;

	CHECK_OK(spawnpol_chain_borrow(c, true));
	CHECK_OK(spawnpol_chain_borrow(c, false));
	fill(c);
	fake_init(&f);
	queue(&f, c);
	EXPECT(addr(&sqe[1]) != path && !strcmp(addr(&sqe[1]), path));
	EXPECT(addr(&sqe[3]) != groups &&
	       !memcmp(addr(&sqe[3]), groups, sizeof(groups)));
	copy = (const struct sock_fprog *)(uintptr_t)sqe[4].off;
	EXPECT(copy != &filter && copy->len == 2 && copy->filter != code);
	args = (char *const *)(uintptr_t)sqe[5].addr2;
	EXPECT(args != argv && args[1] != path && !strcmp(args[1], path) &&
	       !args[2]);
}

TEST(a_chain_that_was_reset_copies)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_borrow(c, true));
	CHECK_OK(spawnpol_chain_reset(c));
	fill(c);
	fake_init(&f);
	queue(&f, c);
	EXPECT(addr(&f.sqes[1]) != path);
}

/* --- resetting --------------------------------------------------------------------- */

TEST(a_chain_that_was_reset_is_as_new)
{
	struct spawnpol_chain *c = new_chain(NULL), *fresh = new_chain(NULL);

	fill(c);
	spawnpol_chain_cookie(c, 7);
	spawnpol_chain_deadline(c, 1);
	spawnpol_chain_pidfd(c, true);
	spawnpol_chain_need_policy(c, true);
	EXPECT_EQ(spawnpol_chain_close(c, -1), -EBADF);
	CHECK_OK(spawnpol_chain_reset(c));
	EXPECT_EQ(spawnpol_chain_error(c), 0);
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 0u);
	CHECK_OK(spawnpol_chain_program(c, program));
	CHECK_OK(spawnpol_chain_program(fresh, program));
	fake_init(&f);
	queue(&f, c);
	queue(&f, fresh);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(f.sqes[i].opcode, f.sqes[i + 2].opcode);
		EXPECT_EQ(f.sqes[i].flags, f.sqes[i + 2].flags);
		EXPECT_EQ(f.sqes[i].rw_flags, f.sqes[i + 2].rw_flags);
	}
	EXPECT_EQ(f.sqes[0].addr, 0ull);
	EXPECT_EQ(f.sqes[0].off, 0ull);
}

TEST(a_chain_in_flight_is_not_reset)
{
	struct spawnpol_chain *c = new_chain(program);
	struct spawnpol_outcome out;

	fake_init(&f);
	queue(&f, c);
	EXPECT_EQ(spawnpol_chain_reset(c), -EBUSY);
	EXPECT_EQ(spawnpol_chain_borrow(c, true), -EBUSY);
	cqe(&f, c, INDEX_CLONE, 7, &out);
	cqe(&f, c, INDEX_STEP, 0, &out);
	EXPECT_EQ(spawnpol_chain_reset(c), 0);
}

/* Whatever is added, the second time there is memory for it. */
TEST(a_chain_that_is_used_again_does_not_allocate)
{
	struct spawnpol_chain *c = new_chain(NULL);
	static char large[50000];
	struct mallinfo2 before = { 0 };

	memset(large, 'x', sizeof(large) - 1);
	large[0] = '/';
	for (int i = 0; i < 5; i++) {
		fill(c);
		spawnpol_chain_chdir(c, large);
		CHECK_OK(spawnpol_chain_reset(c));
		if (i == 1)
			before = mallinfo2();
	}
	EXPECT_EQ(mallinfo2().uordblks, before.uordblks);
	/* and frees all of it */
	CHECK_OK(spawnpol_chain_free(c));
	EXPECT_LT(mallinfo2().uordblks, before.uordblks - sizeof(large));
}

/* --- reading ------------------------------------------------------------------------- */

TEST(steps_can_be_read)
{
	struct spawnpol_chain *c = new_chain(NULL);
	enum spawnpol_kind kind;
	struct io_uring_sqe sqe;

	EXPECT_EQ(spawnpol_chain_step(c, 0, &kind, &sqe), -ENOENT);
	CHECK_OK(spawnpol_chain_program(c, program));
	CHECK_OK(spawnpol_chain_dup(c, 5, 6));
	EXPECT_EQ(spawnpol_chain_nr_steps(c), 2u);
	CHECK_OK(spawnpol_chain_step(c, 0, &kind, &sqe));
	EXPECT_EQ(kind, SPAWNPOL_KIND_DUP);
	EXPECT_EQ(sqe.fd, 5);
	EXPECT_EQ(sqe.off, 6ull);
	CHECK_OK(spawnpol_chain_step(c, 1, &kind, NULL));
	EXPECT_EQ(kind, SPAWNPOL_KIND_EXEC);
	CHECK_OK(spawnpol_chain_step(c, 1, NULL, &sqe));
	EXPECT_STR(addr(&sqe), program);
	EXPECT_EQ(spawnpol_chain_step(c, 2, NULL, NULL), -ENOENT);
}

/* --- programs as execveat(2) finds them ------------------------------------------------ */

TEST(programs_relative_to_directories)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_program_at(c, 9, "true", AT_SYMLINK_NOFOLLOW));
	CHECK_OK(spawnpol_chain_program_at(c, AT_FDCWD, "true", 0));
	CHECK_OK(spawnpol_chain_program_at(c, 8, "", AT_EMPTY_PATH));
	fake_init(&f);
	queue(&f, c);
	EXPECT_EQ(f.sqes[0].rw_flags, 0);
	EXPECT_EQ(f.sqes[1].fd, 9);
	EXPECT_EQ(f.sqes[1].rw_flags, AT_SYMLINK_NOFOLLOW);
	EXPECT_EQ(f.sqes[2].fd, AT_FDCWD);
	EXPECT_STR(addr(&f.sqes[2]), "true");
	EXPECT_EQ(f.sqes[3].rw_flags, AT_EMPTY_PATH);
	for (int i = 1; i <= 3; i++)
		EXPECT_EQ(f.sqes[i].ioprio, IORING_EXEC_SEARCH);
}

/* The kernel finds out that it cannot be read. */
TEST(borrowed_paths_are_not_read)
{
	struct spawnpol_chain *c = new_chain(NULL);

	CHECK_OK(spawnpol_chain_borrow(c, true));
	CHECK_OK(spawnpol_chain_program_at(c, AT_FDCWD, (char *)8, 0));
	fake_init(&f);
	queue(&f, c);
	EXPECT_EQ(f.sqes[1].addr, 8);
}

TEST(programs_that_cannot_be)
{
	struct spawnpol_chain *c = new_chain(NULL);

	EXPECT_EQ(spawnpol_chain_program_at(c, AT_FDCWD, NULL, 0), -EINVAL);
	CHECK_OK(spawnpol_chain_reset(c));
	EXPECT_EQ(spawnpol_chain_program_at(c, 3, "", 0), -EINVAL);
	CHECK_OK(spawnpol_chain_reset(c));
	EXPECT_EQ(spawnpol_chain_program_at(c, -1, "true", 0), -EBADF);
}
