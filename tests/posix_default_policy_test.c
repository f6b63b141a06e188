// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: prod
 *
 * The default policy by SPAWNPOL_POLICY: what is started, and signals while it retries.
 */
#include "lib/policy.h"
#include "posix/job.h"
#include "spawn_policy.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

TPOLICY_PRELOAD("bpf/spawn_policy")

static struct tpolicy policy;
static struct spawn_policy_config config;
static char *pin;

/* Attach it to this process's spawns until unpin(); it searches /bin. */
static void use_policy(void)
{
	char *argv[] = { "x", NULL };
	uint32_t key = 0;

	tpolicy_load(&policy, "bpf/spawn_policy");
	config.version = SPAWN_POLICY_CONFIG_VERSION;
	CHECK_OK(spawn_policy_add_dir(&config, "/bin", 4));
	CHECK_OK(bpf_map_update_elem(tpolicy_map(&policy, SPAWN_POLICY_CONFIG_MAP),
				     &key, &config, BPF_ANY));
	pin = format("/sys/fs/bpf/posix_default_policy_test-%d", getpid());
	unlink(pin);
	CHECK_OK(bpf_obj_pin(tpolicy_fd(&policy), pin));
	CHECK_SYS(setenv("SPAWNPOL_POLICY", pin, 1));
	CHECK_SYS(setenv("SPAWNPOL_POLICY_EVENTS", "before-exec,clone", 1));
	/* the first spawn attaches it, or says that it cannot */
	keep_words();
	CHECK_EQ(posix_spawn(NULL, "/nonexistent", NULL, NULL, argv, environ),
		 ENOENT);
	CHECK_STR(words(), "");
}

/* Nothing was left to libc. */
static void unpin(void)
{
	CHECK_STR(words(), "");
	CHECK_SYS(unlink(pin));
}

/* --- the program --------------------------------------------------------------------- */

/* A program of the working directory that is happy only if it was found by this name. */
static void write_program(const char *name)
{
	write_file(in_dir(name),
		   format("#!/bin/sh\n[ \"$0\" = %s ] && exit 41\n", name), 0755);
}

static int spawn_of(posix_spawn_fn *spawn, const char *name)
{
	char *argv[] = { (char *)name, NULL };
	int error;
	pid_t pid;

	error = spawn(&pid, name, NULL, NULL, argv, environ);
	return error ? -error : wait_exit(pid);
}

static void expect_as_libc(const char *function, posix_spawn_fn *ours,
			   const char *name, int result)
{
	DIAG("%s(%s), PATH=%s", function, name, getenv("PATH"));
	EXPECT_EQ(spawn_of(libc_own(function), name), result);
	EXPECT_EQ(spawn_of(ours, name), result);
}

/* Also where the policy would find another program, or none. */
TEST(the_policy_searches_for_nothing)
{
	static const char *const here_first[] = { "", ":/bin", ":", "/nowhere::/bin" };

	use_policy();
	CHECK_SYS(chdir(tap_dir()));
	write_program("true");
	write_program("onlyhere");
	for (size_t i = 0; i < sizeof(here_first) / sizeof(here_first[0]); i++) {
		setenv("PATH", here_first[i], 1);
		expect_as_libc("posix_spawn", posix_spawn, "true", 41);
		expect_as_libc("posix_spawn", posix_spawn, "onlyhere", 41);
		expect_as_libc("posix_spawnp", posix_spawnp, "true", 41);
		expect_as_libc("posix_spawnp", posix_spawnp, "onlyhere", 41);
	}
	setenv("PATH", "/bin", 1);
	expect_as_libc("posix_spawnp", posix_spawnp, "true", 0);
	expect_as_libc("posix_spawnp", posix_spawnp, "onlyhere", -ENOENT);
	/* found by the policy alone */
	setenv("PATH", "/nowhere", 1);
	expect_as_libc("posix_spawn", posix_spawn, "false", -ENOENT);
	expect_as_libc("posix_spawnp", posix_spawnp, "false", -ENOENT);
	unpin();
}

/* --- signals ------------------------------------------------------------------------- */

/*
 * A program that is being written to is tried again and again, for ten seconds at most:
 * that is the budget. What ends it earlier is a handler, which has the writer finish.
 */
#define FOR_LONG	65535
static int writer = -1;

/* Another process: a child that is to become the program has this one's files. */
static void start_writer(const char *path)
{
	int finish[2], ready[2];
	pid_t pid;
	char byte;

	CHECK_SYS(pipe2(finish, O_CLOEXEC));
	CHECK_SYS(pipe2(ready, O_CLOEXEC));
	pid = CHECK_SYS(fork());
	if (!pid) {
		if (CHECK_SYS(fork()))
			_exit(0);
		close(finish[1]);
		CHECK_SYS(open(path, O_WRONLY));
		CHECK_EQ(write(ready[1], "", 1), 1);
		/* or the test has ended */
		_exit(read(finish[0], &byte, 1) < 0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	close(finish[0]);
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	writer = finish[1];
}

static void retry_while_busy(int times)
{
	config.retries[config.nr_retries++] = (struct spawn_policy_retry){
		.error = ETXTBSY, .count = times, .delay_ns = 20000000,
	};
	use_policy();
	copy_file(helper("exit_with"), in_dir("busy"), 0755);
	start_writer(in_dir("busy"));
}

static void run_soon(void (*handler)(int), int flags)
{
	struct itimerval soon = { .it_value = { 0, 50000 } };
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	CHECK_SYS(sigaction(SIGALRM, &sa, NULL));
	CHECK_SYS(setitimer(ITIMER_REAL, &soon, NULL));
}

/* Never inlined: the depth of the stack tells calls that follow from those within. */
__attribute__((noinline)) static int spawn_exit(const char *file, char *status)
{
	char *argv[] = { "exit_with", status, NULL };
	int error;
	pid_t pid;

	error = posix_spawn(&pid, file, NULL, NULL, argv, environ);
	return error ? -error : wait_exit(pid);
}

static void finish_writing(int sig)
{
	/* that it could not is seen soon */
	if (write(writer, "", 1) < 0)
		writer = -sig;
}

TEST(handlers_run_while_the_policy_waits)
{
	sigset_t before, after;

	retry_while_busy(FOR_LONG);
	CHECK_SYS(sigprocmask(SIG_BLOCK, NULL, &before));
	run_soon(finish_writing, 0);
	CHECK_EQ(spawn_exit(in_dir("busy"), "7"), 7);
	CHECK_SYS(sigprocmask(SIG_BLOCK, NULL, &after));
	/* the kernel's part of it */
	CHECK_EQ(memcmp(&before, &after, 8), 0);
	unpin();
}

TEST(blocked_signals_stay_blocked)
{
	sigset_t alarm, pending;

	/* for longer than the alarm takes */
	retry_while_busy(10);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	CHECK_SYS(sigprocmask(SIG_BLOCK, &alarm, NULL));
	run_soon(finish_writing, 0);
	CHECK_EQ(spawn_exit(in_dir("busy"), "7"), -ETXTBSY);
	CHECK_SYS(sigpending(&pending));
	CHECK_EQ(sigismember(&pending, SIGALRM), 1);
	unpin();
}

static volatile int from_handler;

static void spawn_and_finish(int sig)
{
	from_handler = spawn_exit(helper("exit_with"), "8");
	finish_writing(sig);
}

TEST(handlers_may_spawn)
{
	retry_while_busy(FOR_LONG);
	run_soon(spawn_and_finish, 0);
	CHECK_EQ(spawn_exit(in_dir("busy"), "7"), 7);
	CHECK_EQ(from_handler, 8);
	CHECK_HAS(words(), "exit_with: called from within a call\n");
	CHECK_EQ(spawn_exit(helper("exit_with"), "9"), 9);
	CHECK_SYS(unlink(pin));
}

static void *spawn_on_two_stacks(void *arg)
{
	stack_t handlers = { .ss_sp = arg, .ss_size = 65536 };

	CHECK_SYS(sigaltstack(&handlers, NULL));
	run_soon(spawn_and_finish, SA_ONSTACK);
	return (void *)(long)spawn_exit(in_dir("busy"), "7");
}

/* The handlers' stack is above the thread's, as the frames of callers are. */
TEST(handlers_on_another_stack_may_spawn)
{
	char handlers[65536];
	sigset_t alarm;
	pthread_t thread;
	void *result;

	retry_while_busy(FOR_LONG);
	helper("exit_with");
	CHECK_EQ(pthread_create(&thread, NULL, spawn_on_two_stacks, handlers), 0);
	/* not here */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &alarm, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ((long)result, 7);
	CHECK_EQ(from_handler, 8);
	CHECK_SYS(unlink(pin));
}

static sigjmp_buf elsewhere;

static void leave_for_elsewhere(int sig)
{
	siglongjmp(elsewhere, sig);
}

TEST(handlers_may_leave_by_longjmp)
{
	retry_while_busy(FOR_LONG);
	for (int i = 0; i < 3; i++) {
		if (!sigsetjmp(elsewhere, 1)) {
			run_soon(leave_for_elsewhere, 0);
			spawn_exit(in_dir("busy"), "7");
			FAIL("the spawn came to an end");
		}
		/* by the engine, which gives up the first one's child */
		CHECK_EQ(spawn_exit(helper("exit_with"), "9"), 9);
		check_no_children();
	}
	run_soon(finish_writing, 0);
	CHECK_EQ(spawn_exit(in_dir("busy"), "7"), 7);
	unpin();
}

static void *spawn_and_be_left(void *arg)
{
	(void)arg;
	if (!sigsetjmp(elsewhere, 1)) {
		run_soon(leave_for_elsewhere, 0);
		spawn_exit(in_dir("busy"), "7");
	}
	return NULL;
}

TEST(threads_may_end_after_a_longjmp)
{
	sigset_t alarm;
	pthread_t thread;

	retry_while_busy(FOR_LONG);
	helper("exit_with");
	CHECK_EQ(pthread_create(&thread, NULL, spawn_and_be_left, NULL), 0);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &alarm, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	check_no_children();
	CHECK_EQ(spawn_exit(helper("exit_with"), "9"), 9);
	unpin();
}

static volatile pid_t copy = -1;

static void fork_and_finish(int sig)
{
	copy = fork();
	if (copy)
		finish_writing(sig);
}

/* The copy finds itself in a call that is its parent's. */
TEST(handlers_may_fork)
{
	int result;

	retry_while_busy(FOR_LONG);
	run_soon(fork_and_finish, 0);
	result = spawn_exit(in_dir("busy"), "7");
	if (!copy) {
		CHECK_EQ(result, -ECANCELED);
		CHECK_EQ(spawn_exit(helper("exit_with"), "6"), 6);
		check_no_children();
		_exit(0);
	}
	CHECK_EQ(result, 7);
	CHECK_EQ(wait_exit(copy), 0);
	CHECK_EQ(spawn_exit(helper("exit_with"), "9"), 9);
	unpin();
}

static void *spawn_while_cancelled(void *arg)
{
	char *argv[] = { "exit_with", "7", NULL };
	pid_t *pid = arg;

	if (posix_spawn(pid, in_dir("busy"), NULL, NULL, argv, environ))
		*pid = -1;
	pthread_testcancel();
	*pid = -2;
	return NULL;
}

TEST(waiting_is_no_cancellation_point)
{
	pthread_t thread;
	pid_t pid = 0;
	void *ended;

	retry_while_busy(FOR_LONG);
	CHECK_EQ(pthread_create(&thread, NULL, spawn_while_cancelled, &pid), 0);
	/* most likely it waits by then */
	sleep_ms(100);
	CHECK_EQ(pthread_cancel(thread), 0);
	sleep_ms(50);
	finish_writing(0);
	CHECK_EQ(pthread_join(thread, &ended), 0);
	CHECK(ended == PTHREAD_CANCELED);
	CHECK_GT(pid, 0);
	CHECK_EQ(wait_exit(pid), 7);
	unpin();
}
