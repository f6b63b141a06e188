// SPDX-License-Identifier: LGPL-2.1-or-later
/* The ends of programs as outcomes: spawnpol_chain_exit_status(). */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct spawnpol_chain *waited(struct spawnpol_chain *chain)
{
	CHECK_OK(spawnpol_chain_exit_status(chain, true));
	return chain;
}

/* The next outcome of the ring. */
static struct spawnpol_outcome next(struct spawnpol_ring *ring)
{
	struct spawnpol_outcome out;
	char text[256];

	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	spawnpol_outcome_text(&out, text, sizeof(text));
	DIAG("%s", text);
	return out;
}

/* The end of a program that runs: it has been waited for. */
static int end_on(struct spawnpol_ring *ring, pid_t pid)
{
	struct spawnpol_outcome out = next(ring);

	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.pid, pid);
	CHECK_SYS_ERR(waitpid(pid, NULL, 0), ECHILD);
	return out.status;
}

static int run_to_the_end(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out = launch_on(ring, chain);

	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	CHECK_EQ(spawnpol_chain_free(chain), -EBUSY);
	return end_on(ring, out.pid);
}

/* --- rings ------------------------------------------------------------------------------ */

static void try_ring(struct spawnpol_ring *ring)
{
	struct spawnpol_chain *chain = waited(shell("exit 3"));
	int status;

	for (int i = 0; i < 20; i++) {
		status = run_to_the_end(ring, chain);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	}
	CHECK_OK(spawnpol_chain_free(chain));
	chain = waited(shell("kill -TERM $$"));
	status = run_to_the_end(ring, chain);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
	check_none_stays();
}

TEST(on_every_kind_of_ring, .timeout = 240)
{
	static const unsigned int kinds[] = {
		0,
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SQPOLL,
		IORING_SETUP_COOP_TASKRUN,
	};
	struct spawnpol_ring *ring;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		DIAG("ring flags %#x", kinds[i]);
		try_ring(ring_of(8, kinds[i]));
		CHECK_OK(spawnpol_ring_open_registered(&ring, 8, kinds[i]));
		try_ring(ring);
	}
}

/* The caller submits the request for the end. */
TEST(on_a_wrapped_ring)
{
	struct spawnpol_chain *chain = waited(shell("exit 3"));
	struct spawnpol_outcome out = { 0 };
	struct spawnpol_ring *ring;
	struct io_uring_cqe *cqe;
	struct io_uring uring;
	int nr = 0, ret;

	CHECK_OK(io_uring_queue_init(8, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 7));
	CHECK_EQ(spawnpol_queue(ring, &chain, 1), 1);
	while (nr < 2) {
		CHECK_OK(io_uring_submit_and_wait(&uring, 1));
		CHECK_OK(io_uring_peek_cqe(&uring, &cqe));
		ret = spawnpol_handle_cqe(ring, cqe, &out);
		io_uring_cqe_seen(&uring, cqe);
		nr += ret == SPAWNPOL_CQE_OUTCOME;
	}
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(WEXITSTATUS(out.status), 3);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	io_uring_queue_exit(&uring);
	check_none_stays();
}

/* --- outcomes ----------------------------------------------------------------------------- */

/* Both outcomes at once, and no third. */
TEST(all_that_will_come_can_be_waited_for)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = waited(shell("exit 3"));
	struct spawnpol_outcome outs[3];

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, outs, 3, 3, LONG), 2);
	CHECK_EQ(outs[0].kind, SPAWNPOL_KIND_EXEC);
	CHECK_EQ(outs[1].kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(spawnpol_collect(ring, outs, 1, 1, LONG), -ECHILD);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

/* A program that runs on keeps nobody from learning of another's launch and end. */
TEST(one_end_does_not_wait_for_another)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *slow = waited(chain_of("/bin/cat"));
	struct spawnpol_chain *quick = waited(shell("exit 3"));
	struct spawnpol_outcome out, outs[2];
	int fds[2];

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	CHECK_OK(spawnpol_chain_dup(slow, fds[0], 0));
	out = launch_on(ring, slow);
	CHECK_EQ(out.error, 0);
	CHECK_EQ(spawnpol_submit(ring, &quick, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, outs, 2, 2, LONG), 2);
	CHECK_EQ(outs[1].kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(outs[1].chain, quick);
	close(fds[1]);
	CHECK_EQ(end_on(ring, out.pid), 0);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(slow));
	CHECK_OK(spawnpol_chain_free(quick));
}

/* Not waiting at all, as an event loop does. */
TEST(ends_are_found_without_waiting)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = waited(shell("exit 3"));
	struct spawnpol_outcome out;
	int nr = 0, ret;

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	while (nr < 2) {
		ret = CHECK_OK(spawnpol_collect(ring, &out, 1, 0, 0));
		nr += ret;
	}
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(WEXITSTATUS(out.status), 3);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

/* More than the queues hold. */
TEST(many_ends, .timeout = 240)
{
	enum { NR = 60 };
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chains[NR];
	struct spawnpol_outcome out;
	int ends = 0, failures = 0;

	for (int i = 0; i < NR; i++)
		chains[i] = waited(i % 3 ? shell("exit 3") :
					   chain_of("/no/program"));
	CHECK_EQ(spawnpol_submit(ring, chains, NR), (int)NR);
	for (int i = 0; i < NR + NR / 3 * 2; i++) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		failures += out.error == -ENOENT;
		if (out.kind != SPAWNPOL_KIND_EXIT)
			continue;
		CHECK_EQ(out.error, 0);
		CHECK_EQ(WEXITSTATUS(out.status), 3);
		ends++;
	}
	CHECK_EQ(ends, NR / 3 * 2);
	CHECK_EQ(failures, NR / 3);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), -ECHILD);
	spawnpol_ring_close(ring);
	for (int i = 0; i < NR; i++)
		CHECK_OK(spawnpol_chain_free(chains[i]));
	check_none_stays();
}

TEST(a_launch_that_fails_has_one_outcome)
{
	fails(ring_of(8, 0), waited(chain_of("/no/program")), SPAWNPOL_KIND_EXEC,
	      0, -ENOENT);
}

/* The pidfd came with the first outcome, and is good for what it was. */
TEST(with_a_pidfd)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain = waited(chain_of("/bin/cat"));
	struct spawnpol_outcome out;
	int fds[2], status;

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	CHECK_OK(spawnpol_chain_dup(chain, fds[0], 0));
	CHECK_OK(spawnpol_chain_pidfd(chain, true));
	out = launch_on(ring, chain);
	CHECK_GE(out.pidfd, 0);
	CHECK_SYS(syscall(SYS_pidfd_send_signal, out.pidfd, SIGKILL, NULL, 0));
	status = end_on(ring, out.pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(out.pidfd);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

/* --- what keeps the end from being told ------------------------------------------------------- */

/* Runs until the pipe's end is closed. */
static struct spawnpol_outcome start_cat(struct spawnpol_ring *ring,
					 struct spawnpol_chain **chain, int *end)
{
	struct spawnpol_outcome out;
	int fds[2];

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	*chain = waited(chain_of("/bin/cat"));
	CHECK_OK(spawnpol_chain_dup(*chain, fds[0], 0));
	out = launch_on(ring, *chain);
	CHECK_EQ(out.error, 0);
	close(fds[0]);
	*end = fds[1];
	return out;
}

/* It is left alone, and the caller's to wait for. */
static void still_runs(pid_t pid, int end)
{
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	close(end);
	CHECK_EQ(wait_exit(pid), 0);
}

TEST(waiting_can_be_given_up)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_outcome out, last;
	struct spawnpol_chain *chain;
	int end;

	out = start_cat(ring, &chain, &end);
	CHECK_OK(spawnpol_cancel(ring, chain));
	last = next(ring);
	CHECK_EQ(last.kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(last.error, -ECANCELED);
	CHECK_EQ(last.pid, out.pid);
	CHECK_EQ(spawnpol_cancel(ring, chain), -ENOENT);
	still_runs(out.pid, end);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

TEST(a_ring_that_is_closed_leaves_programs_alone)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	int end;

	out = start_cat(ring, &chain, &end);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
	still_runs(out.pid, end);
}

/* Closed before the launch is over: the program, if there is one, is not waited for. */
TEST(a_ring_that_is_closed_at_once)
{
	for (int i = 0; i < 20; i++) {
		struct spawnpol_ring *ring = ring_of(8, 0);
		struct spawnpol_chain *chain = waited(shell("exit 3"));
		pid_t pid;

		CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
		spawnpol_ring_close(ring);
		CHECK_OK(spawnpol_chain_free(chain));
		pid = waitpid(-1, NULL, 0);
		CHECK(pid > 0 || errno == ECHILD);
	}
}

TEST(somebody_else_waits)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	int end;

	CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	out = start_cat(ring, &chain, &end);
	close(end);
	out = next(ring);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXIT);
	CHECK_EQ(out.error, -ECHILD);
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}

struct thread {
	struct spawnpol_ring *ring;
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;
	int end;
};

static void *launch_in_thread(void *arg)
{
	struct thread *t = arg;

	t->out = start_cat(t->ring, &t->chain, &t->end);
	return NULL;
}

/* What a thread has submitted ends with it: another one waits in its place. */
TEST(the_thread_that_launched_ends)
{
	struct thread t = { .ring = ring_of(8, 0) };
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, launch_in_thread, &t), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	close(t.end);
	CHECK_EQ(end_on(t.ring, t.out.pid), 0);
	spawnpol_ring_close(t.ring);
	CHECK_OK(spawnpol_chain_free(t.chain));
}

/* --- standard streams, in earnest ------------------------------------------------------------- */

TEST(streams_change_places)
{
	static const int fds[] = { -1, 2, 1 };
	struct spawnpol_ring *ring = ring_of(16, 0);
	struct spawnpol_chain *chain = waited(shell("echo out; echo err >&2"));
	const char *paths[3] = { NULL, in_dir("one"), in_dir("two") };
	char text[16] = "";
	int fd, status;

	CHECK_OK(spawnpol_chain_stdio(chain, NULL, paths, O_TRUNC));
	CHECK_OK(spawnpol_chain_stdio(chain, fds, NULL, 0));
	status = run_to_the_end(ring, chain);
	CHECK_EQ(status, 0);
	fd = CHECK_SYS(open(in_dir("two"), O_RDONLY));
	CHECK_EQ(read(fd, text, sizeof(text) - 1), 4);
	CHECK_STR(text, "out\n");
	spawnpol_ring_close(ring);
	CHECK_OK(spawnpol_chain_free(chain));
}
