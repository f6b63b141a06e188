// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A debugger stops the launcher in the middle of starting a chain. Chains that
 * are ready meanwhile wait for their turn: no start happens inside another one,
 * so that the kernel stack of the launcher does not grow with their number (K1).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static struct tring r;

/* What the tracer and its launcher share. */
struct orders {
	volatile bool traced;
	volatile unsigned int wanted; /* chains to queue, in all */
	volatile unsigned int queued;
};
static struct orders *orders;

/* --- the tracer ----------------------------------------------------------- */

struct depth {
	unsigned int frames; /* of the whole kernel stack */
	unsigned int works;  /* those that run task work */
	unsigned int stops;  /* those that stop for the tracer */
};

static struct depth depth_of(pid_t pid)
{
	const char *stack = read_file(format("/proc/%d/stack", pid));
	struct depth depth = {
		.frames = count_of(stack, "\n"),
		.works = count_of(stack, " task_work_run+"),
		.stops = count_of(stack, " ptrace_notify+"),
	};

	if (depth.works > 1 || depth.stops != 1)
		DIAG("%s", stack);
	return depth;
}

/* Fork a launcher that is traced before it does anything. */
static pid_t trace(void (*launcher)(unsigned int ring_flags),
		   unsigned int ring_flags, int options)
{
	pid_t pid;

	orders = shared_memory(sizeof(*orders));
	pid = CHECK_SYS(fork());
	if (!pid) {
		while (!orders->traced)
			sleep_ms(1);
		launcher(ring_flags);
		_exit(0);
	}
	CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, options | PTRACE_O_EXITKILL));
	orders->traced = true;
	return pid;
}

static int wait_for(pid_t pid)
{
	double until = now() + tap_patience();
	int status;

	while (CHECK_SYS(waitpid(pid, &status, __WALL | WNOHANG)) != pid) {
		if (now() > until)
			FAIL("no stop of %d, which is in\n%s", pid,
			     read_file(format("/proc/%d/stack", pid)));
		sleep_ms(1);
	}
	return status;
}

/* The launcher's next event, signals passed on; 0 if it has exited well. */
static int next_event(pid_t pid)
{
	int status;

	for (;;) {
		status = wait_for(pid);
		if (!WIFSTOPPED(status)) {
			CHECK_EQ(status, 0);
			return 0;
		}
		if (status >> 16)
			return status >> 16;
		CHECK_SYS(ptrace(PTRACE_CONT, pid, 0, WSTOPSIG(status)));
	}
}

/* The child of the event at hand, which is not traced any more. */
static pid_t let_child_go(pid_t pid)
{
	unsigned long child;

	CHECK_SYS(ptrace(PTRACE_GETEVENTMSG, pid, 0, &child));
	CHECK(WIFSTOPPED(wait_for(child)));
	CHECK_SYS(ptrace(PTRACE_DETACH, child, 0, 0));
	return child;
}

static void end_launcher(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGKILL));
	while (WIFSTOPPED(wait_for(pid)))
		;
}

/*
 * See so many stops; at each of them, have two more chains queued. The deepest
 * stack that there was.
 */
static struct depth follow(pid_t pid, int event, unsigned int stops,
			   void (*queue_two)(void))
{
	struct depth most = { 0 }, depth;
	unsigned int i;
	int seen;

	queue_two();
	for (i = 0; i < stops;) {
		seen = next_event(pid);
		if (seen == PTRACE_EVENT_VFORK)
			let_child_go(pid);
		if (seen == event) {
			depth = depth_of(pid);
			CHECK_LE(depth.works, 1);
			CHECK_EQ(depth.stops, 1);
			if (depth.frames > most.frames)
				most = depth;
			if (2 * ++i < stops)
				queue_two();
		}
		CHECK_SYS(ptrace(PTRACE_CONT, pid, 0, 0));
	}
	end_launcher(pid);
	return most;
}

/* --- chains of a ring with a thread of its own ---------------------------- */

/* Another thread of the launcher can use the ring while that is stopped. */
static void *pump(void *unused)
{
	for (;;) {
		while (orders->queued == orders->wanted)
			usleep(200);
		q_clone(&r);
		q_nop(&r);
		tring_submit(&r);
		while (io_uring_sq_ready(&r.uring))
			usleep(100);
		/* nobody looks at results */
		io_uring_cq_advance(&r.uring, io_uring_cq_ready(&r.uring));
		orders->queued++;
	}
	return unused;
}

static void pumping_launcher(unsigned int ring_flags)
{
	pthread_t thread;

	tring_init(&r, ring_flags);
	CHECK_EQ(pthread_create(&thread, NULL, pump, NULL), 0);
	for (;;)
		pause();
}

static void pump_two(void)
{
	double until = now() + tap_patience();

	orders->wanted += 2;
	while (orders->queued != orders->wanted) {
		CHECK_LT(now(), until);
		usleep(200);
	}
}

static void pump_under_tracer(unsigned int stops, int event, int options)
{
	pid_t pid = trace(pumping_launcher, IORING_SETUP_SQPOLL, options);
	struct depth most = follow(pid, event, stops, pump_two);

	DIAG("%u chains queued under a tracer: at most %u frames of stack, %u of task_work_run()",
	     stops, most.frames, most.works);
}

TEST(K1_a_thousand_chains_queued_under_a_tracer_do_not_nest, .timeout = 300)
{
	pump_under_tracer(1000, PTRACE_EVENT_VFORK, PTRACE_O_TRACEVFORK);
}

TEST(K1_nor_where_the_tracer_asks_for_the_end_of_vfork)
{
	pump_under_tracer(60, PTRACE_EVENT_VFORK_DONE, PTRACE_O_TRACEVFORKDONE);
}

TEST(K1_nor_where_it_asks_for_both)
{
	pump_under_tracer(60, PTRACE_EVENT_VFORK,
			  PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
}

/* --- chains that wait for another request --------------------------------- */

#define READERS 24
static int bytes[2];

static struct io_uring_sqe *q_read_alone(int fd, unsigned int nr)
{
	static char byte[READERS];
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_READ, OTHER + nr);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)&byte[nr];
	sqe->len = 1;
	sqe->off = -1ULL;
	return sqe;
}

/* CLONE, and what comes after it, runs when this request has ended. */
static void q_clone_after(struct io_uring_sqe *first)
{
	q_clone(&r);
	first->flags |= IOSQE_IO_LINK;
}

static void reading_launcher(unsigned int ring_flags)
{
	unsigned int i;

	tring_init(&r, ring_flags);
	for (i = 0; i < READERS; i++) {
		q_clone_after(q_read_alone(bytes[0], i));
		q_nop(&r);
	}
	tring_submit(&r);
	tring_total(&r, 3 * READERS);
	for (;;)
		pause();
}

/* In place of the launcher, these two complete requests of its. */
static void write_two(void)
{
	CHECK_EQ(write(bytes[1], "ab", 2), 2);
}

TEST(K1_chains_that_requests_release_do_not_nest, .timeout = 120)
{
	struct depth most;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		make_pipe(bytes);
		pid = trace(reading_launcher, tring_kinds[i].flags,
			    PTRACE_O_TRACEVFORK);
		most = follow(pid, PTRACE_EVENT_VFORK, READERS, write_two);
		DIAG("%s: at most %u frames, %u of task_work_run()",
		     tring_kinds[i].name, most.frames, most.works);
		close(bytes[0]);
		close(bytes[1]);
	}
}

/* --- the end of vfork ----------------------------------------------------- */

static int ends[2], gate[2];

static struct io_uring_sqe *q_close(int fd)
{
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_CLOSE, OTHER);

	sqe->fd = fd;
	return sqe;
}

/*
 * The child reads until the last writer of the pipe is gone. That is the
 * launcher, whose descriptor is closed, but not its file: for that, it has task
 * work to do.
 */
static void closing_launcher(unsigned int ring_flags)
{
	static char byte;

	tring_init(&r, ring_flags);
	make_pipe(ends);
	q_close(ends[1]);
	q_clone(&r);
	/* the end of a file breaks a normal link */
	hardlink(q_read(&r, ends[0], &byte, 1));
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
}

static unsigned int ends_of_vfork(pid_t pid, void (*at_vfork)(pid_t child))
{
	unsigned int seen = 0;
	int event;

	while ((event = next_event(pid))) {
		pid_t child = 0;

		if (event == PTRACE_EVENT_VFORK)
			child = let_child_go(pid);
		seen += event == PTRACE_EVENT_VFORK_DONE;
		CHECK_SYS(ptrace(PTRACE_CONT, pid, 0, 0));
		if (child)
			at_vfork(child);
	}
	return seen;
}

TEST(K1_task_work_runs_before_the_launcher_waits_for_its_child, .timeout = 300)
{
	unsigned int i;
	pid_t pid;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		pid = trace(closing_launcher, tring_kinds[i].flags,
			    PTRACE_O_TRACEVFORKDONE);
		EXPECT_EQ(ends_of_vfork(pid, NULL), 1);
	}
}

/* The same, but the descriptor is closed when the launcher waits already. */
static void waiting_launcher(unsigned int ring_flags)
{
	static struct {
		struct io_uring_clone_files head;
		struct io_uring_clone_file file;
	} list = { .head = { .nr = 1 } };
	struct io_uring_sqe *sqe;
	static char byte;

	tring_init(&r, ring_flags);
	make_pipe(ends);
	list.file.source = list.file.number = ends[0];
	sqe = q_read_alone(gate[0], 1);
	q_close(ends[1]);
	sqe->flags |= IOSQE_IO_LINK;
	sqe = q_clone(&r);
	sqe->rw_flags = IORING_CLONE_FILES;
	sqe->addr3 = (uintptr_t)&list;
	hardlink(q_read(&r, ends[0], &byte, 1));
	q_exit(&r, 3);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 0), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 3);
}

static void open_gate(pid_t child)
{
	wait_blocked(child);
	CHECK_EQ(write(gate[1], "x", 1), 1);
}

TEST(K1_and_while_it_waits, .timeout = 120)
{
	pid_t pid;

	make_pipe(gate);
	pid = trace(waiting_launcher, 0,
		    PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
	EXPECT_EQ(ends_of_vfork(pid, open_gate), 1);
}
