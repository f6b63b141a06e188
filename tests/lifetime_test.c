// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Everything that can end, stop or take away a chain, its ring, its policy or
 * who made them, at every point of a chain's life (S5, S11, S15, P2). Whoever
 * wins, each request has one CQE, no child is lost, no program is harmed, what is no
 * program leaves nothing, and nobody holds directories that the ring had opened
 * afterwards (O3).
 *
 * To add an event is to add an EVENT() here, to add a point is to add a line in
 * lifetime/points.c: every event then happens at every point. Environment:
 * LIFETIME_SEED: of the lots that are drawn, as told by a failure
 * LIFETIME_ROUNDS: so many times the usual number of rounds
 * LIFETIME_POINT: only points with this in their names
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lifetime/matrix.h"

#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PIN "/sys/fs/bpf/lifetime_test"

/* --- cancelling (S15) ---------------------------------------------------------- */

/* By a request if the thread that submits can make one, or by a register command. */
static void cancel(struct round *r, uint64_t target, unsigned int flags)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = target,
		.fd = -1,
		.flags = flags,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};

	if (!r->by_submitter) {
		r->cancelled = tring_register(
			&r->ring, IORING_REGISTER_SYNC_CANCEL, &reg, 1);
		return;
	}
	q_cancel(&r->ring, target, flags, CANCEL);
	submitter_order(r, SUBMIT_CANCEL);
	if (!WAIT(ring_has(r, CANCEL)))
		FAIL("the cancel request has no CQE");
	r->cancelled = tring_res(&r->ring, CANCEL);
}

static void check_cancel(struct round *r)
{
	if (r->cancelled && r->cancelled != -ENOENT)
		FAIL("cancelling: %d", r->cancelled);
}

static void cancel_clone(struct round *r)
{
	cancel(r, CLONE, 0);
	check_cancel(r);
}

EVENT(S15_cancel_of_clone, .fate = ENDS, .cancels = true, .act = cancel_clone)

static void cancel_step(struct round *r)
{
	cancel(r, r->current, 0);
	check_cancel(r);
}

EVENT(S15_cancel_of_the_step, .fate = ENDS, .cancels = true, .act = cancel_step)

/* The result is how many have been found. */
static void cancel_any(struct round *r)
{
	cancel(r, 0, IORING_ASYNC_CANCEL_ANY);
	CHECK(r->cancelled == 0 || r->cancelled == 1);
	r->cancelled = r->cancelled ? 0 : -ENOENT;
}

EVENT(S15_cancel_of_anything, .fate = ENDS, .cancels = true, .act = cancel_any)

static void wait_deadline(struct round *r)
{
	nap(r->deadline.tv_nsec / 1000 + 1000);
}

EVENT(S14_the_deadline, .fate = ENDS, .deadline = true, .act = wait_deadline)

/* --- the submitter goes (S5, S15) ------------------------------------------------- */

static void kill_submitter(struct round *r)
{
	(void)r;
	kill(getpid(), SIGKILL);
}

EVENT(S15_the_submitter_is_killed, .fate = DIES, .status = -SIGKILL,
      .act = kill_submitter)

static void leave_process(struct round *r)
{
	(void)r;
	_exit(EXITED);
}

EVENT(S15_the_submitter_exits, .fate = DIES, .status = EXITED,
      .act = leave_process)

static void leave_thread(struct round *r)
{
	submitter_order(r, LEAVE);
}

EVENT(S16_the_submitting_thread_exits, .fate = ENDS, .leaves = true,
      .act = leave_thread)

static void execute_here_or_there(struct round *r)
{
	if (!r->by_submitter)
		execute();
	submitter_order(r, EXECUTE);
	for (;;)
		pause();
}

EVENT(S15_the_submitter_executes, .fate = DIES, .status = EXECUTED,
      .act = execute_here_or_there)

/* --- the child (S5) ---------------------------------------------------------------- */

static void kill_child(struct round *r)
{
	if (r->share->child)
		kill(r->share->child, SIGKILL);
}

EVENT(S5_the_child_is_killed, .fate = ENDS, .hits_child = true,
      .kills_program = true, .act = kill_child)

static void stop_child(struct round *r)
{
	if (!r->share->child)
		return;
	kill(r->share->child, SIGSTOP);
	nap(r->release_nap);
	kill(r->share->child, SIGCONT);
}

EVENT(S5_the_child_is_stopped, .fate = GOES_ON, .hits_child = true,
      .act = stop_child)

static void freeze_child(struct round *r)
{
	write_file(CHILD_GROUP "/cgroup.freeze", "1", 0);
	nap(r->release_nap);
	write_file(CHILD_GROUP "/cgroup.freeze", "0", 0);
}

EVENT(S5_the_childs_cgroup_is_frozen, .fate = GOES_ON, .act = freeze_child)

static void kill_group(struct round *r)
{
	(void)r;
	write_file(CHILD_GROUP "/cgroup.kill", "1", 0);
}

EVENT(S5_the_childs_cgroup_is_killed, .fate = ENDS, .hits_child = true,
      .kills_program = true, .act = kill_group)

/* A thread of its own: when it ends, so does tracing. */
static void *trace_child(void *arg)
{
	struct round *r = arg;
	pid_t child = r->share->child;
	siginfo_t stop = { 0 };

	if (!child || ptrace(PTRACE_SEIZE, child, 0, 0))
		return NULL;
	ptrace(PTRACE_INTERRUPT, child, 0, 0);
	nap(r->release_nap);
	/* what is held in the kernel does not stop; what stopped is let go */
	if (!waitid(P_PID, child, &stop, WSTOPPED | WNOHANG | __WALL) &&
	    stop.si_pid)
		ptrace(PTRACE_DETACH, child, 0, 0);
	return NULL;
}

static void debug_child(struct round *r)
{
	pthread_t debugger;

	CHECK_EQ(pthread_create(&debugger, NULL, trace_child, r), 0);
	CHECK_EQ(pthread_join(debugger, NULL), 0);
}

EVENT(S5_a_debugger_comes_and_goes, .fate = GOES_ON, .hits_child = true,
      .act = debug_child)

/* --- the submitter stands still (S5, S18) --------------------------------------------- */

static void stop_submitter(struct round *r)
{
	r->share->stopped = true;
	kill(getpid(), SIGSTOP);
	r->share->stopped = false;
}

EVENT(S18_the_submitter_is_stopped, .fate = GOES_ON, .act = stop_submitter)

static void enter_group(struct round *r)
{
	(void)r;
	write_file(SUBMITTER_GROUP "/cgroup.procs", "0", 0);
}

static void freeze_submitter(struct round *r)
{
	r->share->frozen = true;
	write_file(SUBMITTER_GROUP "/cgroup.freeze", "1", 0);
	r->share->frozen = false;
}

EVENT(S18_the_submitters_cgroup_is_frozen, .fate = GOES_ON,
      .prepare = enter_group, .act = freeze_submitter)

/* --- the ring (S5, S15) ---------------------------------------------------------------- */

EVENT(S15_the_ring_is_closed, .fate = ENDS, .act = close_ring)

static void *cancel_some_time(void *arg)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = CLONE,
		.fd = -1,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};
	struct round *r = arg;

	nap(r->release_nap);
	/* the ring may be gone, or this call be the last to have it */
	tring_register(&r->ring, IORING_REGISTER_SYNC_CANCEL, &reg, 1);
	return NULL;
}

static void cancel_and_close(struct round *r)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, cancel_some_time, r), 0);
	nap(r->nap);
	close_ring(r);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

EVENT(S15_the_ring_is_closed_while_clone_is_cancelled, .fate = ENDS,
      .shares_ring = true, .act = cancel_and_close)

/* --- the policy (P2) ------------------------------------------------------------------- */

static void is_detached(struct round *r)
{
	r->asked = r->program.life->runs;
	r->detached = true;
}

static void detach_link(struct round *r)
{
	union bpf_attr attr = { .link_detach = { .link_fd = r->link } };

	CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
	is_detached(r);
}

EVENT(P2_the_link_is_detached, .fate = GOES_ON, .unlinks = true,
      .act = detach_link)

static void update_link(struct round *r)
{
	union bpf_attr attr = { .link_update = { .link_fd = r->link,
						 .new_prog_fd =
							 r->other_program } };

	CHECK_OK(bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr)));
	r->asked = r->program.life->runs;
	r->updated = true;
}

EVENT(P2_the_link_is_updated, .fate = GOES_ON, .unlinks = true,
      .act = update_link)

/* The child of a chain without a list has a copy of the descriptor. */
static void close_link(struct round *r)
{
	CHECK_SYS(close(r->link));
	r->link = -1;
	if (r->list || (r->point->place < IN_STEP && !r->racing))
		is_detached(r);
}

EVENT(P2_the_link_is_closed, .fate = GOES_ON, .unlinks = true,
      .act = close_link)

static int pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path, .bpf_fd = fd };

	return bpf_call(BPF_OBJ_PIN, &attr, sizeof(attr));
}

/* From here on, no descriptor has the link, and the child gets none. */
static void pin_at(struct round *r, const char *path)
{
	CHECK_OK(pin(r->link, path));
	CHECK_SYS(close(r->link));
	r->link = -1;
}

static void pin_link(struct round *r)
{
	unlink(PIN);
	pin_at(r, PIN);
}

/* Its own, whatever its neighbours are. */
static bool has_policy(struct round *r)
{
	char link[32];

	snprintf(link, sizeof(link), " link %u ", r->share->link);
	return strstr(fdinfo_of(tring_fd(&r->ring)), link);
}

/* What is pinned goes a while after its name. */
static void wait_detached(struct round *r)
{
	CHECK(WAIT(!has_policy(r)));
	is_detached(r);
}

static void unpin_link(struct round *r)
{
	CHECK_SYS(unlink(PIN));
	wait_detached(r);
}

EVENT(P2_the_pinned_link_is_unlinked, .fate = GOES_ON, .unlinks = true,
      .attached = pin_link, .act = unpin_link)

/* A file system of its own. */
static void mount_and_pin(struct round *r)
{
	char *dir = in_dir("bpf");

	mkdir(dir, 0700);
	CHECK_SYS(mount("bpf", dir, "bpf", 0, NULL));
	pin_at(r, format("%s/link", dir));
}

static void unmount(struct round *r)
{
	CHECK_SYS(umount2(in_dir("bpf"), 0));
	wait_detached(r);
}

EVENT(P2_bpffs_with_the_link_is_unmounted, .fate = GOES_ON, .unlinks = true,
      .attached = mount_and_pin, .act = unmount)

/* The link stays, and knows that the ring does not: see check_link(). */
static void close_ring_not_link(struct round *r)
{
	union bpf_attr attr = { .pathname = (uintptr_t)PIN };

	close_ring(r);
	r->link = CHECK_OK(bpf_call(BPF_OBJ_GET, &attr, sizeof(attr)));
	CHECK_SYS(unlink(PIN));
}

EVENT(P2_the_ring_is_closed_the_link_pinned, .fate = ENDS, .attached = pin_link,
      .act = close_ring_not_link)

/* A program that nobody else has; the link has to keep it and its map. */
static void load_own(struct round *r)
{
	copy_program(&r->program);
}

static void unload_own(struct round *r)
{
	/* afterwards nobody can tell it to stay no longer, or to go on */
	r->program.life->stays = 0;
	r->program.life->until = now() * 1000000000ULL + 1000 * r->release_nap;
	unload_copy(&r->program);
}

EVENT(P2_the_program_is_unloaded, .fate = GOES_ON, .releases = true,
      .prepare = load_own, .act = unload_own)

/* --- its neighbours in the slot (U9) ---------------------------------------------------- */

static void with_neighbours(struct round *r)
{
	r->neighbours = 3;
}

static void detach_neighbours(struct round *r)
{
	union bpf_attr attr = { .link_detach = { .link_fd = r->neighbour[0] } };

	CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
	CHECK_SYS(close(r->neighbour[1]));
}

EVENT(U9_the_neighbours_are_detached, .fate = GOES_ON,
      .prepare = with_neighbours, .act = detach_neighbours)

static void without_neighbours(struct round *r)
{
	r->neighbours = 0;
}

static void attach_neighbours(struct round *r)
{
	attach_neighbour(r, true);
	attach_neighbour(r, false);
}

EVENT(U9_others_are_attached, .fate = GOES_ON, .prepare = without_neighbours,
      .act = attach_neighbours)

/* --- open directories (O3) --------------------------------------------------------------- */

/* Its list is there in each round, and in some of all other events. */
#define OPEN_EVENT(name_, ...)                                                 \
	EVENT(name_, .fate = GOES_ON, .opens = true, __VA_ARGS__)

OPEN_EVENT(O3_the_list_is_replaced, .shares_ring = true, .act = dirs_replace)
OPEN_EVENT(O3_the_list_is_forgotten, .shares_ring = true, .act = dirs_forget)
OPEN_EVENT(O3_the_directories_are_removed, .act = dirs_remove)
OPEN_EVENT(O3_their_mount_is_detached, .act = dirs_detach)
