// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What surrounds a posix_spawn: threads, children of other kinds, signals,
 * cancellation, descriptors; and what is left to libc.
 */
#include "posix/job.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

/* exit_with STATUS by the library: its status, or the error of the spawn. */
static int spawn_exit(int status)
{
	char number[12], *argv[] = { "exit_with", number, NULL };
	pid_t pid = -1;
	int error, how;

	sprintf(number, "%d", status);
	error = posix_spawn(&pid, helper("exit_with"), NULL, NULL, argv, environ);
	if (error)
		return -error;
	return waitpid(pid, &how, 0) == pid && WIFEXITED(how) ?
	       WEXITSTATUS(how) : -ECHILD;
}

TEST(it_is_the_library_that_is_called)
{
	Dl_info info;

	CHECK(dladdr(posix_spawn, &info));
	CHECK_HAS(info.dli_fname, "libspawnpol-posix.so");
	CHECK_EQ(hidden_ring_maps(), 0);
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_GT(hidden_ring_maps(), 0);
}

TEST(pid_may_be_null)
{
	char *argv[] = { "exit_with", "4", NULL };
	int status;

	only_engine();
	CHECK_EQ(posix_spawn(NULL, helper("exit_with"), NULL, NULL, argv,
			     environ), 0);
	CHECK_GT(wait(&status), 0);
	CHECK_EQ(WEXITSTATUS(status), 4);
}

/* --- descriptors --------------------------------------------------------------------- */

TEST(rings_have_no_descriptor)
{
	int before = nr_descriptors();

	CHECK_EQ(spawn_exit(3), 3);
	CHECK_EQ(nr_descriptors(), before);
	only_engine();
	/* so nobody closes it either */
	closefrom(3);
	CHECK_EQ(spawn_exit(4), 4);
	closefrom(0);
	CHECK_EQ(spawn_exit(5), 5);
}

/* --- threads -------------------------------------------------------------------------- */

#define THREADS 12
#define TIMES 15

static pthread_barrier_t barrier;

static void *spawn_many(void *arg)
{
	int number = (int)(long)arg;

	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < TIMES; i++)
		CHECK_EQ(spawn_exit(number + i), number + i);
	return NULL;
}

TEST(threads_spawn_at_once, .timeout = 120)
{
	pthread_t threads[THREADS];
	long i;

	helper("exit_with"); /* remembers where that is */
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, spawn_many,
					(void *)(10 * i)), 0);
	pthread_barrier_wait(&barrier);
	only_engine();
	pthread_barrier_wait(&barrier);
	for (i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(hidden_ring_maps(), 0);
	check_no_children();
}

static void *spawn_once(void *arg)
{
	(void)arg;
	CHECK_EQ(spawn_exit(9), 9);
	return (void *)(long)hidden_ring_maps();
}

TEST(threads_that_end_leave_nothing, .timeout = 120)
{
	int descriptors = nr_descriptors();
	pthread_t thread;
	void *maps;

	for (int i = 0; i < 60; i++) {
		CHECK_EQ(pthread_create(&thread, NULL, spawn_once, NULL), 0);
		CHECK_EQ(pthread_join(thread, &maps), 0);
		CHECK_GT((long)maps, 0);
		CHECK_EQ(hidden_ring_maps(), 0);
	}
	CHECK_EQ(nr_descriptors(), descriptors);
}

/* Destructors of other keys may come later, and spawn again. */
static void spawn_late(void *arg)
{
	*(int *)arg = spawn_exit(7);
}

static void *end_with_late_spawn(void *arg)
{
	pthread_key_t key;

	CHECK_EQ(spawn_exit(6), 6);
	CHECK_EQ(pthread_key_create(&key, spawn_late), 0);
	CHECK_EQ(pthread_setspecific(key, arg), 0);
	return NULL;
}

TEST(destructors_may_spawn)
{
	pthread_t thread;
	int status = 0;

	CHECK_EQ(pthread_create(&thread, NULL, end_with_late_spawn, &status), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(status, 7);
	CHECK_EQ(hidden_ring_maps(), 0);
}

/* --- children of other kinds ------------------------------------------------------------ */

TEST(children_of_fork_have_rings_of_their_own)
{
	pid_t pid;

	CHECK_EQ(spawn_exit(3), 3);
	pid = CHECK_SYS(fork());
	if (!pid) {
		CHECK_EQ(hidden_ring_maps(), 0);
		only_engine();
		CHECK_EQ(spawn_exit(4), 4);
		CHECK_EQ(spawn_exit(5), 5);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	only_engine();
	CHECK_EQ(spawn_exit(6), 6);
}

#define SHARES "a child that shares or copied this memory"

TEST(children_of_vfork_leave_the_ring_alone)
{
	volatile int status = 0;
	pid_t pid;

	keep_words();
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_STR(words(), "");
	pid = vfork();
	if (!pid) {
		status = spawn_exit(4);
		_exit(0);
	}
	CHECK_GT(pid, 0);
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_EQ(status, 4);
	CHECK_HAS(words(), SHARES);
	only_engine();
	CHECK_EQ(spawn_exit(5), 5);
}

/* Before there is a ring: the child must not make one that stays. */
TEST(children_of_vfork_make_no_ring)
{
	volatile int status = 0;
	pid_t pid;

	keep_words();
	pid = vfork();
	if (!pid) {
		status = spawn_exit(4);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	CHECK_EQ(status, 4);
	CHECK_HAS(words(), SHARES);
	CHECK_EQ(hidden_ring_maps(), 0);
	only_engine();
	CHECK_EQ(spawn_exit(5), 5);
}

/* Nobody tells the library of these. */
TEST(children_of_a_bare_clone_are_libcs)
{
	pid_t pid;

	keep_words();
	CHECK_EQ(spawn_exit(3), 3);
	pid = CHECK_SYS(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	if (!pid)
		_exit(spawn_exit(4));
	CHECK_EQ(wait_exit(pid), 4);
	CHECK_HAS(words(), SHARES);
	CHECK_EQ(spawn_exit(5), 5);
}

static int spawn_in_copy(void)
{
	CHECK_EQ(getpid(), 1);
	return spawn_exit(4);
}

/* The first process of a pid namespace, and its copy, which is the first too. */
static int copies_with_the_same_id(void)
{
	pid_t pid;

	CHECK_EQ(getpid(), 1);
	keep_words();
	CHECK_EQ(spawn_exit(3), 3);
	pid = CHECK_SYS(syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, 0, 0, 0, 0));
	if (!pid)
		_exit(spawn_in_copy());
	CHECK_EQ(wait_exit(pid), 4);
	CHECK_HAS(words(), SHARES);
	/* fork(3) tells the library */
	CHECK_SYS(unshare(CLONE_NEWPID));
	pid = CHECK_SYS(fork());
	if (!pid) {
		only_engine();
		_exit(spawn_in_copy());
	}
	return wait_exit(pid);
}

TEST(copies_are_known_by_more_than_their_ids)
{
	pid_t pid;

	CHECK_SYS(unshare(CLONE_NEWPID));
	pid = CHECK_SYS(fork());
	if (!pid)
		_exit(copies_with_the_same_id());
	CHECK_EQ(wait_exit(pid), 4);
}

/* --- signals and cancellation ----------------------------------------------------------- */

static volatile int ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

TEST(signal_handlers_run_outside_the_call, .timeout = 120)
{
	struct itimerval often = { { 0, 700 }, { 0, 700 } };
	struct sigaction sa = { .sa_handler = tick, .sa_flags = SA_RESTART };

	only_engine();
	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 60; i++)
		CHECK_EQ(spawn_exit(i), i);
	CHECK_GT(ticks, 0);
}

static volatile int from_handler;

static void spawn_in_handler(int sig)
{
	(void)sig;
	from_handler = spawn_exit(8);
}

TEST(signal_handlers_may_spawn)
{
	char *argv[] = { "exit_with", "1", NULL };
	sigset_t usr1;
	pid_t pid;

	only_engine();
	signal(SIGUSR1, spawn_in_handler);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK_EQ(spawn_exit(2), 2);
	raise(SIGUSR1);
	CHECK_EQ(from_handler, 8);
	/* what comes during a call is handled behind it */
	CHECK_SYS(sigprocmask(SIG_BLOCK, &usr1, NULL));
	raise(SIGUSR1);
	CHECK_EQ(posix_spawn(&pid, helper("exit_with"), NULL, NULL, argv,
			     environ), 0);
	CHECK_EQ(wait_exit(pid), 1);
	CHECK_SYS(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
}

static void *spawn_while_cancelled(void *arg)
{
	char *argv[] = { "exit_with", "5", NULL };
	pid_t *pid = arg;

	pthread_cancel(pthread_self());
	/* makes a ring, launches, and goes on */
	posix_spawn(&pid[0], helper("exit_with"), NULL, NULL, argv, environ);
	posix_spawn(&pid[1], helper("exit_with"), NULL, NULL, argv, environ);
	pthread_testcancel();
	pid[2] = 1;
	return NULL;
}

TEST(it_is_no_cancellation_point)
{
	pid_t pids[3] = { 0 };
	pthread_t thread;
	void *result;

	helper("exit_with");
	CHECK_EQ(pthread_create(&thread, NULL, spawn_while_cancelled, pids), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(wait_exit(pids[0]), 5);
	CHECK_EQ(wait_exit(pids[1]), 5);
	CHECK_EQ(pids[2], 0);
	CHECK_EQ(hidden_ring_maps(), 0);
}

TEST(only_programs_send_sigchld)
{
	char *argv[] = { "x", NULL };
	pid_t pid;

	only_engine();
	count_sigchld();
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_EQ(sigchlds(), 1);
	CHECK_EQ(posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, environ),
		 ENOENT);
	CHECK_SYS_ERR(waitpid(-1, NULL, 0), ECHILD);
	CHECK_EQ(sigchlds(), 1);
}

/* --- what is left to libc ----------------------------------------------------------------- */

/* One system call fails so; if made_up, only where a CLONE stands for it. */
static void refuse(unsigned int call, int error, bool made_up)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, instruction_pointer)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, !made_up, made_up),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 6, .filter = code };

	CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_SYS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}

static unsigned int nr_lines(const char *text)
{
	unsigned int nr = 0;

	for (; *text; text++)
		nr += *text == '\n';
	return nr;
}

TEST(without_io_uring)
{
	keep_words();
	refuse(__NR_io_uring_setup, ENOSYS, false);
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_EQ(spawn_exit(4), 4);
	CHECK_HAS(words(), "exit_with: no ring (ENOSYS)");
	CHECK_EQ(nr_lines(words()), 2);
}

TEST(silent_unless_asked)
{
	keep_words();
	unsetenv("SPAWNPOL_DEBUG");
	refuse(__NR_io_uring_setup, EPERM, false);
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_STR(words(), "");
}

/* Rings need none. */
TEST(without_a_free_descriptor)
{
	struct rlimit limit = { .rlim_cur = 3, .rlim_max = 1024 };

	only_engine();
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(spawn_exit(3), 3);
}

/* The thread can register 16, and the program has them. */
TEST(without_room_for_a_ring)
{
	struct io_uring_rsrc_update reg[16] = {};
	struct io_uring_params p = {};
	int ring = CHECK_SYS(syscall(__NR_io_uring_setup, 1, &p));

	keep_words();
	for (int i = 0; i < 16; i++) {
		reg[i].offset = -1;
		reg[i].data = ring;
	}
	CHECK_EQ(syscall(__NR_io_uring_register, ring, IORING_REGISTER_RING_FDS,
			 reg, 16), 16);
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_HAS(words(), "no ring (EBUSY)");
	/* that can get better */
	reg[7].data = 0;
	CHECK_EQ(syscall(__NR_io_uring_register, ring,
			 IORING_UNREGISTER_RING_FDS, &reg[7], 1), 1);
	CHECK_EQ(spawn_exit(4), 4);
	CHECK_EQ(nr_lines(words()), 1);
}

TEST(clone_that_a_filter_refuses)
{
	keep_words();
	refuse(__NR_clone3, ENOSYS, true);
	CHECK_EQ(spawn_exit(3), 3);
	CHECK_HAS(words(), "no child (ENOSYS)");
}

/* The child exists when its filter refuses that: the error is the result. */
TEST(exec_that_a_filter_refuses)
{
	keep_words();
	/* EXEC's; libc calls execve(2) */
	refuse(__NR_execveat, EACCES, false);
	CHECK_EQ(spawn_exit(3), -EACCES);
	CHECK_STR(words(), "");
}

TEST(no_more_processes)
{
	struct rlimit limit = { 0, 0 };
	char *argv[] = { "x", NULL };
	pid_t pid = -1;

	keep_words();
	become_ordinary();
	CHECK_SYS(setrlimit(RLIMIT_NPROC, &limit));
	CHECK_EQ(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ),
		 EAGAIN);
	CHECK_EQ(pid, -1);
	CHECK_HAS(words(), "no child (EAGAIN)");
}
