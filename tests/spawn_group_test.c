// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: its group takes a processor for itself.
 *
 * A child can be put into somebody else's group, a container's for instance.
 * What happens to the group is not to happen to the launcher (S15, section 6 of
 * the design).
 */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define GROUP "spawn_group_test"
#define PATH "/sys/fs/cgroup/" GROUP
#define MB (1L << 20)

static struct tring r;
struct report {
	volatile pid_t child;
	volatile bool executes; /* the launcher, that is, now */
};
static struct report *report;

static void q_read_pipe(void)
{
	struct blocker b;

	q_block(&r, &b);
}

/* What is asked for is refused, but not before there is room in the pipe. */
static void q_splice_ring(void)
{
	static char full[1 << 16];
	struct io_uring_sqe *sqe = q_nop(&r);
	int fds[2];

	CHECK_SYS(pipe(fds));
	CHECK_EQ(write(fds[1], full, sizeof(full)), sizeof(full));
	sqe->opcode = IORING_OP_SPLICE;
	sqe->fd = fds[1];
	sqe->off = -1;
	sqe->splice_off_in = -1;
	sqe->len = 1;
	/* one that is not close-on-exec stays open in the child */
	sqe->splice_fd_in = CHECK_SYS(dup(tring_fd(&r)));
}

/* A launcher outside of the group, whose child waits in it. */
static pid_t launch(unsigned int ring_flags, void (*queue)(void))
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };
	pid_t pid;

	report = shared_memory(sizeof(*report));
	pid = CHECK_SYS(fork());
	if (!pid) {
		args.cgroup = CHECK_SYS(
			open(PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		tring_init(&r, ring_flags);
		q_clone3(&r, &args);
		queue();
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_GT(tring_res(&r, CLONE), 0);
		wait_blocked(tring_res(&r, CLONE));
		report->child = tring_res(&r, CLONE);
		while (!report->executes)
			sleep_ms(1);
		execl("/bin/sleep", "sleep", "1000", NULL);
	}
	while (!report->child && !is_gone(pid))
		sleep_ms(1);
	CHECK_GT(report->child, 0);
	return pid;
}

/* --- a group that runs out of memory ------------------------------------------------- */

static void use_memory(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	memset(memory, 1, size);
}

TEST(S15_a_group_killed_for_its_memory_takes_no_launcher_along)
{
	pid_t launcher, hog;

	group_make(GROUP);
	group_set(GROUP, "memory.max", 16 * MB);
	group_set(GROUP, "memory.oom.group", 1);
	launcher = launch(0, q_read_pipe);

	hog = CHECK_SYS(fork());
	if (!hog) {
		group_enter(GROUP);
		use_memory(64 * MB);
		_exit(0);
	}
	CHECK_EQ(wait_exit(hog), -SIGKILL);
	/* all of the group were killed at once, so it has happened now or never */
	check_gone(report->child);
	EXPECT_EQ(waitpid(launcher, NULL, WNOHANG), 0);

	CHECK_SYS(kill(launcher, SIGKILL));
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	group_remove(GROUP);
}

/* --- a group that has hardly any processor time ----------------------------------------- */

#define BUSY 40

static void keep_busy(pid_t pids[BUSY])
{
	int i;

	for (i = 0; i < BUSY; i++) {
		pids[i] = CHECK_SYS(fork());
		if (pids[i])
			continue;
		group_enter(GROUP);
		for (;;)
			;
	}
}

/* A thousandth of a second in each, for all of them. */
static void starve(bool on)
{
	write_file(PATH "/cpu.max", on ? "1000 1000000" : "max", 0);
}

/* Whether this function of the kernel is what a task is in, or waits in. */
static bool is_in(pid_t pid, const char *function)
{
	return strstr(read_file(format("/proc/%d/stack", pid)), function);
}

/* A child that is killed completes its requests before it exits. */
static bool had_its_turn(pid_t pid)
{
	return is_gone(pid) || is_in(pid, "do_exit");
}

/* As far as where it waits for its children. */
static void wait_in_exec(pid_t pid)
{
	double until = now() + tap_patience();

	report->executes = true;
	while (!is_in(pid, "io_uring_cancel_generic")) {
		CHECK_LT(now(), until);
		sleep_ms(10);
	}
}

static void end_starved(unsigned int ring_flags, void (*queue)(void),
			bool executes)
{
	pid_t launcher, busy[BUSY];
	int i;

	group_make(GROUP);
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu", 0);
	launcher = launch(ring_flags, queue);
	keep_busy(busy);
	starve(true);
	/* all that the group was owed has been used up */
	sleep_ms(1500);
	if (executes)
		wait_in_exec(launcher);

	CHECK_SYS(kill(launcher, SIGKILL));
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	EXPECT(!had_its_turn(report->child));

	starve(false);
	for (i = 0; i < BUSY; i++) {
		CHECK_SYS(kill(busy[i], SIGKILL));
		CHECK_EQ(wait_exit(busy[i]), -SIGKILL);
	}
	check_gone(report->child);
	group_remove(GROUP);
}

TEST(S15_a_killed_launcher_does_not_wait_for_a_starved_child)
{
	end_starved(0, q_read_pipe, false);
}

TEST(S15_nor_does_it_where_completions_are_its_own_work)
{
	end_starved(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		    q_read_pipe, false);
}

TEST(S15_nor_if_the_child_uses_the_ring_itself)
{
	end_starved(0, q_splice_ring, false);
}

/* Who executes another program waits, but not when killed. */
TEST(S15_nor_on_its_way_to_another_program)
{
	end_starved(0, q_read_pipe, true);
}

/* --- rings that share an SQ thread ------------------------------------------------------ */

/* Of the ring that is closed; the other one's child is starved. */
static struct tring first;

static void open_rings(void)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQPOLL |
					      IORING_SETUP_ATTACH_WQ };

	tring_init(&first, IORING_SETUP_SQPOLL);
	p.wq_fd = tring_fd(&first);
	CHECK_EQ(io_uring_queue_init_params(8, &r.uring, &p), 0);
	q_clone(&first);
	q_exit(&first, 0);
	tring_submit(&first);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&first, CLONE))), 0);
}

static void share_and_die(volatile bool *starved, unsigned int ms)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD };

	args.cgroup = CHECK_SYS(open(PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	open_rings();
	q_clone3(&r, &args);
	q_read_pipe();
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_GT(tring_res(&r, CLONE), 0);
	wait_blocked(tring_res(&r, CLONE));
	report->child = tring_res(&r, CLONE);
	while (!*starved)
		sleep_ms(1);
	tring_exit(&first);
	sleep_ms(ms);
	kill(getpid(), SIGKILL);
}

/*
 * The SQ thread waits for the child of one ring while the other ring, which has
 * spawned before, is being freed. Whatever there is to find, KASAN finds.
 */
TEST(S15_a_ring_goes_while_its_thread_waits_for_a_child_of_another, .timeout = 300)
{
	static const unsigned int naps[] = { 0, 5, 20, 60, 200 };
	volatile bool *starved;
	pid_t pid, busy[BUSY];
	unsigned int i, k;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu", 0);
	for (k = 0; k < sizeof(naps) / sizeof(naps[0]); k++) {
		group_make(GROUP);
		report = shared_memory(sizeof(*report));
		starved = shared_memory(sizeof(*starved));
		pid = CHECK_SYS(fork());
		if (!pid)
			share_and_die(starved, naps[k]);
		while (!report->child && !is_gone(pid))
			sleep_ms(1);
		CHECK_GT(report->child, 0);
		keep_busy(busy);
		starve(true);
		sleep_ms(1500);
		*starved = true;
		/* its SQ thread cannot end before its child has */
		sleep_ms(naps[k] + 300);
		starve(false);
		CHECK_EQ(wait_exit(pid), -SIGKILL);
		for (i = 0; i < BUSY; i++) {
			CHECK_SYS(kill(busy[i], SIGKILL));
			CHECK_EQ(wait_exit(busy[i]), -SIGKILL);
		}
		check_gone(report->child);
		group_remove(GROUP);
	}
}
