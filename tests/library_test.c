// SPDX-License-Identifier: LGPL-2.1-or-later
/* Launching programs with libspawnpol, on every kind of ring. */
#include "tap.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "launch.h"

static const struct {
	const char *name;
	unsigned int flags;
} kinds[] = {
	{ "plain", 0 },
	{ "single issuer", IORING_SETUP_SINGLE_ISSUER },
	{ "deferred", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
	{ "coop", IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG },
	{ "sqpoll", IORING_SETUP_SQPOLL },
	{ "wide", IORING_SETUP_SQE128 | IORING_SETUP_CQE32 },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- programs ---------------------------------------------------------------- */

TEST(every_kind_of_ring_runs_a_program)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		DIAG("%s", kinds[i].name);
		CHECK_EQ(run(ring_of(16, kinds[i].flags), shell("exit 7")), 7);
	}
	check_none_stays();
}

TEST(every_kind_of_ring_tells_failures)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		struct spawnpol_chain *chain = chain_of("/bin/true");

		DIAG("%s", kinds[i].name);
		CHECK_OK(spawnpol_chain_setsid(chain));
		CHECK_OK(spawnpol_chain_chdir(chain, "/no/where"));
		CHECK_OK(spawnpol_chain_setsid(chain));
		fails(ring_of(16, kinds[i].flags), chain, SPAWNPOL_KIND_CHDIR, 1, -ENOENT);
		fails(ring_of(16, kinds[i].flags), chain_of("/no/program"),
		      SPAWNPOL_KIND_EXEC, 0, -ENOENT);
	}
}

TEST(arguments_and_environment)
{
	struct spawnpol_chain *chain = shell("[ \"$0$1$A\" = one2b ] && [ -z \"$HOME\" ]");
	char *argv[] = { "sh", "-c", "[ \"$0$1$A\" = one2b ] && [ -z \"$B\" ]",
			 "one", "2", NULL };
	char *envp[] = { "A=b", NULL };

	setenv("B", "set", 1);
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_OK(spawnpol_chain_envp(chain, envp));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_EQ(run(ring_of(16, 0), shell("[ \"$B\" = set ]")), 0);
}

TEST(program_from_a_descriptor)
{
	struct spawnpol_chain *chain;
	char *argv[] = { "sh", "-c", "exit 9", NULL };
	int fd = CHECK_SYS(open("/bin/sh", O_PATH | O_CLOEXEC));

	CHECK_OK(spawnpol_chain_new(&chain));
	CHECK_OK(spawnpol_chain_program_fd(chain, fd));
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_EQ(run(ring_of(16, 0), chain), 9);
}

TEST(programs_are_tried_in_turn)
{
	struct spawnpol_chain *chain = chain_of("/no/where/sh");
	char *argv[] = { "sh", "-c", "exit 4", NULL };
	struct spawnpol_ring *ring = ring_of(16, 0);
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_chain_program(chain, "/etc/passwd"));
	CHECK_OK(spawnpol_chain_program(chain, "/bin/sh"));
	CHECK_OK(spawnpol_chain_program(chain, "/bin/true"));
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	out = launch_on(ring, chain);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.step, 2);
	CHECK_EQ(wait_exit(out.pid), 4);
	spawnpol_ring_close(ring);

	chain = chain_of("/no/where/sh");
	CHECK_OK(spawnpol_chain_program(chain, "/etc/passwd"));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_EXEC, 1, -EACCES);
}

TEST(bare_names_need_a_policy)
{
	write_file(in_dir("prog"), "#!/bin/sh\nexit 0\n", 0755);
	CHECK_SYS(chdir(tap_dir()));
	fails(ring_of(16, 0), chain_of("prog"), SPAWNPOL_KIND_CLONE, -1, -ENOLINK);
	CHECK_EQ(run(ring_of(16, 0), chain_of("./prog")), 0);
}

/* --- actions ------------------------------------------------------------------ */

TEST(open_puts_files_at_their_numbers)
{
	struct spawnpol_chain *chain = shell("read a; echo got $a; echo x >&7");
	const char *in = in_dir("in"), *out = in_dir("out");

	write_file(in, "hello\n", 0644);
	umask(022);
	CHECK_OK(spawnpol_chain_open(chain, 0, in, O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_open(chain, 1, out, O_WRONLY | O_CREAT, 0646));
	/* far from the lowest free number */
	CHECK_OK(spawnpol_chain_open(chain, 7, in_dir("seven"),
				     O_WRONLY | O_CREAT, 0600));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_STR(read_file(out), "got hello\n");
	CHECK_STR(read_file(in_dir("seven")), "x\n");
}

TEST(open_obeys_mode_and_close_on_exec)
{
	struct spawnpol_chain *chain = shell("[ ! -e /proc/self/fd/9 ]");
	struct stat st;

	umask(022);
	CHECK_OK(spawnpol_chain_open(chain, 9, in_dir("f"),
				     O_WRONLY | O_CREAT | O_CLOEXEC, 0646));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_SYS(stat(in_dir("f"), &st));
	CHECK_EQ(st.st_mode & 07777, 0644u);
}

TEST(open_that_fails_ends_the_launch)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");

	CHECK_OK(spawnpol_chain_open(chain, 0, "/dev/null", O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_open(chain, 1, "/no/where", O_WRONLY, 0));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_OPEN, 1, -ENOENT);
}

TEST(dup2_and_close)
{
	struct spawnpol_chain *chain =
		shell("[ -e /proc/self/fd/30 ] && [ ! -e /proc/self/fd/31 ] && "
		      "[ -e /proc/self/fd/32 ]");

	CHECK_SYS(dup2(0, 31));
	CHECK_SYS(dup3(0, 32, O_CLOEXEC));
	CHECK_OK(spawnpol_chain_dup(chain, 31, 30));
	CHECK_OK(spawnpol_chain_dup(chain, 32, 32));
	CHECK_OK(spawnpol_chain_close(chain, 31));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	/* the parent's are its own */
	CHECK_SYS(fcntl(31, F_GETFD));
	CHECK_SYS_ERR(fcntl(30, F_GETFD), EBADF);
}

TEST(close_of_nothing_fails_unless_it_may)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");

	CHECK_OK(spawnpol_chain_close(chain, 55));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_CLOSE, 0, -EBADF);

	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_close(chain, 55));
	CHECK_OK(spawnpol_chain_may_fail(chain));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);

	/* a forgiven failure is not the one that is told */
	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_close(chain, 55));
	CHECK_OK(spawnpol_chain_may_fail(chain));
	CHECK_OK(spawnpol_chain_fchdir(chain, 55));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_FCHDIR, 1, -EBADF);
}

TEST(directories)
{
	struct spawnpol_chain *chain = shell("[ \"$(pwd -P)\" = /usr/lib ]");
	int usr = CHECK_SYS(open("/usr", O_PATH | O_DIRECTORY));

	CHECK_OK(spawnpol_chain_fchdir(chain, usr));
	CHECK_OK(spawnpol_chain_chdir(chain, "lib"));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
}

TEST(sessions_and_groups)
{
	struct spawnpol_chain *chain;
	static const char script[] =
		"read pid comm state ppid pgrp session rest </proc/self/stat;"
		"[ $pgrp = $$ ] && [ $session $1 $$ ]";
	char *argv[] = { "sh", "-c", (char *)script, "sh", "=", NULL };

	chain = chain_of("/bin/sh");
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_OK(spawnpol_chain_setsid(chain));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);

	argv[4] = "!=";
	chain = chain_of("/bin/sh");
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_OK(spawnpol_chain_setpgid(chain, 0));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
}

TEST(any_request_that_is_legal)
{
	struct spawnpol_chain *chain = shell("[ -d made ]");
	struct io_uring_sqe sqe;

	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_mkdirat(&sqe, AT_FDCWD, "made", 0755);
	CHECK_OK(spawnpol_chain_chdir(chain, tap_dir()));
	CHECK_OK(spawnpol_chain_sqe(chain, &sqe));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);

	memset(&sqe, 0, sizeof(sqe));
	io_uring_prep_poll_add(&sqe, 0, 1);
	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_setsid(chain));
	CHECK_OK(spawnpol_chain_sqe(chain, &sqe));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_SQE, 1, -EOPNOTSUPP);
}

TEST(registered_files_can_be_installed)
{
	struct spawnpol_chain *chain = shell("echo hi >&5");
	struct spawnpol_ring *ring = ring_of(16, 0);
	int fd;

	fd = CHECK_SYS(open(in_dir("reg"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK_SYS(syscall(__NR_io_uring_register, spawnpol_ring_fd(ring),
			  IORING_REGISTER_FILES, &fd, 1));
	close(fd);
	CHECK_OK(spawnpol_chain_install(chain, 0, 5));
	CHECK_EQ(run(ring, chain), 0);
	CHECK_STR(read_file(in_dir("reg")), "hi\n");

	ring = ring_of(16, 0);
	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_install(chain, 3, 5));
	fails(ring, chain, SPAWNPOL_KIND_INSTALL, 0, -EBADF);
}

/* --- attributes ----------------------------------------------------------------- */

TEST(pidfd_is_the_childs)
{
	struct spawnpol_ring *ring = ring_of(16, 0);
	struct spawnpol_chain *chain = shell("exit 3");
	struct spawnpol_outcome out;
	siginfo_t info;

	CHECK_OK(spawnpol_chain_pidfd(chain, true));
	out = launch_on(ring, chain);
	CHECK_EQ(out.error, 0);
	CHECK_GE(out.pidfd, 0);
	CHECK_EQ(fcntl(out.pidfd, F_GETFD), FD_CLOEXEC);
	CHECK_SYS(waitid(P_PIDFD, out.pidfd, &info, WEXITED));
	CHECK_EQ(info.si_pid, out.pid);
	CHECK_EQ(info.si_status, 3);
	close(out.pidfd);
	spawnpol_ring_close(ring);
}

TEST(failed_launches_leave_no_pidfd)
{
	struct spawnpol_chain *chain = chain_of("/no/program");
	struct spawnpol_ring *ring = ring_of(16, 0);
	int before, after;

	CHECK_OK(spawnpol_chain_pidfd(chain, true));
	before = CHECK_SYS(dup(0));
	close(before);
	CHECK_EQ(launch_on(ring, chain).error, -ENOENT);
	CHECK_EQ(launch_on(ring, chain).error, -ENOENT);
	after = CHECK_SYS(dup(0));
	CHECK_EQ(after, before);
	spawnpol_ring_close(ring);
}

TEST(an_exit_signal_lasts_until_exec)
{
	struct spawnpol_chain *chain = chain_of("/bin/true");

	/* then it is SIGCHLD, as after any execve(2) */
	count_sigchld();
	CHECK_OK(spawnpol_chain_exit_signal(chain, SIGUSR1));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_EQ(sigchlds(), 1u);

	chain = chain_of("/no/program");
	CHECK_OK(spawnpol_chain_exit_signal(chain, SIGUSR1));
	fails(ring_of(16, 0), chain, SPAWNPOL_KIND_EXEC, 0, -ENOENT);
	CHECK_EQ(sigchlds(), 1u);
}

TEST(clear_sighand_leaves_ignored_signals_alone)
{
	struct spawnpol_chain *chain = shell("kill -USR1 $$; exit 5");

	signal(SIGUSR1, SIG_IGN);
	CHECK_EQ(run(ring_of(16, 0), shell("kill -USR1 $$; exit 5")), 5);
	CHECK_OK(spawnpol_chain_clear_sighand(chain, true));
	CHECK_EQ(run(ring_of(16, 0), chain), 5);
}

TEST(namespaces)
{
	struct spawnpol_chain *chain = shell("hostname other && [ $$ = 1 ]");
	struct spawnpol_chain *refused = chain_of("/bin/true");
	char name[65];

	CHECK_OK(spawnpol_chain_namespaces(chain, CLONE_NEWUTS | CLONE_NEWPID));
	CHECK_EQ(run(ring_of(16, 0), chain), 0);
	CHECK_SYS(gethostname(name, sizeof(name)));
	CHECK(strcmp(name, "other"));

	CHECK_OK(spawnpol_chain_namespaces(refused, CLONE_NEWUTS));
	become_ordinary();
	fails(ring_of(16, 0), refused, SPAWNPOL_KIND_CLONE, -1, -EPERM);
}

TEST(pids_can_be_chosen)
{
	struct spawnpol_chain *chain = shell("exit $(($$ == 31567))");
	struct spawnpol_ring *ring = ring_of(16, 0);
	/* no other test gets there by counting */
	const pid_t tid = 31567, taken = 1;
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_chain_set_tid(chain, &tid, 1));
	out = launch_on(ring, chain);
	CHECK_EQ(out.pid, tid);
	CHECK_EQ(wait_exit(out.pid), 1);
	spawnpol_chain_free(chain);

	chain = chain_of("/bin/true");
	CHECK_OK(spawnpol_chain_set_tid(chain, &taken, 1));
	fails(ring, chain, SPAWNPOL_KIND_CLONE, -1, -EEXIST);
}
