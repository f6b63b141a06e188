// SPDX-License-Identifier: LGPL-2.1-or-later
/* What policies can see of the step at hand: its path, and who launches (U8). */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define FAILED IORING_POLICY_FAILED

/* Submit the chain, whose first step fails with this, and what was seen of it. */
static const struct engine_run *failed(int res)
{
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), res);
	CHECK_EQ(tprog_run(&p, 0)->ctx.event, FAILED);
	return tprog_run(&p, 0);
}

static void begin(void)
{
	tprog_again(&r, &p);
	q_clone(&r);
}

/* --- paths ---------------------------------------------------------------------- */

TEST(U8_path_flags_and_mode_of_an_open)
{
	const char *path = "/nonexistent/file";
	const struct engine_run *run;
	struct io_uring_sqe *sqe;

	tprog_start(&r, &p, 0);
	begin();
	sqe = q_open_at(&r, 7, path, O_WRONLY | O_CREAT | O_EXCL);
	sqe->addr3 = 0640;
	run = failed(-ENOENT);
	EXPECT_EQ(run->path_len, strlen(path));
	EXPECT_STR(run->path, path);
	EXPECT_EQ(run->ctx.path_flags, O_WRONLY | O_CREAT | O_EXCL);
	EXPECT_EQ(run->ctx.path_mode, 0640);
	EXPECT_EQ(run->ctx.path_resolve, 0);
	EXPECT(!(run->ctx.flags & IORING_POLICY_F_PATH_AT));
}

TEST(U8_path_flags_and_mode_of_an_open_of_the_rings)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	const struct engine_run *run;
	struct io_uring_sqe *sqe;

	tprog_start(&r, &p, 0);
	begin();
	q_open(&r, "/nonexistent/a", O_RDWR | O_CREAT, 0604);
	run = failed(-ENOENT);
	EXPECT_STR(run->path, "/nonexistent/a");
	EXPECT_EQ(run->ctx.path_flags & (O_ACCMODE | O_CREAT), O_RDWR | O_CREAT);
	EXPECT_EQ(run->ctx.path_mode, 0604);

	begin();
	sqe = q_op(&r, IORING_OP_OPENAT2);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t) "nonexistent";
	sqe->addr2 = (uintptr_t)&how;
	sqe->len = sizeof(how);
	run = failed(-ENOENT);
	EXPECT_STR(run->path, "nonexistent");
	EXPECT_EQ(run->ctx.path_flags & O_DIRECTORY, O_DIRECTORY);
	EXPECT_EQ(run->ctx.path_resolve, how.resolve);
}

TEST(U8_path_of_chdir_chroot_and_exec)
{
	static const unsigned int commands[] = { IORING_CHILD_CHDIR,
						 IORING_CHILD_CHROOT };
	char *argv[] = { "x", NULL };
	const struct engine_run *run;
	struct io_uring_sqe *sqe;
	unsigned int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < 2; i++) {
		begin();
		sqe = q_child(&r, commands[i]);
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t) "/nonexistent/dir";
		run = failed(-ENOENT);
		EXPECT_STR(run->path, "/nonexistent/dir");
		EXPECT_EQ(run->ctx.path_flags, 0);
	}
	begin();
	q_exec(&r, "/nonexistent/x", argv)->rw_flags = AT_SYMLINK_NOFOLLOW;
	run = failed(-ENOENT);
	EXPECT_STR(run->path, "/nonexistent/x");
	EXPECT_STR(run->name, "/nonexistent/x");
	EXPECT_EQ(run->ctx.path_flags, AT_SYMLINK_NOFOLLOW);
}

TEST(U8_whether_a_path_starts_at_an_open_directory)
{
	int dir = CHECK_SYS(open("/proc", O_RDONLY | O_DIRECTORY));
	static const struct {
		const char *path;
		bool at;
	} cases[] = { { "nonexistent", true }, { "/nonexistent", false } };
	char *argv[] = { "x", NULL };
	const struct engine_run *run;
	unsigned int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < 2; i++) {
		begin();
		q_open_at(&r, 7, cases[i].path, O_RDONLY)->fd = dir;
		run = failed(-ENOENT);
		EXPECT_EQ(!!(run->ctx.flags & IORING_POLICY_F_PATH_AT),
			  cases[i].at);
		begin();
		q_open(&r, cases[i].path, O_RDONLY, 0)->fd = dir;
		run = failed(-ENOENT);
		EXPECT_EQ(!!(run->ctx.flags & IORING_POLICY_F_PATH_AT),
			  cases[i].at);
		begin();
		q_exec(&r, cases[i].path, argv)->fd = dir;
		run = failed(-ENOENT);
		EXPECT_EQ(!!(run->ctx.flags & IORING_POLICY_F_PATH_AT),
			  cases[i].at);
	}
}

TEST(U8_a_step_without_a_path_has_none)
{
	const struct engine_run *run;

	tprog_start(&r, &p, 0);
	begin();
	q_dup(&r, 99, 5);
	q_exit(&r, 0);
	run = failed(-EBADF);
	EXPECT_EQ(run->path_len, -ENOENT);
	EXPECT_EQ(run->ctx.path_flags, 0);
	/* the EXEC after it has a name all the same */
	EXPECT_STR(run->name, helper("exit_with"));

	begin();
	q_result(&r, -EIO);
	EXPECT_EQ(failed(-EIO)->path_len, -ENOENT);
}

TEST(U8_a_path_that_does_not_fit_is_cut)
{
	char path[ENGINE_TEXT + 8] = "/nonexistent/";
	const struct engine_run *run;

	memset(path + strlen(path), 'n', sizeof(path) - 1 - strlen(path));
	path[sizeof(path) - 1] = '\0';
	tprog_start(&r, &p, 0);
	begin();
	q_open_at(&r, 7, path, O_RDONLY);
	run = failed(-ENOENT);
	EXPECT_EQ(run->path_len, -ENAMETOOLONG);
	EXPECT_EQ(strlen(run->path), ENGINE_TEXT - 1);
	EXPECT(!strncmp(run->path, path, ENGINE_TEXT - 1));
}

/* It is the step's own, also when something else was issued for it. */
TEST(U8_the_path_stays_that_of_the_step)
{
	struct engine_rule *rule;
	const struct engine_run *run;
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };

	tprog_start(&r, &p, IORING_POLICY_BEFORE_STEP);
	rule = tprog_rule(&p, FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	q_clone(&r);
	q_open_at(&r, 7, "/nonexistent/file", O_RDONLY);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	run = tprog_run(&p, 0);
	CHECK_EQ(run->ctx.event, IORING_POLICY_BEFORE_STEP);
	EXPECT_STR(run->path, "/nonexistent/file");
	run = tprog_run(&p, 2);
	CHECK_EQ(run->ctx.event, IORING_POLICY_STAGED);
	EXPECT_STR(run->path, "/nonexistent/file");
}

/* --- who launches ---------------------------------------------------------------- */

TEST(U8_the_ring_has_its_id)
{
	struct io_uring_spawn_query query;

	tprog_start(&r, &p, 0);
	tring_query(&r, &query);
	CHECK_GT(query.ring_id, 0);
	begin();
	q_fail(&r);
	EXPECT_EQ(failed(-ENOENT)->ctx.ring_id, query.ring_id);
}

/* An id is the inode of the directory. */
static uint64_t cgroup_id(const char *path)
{
	struct stat st;

	CHECK_SYS(stat(path, &st));
	return st.st_ino;
}

TEST(U8_the_cgroup_is_the_launchers)
{
	static const char *const groups[] = { "/sys/fs/cgroup/step_launcher",
					      "/sys/fs/cgroup/step_child" };
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	uint64_t seen;
	int i;

	tprog_start(&r, &p, 0);
	for (i = 0; i < 2; i++)
		CHECK_SYS(mkdir(groups[i], 0755));
	args.cgroup = CHECK_SYS(open(groups[1], O_RDONLY | O_DIRECTORY));
	write_file(format("%s/cgroup.procs", groups[0]), "0", 0);
	tprog_again(&r, &p);
	q_clone3(&r, &args);
	q_fail(&r);
	seen = failed(-ENOENT)->ctx.cgroup_id;
	write_file("/sys/fs/cgroup/cgroup.procs", "0", 0);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	EXPECT_EQ(seen, cgroup_id(groups[0]));
	for (i = 0; i < 2; i++)
		CHECK_SYS(rmdir(groups[i]));
}

/* --- dry runs ----------------------------------------------------------------------- */

/* What the policy sees if this is data_in. */
static const struct engine_run *dry_run(struct bpf_iouring_ctx *ctx,
					const void *data, size_t size)
{
	union bpf_attr attr = { .test = {
					.prog_fd = p.fd,
					.ctx_in = (uintptr_t)ctx,
					.ctx_size_in = sizeof(*ctx),
					.data_in = (uintptr_t)data,
					.data_size_in = size,
				} };

	tprog_reset(&p);
	CHECK_OK(bpf_call(BPF_PROG_TEST_RUN, &attr, sizeof(attr)));
	return tprog_run(&p, 0);
}

TEST(U8_a_dry_run_sees_what_it_is_given)
{
	struct bpf_iouring_ctx ctx = {
		.event = FAILED,
		.opcode = SPAWNPOL_OP_CHILD,
		.ring_id = 5,
		.cgroup_id = 6,
		.path_flags = O_WRONLY,
		.path_mode = 0600,
		.path_resolve = RESOLVE_BENEATH,
	};
	static const char all[] = "prog\0/some/path\0\x7f" "ELF\0\1";
	const struct engine_run *run;

	tprog_load(&p);
	run = dry_run(&ctx, all, sizeof(all) - 1);
	EXPECT_STR(run->name, "prog");
	EXPECT_STR(run->path, "/some/path");
	EXPECT_EQ(run->head_len, 6);
	EXPECT(!memcmp(run->head, "\x7f" "ELF\0\1", 6));
	EXPECT_EQ(run->ctx.ring_id, 5);
	EXPECT_EQ(run->ctx.cgroup_id, 6);
	EXPECT_EQ(run->ctx.path_flags, O_WRONLY);
	EXPECT_EQ(run->ctx.path_mode, 0600);
	EXPECT_EQ(run->ctx.path_resolve, RESOLVE_BENEATH);

	/* a part that is missing or empty */
	run = dry_run(&ctx, "prog", 4);
	EXPECT_STR(run->name, "prog");
	EXPECT_EQ(run->path_len, -ENOENT);
	EXPECT_EQ(run->head_len, -ENOENT);
	run = dry_run(&ctx, "\0path", 5);
	EXPECT_EQ(run->name_len, -ENOENT);
	EXPECT_STR(run->path, "path");
	run = dry_run(&ctx, NULL, 0);
	EXPECT_EQ(run->name_len, -ENOENT);
	EXPECT_EQ(run->path_len, -ENOENT);

	/* of an EXEC, its name is the path */
	ctx.opcode = SPAWNPOL_OP_EXEC;
	EXPECT_STR(dry_run(&ctx, "prog", 4)->path, "prog");
}

/* A dry run's result if data_in is that long: a name of "", a path of three, a head. */
static int dry_run_of(const char *data, size_t size)
{
	struct bpf_iouring_ctx ctx = { .event = FAILED };
	union bpf_attr attr = { .test = {
					.prog_fd = p.fd,
					.ctx_in = (uintptr_t)&ctx,
					.ctx_size_in = sizeof(ctx),
					.data_in = (uintptr_t)data,
					.data_size_in = size,
				} };

	return bpf_call(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
}

TEST(U8_a_dry_run_refuses_what_is_too_long)
{
	static char data[2 * 4096 + 512];

	tprog_load(&p);
	memset(data, 'x', sizeof(data));
	EXPECT_EQ(dry_run_of(data, 4095), 0);
	EXPECT_EQ(dry_run_of(data, 4096), -ENAMETOOLONG);
	data[0] = data[4] = '\0';
	EXPECT_EQ(dry_run_of(data, 5 + 256), 0);
	EXPECT_EQ(dry_run_of(data, 5 + 257), -E2BIG);
	EXPECT_EQ(dry_run_of(data, sizeof(data)), -ENAMETOOLONG);
}
