// SPDX-License-Identifier: LGPL-2.1-or-later
/* Commands of IORING_OP_CHILD: seccomp filters and Landlock rulesets (S13). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/step.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct tring r;

/* Refuses one system call with EDOM. */
#define REFUSE(call)                                                           \
	{                                                                      \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                             \
			 offsetof(struct seccomp_data, nr)),                   \
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),       \
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),   \
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),          \
	}

static struct io_uring_sqe *queue_filter(struct sock_fprog *prog)
{
	struct io_uring_sqe *sqe = q_child(&r, IORING_CHILD_PRCTL);

	sqe->rw_flags = PR_SET_SECCOMP;
	sqe->addr = SECCOMP_MODE_FILTER;
	sqe->off = (uintptr_t)prog;
	return sqe;
}

TEST(S13_seccomp_filter)
{
	struct sock_filter code[] = REFUSE(__NR_getppid);
	struct sock_fprog prog = { .len = 4, .filter = code };
	struct shown s;

	tring_init(&r, 0);
	q_clone(&r);
	queue_filter(&prog);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 1), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_STR(shown(&s, "Seccomp"), "2");
	EXPECT_EQ(shown_number(&s, "ppid"), -EDOM);
	CHECK_EQ(prctl(PR_GET_SECCOMP), 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_SET_SECCOMP,
			       .addr = SECCOMP_MODE_FILTER),
		  -EFAULT);
}

/* A filter of the chain's own holds for its EXEC. */
TEST(S13_seccomp_filter_refuses_the_exec_behind_it)
{
	struct sock_filter code[] = REFUSE(__NR_execveat);
	struct sock_fprog prog = { .len = 4, .filter = code };

	tring_init(&r, 0);
	q_clone(&r);
	queue_filter(&prog);
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), -EDOM);
	check_gone(tring_res(&r, CLONE));
}

TEST(S13_filters_need_no_new_privs)
{
	struct sock_filter code[] = REFUSE(__NR_getppid);
	struct sock_fprog prog = { .len = 4, .filter = code };
	struct io_uring_sqe *sqe;
	struct shown s;

	tring_init(&r, 0);
	become_ordinary();
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_PRCTL,
			       .rw_flags = PR_SET_SECCOMP,
			       .addr = SECCOMP_MODE_FILTER,
			       .off = (uintptr_t)&prog),
		  -EACCES);
	tring_forget(&r);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_PRCTL);
	sqe->rw_flags = PR_SET_NO_NEW_PRIVS;
	sqe->addr = 1;
	queue_filter(&prog);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	shown_read(&s);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_STR(shown(&s, "Seccomp"), "2");
}

TEST(S13_landlock)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_DIR,
	};
	struct io_uring_sqe *sqe;
	int ruleset = CHECK_SYS(
		syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0));

	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_mkdir(&r, in_dir("before")));
	sqe = q_child(&r, IORING_CHILD_LANDLOCK);
	sqe->fd = ruleset;
	hardlink(q_mkdir(&r, in_dir("behind")));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(tring_res(&r, 2), -EACCES);
	CHECK_EQ(tring_res(&r, 3), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_LANDLOCK, .fd = 99),
		  -EBADF);
	EXPECT_EQ(CHILD_RESULT(NULL, .len = IORING_CHILD_LANDLOCK, .fd = 0),
		  -EBADFD);
	become_ordinary();
	EXPECT_EQ(
		CHILD_RESULT(NULL, .len = IORING_CHILD_LANDLOCK, .fd = ruleset),
		-EPERM);
}
