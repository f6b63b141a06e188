// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A child never waits for the lock of its ring. The submitter holds the lock
 * while a request is prepared, and that can last: the request can point to memory
 * that nobody provides. A process that waits for the lock to attach a policy can
 * be killed (K8).
 */
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r;
static pid_t child;

/* --- the lock, held ------------------------------------------------------- */

static struct hold path;

static void *observe(void *meanwhile)
{
	hold_wait(&path);
	((void (*)(void))meanwhile)();
	hold_release(&path, "/dev/null");
	return NULL;
}

/*
 * This thread, or the ring's own, prepares a request; meanwhile, another thread
 * runs the function. If that fails, the test ends, and with it all that waits.
 */
static void with_lock_held(void (*meanwhile)(void))
{
	pthread_t thread;
	struct io_uring_sqe *sqe;

	hold_init(&path);
	CHECK_EQ(pthread_create(&thread, NULL, observe, meanwhile), 0);
	sqe = q_alone(&r, IORING_OP_OPENAT, OTHER);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path.page;
	tring_submit(&r);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_OK(tring_res(&r, OTHER));
}

static const char *stack_of(pid_t pid)
{
	return read_file(format("/proc/%d/stack", pid));
}

/* --- children ------------------------------------------------------------- */

static struct shown show;
static struct hold argument;
static struct blocker block;

static void expect_program(void)
{
	struct pollfd poll_fd = { .fd = show.from, .events = POLLIN };

	if (poll(&poll_fd, 1, tap_patience() * 1000) != 1)
		FAIL("the program did not run, but is in\n%s", stack_of(child));
}

static void let_exec_go_on(void)
{
	hold_release(&argument, "show");
	expect_program();
}

/* Its EXEC waits for an argument, and goes on when the lock is held. */
TEST(K8_a_program_starts_while_the_lock_is_held, .timeout = 300)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		hold_init(&argument);
		q_clone(&r);
		q_show(&r, &show);
		show.argv[0] = argument.page;
		tring_submit(&r);
		child = tring_res(&r, CLONE);
		hold_wait(&argument);
		with_lock_held(let_exec_go_on);
		CHECK_EQ(tring_res(&r, 0), 0);
		tring_total(&r, 3);
		shown_read(&show);
		CHECK_EQ(wait_exit(child), 0);
		tring_exit(&r);
	}
}

static void let_step_go_on(void)
{
	blocker_release(&block);
	expect_program();
}

/* There are CQEs to be posted on its way to the program. */
TEST(K8_steps_run_while_the_lock_is_held, .timeout = 300)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_block(&r, &block);
		q_nop(&r);
		hardlink(q_fail(&r));
		q_child(&r, IORING_CHILD_SETSID);
		q_show(&r, &show);
		tring_submit(&r);
		child = tring_res(&r, CLONE);
		wait_blocked(child);
		with_lock_held(let_step_go_on);
		EXPECT_EQ(tring_res(&r, 0), 1);
		EXPECT_EQ(tring_res(&r, 1), 0);
		EXPECT_EQ(tring_res(&r, 2), -ENOENT);
		EXPECT_EQ(tring_res(&r, 3), child);
		EXPECT_EQ(tring_res(&r, 4), 0);
		tring_total(&r, 7);
		shown_read(&show);
		CHECK_EQ(wait_exit(child), 0);
		close(block.fds[0]);
		close(block.fds[1]);
		tring_exit(&r);
	}
}

static void let_step_fail(void)
{
	blocker_release(&block);
	check_gone(child);
}

TEST(K8_a_chain_fails_while_the_lock_is_held, .timeout = 300)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		q_clone(&r);
		q_block(&r, &block);
		q_fail(&r);
		q_exit(&r, 3);
		tring_submit(&r);
		child = tring_res(&r, CLONE);
		wait_blocked(child);
		with_lock_held(let_step_fail);
		EXPECT_EQ(tring_res(&r, 1), -ENOENT);
		EXPECT_EQ(tring_res(&r, 2), -ECANCELED);
		tring_total(&r, 5);
		check_no_children();
		close(block.fds[0]);
		close(block.fds[1]);
		tring_exit(&r);
	}
}

/* Whether it has become a program or not. */
static bool reap_or_gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid || is_gone(pid);
}

static void kill_in_fixed_file(void)
{
	double until = now() + tap_patience();

	blocker_release(&block);
	wait_blocked(child);
	CHECK_SYS(kill(child, SIGKILL));
	while (!reap_or_gone(child)) {
		if (now() > until)
			FAIL("it cannot be killed in\n%s", stack_of(child));
		sleep_ms(1);
	}
}

/* The files of the ring are under its lock. */
TEST(K8_a_child_that_uses_a_registered_file_can_be_killed, .timeout = 300)
{
	static char byte;
	int file = CHECK_SYS(open("/dev/zero", O_RDONLY | O_CLOEXEC));
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		CHECK_OK(io_uring_register_files(&r.uring, &file, 1));
		q_clone(&r);
		q_block(&r, &block);
		q_read(&r, 0, &byte, 1)->flags |= IOSQE_FIXED_FILE;
		q_sleeper(&r);
		tring_submit(&r);
		child = tring_res(&r, CLONE);
		wait_blocked(child);
		with_lock_held(kill_in_fixed_file);
		tring_total(&r, 5);
		check_no_children();
		close(block.fds[0]);
		close(block.fds[1]);
		tring_exit(&r);
	}
}

/* --- policies ------------------------------------------------------------- */

static int prog, link_fd;
static int (*wanted)(void);

static int attach_from_ring(void)
{
	return attach_by_ring(tring_fd(&r), prog, 1, 0);
}

static int attach_from_bpf(void)
{
	return attach_by_bpf(tring_fd(&r), prog, 1, 0);
}

static int detach(void)
{
	union bpf_attr attr = { .link_detach = { .link_fd = link_fd } };

	return bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr));
}

/* Another process does it, and is killed if it is not done soon. */
static void do_elsewhere(void)
{
	volatile bool *begun = shared_memory(sizeof(*begun));
	double until = now() + tap_patience();
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		*begun = true;
		_exit(wanted() < 0);
	}
	while (!*begun)
		sleep_ms(1);
	sleep_ms(200);
	CHECK_SYS(kill(pid, SIGKILL));
	while (!reap_or_gone(pid)) {
		if (now() > until)
			FAIL("it cannot be killed in\n%s", stack_of(pid));
		sleep_ms(1);
	}
}

TEST(K8_a_process_that_attaches_or_detaches_can_be_killed, .timeout = 300)
{
	static int (*const all[])(void) = { attach_from_bpf, attach_from_ring,
					    detach };
	unsigned int i;

	prog = CHECK_OK(
		load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE));
	for (i = 0; i < 3; i++) {
		tring_init(&r, 0);
		link_fd = CHECK_OK(attach_by_ring(tring_fd(&r), prog, 0, 0));
		wanted = all[i];
		with_lock_held(do_elsewhere);
		close(link_fd);
		tring_exit(&r);
	}
}
