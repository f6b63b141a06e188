// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * After a posix_spawn that has failed nothing is left of the child, as with libc's,
 * which waits for it: no file is open in it, no limit counts it. And several threads
 * that find out at once that libc is needed.
 */
#include "posix/job.h"

#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define ROUNDS 60

static void fail_to_spawn(void)
{
	char *argv[] = { "x", NULL };
	pid_t pid = -7;

	CHECK_EQ(posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, environ),
		 ENOENT);
	CHECK_EQ(pid, -7);
}

TEST(no_child_is_left_to_wait_for)
{
	only_engine();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		fail_to_spawn();
		CHECK_SYS_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
	}
}

/* Who reads from a pipe gets its end when the parent closes it. */
TEST(no_pipe_is_open_in_it)
{
	int fds[2];
	char byte;

	only_engine();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		CHECK_SYS(pipe2(fds, O_NONBLOCK));
		fail_to_spawn();
		close(fds[1]);
		CHECK_EQ(read(fds[0], &byte, 1), 0);
		close(fds[0]);
	}
}

TEST(no_lock_is_held_by_it)
{
	char *path = in_dir("lock");
	int fd, other;

	write_file(path, "", 0644);
	only_engine();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		fd = CHECK_SYS(open(path, O_RDWR));
		CHECK_SYS(flock(fd, LOCK_EX));
		fail_to_spawn();
		close(fd);
		other = CHECK_SYS(open(path, O_RDWR));
		CHECK_SYS(flock(other, LOCK_EX | LOCK_NB));
		close(other);
	}
}

/* There is room for one child, and it is there again. */
TEST(no_limit_counts_it)
{
	char *argv[] = { "exit_with", "0", NULL };
	struct rlimit limit = { 2, 2 };
	const char *program;
	int status;
	pid_t pid;

	become_nobody_else();
	program = helper("exit_with");
	CHECK_EQ(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	only_engine();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		fail_to_spawn();
		CHECK_EQ(posix_spawn(&pid, program, NULL, NULL, argv, environ),
			 0);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
	}
}

/* A ring is closed in a chain's child: libc hands it on. */
TEST(a_ring_of_the_program_can_be_handed_on)
{
	struct io_uring ring;
	struct job j = JOB;

	CHECK_OK(io_uring_queue_init(4, &ring, 0));
	CHECK_EQ(posix_spawn_file_actions_adddup2(actions(&j), ring.ring_fd,
						  50), 0);
	left(&j, 0, "a dup2 of a ring");
	EXPECT_HAS(seen(&j, "fd50"), "io_uring");
}

/* What the kernel could not read, the words about it do not read either. */
TEST(words_about_a_name_that_cannot_be_read)
{
	char *argv[] = { "x", NULL };
	pid_t pid;

	keep_words();
	CHECK_EQ(posix_spawn(&pid, (char *)8, NULL, NULL, argv, environ),
		 EFAULT);
	EXPECT_HAS(words(), "EFAULT");
}

static pthread_barrier_t barrier;

/* Left to libc, by either function. */
static void *spawn_by_libc(void *arg)
{
	posix_spawn_file_actions_t a;
	char *argv[] = { "true", NULL };
	int error, status;
	pid_t pid;

	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 9, "/dev/null", O_CLOEXEC, 0);
	pthread_barrier_wait(&barrier);
	error = (arg ? posix_spawnp : posix_spawn)(&pid, "/bin/true", &a, NULL,
						   argv, environ);
	posix_spawn_file_actions_destroy(&a);
	return (void *)(long)(error || waitpid(pid, &status, 0) != pid);
}

TEST(threads_that_need_libc_at_once)
{
	pthread_t threads[4];
	void *failed;
	int status;
	pid_t pid;

	/* each in a process that has not looked for libc's functions yet */
	for (unsigned int i = 0; i < 10; i++) {
		pid = CHECK_SYS(fork());
		if (!pid) {
			pthread_barrier_init(&barrier, NULL, 4);
			for (unsigned long k = 0; k < 4; k++)
				CHECK_EQ(pthread_create(&threads[k], NULL,
							spawn_by_libc,
							(void *)(k % 2)), 0);
			for (unsigned int k = 0; k < 4; k++) {
				CHECK_EQ(pthread_join(threads[k], &failed), 0);
				CHECK_EQ((long)failed, 0);
			}
			_exit(0);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 0);
	}
}
