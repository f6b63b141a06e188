// SPDX-License-Identifier: LGPL-2.1-or-later
/* The example policies do what their opening comments promise. */
#include "child.h"
#include "policy.h"
#include "ring.h"

#include <bpf/bpf.h>
#include <stdio.h>

static struct tring r;
static struct tpolicy policy;

static void begin(const char *name)
{
	tring_init(&r, 0);
	tpolicy_load(&policy, name);
	tpolicy_attach(&policy, tring_fd(&r), 0);
	q_clone(&r);
}

static struct io_uring_sqe *q_chdir(const char *path)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_CHDIR);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	return sqe;
}

/* --- hello ------------------------------------------------------------------------ */

TEST(hello_skips_a_failed_chdir)
{
	struct shown show;
	char cwd[4096];

	CHECK_PTR(getcwd(cwd, sizeof(cwd)));
	begin("bpf/hello_policy");
	q_chdir("/nonexistent");
	q_show(&r, &show);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&show);
	CHECK_STR(shown(&show, "cwd"), cwd);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(hello_leaves_the_rest_to_the_links)
{
	begin("bpf/hello_policy");
	q_open_at(&r, 1, "/nonexistent/log", O_WRONLY);
	q_exit(&r, 1);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	check_gone(tring_res(&r, CLONE));
}

/* --- restrict --------------------------------------------------------------------- */

static void restricted(const char *path, int result)
{
	char *argv[] = { "true", NULL };

	tring_forget(&r);
	q_clone(&r);
	q_exec(&r, path, argv);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, 0), result);
	if (!result)
		EXPECT_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	else
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
}

TEST(restrict_lets_system_directories_pass)
{
	char *elsewhere = in_dir("true");

	copy_file("/bin/true", elsewhere, 0755);
	tring_init(&r, 0);
	tpolicy_load(&policy, "bpf/restrict_policy");
	tpolicy_attach(&policy, tring_fd(&r), 0);
	restricted("/bin/true", 0);
	restricted("/usr/bin/true", 0);
	restricted(elsewhere, -EACCES);
	restricted("true", -EACCES);
	restricted("/usr/bin", -EACCES);
	restricted("/usr/binary/true", -EACCES);
	/* what is not there is not its affair */
	restricted("/bin/a-name-that-is-longer-than-its-memory", -ENOENT);
	EXPECT_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_PASS], 3 + 1);
	tpolicy_free(&policy);
}

/* Others in its slot are asked about what it lets pass, and about nothing else. */
TEST(U9_restrict_comes_before_others)
{
	struct tpolicy restriction;

	tring_init(&r, 0);
	tpolicy_load(&policy, "bpf/hello_policy");
	tpolicy_attach(&policy, tring_fd(&r), 0);
	tpolicy_load(&restriction, "bpf/restrict_policy");
	tpolicy_attach(&restriction, tring_fd(&r), 0);
	q_clone(&r);
	q_chdir("/nonexistent");
	q_exit(&r, 0);
	tring_submit(&r);
	/* hello, the first, skips it; the helper is not where programs may be */
	EXPECT_EQ(tring_res(&r, 0), 0);
	EXPECT_EQ(tring_res(&r, 1), -EACCES);
	EXPECT_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_SKIP], 1);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	tpolicy_free(&restriction);
	tpolicy_free(&policy);
}

/* --- fallback ---------------------------------------------------------------------- */

TEST(fallback_opens_the_null_device)
{
	struct shown show;

	begin("bpf/fallback_policy");
	q_open_at(&r, 1, "/nonexistent/log", O_WRONLY | O_CREAT);
	q_open_at(&r, 40, "/nonexistent/log", O_RDONLY);
	q_show(&r, &show);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 1), 40);
	CHECK_EQ(tring_res(&r, 2), 0);
	shown_read(&show);
	CHECK_STR(shown(&show, "fd1"), "stays /dev/null");
	CHECK_STR(shown(&show, "fd40"), "stays /dev/null");
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	tring_total(&r, 4); /* no CQEs for what was staged */
}

TEST(fallback_leaves_what_can_be_opened)
{
	struct shown show;

	write_file(in_dir("log"), "", 0644);
	begin("bpf/fallback_policy");
	q_open_at(&r, 1, in_dir("log"), O_WRONLY);
	q_show(&r, &show);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 1);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&show);
	CHECK_HAS(shown(&show, "fd1"), "/log");
	CHECK_EQ(tpolicy_info(&policy).runs, 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

TEST(fallback_that_fails_reports_the_original_error)
{
	write_file(in_dir("file"), "", 0644);
	begin("bpf/fallback_policy");
	CHECK_SYS(chroot(tap_dir())); /* where there is no /dev/null */
	q_open_at(&r, 1, "/file/log", O_RDONLY);
	q_exit(&r, 1);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOTDIR);
	CHECK_EQ(tring_res(&r, 1), -ECANCELED);
	CHECK_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_SUBMIT], 1);
}

/* --- wait_busy --------------------------------------------------------------------- */

TEST(wait_busy_tries_a_hundred_times_and_reports_the_error)
{
	const char *path = in_dir("busy");
	int fd;

	write_file(path, "#!/bin/sh\n", 0755);
	fd = CHECK_SYS(open(path, O_WRONLY));
	begin("examples/policy/wait_busy");
	q_exec(&r, path, (char *[]){ "busy", NULL });
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ETXTBSY);
	check_gone(tring_res(&r, CLONE));
	CHECK_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_RETRY], 100);
	CHECK_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_CONTINUE], 1);
	close(fd);
}

TEST(wait_busy_leaves_other_errors_alone)
{
	begin("examples/policy/wait_busy");
	q_exec(&r, "/nonexistent", (char *[]){ "x", NULL });
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), -ENOENT);
	CHECK_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_RETRY], 0);
}

/* --- audit ------------------------------------------------------------------------- */

static uint64_t failures(uint32_t opcode, uint32_t cmd, uint32_t error)
{
	struct {
		uint32_t opcode, cmd, error;
	} key = { opcode, cmd, error };
	uint64_t count;

	if (bpf_map_lookup_elem(tpolicy_map(&policy, "failures"), &key, &count))
		return 0;
	return count;
}

TEST(audit_counts_and_changes_nothing)
{
	begin("bpf/audit_policy");
	hardlink(q_fail(&r));
	hardlink(q_fail(&r));
	hardlink(q_chdir("/dev/null"));
	q_exit(&r, 5);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 5);
	CHECK_EQ(failures(IORING_OP_OPENAT, 0, ENOENT), 2);
	CHECK_EQ(failures(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR, ENOTDIR), 1);
	CHECK_EQ(failures(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR, ENOENT), 0);
	CHECK_EQ(tpolicy_info(&policy).verdicts[IORING_VERDICT_PASS], 3);
}

TEST(audit_counts_chains_side_by_side)
{
	unsigned int i;

	begin("bpf/audit_policy");
	q_exec(&r, "/nonexistent", (char *[]){ "x", NULL });
	tring_submit(&r);
	for (i = 1; i < 40; i++) {
		q_clone(&r);
		q_exec(&r, "/nonexistent", (char *[]){ "x", NULL });
	}
	tring_submit(&r);
	tring_total(&r, 80);
	CHECK_EQ(failures(SPAWNPOL_OP_EXEC, 0, ENOENT), 40);
}
