// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: it lets the OOM killer choose among all processes.
 *
 * The child of a chain has the memory of its launcher. As long as the launcher
 * lives, to kill the child would free nothing, and the OOM killer leaves it
 * alone. When the launcher is dead, the child is what keeps that memory, and is
 * the one to be chosen (K4).
 *
 * A child outlives its launcher while it cannot run. The freezer of the first
 * version of control groups sees to that: SIGKILL does not thaw a process, but
 * the OOM killer does.
 */
#include "lib/child.h"
#include "lib/group.h"
#include "lib/ring.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MB (1UL << 20)
#define LARGE (256 * MB)
#define SMALL (24 * MB)
#define GROUP "spawn_oom_test"

/* --- processes of some size ----------------------------------------------- */

/* What a launcher tells of its child. */
static struct report {
	volatile pid_t child;
	volatile bool fails; /* to the launcher: have the step fail */
} * report;

static void set_oom_score_adj(const char *text)
{
	write_file("/proc/self/oom_score_adj", text, 0);
}

static void use_memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	CHECK(at != MAP_FAILED);
}

/* A step that makes the child, and it alone, the first to be chosen. */
static void q_be_chosen(struct tring *r)
{
	q_child(r, IORING_CHILD_OOM_SCORE_ADJ)->off = 1000;
}

struct launcher {
	size_t size;
	const char *oom_score_adj;
	const char *group;   /* of the child, or NULL */
	bool child_wants_it; /* q_be_chosen() */
};

/* Its chain's child blocks in a step. */
static void launch(const struct launcher *l)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	struct tring *r = calloc(1, sizeof(*r));
	struct blocker block;
	static char byte[2];

	set_oom_score_adj(l->oom_score_adj);
	use_memory(l->size);
	tring_init(r, 0);
	if (l->group) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = CHECK_SYS(
			open(l->group, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	}
	q_clone3(r, &args);
	if (l->child_wants_it)
		q_be_chosen(r);
	q_block(r, &block)->len = sizeof(byte);
	r->last->addr = (uintptr_t)byte;
	q_exit(r, 0);
	tring_submit(r);
	CHECK_GT(tring_res(r, CLONE), 0);
	wait_blocked(tring_res(r, CLONE));
	report->child = tring_res(r, CLONE);
	while (!report->fails)
		sleep_ms(1);
	/* it reads less than it is to */
	blocker_release(&block);
	for (;;)
		pause();
}

static pid_t start_launcher(const struct launcher *l)
{
	pid_t pid;

	report = shared_memory(sizeof(*report));
	pid = CHECK_SYS(fork());
	if (!pid)
		launch(l);
	while (!report->child && !is_gone(pid))
		sleep_ms(1);
	CHECK_GT(report->child, 0);
	return pid;
}

/* Its size makes it the next best choice. */
static pid_t start_bystander(size_t size)
{
	volatile bool *ready = shared_memory(sizeof(*ready));
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		set_oom_score_adj("0");
		use_memory(size);
		*ready = true;
		for (;;)
			pause();
	}
	while (!*ready)
		sleep_ms(1);
	return pid;
}

/* --- the freezer ---------------------------------------------------------- */

static const char *freezer;

/* Nobody else sees the mount. */
static void make_freezer(void)
{
	const char *dir = in_dir("freezer");

	CHECK_SYS(unshare(CLONE_NEWNS));
	CHECK_SYS(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_SYS(mkdir(dir, 0755));
	if (mount("freezer", dir, "cgroup", 0, "freezer"))
		SKIP("no freezer: %s", strerror(errno));
	freezer = format("%s/" GROUP, dir);
	if (mkdir(freezer, 0755) && errno != EEXIST)
		FAIL("%s: %s", freezer, strerror(errno));
}

static void freeze(pid_t pid)
{
	double until = now() + tap_patience();
	const char *state = format("%s/freezer.state", freezer);

	write_file(format("%s/cgroup.procs", freezer), format("%d", pid), 0);
	write_file(state, "FROZEN", 0);
	while (strcmp(read_file(state), "FROZEN\n") && now() < until)
		sleep_ms(1);
}

static void thaw(void)
{
	write_file(format("%s/freezer.state", freezer), "THAWED", 0);
}

static void remove_freezer(void)
{
	double until = now() + tap_patience();

	while (rmdir(freezer)) {
		if (errno != EBUSY || now() > until)
			FAIL("%s: %s", freezer, strerror(errno));
		sleep_ms(5);
	}
	CHECK_SYS(umount(in_dir("freezer")));
}

/* --- all processes of the machine ----------------------------------------- */

/*
 * Have the OOM killer kill one process, and wait until one of these has ended:
 * its number, or 0 if it is none of them. The first may be a child of somebody
 * else, or none.
 */
static pid_t kill_one(pid_t child, pid_t one, pid_t other)
{
	double until = now() + tap_patience();

	write_file("/proc/sysrq-trigger", "f", 0);
	while (now() < until) {
		if (child && is_gone(child))
			return child;
		if (has_ended(one))
			return one;
		if (has_ended(other))
			return other;
		sleep_ms(5);
	}
	return 0;
}

static void end(pid_t pid)
{
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(wait_exit(pid), -SIGKILL);
}

TEST(K4_a_child_whose_launcher_is_dead_is_chosen_for_its_memory, .timeout = 120)
{
	static const struct launcher large = { .size = LARGE,
					       .oom_score_adj = "0" };
	pid_t launcher, bystander, chosen;

	set_oom_score_adj("-1000");
	make_freezer();
	launcher = start_launcher(&large);
	bystander = start_bystander(SMALL);
	freeze(report->child);
	CHECK_SYS(kill(launcher, SIGKILL));
	/* no check may end the test before the child can run again */
	while (!has_ended(launcher))
		sleep_ms(1);
	chosen = kill_one(report->child, bystander, bystander);
	thaw();
	EXPECT_EQ(chosen, report->child);
	EXPECT(!has_ended(bystander));
	if (chosen != bystander)
		CHECK_SYS(kill(bystander, SIGKILL));
	CHECK_EQ(wait_exit(bystander), -SIGKILL);
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	check_gone(report->child);
	remove_freezer();
}

/* Its child is the first to be chosen, and it the last. */
static pid_t start_spared(void)
{
	static const struct launcher spared = { .size = LARGE,
						.oom_score_adj = "-1000",
						.child_wants_it = true };

	set_oom_score_adj("-1000");
	return start_launcher(&spared);
}

/* Its memory is that of its launcher, who is not to be killed. */
TEST(K4_a_child_of_a_living_launcher_is_not_chosen, .timeout = 120)
{
	pid_t launcher = start_spared(), bystander;

	CHECK_STR(read_file(format("/proc/%d/oom_score_adj", report->child)),
		  "1000\n");
	CHECK_STR(read_file(format("/proc/%d/oom_score_adj", launcher)),
		  "-1000\n");
	bystander = start_bystander(SMALL);
	CHECK_EQ(kill_one(report->child, launcher, bystander), bystander);
	CHECK_EQ(wait_exit(bystander), -SIGKILL);
	EXPECT(!is_gone(report->child));
	EXPECT(!has_ended(launcher));
	end(launcher);
	check_gone(report->child);
}

/* A debugger stops it when its chain has ended, and it still has its memory. */
static void stop_at_exit(pid_t child)
{
	int status;

	CHECK_SYS(ptrace(PTRACE_SEIZE, child, NULL,
			 (void *)PTRACE_O_TRACEEXIT));
	report->fails = true;
	CHECK_EQ(waitpid(child, &status, __WALL), child);
	CHECK_EQ(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
}

TEST(K4_nor_is_one_that_is_on_its_way_out, .timeout = 120)
{
	pid_t launcher = start_spared(), bystander;

	stop_at_exit(report->child);
	bystander = start_bystander(SMALL);
	CHECK_EQ(kill_one(report->child, launcher, bystander), bystander);
	CHECK_EQ(wait_exit(bystander), -SIGKILL);
	EXPECT(!has_ended(launcher));
	CHECK_SYS(ptrace(PTRACE_DETACH, report->child, NULL, NULL));
	check_gone(report->child);
	end(launcher);
}

/* Who is chosen is the launcher, and its child goes with it. */
TEST(K4_a_living_launcher_is_chosen_itself, .timeout = 120)
{
	static const struct launcher large = { .size = LARGE,
					       .oom_score_adj = "0" };
	pid_t launcher, bystander;

	set_oom_score_adj("-1000");
	launcher = start_launcher(&large);
	bystander = start_bystander(SMALL);
	CHECK_EQ(kill_one(0, launcher, bystander), launcher);
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	check_gone(report->child);
	EXPECT(!has_ended(bystander));
	end(bystander);
}

/* --- those of a group ----------------------------------------------------- */

static pid_t start_hog(void)
{
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		group_enter(GROUP);
		set_oom_score_adj("0");
		use_memory(4 * SMALL);
		_exit(0);
	}
	return pid;
}

/* A child in a group that runs out of memory, whose own is charged elsewhere. */
static pid_t launch_into_group(void)
{
	static const struct launcher large = {
		.size = LARGE,
		.oom_score_adj = "0",
		.group = "/sys/fs/cgroup/" GROUP,
	};

	set_oom_score_adj("-1000");
	group_make(GROUP);
	group_set(GROUP, "memory.max", SMALL);
	return start_launcher(&large);
}

TEST(K4_a_group_does_not_choose_the_child_of_a_living_launcher)
{
	pid_t launcher = launch_into_group(), hog = start_hog();

	CHECK_EQ(wait_exit(hog), -SIGKILL);
	EXPECT(!is_gone(report->child));
	EXPECT(!has_ended(launcher));
	end(launcher);
	check_gone(report->child);
	group_remove(GROUP);
}

TEST(K4_but_it_does_if_the_launcher_is_dead)
{
	pid_t launcher, hog;
	bool chosen;

	make_freezer();
	launcher = launch_into_group();
	freeze(report->child);
	CHECK_SYS(kill(launcher, SIGKILL));
	while (!has_ended(launcher))
		sleep_ms(1);
	hog = start_hog();
	/* the group is over its limit, whoever has been killed first */
	while (!has_ended(hog))
		sleep_ms(1);
	chosen = is_gone(report->child);
	thaw();
	EXPECT(chosen);
	CHECK_EQ(wait_exit(hog), -SIGKILL);
	CHECK_EQ(wait_exit(launcher), -SIGKILL);
	check_gone(report->child);
	group_remove(GROUP);
	remove_freezer();
}
