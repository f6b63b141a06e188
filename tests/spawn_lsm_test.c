// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: hooks are called through code that is changed when they are attached,
 * and QEMU 7.2 may get that wrong where another processor is running it.
 *
 * Security modules: CLONE, EXEC and the other steps go through the hooks that
 * the system calls go through, in the child (S19). The module is tests/lsm.bpf.c.
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lsm.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <sys/syscall.h>

static struct tring r;
static struct lsm *lsm;

/* Once for all tests: loading takes seconds. */
__attribute__((constructor)) static void load_module(void)
{
	struct bpf_object *obj;
	struct bpf_program *prog;

	if (!tap_in_vm())
		return;
	obj = bpf_object__open(format("%s/tests/lsm.bpf.o", tap_build()));
	if (!obj || bpf_object__load(obj))
		return;
	bpf_object__for_each_program(prog, obj)
	{
		if (!bpf_program__attach(prog))
			return;
	}
	lsm = object_variables(obj, sizeof(*lsm));
}

/* From now on it looks at this process and what it spawns, and refuses nothing. */
static void watch(void)
{
	if (!lsm)
		FAIL("the module was not loaded and attached");
	memset(lsm, 0, sizeof(*lsm));
	lsm->of = getpid();
}

static void start(unsigned int flags)
{
	watch();
	tring_init(&r, flags);
}

static void refuse(enum lsm_hook hook, int error, unsigned int times)
{
	memset(lsm->refuse, 0, sizeof(lsm->refuse));
	memset(lsm->calls, 0, sizeof(lsm->calls));
	lsm->refuse[hook] = error;
	lsm->times[hook] = times;
	lsm->logged = 0;
}

/* Where in the log it was called first. */
static const struct lsm_call *call_of(enum lsm_hook hook)
{
	unsigned int i;

	CHECK_LE(lsm->logged, LSM_LOG);
	for (i = 0; i < lsm->logged; i++) {
		if (lsm->log[i].hook == hook)
			return &lsm->log[i];
	}
	FAIL("hook %d was not called", hook);
}

/* --- who is asked ------------------------------------------------------------------- */

/* Each step is the child's own doing; making the child is the submitter's. */
TEST(S19_hooks_are_called_in_the_child)
{
	static const enum lsm_hook steps[] = {
		LSM_INODE_MKDIR,	  LSM_FILE_OPEN,
		LSM_BPRM_CREDS_FOR_EXEC,  LSM_BPRM_CHECK_SECURITY,
		LSM_BPRM_CREDS_FROM_FILE, LSM_BPRM_COMMITTING_CREDS,
		LSM_BPRM_COMMITTED_CREDS,
	};
	unsigned int kind, i;
	pid_t pid;

	watch();
	for (kind = 0; kind < tring_nr_kinds; kind++) {
		DIAG("%s", tring_kinds[kind].name);
		tring_init(&r, tring_kinds[kind].flags);
		lsm->logged = 0;
		q_clone(&r);
		q_mkdir(&r, format("%s/%u", tap_dir(), kind));
		q_open(&r, "/dev/null", O_RDONLY, 0);
		q_exit(&r, 0);
		CHECK_GT(spawn_queued(&r, 2, NULL), 0);
		pid = tring_res(&r, CLONE);
		EXPECT_EQ(call_of(LSM_TASK_ALLOC)->pid, getpid());
		EXPECT_EQ(call_of(LSM_TASK_ALLOC)->tgid, getpid());
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			EXPECT_EQ(call_of(steps[i])->pid, pid);
			EXPECT_EQ(call_of(steps[i])->tgid, pid);
		}
		tring_exit(&r);
	}
}

/* --- the hooks of execveat ------------------------------------------------------------ */

/* The calls as text, without the making of the child. */
static char *calls(void)
{
	char *text = calloc(LSM_LOG, 4);
	unsigned int i;

	CHECK_LE(lsm->logged, LSM_LOG);
	for (i = 0; i < lsm->logged; i++) {
		if (lsm->log[i].hook != LSM_TASK_ALLOC)
			sprintf(text + strlen(text), "%u ", lsm->log[i].hook);
	}
	return text;
}

/* What a child of fork asks for by execveat(2), and what a chain asks for by EXEC. */
static void check_same_hooks(const char *path, int fd, int flags, char *argv[])
{
	char *envp[] = { NULL }, *forked, *spawned;
	struct io_uring_sqe *sqe;
	pid_t pid;

	lsm->logged = 0;
	pid = CHECK_SYS(fork());
	if (!pid) {
		syscall(SYS_execveat, fd, path, argv, envp, flags);
		_exit(1);
	}
	CHECK_EQ(wait_exit(pid), 0);
	forked = calls();

	lsm->logged = 0;
	tring_forget(&r);
	q_clone(&r);
	sqe = q_exec(&r, path, argv);
	sqe->fd = fd;
	sqe->addr3 = (uintptr_t)envp;
	sqe->rw_flags = flags;
	CHECK_GT(spawn_queued(&r, 0, NULL), 0);
	spawned = calls();
	CHECK(*forked);
	EXPECT_STR(spawned, forked);
	DIAG("%s", forked);
	free(forked);
	free(spawned);
}

TEST(S19_exec_calls_the_hooks_of_execveat)
{
	char *argv[] = { "exit_with", "0", NULL };
	const char *program = helper("exit_with");
	char *script = in_dir("script");
	int fd = CHECK_SYS(open(program, O_PATH | O_CLOEXEC));

	write_file(script, format("#!%s 0\n", program), 0755);
	start(0);
	check_same_hooks(program, AT_FDCWD, 0, argv);
	check_same_hooks("", fd, AT_EMPTY_PATH, argv);
	check_same_hooks("script", CHECK_SYS(open(tap_dir(), O_RDONLY)),
			 AT_SYMLINK_NOFOLLOW, argv);
}

/* --- refusals -------------------------------------------------------------------------- */

static const enum lsm_hook exec_hooks[] = {
	LSM_FILE_OPEN,
	LSM_BPRM_CREDS_FOR_EXEC,
	LSM_BPRM_CHECK_SECURITY,
	LSM_BPRM_CREDS_FROM_FILE,
};
#define EXEC_HOOKS (sizeof(exec_hooks) / sizeof(exec_hooks[0]))

/* The error is EXEC's result, and what is linked behind it is cancelled. */
TEST(S19_what_a_hook_refuses_is_execs_result)
{
	unsigned int i;

	start(0);
	for (i = 0; i < EXEC_HOOKS; i++) {
		DIAG("hook %u", exec_hooks[i]);
		refuse(exec_hooks[i], -EDOM, 0);
		tring_forget(&r);
		q_clone(&r);
		q_exit(&r, 0);
		q_exit(&r, 0);
		tring_submit(&r);
		EXPECT_EQ(tring_res(&r, 0), -EDOM);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
		tring_total(&r, 3);
		check_gone(CHECK_OK(tring_res(&r, CLONE)));
		EXPECT_EQ(lsm->calls[exec_hooks[i]], 1);
	}
	check_no_children();
}

/* A refusal is no end: behind a hard link the chain goes on. */
TEST(S19_what_a_hook_refuses_can_be_tried_again)
{
	unsigned int i;
	int exec;

	start(0);
	for (i = 0; i < EXEC_HOOKS; i++) {
		DIAG("hook %u", exec_hooks[i]);
		refuse(exec_hooks[i], -EDOM, 1);
		tring_forget(&r);
		q_clone(&r);
		hardlink(q_exit(&r, 1));
		q_exit(&r, 0);
		CHECK_GT(spawn_queued(&r, 1, &exec), 0);
		EXPECT_EQ(tring_res(&r, 0), -EDOM);
		EXPECT_EQ(exec, 0);
	}
}

TEST(S19_what_a_hook_refuses_is_the_steps_result)
{
	start(0);
	refuse(LSM_INODE_MKDIR, -EDOM, 0);
	q_clone(&r);
	hardlink(q_mkdir(&r, in_dir("dir")));
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	EXPECT_EQ(tring_res(&r, 0), -EDOM);
	EXPECT_EQ(lsm->calls[LSM_INODE_MKDIR], 1);

	refuse(LSM_FILE_OPEN, -EDOM, 2);
	tring_forget(&r);
	q_clone(&r);
	hardlink(q_open(&r, "/dev/null", O_RDONLY, 0));
	hardlink(q_open_at(&r, 70, "/dev/null", O_RDONLY));
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 2, NULL), 0);
	EXPECT_EQ(tring_res(&r, 0), -EDOM);
	EXPECT_EQ(tring_res(&r, 1), -EDOM);
}

/* It is asked whether there may be a task as it is asked of fork(2). */
TEST(S19_what_task_alloc_refuses_is_clones_result)
{
	unsigned int kind;

	watch();
	for (kind = 0; kind < tring_nr_kinds; kind++) {
		DIAG("%s", tring_kinds[kind].name);
		/* an SQ thread is a task, too */
		refuse(LSM_TASK_ALLOC, 0, 0);
		tring_init(&r, tring_kinds[kind].flags);
		refuse(LSM_TASK_ALLOC, -EDOM, 0);
		EXPECT_EQ(spawn_exit(&r, NULL), -EDOM);
		EXPECT_EQ(lsm->calls[LSM_TASK_ALLOC], 1);
		tring_exit(&r);
	}
	check_no_children();
}

/* --- registered files ------------------------------------------------------------------ */

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file;
} list = {
	.head = { .nr = 1 },
	.file = { .number = 70, .flags = IORING_CLONE_FILE_FIXED },
};

/* A child that gets one of the ring's files, which may be another process's. */
static int spawn_with_listed(void)
{
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	sqe = q_clone(&r);
	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
	q_exit(&r, 0);
	return spawn_queued(&r, 0, NULL);
}

static int spawn_with_dup(void)
{
	tring_forget(&r);
	q_clone(&r);
	q_dup(&r, 0, 70)->flags |= IOSQE_FIXED_FILE;
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	return tring_res(&r, 0);
}

TEST(S19_modules_decide_who_receives_registered_files)
{
	int fd = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));

	start(0);
	CHECK_OK(io_uring_register_files(&r.uring, &fd, 1));
	refuse(LSM_FILE_RECEIVE, -EDOM, 0);
	EXPECT_EQ(spawn_with_listed(), -EDOM);
	EXPECT_EQ(spawn_with_dup(), -EDOM);
	EXPECT_EQ(lsm->calls[LSM_FILE_RECEIVE], 2);

	refuse(LSM_FILE_RECEIVE, 0, 0);
	EXPECT_GT(spawn_with_listed(), 0);
	EXPECT_EQ(spawn_with_dup(), 70);
	EXPECT_EQ(lsm->calls[LSM_FILE_RECEIVE], 2);
}
