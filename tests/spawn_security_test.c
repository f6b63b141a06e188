// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Spawning is no way around what forbids clone3(2) and execveat(2): seccomp,
 * no_new_privs, Landlock, LSMs, limits, audit (S19, section 6 of the design).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* CLONE, NOP, EXEC: CLONE's result, and EXEC's if wanted. */
static int spawn(int *exec)
{
	int res;

	tring_forget(&r);
	q_clone(&r);
	q_nop(&r);
	q_exit(&r, 0);
	tring_submit(&r);
	res = tring_res(&r, CLONE);
	tring_total(&r, 3);
	if (exec)
		*exec = tring_res(&r, 1);
	if (res < 0) {
		EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
		EXPECT_EQ(tring_res(&r, 1), -ECANCELED);
	} else if (tring_res(&r, 1) < 0) {
		check_gone(res);
	} else {
		CHECK_EQ(wait_exit(res), 0);
	}
	return res;
}

/* --- seccomp ------------------------------------------------------------------ */

/* Do this to one system call; allow the others. */
static void filter_call(int number, unsigned int action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog));
}

TEST(S19_seccomp_refuses_clone_as_it_refuses_clone3)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			DIAG("%s", tring_kinds[i].name);
			/* An SQ thread has the filters its maker had. */
			filter_call(SYS_clone3, SECCOMP_RET_ERRNO | ENOTBLK);
			tring_init(&r, tring_kinds[i].flags);
			CHECK_EQ(spawn(NULL), -ENOTBLK);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_refuses_exec_as_it_refuses_execveat)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_execveat, SECCOMP_RET_ERRNO | ENOTBLK);
	CHECK_GT(spawn(&exec), 0);
	EXPECT_EQ(exec, -ENOTBLK);
	check_no_children();
}

/* Actions that make no sense for a request count as a refusal. */
TEST(S19_seccomp_actions_that_kill_or_trap_are_eperm)
{
	static const unsigned int actions[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
		SECCOMP_RET_TRAP,	  SECCOMP_RET_TRACE,
		SECCOMP_RET_USER_NOTIF,
	};
	unsigned int i;

	for (i = 0; i < 2 * sizeof(actions) / sizeof(actions[0]); i++) {
		pid_t pid = CHECK_SYS(fork());
		int exec, res;

		if (!pid) {
			tring_init(&r, 0);
			filter_call(i % 2 ? SYS_clone3 : SYS_execveat,
				    actions[i / 2]);
			res = spawn(&exec);
			CHECK_EQ(res > 0 ? exec : res, -EPERM);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_seccomp_that_logs_or_refuses_others_allows)
{
	int exec;

	tring_init(&r, 0);
	filter_call(SYS_clone3, SECCOMP_RET_LOG);
	filter_call(SYS_execveat, SECCOMP_RET_LOG);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	CHECK_GT(spawn(&exec), 0);
	CHECK_EQ(exec, 0);
}

/*
 * The SQ thread keeps the rights its maker had. No child is made on behalf of
 * one that has others than the process by now.
 */
TEST(S19_an_sq_thread_with_other_rights_gets_no_child)
{
	int how;

	for (how = 0; how < 2; how++) {
		pid_t pid = CHECK_SYS(fork());

		if (!pid) {
			tring_init(&r, IORING_SETUP_SQPOLL);
			CHECK_GT(spawn(NULL), 0);
			if (how)
				become_ordinary();
			else
				filter_call(SYS_fork, SECCOMP_RET_ALLOW);
			CHECK_EQ(spawn(NULL), -EPERM);
			_exit(0);
		}
		CHECK_EQ(wait_exit(pid), 0);
	}
}

TEST(S19_the_child_inherits_filters)
{
	struct shown s;

	tring_init(&r, 0);
	filter_call(SYS_fork, SECCOMP_RET_ERRNO | EPERM);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(shown_number(&s, "Seccomp"), 2);
	EXPECT_EQ(shown_number(&s, "Seccomp_filters"), 1);
	EXPECT_EQ(shown_number(&s, "nnp"), 1);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* --- privileges ---------------------------------------------------------------- */

TEST(S19_no_new_privs_is_honoured)
{
	char *program = in_dir("show");
	struct shown s;
	int nnp;

	copy_file(helper("show"), program, 04755);
	become_ordinary();
	tring_init(&r, 0);
	for (nnp = 0; nnp < 2; nnp++) {
		if (nnp)
			CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		tring_forget(&r);
		q_clone(&r);
		q_show(&r, &s)->addr = (uintptr_t)program;
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		shown_read(&s);
		EXPECT_EQ(shown_number(&s, "euid"), nnp ? ORDINARY : 0);
		EXPECT_EQ(shown_number(&s, "nnp"), nnp);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
	}
}

TEST(S19_capability_bounds_are_inherited)
{
	struct shown s;

	CHECK_SYS(prctl(PR_CAPBSET_DROP, 21 /* CAP_SYS_ADMIN */, 0, 0, 0));
	tring_init(&r, 0);
	q_clone(&r);
	q_show(&r, &s);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	shown_read(&s);
	EXPECT_EQ(strtoull(shown(&s, "CapBnd"), NULL, 16) >> 21 & 1, 0);
	EXPECT_EQ(strtoull(shown(&s, "CapEff"), NULL, 16) >> 21 & 1, 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* Namespaces need the rights that clone3 wants for them. */
TEST(S19_namespaces_need_capabilities)
{
	struct clone_args args = { .flags = CLONE_NEWUTS,
				   .exit_signal = SIGCHLD };
	pid_t tid = 31235;

	become_ordinary();
	tring_init(&r, 0);
	q_clone3(&r, &args);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EPERM);
	EXPECT_EQ(tring_res(&r, 0), -ECANCELED);
	tring_forget(&r);
	args.flags = 0;
	args.set_tid = (uintptr_t)&tid;
	args.set_tid_size = 1;
	q_clone3(&r, &args);
	q_exit(&r, 0);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, CLONE), -EPERM);
	check_no_children();
}

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

/* --- limits --------------------------------------------------------------------- */

TEST(S19_rlimit_nproc_holds)
{
	struct rlimit limit = { 1, 1 };

	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
	become_ordinary();
	tring_init(&r, 0);
	CHECK_EQ(spawn(NULL), -EAGAIN);
	check_no_children();
}

static void write_number(const char *path, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	write_file(path, text, 0);
}

#define GROUP "/sys/fs/cgroup/spawn_security_test"

TEST(S19_pids_max_holds)
{
	pid_t pid;

	mkdir(GROUP, 0755);
	pid = CHECK_SYS(fork());
	if (!pid) {
		write_number(GROUP "/cgroup.procs", getpid());
		tring_init(&r, 0);
		write_number(GROUP "/pids.max", 1);
		CHECK_EQ(spawn(NULL), -EAGAIN);
		write_number(GROUP "/pids.max", 2);
		CHECK_GT(spawn(NULL), 0);
		CHECK_GT(spawn(NULL), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_SYS(rmdir(GROUP));
}

/* A failed chain gives its place back. */
TEST(S19_children_that_fail_do_not_count_against_pids_max)
{
	pid_t pid;
	int i;

	mkdir(GROUP, 0755);
	pid = CHECK_SYS(fork());
	if (!pid) {
		write_number(GROUP "/cgroup.procs", getpid());
		tring_init(&r, 0);
		write_number(GROUP "/pids.max", 2);
		for (i = 0; i < 5; i++) {
			tring_forget(&r);
			q_clone(&r);
			q_fail(&r);
			q_exit(&r, 0);
			tring_submit(&r);
			CHECK_EQ(tring_res(&r, 0), -ENOENT);
			check_gone(CHECK_OK(tring_res(&r, CLONE)));
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_SYS(rmdir(GROUP));
}

/* --- audit ----------------------------------------------------------------------- */

static int audit_send(int fd, unsigned int type, const void *data, size_t size)
{
	struct {
		struct nlmsghdr head;
		char data[2048];
	} msg = { .head = { .nlmsg_len = NLMSG_LENGTH(size),
			    .nlmsg_type = type,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
			    .nlmsg_seq = 1 } };

	memcpy(msg.data, data, size);
	return send(fd, &msg, msg.head.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* The records the kernel sends within a while, one per line, by type. */
static char *audit_records(int fd)
{
	static char text[65536];
	struct pollfd wait = { fd, POLLIN, 0 };
	char buf[9000];
	size_t len = 0;

	while (poll(&wait, 1, 300) > 0) {
		struct nlmsghdr *head = (void *)buf;
		ssize_t got = recv(fd, buf, sizeof(buf) - 1, 0);

		if (got < (ssize_t)sizeof(*head))
			break;
		buf[got] = '\0';
		if (head->nlmsg_type < 1100)
			continue;
		len += snprintf(text + len, sizeof(text) - len, "%u %s\n",
				head->nlmsg_type, (char *)NLMSG_DATA(head));
		if (len >= sizeof(text))
			break;
	}
	return text;
}

static void audit_enable(int fd, unsigned int enabled)
{
	struct audit_status status = {
		.mask = AUDIT_STATUS_ENABLED | AUDIT_STATUS_PID,
		.enabled = enabled,
		.pid = enabled ? getpid() : 0,
	};

	CHECK_OK(audit_send(fd, AUDIT_SET, &status, sizeof(status)));
}

TEST(S19_exec_is_audited)
{
	struct audit_rule_data rule = {
		.flags = 7, /* AUDIT_FILTER_URING_EXIT */
		.action = AUDIT_ALWAYS,
		/* of this test's children only: others spawn, too */
		.field_count = 1,
		.fields = { AUDIT_PPID },
		.fieldflags = { AUDIT_EQUAL },
		.values = { getpid() },
	};
	int fd = CHECK_SYS(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
	char *records;
	int exec;

	memset(rule.mask, 0xff, sizeof(rule.mask));
	audit_enable(fd, 1);
	CHECK_OK(audit_send(fd, AUDIT_ADD_RULE, &rule, sizeof(rule)));
	tring_init(&r, 0);
	CHECK_GT(spawn(&exec), 0);
	CHECK_EQ(exec, 0);
	CHECK_OK(audit_send(fd, AUDIT_DEL_RULE, &rule, sizeof(rule)));
	records = audit_records(fd);
	audit_enable(fd, 0);
	/* AUDIT_URINGOP, AUDIT_EXECVE */
	EXPECT_HAS(records, "1336 audit(");
	EXPECT_HAS(records, "uring_op=59");
	EXPECT_HAS(records, "1309 audit(");
	EXPECT_HAS(records, "a0=\"exit_with\"");
}
