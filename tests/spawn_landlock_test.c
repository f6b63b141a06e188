// SPDX-License-Identifier: LGPL-2.1-or-later
/* A Landlock domain holds for all that a chain does (S19). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* the headers may be older */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

TEST(S19_landlock_holds_for_exec_and_steps)
{
	struct landlock_ruleset_attr rules = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE |
				     LANDLOCK_ACCESS_FS_MAKE_DIR,
	};
	char *dir = in_dir("dir");
	int fd;

	tring_init(&r, 0);
	fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));
	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
	q_clone(&r);
	hardlink(q_mkdir(&r, dir));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	EXPECT_EQ(tring_res(&r, 0), -EACCES);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	check_gone(tring_res(&r, CLONE));
	check_no_children();
}

/* --- what a domain forbids --------------------------------------------------------- */

/* From here on nothing of this may be done, by this process and its children. */
static void forbid(uint64_t access)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = access };
	int fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(syscall(SYS_landlock_restrict_self, fd, 0));
}

/* Paths for steps, in a directory of the test's. */
static struct {
	char *file;
	char *other;
	char *dir;
} at;

static void make_files(void)
{
	at.file = in_dir("file");
	at.other = in_dir("other");
	at.dir = in_dir("dir");
	write_file(at.file, "text", 0644);
}

static void q_open_read(void)
{
	q_open(&r, at.file, O_RDONLY, 0);
}

static void q_open_write(void)
{
	q_open(&r, at.file, O_WRONLY, 0);
}

static void q_open_truncate(void)
{
	q_open(&r, at.file, O_RDONLY | O_TRUNC, 0);
}

static void q_open_directory(void)
{
	q_open(&r, tap_dir(), O_RDONLY | O_DIRECTORY, 0);
}

static void q_create(void)
{
	q_open(&r, at.other, O_RDONLY | O_CREAT, 0644);
}

static void q_child_open_read(void)
{
	q_open_at(&r, 70, at.file, O_RDONLY);
}

static void q_child_open_write(void)
{
	q_open_at(&r, 70, at.file, O_WRONLY);
}

static void q_child_create(void)
{
	q_open_at(&r, 70, at.other, O_RDONLY | O_CREAT);
}

static void q_make_dir(void)
{
	q_mkdir(&r, at.dir);
}

static void q_symlink(void)
{
	struct io_uring_sqe *sqe = q_op(&r, IORING_OP_SYMLINKAT);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)at.file;
	sqe->addr2 = (uintptr_t)at.other;
}

static void q_unlink(void)
{
	struct io_uring_sqe *sqe = q_op(&r, IORING_OP_UNLINKAT);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)at.file;
}

static void q_run(void)
{
	q_exit(&r, 0);
}

/* One step in a chain that goes on: its result. */
static int step_result(void (*queue)(void))
{
	int res;

	tring_init(&r, 0);
	q_clone(&r);
	queue();
	q_nop(&r);
	tring_submit(&r);
	res = tring_res(&r, 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	tring_exit(&r);
	return res;
}

#define ACCESS(what) LANDLOCK_ACCESS_FS_##what

TEST(S19_landlock_holds_for_each_kind_of_step)
{
	static const struct {
		uint64_t access;
		void (*queue)(void);
	} steps[] = {
		{ ACCESS(READ_FILE), q_open_read },
		{ ACCESS(READ_FILE), q_child_open_read },
		{ ACCESS(WRITE_FILE), q_open_write },
		{ ACCESS(WRITE_FILE), q_child_open_write },
		{ ACCESS(READ_DIR), q_open_directory },
		{ ACCESS(TRUNCATE), q_open_truncate },
		{ ACCESS(MAKE_REG), q_create },
		{ ACCESS(MAKE_REG), q_child_create },
		{ ACCESS(MAKE_DIR), q_make_dir },
		{ ACCESS(MAKE_SYM), q_symlink },
		{ ACCESS(REMOVE_FILE), q_unlink },
		{ ACCESS(EXECUTE), q_run },
	};
	unsigned int i;
	pid_t pid;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		make_files();
		pid = CHECK_SYS(fork());
		if (!pid) {
			DIAG("step kind %u", i);
			forbid(steps[i].access);
			CHECK_EQ(step_result(steps[i].queue), -EACCES);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
		/* and that it was this domain which forbade it */
		if (steps[i].queue != q_run)
			EXPECT_GE(step_result(steps[i].queue), 0);
		unlink(at.other);
		rmdir(at.dir);
	}
}

/* The program is in the domain, too. */
TEST(S19_landlock_holds_for_the_program)
{
	char *argv[] = { "sh", "-c", format("echo x >%s", in_dir("file")),
			 NULL };
	int i;

	tring_init(&r, 0);
	for (i = 0; i < 2; i++) {
		if (i)
			forbid(ACCESS(WRITE_FILE));
		tring_forget(&r);
		q_clone(&r);
		q_exec(&r, "/bin/sh", argv);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		EXPECT_EQ(!wait_exit(tring_res(&r, CLONE)), !i);
	}
}

/* --- domains of the chain's own ----------------------------------------------------- */

static void queue_domain(uint64_t access)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = access };

	q_child(&r, IORING_CHILD_LANDLOCK)->fd = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0));
}

TEST(S19_a_landlock_step_holds_for_the_exec_behind_it)
{
	tring_init(&r, 0);
	q_clone(&r);
	queue_domain(ACCESS(EXECUTE));
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	/* the parent is not in it */
	CHECK_GT(spawn_exit(&r, NULL), 0);
}

/* What a policy stages is done in the domain. */
static void check_staged(enum engine_stage stage, const char *text)
{
	struct io_uring_sqe sqe = { .opcode = SPAWNPOL_OP_CHILD,
				    .fd = AT_FDCWD,
				    .off = 70,
				    .rw_flags = O_WRONLY,
				    .len = IORING_CHILD_OPEN };
	struct engine_rule *rule;

	tprog_again(&r, &p);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &sqe, 1);
	rule_stage_text(rule, stage, text);
	q_clone(&r);
	queue_domain(ACCESS(EXECUTE) | ACCESS(WRITE_FILE));
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	EXPECT_EQ(tprog_run(&p, 0)->ctx.res, -ENOENT);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -EACCES);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

TEST(S19_landlock_holds_for_staged_requests)
{
	make_files();
	tprog_start(&r, &p, 0);
	check_staged(ENGINE_STAGE_CHILD, at.file);
	check_staged(ENGINE_STAGE_EXEC, "/bin/true");
	check_staged(ENGINE_STAGE_EXEC_INTERP, "/bin/sh");
}

/* Domains are nested 16 deep, as everywhere. */
TEST(S19_landlock_domains_nest_as_deep_as_landlock_lets_them)
{
	int i;

	tring_init(&r, 0);
	q_clone(&r);
	for (i = 0; i < 17; i++)
		queue_domain(ACCESS(MAKE_SOCK));
	tring_submit(&r);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(tring_res(&r, i), 0);
	EXPECT_EQ(tring_res(&r, 16), -E2BIG);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
}
