// SPDX-License-Identifier: LGPL-2.1-or-later
/* IORING_OP_CLONE: the attributes of clone3(2), and what is refused (S2). */
#include "lib/child.h"
#include "lib/ring.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct tring r;

/* Issue a CLONE with these attributes and nothing special; its result. */
static int clone_result(const struct clone_args *args)
{
	int res;

	tring_forget(&r);
	q_clone3(&r, args);
	q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, CLONE);
	tring_total(&r, 2);
	EXPECT_EQ(tring_res(&r, 0), res > 0 ? 0 : -ECANCELED);
	if (res > 0)
		CHECK_EQ(wait_exit(res), 0);
	return res;
}

/*
 * Any signal is accepted, but exec sets it to SIGCHLD again, as execve(2) says,
 * and a child that never executes sends none (S9): so SIGCHLD is what comes.
 */
TEST(S2_exit_signal)
{
	static const int accepted[] = { SIGCHLD, SIGUSR1, 0 };
	struct clone_args args = { 0 };
	siginfo_t info;
	unsigned int i;
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tring_init(&r, 0);
	for (i = 0; i < 4; i++) {
		tring_forget(&r);
		if (i < 3) {
			args.exit_signal = accepted[i];
			q_clone3(&r, &args);
		} else {
			q_clone(&r);
		}
		q_exit(&r, i);
		tring_submit(&r);
		pid = CHECK_OK(tring_res(&r, CLONE));
		CHECK_EQ(CHECK_SYS(sigwaitinfo(&set, &info)), SIGCHLD);
		EXPECT_EQ(info.si_pid, pid);
		EXPECT_EQ(info.si_status, (int)i);
		CHECK_EQ(wait_exit(pid), (int)i);
	}
	args.exit_signal = 65;
	EXPECT_EQ(clone_result(&args), -EINVAL);
	args.exit_signal = 1ULL << 32 | SIGCHLD;
	EXPECT_EQ(clone_result(&args), -EINVAL);
}

TEST(S2_pidfd)
{
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD,
				   .pidfd = (uintptr_t)&pidfd };
	struct pollfd wait = { .events = POLLIN };
	siginfo_t info = { 0 };
	pid_t pid;

	tring_init(&r, 0);
	q_clone3(&r, &args);
	q_exit(&r, 8);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_GE(pidfd, 0);
	EXPECT_EQ(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(atoi(line_of(fdinfo_of(pidfd), "Pid")), pid);
	wait.fd = pidfd;
	CHECK_EQ(poll(&wait, 1, 1000 * tap_patience()), 1);
	CHECK_SYS(waitid(P_PIDFD, pidfd, &info, WEXITED));
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 8);
}

TEST(S2_into_cgroup)
{
	const char *path = "/sys/fs/cgroup/spawn_clone_test";
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	struct shown s;
	int fd;

	mkdir(path, 0755);
	fd = CHECK_SYS(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	args.cgroup = fd;
	tring_init(&r, 0);
	q_clone3(&r, &args);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_HAS(shown(&s, "cgroup"), "/spawn_clone_test");
	wait_exit(tring_res(&r, CLONE));
	CHECK_SYS(rmdir(path));

	args.cgroup = 1023; /* no descriptor of ours */
	EXPECT_EQ(clone_result(&args), -EBADF);
}

TEST(S2_set_tid)
{
	pid_t tid = unused_pid();
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&tid,
				   .set_tid_size = 1 };

	tring_init(&r, 0);
	EXPECT_EQ(clone_result(&args), tid);
	tid = getpid();
	EXPECT_EQ(clone_result(&args), -EEXIST);
	args.set_tid = 8;
	EXPECT_EQ(clone_result(&args), -EFAULT);
	args.set_tid_size = 1000;
	EXPECT_EQ(clone_result(&args), -EINVAL);
	args.set_tid_size = 0;
	EXPECT_EQ(clone_result(&args), -EINVAL);
}

/* Is this namespace of the blocked child another than ours? */
static bool own_namespace(pid_t pid, const char *name)
{
	struct stat its, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	CHECK_SYS(stat(path, &its));
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	CHECK_SYS(stat(path, &ours));
	return its.st_ino != ours.st_ino;
}

TEST(S2_each_namespace_flag_works)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} spaces[] = {
		{ CLONE_NEWNS, "mnt" },
		{ CLONE_NEWUTS, "uts" },
		{ CLONE_NEWIPC, "ipc" },
		{ CLONE_NEWUSER, "user" },
		{ CLONE_NEWPID, "pid" },
		{ CLONE_NEWNET, "net" },
		{ CLONE_NEWCGROUP, "cgroup" },
		{ CLONE_NEWTIME, "time_for_children" },
	};
	const unsigned int count = sizeof(spaces) / sizeof(spaces[0]);
	unsigned int i, j;

	tring_init(&r, 0);
	for (i = 0; i < count; i++) {
		struct clone_args args = { .flags = spaces[i].flag,
					   .exit_signal = SIGCHLD };
		struct blocker b;
		pid_t pid;

		tring_forget(&r);
		q_clone3(&r, &args);
		q_block(&r, &b);
		q_exit(&r, 9);
		tring_submit(&r);
		pid = tring_res(&r, CLONE);
		if (pid < 0)
			FAIL("%s: %s", spaces[i].name, tap_errname(pid));
		for (j = 0; j < count; j++) {
			if (own_namespace(pid, spaces[j].name) != (i == j))
				FAIL("%s with the flag for %s", spaces[j].name,
				     spaces[i].name);
		}
		blocker_release(&b);
		CHECK_EQ(wait_exit(pid), 9);
	}
}

TEST(S2_first_process_of_a_pid_namespace)
{
	struct clone_args args = { .flags = CLONE_NEWPID | CLONE_NEWUTS,
				   .exit_signal = SIGCHLD };
	struct shown s;
	pid_t pid;

	tring_init(&r, 0);
	q_clone3(&r, &args);
	q_show(&r, &s);
	tring_submit(&r);
	pid = CHECK_OK(tring_res(&r, CLONE));
	CHECK_GT(pid, 1);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "pid"), 1);
	EXPECT_EQ(shown_number(&s, "ppid"), 0);
	CHECK_EQ(wait_exit(pid), 0);
}

TEST(S2_unknown_flags_are_refused)
{
	struct io_uring_spawn_query query;
	struct clone_args args = { .exit_signal = SIGCHLD };
	int bit;

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.clone_flags,
		  CLONE_PIDFD | CLONE_INTO_CGROUP | CLONE_CLEAR_SIGHAND |
			  CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
			  CLONE_NEWCGROUP | CLONE_NEWTIME);
	for (bit = 0; bit < 64; bit++) {
		args.flags = 1ULL << bit;
		if (args.flags & query.clone_flags)
			continue;
		if (clone_result(&args) != -EINVAL)
			FAIL("flag %d: %d instead of EINVAL", bit,
			     clone_result(&args));
	}
	check_no_children();
}

TEST(S2_attributes_of_threads_are_refused)
{
	static const size_t fields[] = {
		offsetof(struct clone_args, stack),
		offsetof(struct clone_args, stack_size),
		offsetof(struct clone_args, tls),
		offsetof(struct clone_args, child_tid),
		offsetof(struct clone_args, parent_tid),
	};
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct clone_args args = { .exit_signal = SIGCHLD };

		*(uint64_t *)((char *)&args + fields[i]) = (uintptr_t)&args;
		if (clone_result(&args) != -EINVAL)
			FAIL("field at %zu is accepted", fields[i]);
	}
	check_no_children();
}

/* What CLONE says if its SQE is spoiled; nothing may come of the steps. */
static int spoiled(size_t offset, const void *value, size_t size)
{
	struct io_uring_sqe *sqe;

	tring_forget(&r);
	sqe = q_clone(&r);
	memcpy((char *)sqe + offset, value, size);
	q_exit(&r, 0);
	tring_submit(&r);
	tring_total(&r, 2);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	return tring_res(&r, CLONE);
}

#define SPOILED(field, value_)                                                 \
	({                                                                     \
		__typeof__(((struct io_uring_sqe *)0)->field) v_ = (value_);   \
		spoiled(offsetof(struct io_uring_sqe, field), &v_,             \
			sizeof(v_));                                           \
	})

TEST(S2_every_unused_field_is_refused)
{
	tring_init(&r, 0);
	EXPECT_EQ(SPOILED(fd, 1), -EINVAL);
	EXPECT_EQ(SPOILED(ioprio, 1), -EINVAL);
	EXPECT_EQ(SPOILED(buf_index, 1), -EINVAL);
	EXPECT_EQ(SPOILED(personality, 1), -EINVAL);
	EXPECT_EQ(SPOILED(addr3, 1), -EINVAL);
	EXPECT_EQ(SPOILED(len, 64), -EINVAL); /* and no addr */
	EXPECT_EQ(SPOILED(rw_flags, 8), -EINVAL);
	EXPECT_EQ(SPOILED(rw_flags, 1 << 31), -EINVAL);
	EXPECT_EQ(SPOILED(file_index, IORING_SPAWN_SLOTS), -EINVAL);
	EXPECT_EQ(SPOILED(file_index, ~0U), -EINVAL);
	EXPECT_EQ(SPOILED(addr, 8), -EINVAL); /* and no len */
	EXPECT_EQ(SPOILED(__pad2[0], 8), -EINVAL); /* and no report */
	check_no_children();
}

/* addr and len of CLONE, exactly so. */
static int with_args(uint64_t addr, unsigned int len)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(&r);
	sqe = q_clone(&r);
	sqe->addr = addr;
	sqe->len = len;
	q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, CLONE);
	tring_total(&r, 2);
	if (res > 0)
		CHECK_EQ(wait_exit(res), 0);
	return res;
}

TEST(S2_size_of_the_attributes_is_that_of_clone3)
{
	struct {
		struct clone_args args;
		uint64_t more[8];
	} big = { .args.exit_signal = SIGCHLD };

	tring_init(&r, 0);
	EXPECT_EQ(with_args((uintptr_t)&big, CLONE_ARGS_SIZE_VER0 - 1),
		  -EINVAL);
	EXPECT_GT(with_args((uintptr_t)&big, CLONE_ARGS_SIZE_VER0), 0);
	EXPECT_GT(with_args((uintptr_t)&big, sizeof(big)), 0);
	big.more[7] = 1;
	EXPECT_EQ(with_args((uintptr_t)&big, sizeof(big)), -E2BIG);
	EXPECT_EQ(with_args((uintptr_t)&big, 1 << 20), -E2BIG);
}

TEST(S2_wild_pointers_are_errors_and_leave_no_child)
{
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .exit_signal = SIGCHLD };
	void *readonly =
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd, before = CHECK_SYS(dup(0));

	close(before);
	tring_init(&r, 0);
	fd = CHECK_SYS(dup(0));
	close(fd);
	EXPECT_EQ(with_args(8, sizeof(args)), -EFAULT);
	EXPECT_EQ(with_args(0xdeadbeefdeadbee8, sizeof(args)), -EFAULT);
	EXPECT_EQ(with_args(-64, sizeof(args)), -EFAULT);
	args.pidfd = 8;
	EXPECT_EQ(clone_result(&args), -EFAULT);
	args.pidfd = 0xffff888000000000;
	EXPECT_EQ(clone_result(&args), -EFAULT);
	args.pidfd = (uintptr_t)readonly;
	EXPECT_EQ(clone_result(&args), -EFAULT);
	check_no_children();
	/* No pidfd was left installed. */
	EXPECT_EQ(CHECK_SYS(dup(0)), fd);
}

/* The attributes may change as soon as the request is submitted. */
TEST(S2_attributes_are_read_when_submitted)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct blocker b;
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_block(&r, &b)->user_data = OTHER;
	sqe = q_clone3(&r, &args);
	sqe->flags |= IOSQE_IO_DRAIN;
	q_exit(&r, 0);
	tring_submit(&r);
	memset(&args, 0xff, sizeof(args));
	tring_none(&r, CLONE, 30);
	blocker_release(&b);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
}

TEST(S2_a_clone_without_steps_is_refused)
{
	tring_init(&r, 0);
	q_clone(&r);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EINVAL);
	check_no_children();
}
