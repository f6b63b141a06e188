// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What seccomp filters are told of CLONE and EXEC, and whose filters they are
 * (S19).
 */
#include "lib/apart.h"
#include "lib/child.h"
#include "lib/filter.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"

#include <linux/audit.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define REFUSE (SECCOMP_RET_ERRNO | ENOTBLK)

/* --- arguments -------------------------------------------------------------------- */

/* One chain, the same in each process that asks for it. */
static char *const argv[] = { "exit_with", "0", NULL };
static char *const envp[] = { NULL };
static struct clone_args args = { .exit_signal = SIGCHLD };

static struct io_uring_sqe exec = {
	.fd = AT_FDCWD,
	.addr2 = (uintptr_t)argv,
	.addr3 = (uintptr_t)envp,
};

/* CLONE's error or EXEC's result where these 32 bits of a call's are refused. */
static int spawn_refusing(int call, size_t offset, uint32_t value)
{
	struct io_uring_sqe *sqe;
	struct apart apart;
	int res, exec_res;

	if (apart_begin(&apart)) {
		tring_init(&r, 0);
		filter_word(call, offset, value, REFUSE);
		q_clone3(&r, &args);
		sqe = q_op(&r, SPAWNPOL_OP_EXEC);
		sqe->fd = exec.fd;
		sqe->addr = exec.addr;
		sqe->addr2 = exec.addr2;
		sqe->addr3 = exec.addr3;
		sqe->rw_flags = exec.rw_flags;
		sqe->ioprio = exec.ioprio;
		res = spawn_queued(&r, 0, &exec_res);
		apart_end(&apart, res > 0 ? exec_res : res);
	}
	return apart_result(&apart);
}

/* The filter sees this value there. */
static void check_seen(int call, size_t offset, uint32_t value)
{
	EXPECT_EQ(spawn_refusing(call, offset, value), -ENOTBLK);
}

/* A filter that looks for another one lets it pass. */
static void check_not_seen(int call, size_t offset, uint32_t value)
{
	EXPECT_EQ(spawn_refusing(call, offset, value), 0);
}

static void check_pointer(int call, unsigned int arg, const void *value)
{
	check_seen(call, ARG_LOW(arg), (uint32_t)(uintptr_t)value);
	check_seen(call, ARG_HIGH(arg), (uint64_t)(uintptr_t)value >> 32);
}

TEST(S19_filters_see_the_arguments_of_exec)
{
	const char *path = helper("exit_with");

	exec.addr = (uintptr_t)path;
	check_seen(SYS_execveat, ARG_LOW(0), AT_FDCWD);
	check_pointer(SYS_execveat, 1, path);
	check_pointer(SYS_execveat, 2, argv);
	check_pointer(SYS_execveat, 3, envp);
	check_seen(SYS_execveat, ARG_LOW(4), 0);
	check_seen(SYS_execveat, ARG_HIGH(4), 0);
	check_not_seen(SYS_execveat, ARG_LOW(1), (uintptr_t)path + 1);
	check_not_seen(SYS_execveat, ARG_LOW(4), AT_EMPTY_PATH);
}

TEST(S19_filters_see_directory_and_flags_of_exec)
{
	exec.fd = CHECK_SYS(open(helper("exit_with"), O_PATH | O_CLOEXEC));
	exec.addr = (uintptr_t) "";
	exec.rw_flags = AT_EMPTY_PATH;
	check_seen(SYS_execveat, ARG_LOW(0), exec.fd);
	check_seen(SYS_execveat, ARG_LOW(4), AT_EMPTY_PATH);
	/* what only EXEC has is not for them to see */
	exec.ioprio = IORING_EXEC_SEARCH;
	check_seen(SYS_execveat, ARG_LOW(4), AT_EMPTY_PATH);
}

TEST(S19_filters_see_the_arguments_of_clone)
{
	exec.addr = (uintptr_t)helper("exit_with");
	check_pointer(SYS_clone3, 0, &args);
	check_seen(SYS_clone3, ARG_LOW(1), sizeof(args));
	check_seen(SYS_clone3, ARG_HIGH(1), 0);
	check_not_seen(SYS_clone3, ARG_LOW(1), sizeof(args) + 1);
}

/*
 * Filters look at the architecture first. The instruction is none of the kernel's,
 * whose addresses have ones above; this program is static, and has none.
 */
TEST(S19_filters_see_the_architecture_and_no_kernel_address)
{
	static const int calls[] = { SYS_clone3, SYS_execveat };
	size_t ip = offsetof(struct seccomp_data, instruction_pointer);
	unsigned int i;

	exec.addr = (uintptr_t)helper("exit_with");
	for (i = 0; i < 2; i++) {
		check_seen(calls[i], offsetof(struct seccomp_data, arch),
			   AUDIT_ARCH_X86_64);
		check_not_seen(calls[i], offsetof(struct seccomp_data, arch),
			       AUDIT_ARCH_I386);
		check_seen(calls[i], ip + 4, 0);
	}
}

/* --- whose they are --------------------------------------------------------------- */

static void *sync_filter(void *unused)
{
	(void)unused;
	filter_call_flags(SYS_clone3, REFUSE, SECCOMP_FILTER_FLAG_TSYNC);
	return NULL;
}

static void *own_filter(void *unused)
{
	(void)unused;
	filter_call(SYS_clone3, REFUSE);
	CHECK_EQ(spawn_exit(&r, NULL), -ENOTBLK);
	return NULL;
}

static void in_thread(void *(*run)(void *))
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, run, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Also those that came after the ring, for the SQ thread as for all others. */
TEST(S19_filters_that_another_thread_sets_for_all_hold)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			DIAG("%s", tring_kinds[i].name);
			tring_init(&r, tring_kinds[i].flags);
			CHECK_GT(spawn_exit(&r, NULL), 0);
			in_thread(sync_filter);
			CHECK_EQ(spawn_exit(&r, NULL), -ENOTBLK);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

/* A thread's own filters are for what it submits. */
TEST(S19_filters_are_those_of_the_thread_that_submits)
{
	tring_init(&r, 0);
	in_thread(own_filter);
	CHECK_GT(spawn_exit(&r, NULL), 0);
}

/* --- filters of the chain's own ----------------------------------------------------- */

static void queue_filter(struct filter *f, int call, size_t offset,
			 uint32_t value)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_PRCTL);

	sqe->rw_flags = PR_SET_SECCOMP;
	sqe->addr = SECCOMP_MODE_FILTER;
	sqe->off = (uintptr_t)filter_of(f, call, offset, value, REFUSE);
}

TEST(S19_filters_that_are_inherited_and_set_by_steps_add_up)
{
	struct filter f;
	struct shown s;

	tring_init(&r, 0);
	filter_call(SYS_fork, REFUSE);
	filter_call(SYS_vfork, REFUSE);
	q_clone(&r);
	queue_filter(&f, SYS_getppid, 0, SYS_getppid);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "Seccomp_filters"), 3);
	EXPECT_EQ(shown_number(&s, "ppid"), -ENOTBLK);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	/* the parent has its own two */
	EXPECT_EQ(atoi(line_of(read_file("/proc/self/status"),
			       "Seccomp_filters")),
		  2);
}

/* --- staged EXECs ------------------------------------------------------------------- */

/* What a staged EXEC ends with where execveat is filtered by a step or before. */
static void check_staged(enum engine_stage stage, const char *text, bool step)
{
	struct filter f;

	tprog_start(&r, &p, 0);
	rule_stage_text(tprog_rule(&p, IORING_POLICY_FAILED, step,
				   IORING_VERDICT_SUBMIT),
			stage, text);
	if (!step)
		filter_call(SYS_execveat, REFUSE);
	q_clone(&r);
	if (step)
		queue_filter(&f, SYS_execveat, 0, SYS_execveat);
	q_exit(&r, 0)->addr = (uintptr_t) "/missing/exit_with";
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, step), -ENOTBLK);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.event, IORING_POLICY_STAGED);
	EXPECT_EQ(tprog_run(&p, 1)->ctx.res, -ENOTBLK);
	check_gone(CHECK_OK(tring_res(&r, CLONE)));
	tprog_free(&p);
	tring_exit(&r);
}

TEST(S19_filters_hold_for_staged_execs)
{
	char *dir = in_dir("helpers");
	int step;

	for (step = 1; step >= 0; step--) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			check_staged(ENGINE_STAGE_EXEC, "/bin/true", step);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
	check_staged(ENGINE_STAGE_EXEC_DIR, dir, true);
	check_staged(ENGINE_STAGE_EXEC_INTERP, "/bin/sh", true);
}

/*
 * Their path is no user memory, and its address one that cannot be: a filter that
 * allows addresses does not let it pass for one of them, nor for none.
 */
TEST(K3_filters_see_an_impossible_address_of_a_staged_path)
{
	static const struct {
		size_t offset;
		uint32_t value;
		int result;
	} seen[] = {
		{ ARG_LOW(1), ~0U, -ENOTBLK },
		{ ARG_HIGH(1), ~0U, -ENOTBLK },
		{ ARG_LOW(1), 0, 0 },
		{ ARG_HIGH(1), 0, 0 },
	};
	struct filter f;
	unsigned int i;

	tprog_start(&r, &p, 0);
	rule_stage_text(
		tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT),
		ENGINE_STAGE_EXEC, helper("exit_with"));
	for (i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		tring_forget(&r);
		q_clone(&r);
		queue_filter(&f, SYS_execveat, seen[i].offset, seen[i].value);
		/* this one is at an address with other bits in both halves */
		q_exit(&r, 0)->addr = (uintptr_t)strdup("/missing/exit_with");
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 1), seen[i].result);
		if (tring_res(&r, 1))
			check_gone(CHECK_OK(tring_res(&r, CLONE)));
		else
			CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}
