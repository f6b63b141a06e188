// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Everything that ends a kept child, in each state that it can be in, on each kind of
 * ring (C1, C5): of one that SPAWNs make and use, and of one that links do. Each
 * combination has a launcher of its own, a process. Nothing is left of it: no task, no
 * zombie, no number, and the requests have their CQEs.
 *
 * To add an end is to add a row to ends[], to add a state is to add one to states[].
 */
#include "lib/child.h"
#include "lib/kept.h"
#include "lib/links.h"
#include "lib/ring.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef IORING_ASYNC_CANCEL_OP
#define IORING_ASYNC_CANCEL_USERDATA (1U << 4)
#define IORING_ASYNC_CANCEL_OP (1U << 5)
#endif

#define GROUP "/sys/fs/cgroup/kept_life"
#define COPIES 3
#define CANCEL (OTHER + 2) /* user_data */
#define NTH(n) (OTHER + 100 + (n))

static struct tring r;
static struct whole w;
static char *fifo;
static int number; /* 0: nobody has been told */
static pid_t pid;
static unsigned int nr_in_flight; /* NTH(0) and so on */
static struct whole *in_flight[COPIES];

/* What the launcher tells the test. */
static struct share {
	pid_t pid;
} * share;

/* --- states -------------------------------------------------------------------------- */

static void make(void)
{
	number = kept_make(&r, &w);
	pid = w.told.report.pid;
	tring_forget(&r);
}

static void queue(struct whole *which)
{
	in_flight[nr_in_flight] = which;
	q_spawn(&r, which, NTH(nr_in_flight++));
	tring_submit(&r);
}

/* It runs its first steps. */
static void be_made(void)
{
	double until = now() + tap_patience();

	kept_new(&w);
	whole_pidfd(&w);
	whole_wait_for(&w, fifo);
	queue(&w);
	while (!(pid = whole_child(&w)) && now() < until)
		sleep_ms(1);
	CHECK_GT(pid, 0);
	kept_wait_blocked(pid);
}

static void be_busy(void)
{
	make();
	kept_more(&w, number);
	whole_wait_for(&w, fifo);
	queue(&w);
	kept_wait_blocked(pid);
	check_kept(&r, number, pid, "busy");
}

static void make_and_stop(void)
{
	make();
	kept_stop(pid);
}

/* A SPAWN is in its list, and it cannot take it. */
static void be_handed(void)
{
	make();
	kept_stop(pid);
	kept_more(&w, number);
	queue(&w);
	check_kept(&r, number, pid, "busy");
}

static void be_asked_for_copies(void)
{
	static struct whole copy;
	unsigned int i;

	make();
	kept_stop(pid);
	whole_exit(&copy, 1);
	kept_copy(&copy, number);
	for (i = 0; i < COPIES; i++)
		queue(&copy);
	/* the SQ thread has taken them */
	while (io_uring_sq_ready(&r.uring))
		sleep_ms(1);
}

static void be_gone(void)
{
	make();
	CHECK_SYS(kill(pid, SIGKILL));
	check_gone(pid);
}

/* It cannot move, and is not to be seen to. */
static void be_frozen(void)
{
	double until = now() + tap_patience();
	const char *events = GROUP "/cgroup.events";

	make();
	write_file(GROUP "/cgroup.procs", format("%d", pid), 0);
	write_file(GROUP "/cgroup.freeze", "1", 0);
	while (strcmp(line_of(read_file(events), "frozen"), "1") && now() < until)
		sleep_ms(1);
	EXPECT_STR(line_of(read_file(events), "frozen"), "1");
}

/* The launcher is its debugger, and is not told when it ends otherwise. */
static void be_traced(void)
{
	int status;

	make();
	CHECK_SYS(ptrace(PTRACE_SEIZE, pid, 0, 0));
	CHECK_SYS(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	CHECK(WIFSTOPPED(status));
}

static const struct state {
	const char *name;
	void (*reach)(void);
	/* what its SPAWNs end with if it is killed, and if it can be cancelled itself */
	int killed;
	int cancelled;
	bool waits;  /* it runs no SPAWN, and none is on its way to it */
	bool runs;   /* a SPAWN, whose cancelling is its end */
	bool traced; /* its end is for the debugger to wait for */
} states[] = {
	{ .name = "made", .reach = be_made, .killed = -ECANCELED,
	  .cancelled = -ECANCELED, .runs = true },
	{ .name = "waiting", .reach = make, .waits = true },
	{ .name = "stopped", .reach = make_and_stop, .waits = true },
	{ .name = "handed", .reach = be_handed, .killed = -ESRCH,
	  .cancelled = -ECANCELED },
	{ .name = "busy", .reach = be_busy, .killed = -ECANCELED,
	  .cancelled = -ECANCELED, .runs = true },
	{ .name = "asked for copies", .reach = be_asked_for_copies,
	  .killed = -ESRCH, .cancelled = -ECANCELED, .waits = true },
	{ .name = "frozen", .reach = be_frozen, .waits = true },
	{ .name = "traced", .reach = be_traced, .waits = true, .traced = true },
	{ .name = "gone", .reach = be_gone },
};
#define NR_STATES (sizeof(states) / sizeof(states[0]))

/* --- ends ---------------------------------------------------------------------------- */

static void close_ring(void)
{
	tring_exit(&r);
}

static void leave(void)
{
	_exit(0);
}

static void execute(void)
{
	execl(helper("exit_with"), "exit_with", "0", NULL);
	FAIL("cannot execute: %s", strerror(errno));
}

static void be_killed(void)
{
	kill(getpid(), SIGKILL);
}

static void leave_thread(void)
{
	syscall(SYS_exit, 0);
}

static void kill_child(void)
{
	CHECK(!kill(pid, SIGKILL) || is_gone(pid));
}

static void cancel(uint64_t target, unsigned int flags)
{
	struct io_uring_sqe *sqe = q_cancel(&r, target, flags, CANCEL);

	if (flags & IORING_ASYNC_CANCEL_OP)
		sqe->len = by_links ? SPAWNPOL_OP_CLONE : SPAWNPOL_OP_SPAWN;
	tring_submit(&r);
	tring_res(&r, CANCEL);
}

/* Of the SPAWN that made it: its first, in whichever state. */
static uint64_t maker(void)
{
	return number ? WHOLE : NTH(0);
}

#define MAKER (IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_USERDATA)

static void cancel_maker(void)
{
	cancel(maker(), MAKER);
}

static void cancel_all_of_maker(void)
{
	cancel(maker(), MAKER | IORING_ASYNC_CANCEL_ALL);
}

/* It can be another request's by now. */
static void cancel_user_data(void)
{
	cancel(maker(), 0);
}

static void cancel_any(void)
{
	cancel(0, IORING_ASYNC_CANCEL_ANY);
}

static void cancel_op(void)
{
	cancel(0, IORING_ASYNC_CANCEL_OP | IORING_ASYNC_CANCEL_ALL);
}

static const struct end {
	const char *name;
	void (*act)(void);
	bool cancels; /* each SPAWN that is in flight */
	bool finds;   /* and says whether there was something ... */
	bool counts;  /* ... and how much */
	bool names;   /* SPAWNs, so that a child that waits is meant as well */
	bool closes;  /* no CQE is seen any more */
	bool of_thread;
	int status;   /* of the launcher */
} ends[] = {
	{ .name = "the ring is closed", .act = close_ring, .closes = true },
	{ .name = "the launcher exits", .act = leave, .closes = true },
	{ .name = "the launcher's thread exits", .act = leave_thread,
	  .closes = true, .of_thread = true },
	{ .name = "the launcher executes", .act = execute, .closes = true },
	{ .name = "the launcher is killed", .act = be_killed, .closes = true,
	  .status = -SIGKILL },
	{ .name = "the child is killed", .act = kill_child },
	{ .name = "its SPAWN is cancelled", .act = cancel_maker, .finds = true,
	  .names = true },
	{ .name = "all SPAWNs of that user_data are cancelled",
	  .act = cancel_all_of_maker, .finds = true, .counts = true,
	  .names = true },
	{ .name = "that user_data is cancelled", .act = cancel_user_data,
	  .finds = true },
	{ .name = "anything is cancelled", .act = cancel_any, .cancels = true,
	  .finds = true, .counts = true },
	{ .name = "each SPAWN is cancelled", .act = cancel_op, .cancels = true,
	  .finds = true, .counts = true, .names = true },
};
#define NR_ENDS (sizeof(ends) / sizeof(ends[0]))

/* --- what has become of it -------------------------------------------------------------- */

/* SPAWNs that a cancel finds: the first, as long as that runs, or all. */
static unsigned int spawns_found(const struct end *end)
{
	return end->cancels || !number ? nr_in_flight : 0;
}

static bool finds_child(const struct state *state, const struct end *end)
{
	return state->waits && end->names;
}

static void check_found(const struct state *state, const struct end *end)
{
	int found = spawns_found(end) + finds_child(state, end);

	if (end->counts)
		EXPECT_EQ(tring_res(&r, CANCEL), found);
	else
		EXPECT_EQ(tring_res(&r, CANCEL), found ? 0 : -ENOENT);
}

/* What was cancelled was not the child: it is there, and ends otherwise. */
static void end_what_stays(const struct state *state, const struct end *end)
{
	if (!end->finds || finds_child(state, end) || state->reach == be_gone ||
	    (state->runs && spawns_found(end)))
		return;
	CHECK_HAS(kept_line(&r, number), format("pid %d ", pid));
	kill_child();
}

static void check_cqes(const struct state *state, const struct end *end)
{
	bool cancelled = end->finds && spawns_found(end);
	unsigned int i, nr = end->finds;

	if (end->finds)
		check_found(state, end);
	end_what_stays(state, end);
	for (i = 0; i < nr_in_flight; i++) {
		EXPECT_EQ(spawn_res(&r, in_flight[i], NTH(i)),
			  cancelled ? state->cancelled : state->killed);
		nr += spawn_cqes(in_flight[i]);
	}
	tring_total(&r, nr);
}

/* The launcher is there, and its ring. */
static void check_ring(void)
{
	if (number)
		check_kept_gone(&r, number);
	EXPECT_EQ(kept_shown(&r), 0);
	/* and it is as good as new */
	kept_end(&r, kept_make(&r, &w));
	whole_is_gone();
}

static void settle(const struct state *state, const struct end *end)
{
	if (!end->closes)
		check_cqes(state, end);
	/* that of a debugger is told, as for each process */
	if (state->traced)
		CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
	check_gone(pid);
	if (!end->closes)
		check_ring();
	check_no_children();
	EXPECT_EQ(sigchlds(), 0);
}

/* The ring has the end that is written to, and nobody else: it is freed with the ring. */
static int freed[2];

static void check_freed(void)
{
	struct pollfd end_of_file = { .fd = freed[0], .events = POLLIN };

	CHECK_EQ(poll(&end_of_file, 1, 1000 * tap_patience()), 1);
	CHECK_EQ(end_of_file.revents, POLLHUP);
	close(freed[0]);
}

static const struct tring_kind *kind;
static const struct state *state;
static const struct end *end;

/* All that the thread does that has the ring. */
static void *launch(void *arg)
{
	(void)arg;
	tring_init(&r, kind->flags);
	CHECK_OK(tring_register(&r, IORING_REGISTER_FILES, &freed[1], 1));
	close(freed[1]);
	state->reach();
	share->pid = pid;
	/* a debugger's stops are signalled */
	if (!state->traced)
		count_sigchld();
	end->act();
	return NULL;
}

/* A ring with an SQ thread has that for its submitter, as long as the process is there. */
static void check_thread_left(void)
{
	if (!(kind->flags & IORING_SETUP_SQPOLL)) {
		check_gone(pid);
	} else if (state->reach == make) {
		sleep_ms(5);
		check_kept(&r, number, pid, "waiting");
	}
	_exit(0);
}

static void launcher(void)
{
	pthread_t thread;

	if (!end->of_thread) {
		launch(NULL);
		settle(state, end);
		_exit(0);
	}
	CHECK_EQ(pthread_create(&thread, NULL, launch, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	/* who has a debugger waits for it */
	if (state->traced)
		_exit(0);
	check_thread_left();
}

/* One launcher. */
static void one(void)
{
	pid_t process;
	int status;

	share->pid = 0;
	write_file(GROUP "/cgroup.freeze", "0", 0);
	make_pipe(freed);
	process = CHECK_SYS(fork());
	if (!process)
		launcher();
	close(freed[1]);
	status = wait_exit(process);
	if (status != end->status)
		FAIL("%s, %s, %s ring: the launcher's status is %d", state->name,
		     end->name, kind->name, status);
	CHECK_GT(share->pid, 0);
	check_gone(share->pid);
	/* this is the subreaper: what is left is here */
	whole_is_gone();
	check_freed();
}

static void set_up(void)
{
	share = shared_memory(sizeof(*share));
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	fifo = in_dir("fifo");
	CHECK_SYS(mkfifo(fifo, 0600));
	mkdir(GROUP, 0755);
}

static void run(unsigned int nth, bool links)
{
	unsigned int i, j, nr = 0;

	set_up();
	state = &states[nth];
	by_links = links;
	for (i = 0; i < NR_ENDS; i++) {
		end = &ends[i];
		for (j = 0; j < tring_nr_kinds; j++) {
			/* each kind on a slow machine, but not each with each */
			if (tap_slowness() > 1 && (i + j + nth) % 3)
				continue;
			kind = &tring_kinds[j];
			one();
			nr++;
		}
	}
	write_file(GROUP "/cgroup.freeze", "0", 0);
	CHECK_SYS(rmdir(GROUP));
	DIAG("%u ends of a child that was %s", nr, state->name);
}

TEST(C1_ends_of_one_that_is_made, .timeout = 120) { run(0, false); }
TEST(C1_ends_of_one_that_waits, .timeout = 120) { run(1, false); }
TEST(C1_ends_of_one_that_is_stopped, .timeout = 120) { run(2, false); }
TEST(C1_ends_of_one_that_a_spawn_is_handed_to, .timeout = 120) { run(3, false); }
TEST(C1_ends_of_one_that_is_busy, .timeout = 120) { run(4, false); }
TEST(C4_ends_of_one_that_is_to_be_copied, .timeout = 120) { run(5, false); }
TEST(C1_ends_of_one_that_is_frozen, .timeout = 120) { run(6, false); }
TEST(C1_ends_of_one_that_is_traced, .timeout = 120) { run(7, false); }
TEST(C1_ends_of_one_that_is_gone, .timeout = 120) { run(8, false); }
TEST(C1_links_and_ends_of_one_that_is_made, .timeout = 120) { run(0, true); }
TEST(C1_links_and_ends_of_one_that_waits, .timeout = 120) { run(1, true); }
TEST(C1_links_and_ends_of_one_that_is_stopped, .timeout = 120) { run(2, true); }
TEST(C1_links_and_ends_of_one_that_a_spawn_is_handed_to, .timeout = 120) { run(3, true); }
TEST(C1_links_and_ends_of_one_that_is_busy, .timeout = 120) { run(4, true); }
TEST(C4_links_and_ends_of_one_that_is_to_be_copied, .timeout = 120) { run(5, true); }
TEST(C1_links_and_ends_of_one_that_is_frozen, .timeout = 120) { run(6, true); }
TEST(C1_links_and_ends_of_one_that_is_traced, .timeout = 120) { run(7, true); }
TEST(C1_links_and_ends_of_one_that_is_gone, .timeout = 120) { run(8, true); }
