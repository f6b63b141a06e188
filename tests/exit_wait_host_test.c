// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Waiting for the ends of programs, on a ring of this kernel: processes made by fork(2)
 * stand in for launches, whose CQEs are made up, and all that comes after those is real.
 * (With real launches: library_exit_test.c.)
 */
#include "fake_ring.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static struct io_uring uring;
static struct spawnpol_ring *ring;

/* --- liburing's calls, with what can happen in them ------------------------------------ */

static void (*before_enter)(void);	/* once */
static bool submit_fails;

int io_uring_enter2(unsigned int fd, unsigned int to_submit, unsigned int min_complete,
		    unsigned int flags, sigset_t *sig, size_t size)
{
	void (*function)(void) = before_enter;
	int ret;

	before_enter = NULL;
	if (function)
		function();
	ret = syscall(__NR_io_uring_enter, fd, to_submit, min_complete, flags, sig,
		      size);
	return ret < 0 ? -errno : ret;
}

int io_uring_submit(struct io_uring *to)
{
	return submit_fails ? -EAGAIN : io_uring_submit_and_wait(to, 0);
}

/* --- the ring -------------------------------------------------------------------------- */

static void set_up(void)
{
	int err = io_uring_queue_init(8, &uring, 0);

	if (err)
		SKIP("no io_uring here: %s", strerror(-err));
	uring.features |= SPAWNPOL_FEAT_SPAWN;
	fake_kernel.all_rings = true;
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, TAG));
	/* the library takes the CQEs itself, as from a ring that it has made */
	ring->wrapped = false;
}

static void made_up_cqe(struct spawnpol_chain *c, int index, int res, int wanted)
{
	struct spawnpol_outcome out;
	struct io_uring_cqe cqe = {
		.user_data = (uint64_t)TAG << 48 | (uintptr_t)c | index,
		.res = res,
	};

	CHECK_EQ(spawnpol_handle_cqe(ring, &cqe, &out), wanted);
	if (wanted == SPAWNPOL_CQE_OUTCOME)
		CHECK_EQ(out.error, index == INDEX_EXIT ? res : 0);
}

/* A chain in flight, whose requests never reach the kernel. */
static struct spawnpol_chain *submitted(void)
{
	struct spawnpol_chain *c = new_chain("/bin/true");
	unsigned int tail = uring.sq.sqe_tail;

	CHECK_OK(spawnpol_chain_exit_status(c, true));
	CHECK_EQ(spawnpol_queue(ring, &c, 1), 1);
	uring.sq.sqe_tail = tail;
	return c;
}

/* Its program is process pid. */
static void launch_ends(struct spawnpol_chain *c, pid_t pid)
{
	made_up_cqe(c, INDEX_CLONE, pid, SPAWNPOL_CQE_TAKEN);
	made_up_cqe(c, INDEX_STEP, 0, SPAWNPOL_CQE_OUTCOME);
}

static struct spawnpol_chain *launched(pid_t pid)
{
	struct spawnpol_chain *c = submitted();

	launch_ends(c, pid);
	return c;
}

/* A process that ends when a byte can be read from fds[0]; -SIGNAL: by that signal. */
static pid_t process(const int fds[2], int status)
{
	pid_t pid = CHECK_SYS(fork());
	char byte;

	if (pid)
		return pid;
	while (read(fds[0], &byte, 1) != 1)
		;
	if (status < 0)
		raise(-status);
	_exit(status);
}

static struct spawnpol_outcome next(void)
{
	struct spawnpol_outcome out;

	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 1000 * tap_patience()), 1);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	/* of a kernel before 6.7 */
	if (out.error == -EINVAL)
		SKIP("no IORING_OP_WAITID here");
	return out;
}

TEST(ends_in_the_order_in_which_they_come)
{
	static const int statuses[] = { 0, 3, 255, -SIGTERM, -SIGKILL };
	enum { NR = sizeof(statuses) / sizeof(statuses[0]) };
	struct spawnpol_chain *chains[NR];
	struct spawnpol_outcome out;
	int fds[NR][2];

	set_up();
	for (int i = 0; i < NR; i++) {
		CHECK_SYS(pipe2(fds[i], O_CLOEXEC));
		chains[i] = launched(process(fds[i], statuses[i]));
	}
	for (int i = NR - 1; i >= 0; i--) {
		CHECK_EQ(write(fds[i][1], "x", 1), 1);
		out = next();
		CHECK(out.chain == chains[i]);
		CHECK_EQ(out.error, 0);
		if (statuses[i] < 0)
			CHECK(WIFSIGNALED(out.status) &&
			      WTERMSIG(out.status) == -statuses[i]);
		else
			CHECK(WIFEXITED(out.status) &&
			      WEXITSTATUS(out.status) == statuses[i]);
		CHECK_SYS_ERR(waitpid(out.pid, NULL, 0), ECHILD);
		CHECK_OK(spawnpol_chain_free(chains[i]));
	}
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -ECHILD);
}

/* More than the SQ has entries for. */
TEST(many_at_once)
{
	enum { NR = 40 };
	struct spawnpol_outcome out;
	int fds[2], seen = 0;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	for (int i = 0; i < NR; i++) {
		launched(process(fds, 4));
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	}
	for (int i = 0; i < NR; i++)
		CHECK_EQ(write(fds[1], "x", 1), 1);
	for (int i = 0; i < NR; i++) {
		out = next();
		CHECK_EQ(out.error, 0);
		seen += WEXITSTATUS(out.status) == 4;
	}
	CHECK_EQ(seen, (int)NR);
	CHECK_SYS_ERR(waitpid(-1, NULL, 0), ECHILD);
}

/* An end that has come already. */
TEST(a_process_that_has_ended_before)
{
	siginfo_t info;
	int fds[2];
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 7);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	launched(pid);
	CHECK_EQ(WEXITSTATUS(next().status), 7);
}

static void still_runs(pid_t pid, const int fds[2])
{
	int status;

	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
}

TEST(waiting_is_given_up)
{
	struct spawnpol_outcome out;
	struct spawnpol_chain *c;
	int fds[2];
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 0);
	c = launched(pid);
	/* before the kernel has the request, and after */
	CHECK_OK(spawnpol_cancel(ring, c));
	out = next();
	CHECK_EQ(out.error, -ECANCELED);
	CHECK_EQ(out.pid, pid);
	c = launched(pid);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	CHECK_OK(spawnpol_cancel(ring, c));
	CHECK_EQ(next().error, -ECANCELED);
	CHECK_EQ(spawnpol_cancel(ring, c), -ENOENT);
	still_runs(pid, fds);
}

/* The program runs, but nobody has collected that. */
TEST(waiting_is_given_up_before_it_begins)
{
	struct spawnpol_chain *c;
	int fds[2];
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 0);
	c = submitted();
	CHECK_OK(spawnpol_cancel(ring, c));
	launch_ends(c, pid);
	CHECK_EQ(next().error, -ECANCELED);
	still_runs(pid, fds);
}

TEST(closing_gives_all_of_them_up)
{
	struct spawnpol_chain *chains[3];
	struct spawnpol_outcome out;
	int fds[2];
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 0);
	chains[0] = launched(pid);
	chains[1] = launched(pid);
	/* the first two are the kernel's, the third is in the SQ */
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	chains[2] = launched(pid);
	ring->own = uring;
	ring->uring = &ring->own;
	spawnpol_ring_close(ring);
	for (int i = 0; i < 3; i++)
		CHECK_OK(spawnpol_chain_free(chains[i]));
	still_runs(pid, fds);
}

TEST(nobody_can_wait_for_it)
{
	int fds[2];

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	launched(process(fds, 0));
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(next().error, -ECHILD);
}

/* The program is gone, and its pid is that of another child. */
TEST(another_child_is_not_waited_for)
{
	struct spawnpol_outcome out;
	unsigned int tail;
	int fds[2];
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 0);
	tail = uring.sq.sqe_tail;
	out = (struct spawnpol_outcome){ .chain = launched(pid) };
	uring.sq.sqe_tail = tail;
	CHECK_EQ(io_uring_sq_ready(&uring), 0);
	made_up_cqe(out.chain, INDEX_EXIT, -ECHILD, SPAWNPOL_CQE_OUTCOME);
	CHECK_EQ(io_uring_sq_ready(&uring), 0);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 0), -ECHILD);
	still_runs(pid, fds);
}

/* --- submitting fails ------------------------------------------------------------------ */

static struct spawnpol_chain *ends_later;
static pid_t later_pid;

static void launch_ends_and_submit_fails(void)
{
	launch_ends(ends_later, later_pid);
	submit_fails = true;
}

/* Whoever does not wait, and is told nothing, never calls again. */
TEST(the_request_cannot_be_submitted)
{
	struct spawnpol_outcome out;
	int fds[2];

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	later_pid = process(fds, 5);
	ends_later = submitted();
	before_enter = launch_ends_and_submit_fails;
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), -EAGAIN);
	CHECK(!before_enter);
	/* nor does it sleep until the end of a program that nobody waits for */
	CHECK_EQ(spawnpol_ring_wait(ring, -1, NULL), -EAGAIN);
	submit_fails = false;
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(spawnpol_ring_wait(ring, -1, NULL), 1);
	CHECK_EQ(WEXITSTATUS(next().status), 5);
}

/* --- several threads ------------------------------------------------------------------- */

static int to_taker[2], from_taker[2];

static void *take_one(void *arg)
{
	struct spawnpol_outcome out;
	char byte;

	(void)arg;
	CHECK_EQ(read(to_taker[0], &byte, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, 1000 * tap_patience()), 1);
	CHECK_EQ(write(from_taker[1], "x", 1), 1);
	return NULL;
}

static int fds_of_process[2];

static void another_thread_takes_it(void)
{
	char byte;

	CHECK_EQ(write(fds_of_process[1], "x", 1), 1);
	CHECK_EQ(write(to_taker[1], "x", 1), 1);
	CHECK_EQ(read(from_taker[0], &byte, 1), 1);
}

/* After the look at the queue, and before the system call. */
TEST(another_thread_takes_what_is_waited_for)
{
	struct spawnpol_outcome out;
	pthread_t thread;

	set_up();
	CHECK_SYS(pipe2(fds_of_process, O_CLOEXEC));
	CHECK_SYS(pipe2(to_taker, O_CLOEXEC));
	CHECK_SYS(pipe2(from_taker, O_CLOEXEC));
	launched(process(fds_of_process, 0));
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	CHECK_EQ(pthread_create(&thread, NULL, take_one, NULL), 0);
	before_enter = another_thread_takes_it;
	CHECK_EQ(spawnpol_ring_wait(ring, -1, NULL), -ECHILD);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void *collect_nothing(void *arg)
{
	struct spawnpol_outcome out;

	(void)arg;
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 0, 0), 0);
	return NULL;
}

/*
 * The one that gave the request to the kernel, which ends with it. A kernel (6.18 is one)
 * can carry out the request of a thread that ends in a worker, which has no children. The
 * library cannot tell that from a program that somebody has waited for; it is still there.
 */
TEST(the_thread_that_waits_ends)
{
	struct spawnpol_outcome out;
	pthread_t thread;
	int fds[2];
	int status;
	pid_t pid;

	set_up();
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	pid = process(fds, 6);
	launched(pid);
	CHECK_EQ(pthread_create(&thread, NULL, collect_nothing, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	out = next();
	if (out.error == -ECHILD) {
		DIAG("the kernel did not find the child");
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(WEXITSTATUS(status), 6);
		return;
	}
	CHECK_EQ(out.error, 0);
	CHECK_EQ(WEXITSTATUS(out.status), 6);
	CHECK_SYS_ERR(waitpid(pid, NULL, 0), ECHILD);
}
