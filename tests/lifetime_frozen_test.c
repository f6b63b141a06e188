// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * CLONE comes when its submitter is frozen, or stopped: no child is made before
 * it goes on, and then one; trying does not keep a processor busy (S5, S18).
 * What ends the chain meanwhile needs no help of the submitter (S15).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CHILD_GROUP "/sys/fs/cgroup/lifetime_frozen_child"
#define SUBMITTER_GROUP "/sys/fs/cgroup/lifetime_frozen_submitter"

/* For one thread of the submitter. */
#define THREAD_GROUP SUBMITTER_GROUP "/thread"

#define STANDS_STILL 300 /* milliseconds */
/* Each attempt comes later than the one before: see io_chain_try_clone(). */
#define MOST_SWITCHES 200

struct report {
	volatile bool queued;
	volatile int ring;
	volatile bool no_program; /* is what has to be */
};

static struct tring r;
static struct report *report;
static int go[2];
static pid_t submitter;

/* CLONE behind a read. */
static void queue(int group)
{
	static struct clone_args args;
	static char byte;
	struct io_uring_sqe *first;

	args.flags = CLONE_INTO_CGROUP;
	args.exit_signal = SIGCHLD;
	args.cgroup = group;
	first = q_read(&r, go[0], &byte, 1);
	first->user_data = OTHER;
	q_clone3(&r, &args);
	first->flags |= IOSQE_IO_LINK;
	q_nop(&r);
	q_exit(&r, 7);
	tring_submit(&r);
}

/* Each request has one CQE, and there are no more children than there should. */
static void check_submitter(void)
{
	int res = tring_res(&r, 1);

	CHECK_EQ(tring_res(&r, OTHER), 1);
	if (report->no_program) {
		CHECK_EQ(res, -ECANCELED);
		CHECK_EQ(tring_res(&r, CLONE), -ECANCELED);
	} else {
		CHECK_EQ(res, 0);
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 7);
	}
	tring_total(&r, 4);
	check_no_children();
}

/* The SQ thread, if there is one, can go on when this one is frozen. */
static void leave_group(void)
{
	mkdir(THREAD_GROUP, 0755);
	write_file(THREAD_GROUP "/cgroup.type", "threaded", 0);
	write_file(THREAD_GROUP "/cgroup.threads", format("%d", gettid()), 0);
}

static void start(unsigned int kind, bool apart)
{
	int group;

	memset(report, 0, sizeof(*report));
	make_pipe(go);
	submitter = CHECK_SYS(fork());
	if (submitter)
		return;
	write_file(SUBMITTER_GROUP "/cgroup.procs", "0", 0);
	group = CHECK_SYS(open(CHILD_GROUP, O_DIRECTORY | O_CLOEXEC));
	tring_init(&r, tring_kinds[kind].flags);
	if (apart)
		leave_group();
	queue(group);
	report->ring = tring_fd(&r);
	report->queued = true;
	check_submitter();
	_exit(0);
}

static void wait_queued(void)
{
	double until = now() + tap_patience();

	while (!report->queued) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	/* an SQ thread may not have looked yet */
	sleep_ms(20 * tap_slowness());
}

static void freeze(const char *group, const char *state)
{
	char *path = format("%s/cgroup.freeze", group);

	write_file(path, state, 0);
	free(path);
}

static void wait_frozen(const char *group)
{
	double until = now() + tap_patience();
	char *events = format("%s/cgroup.events", group);

	freeze(group, "1");
	while (strcmp(line_of(read_file(events), "frozen"), "1")) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	free(events);
}

/* How often the submitter's threads have been on a processor. */
static long switches(void)
{
	char *dir = format("/proc/%d/task", submitter);
	DIR *tasks = CHECK_PTR(opendir(dir));
	struct dirent *entry;
	const char *status;
	long sum = 0;

	while ((entry = readdir(tasks))) {
		char *path = format("%s/%s/status", dir, entry->d_name);

		status = read_file(path);
		sum += atol(line_of(status, "voluntary_ctxt_switches"));
		sum += atol(line_of(status, "nonvoluntary_ctxt_switches"));
		free(path);
	}
	closedir(tasks);
	free(dir);
	return sum;
}

/*
 * CLONE's turn comes; for a while, nothing is made of it. Returns how often the
 * submitter has been on a processor.
 */
static long let_it_try(void)
{
	long before = switches();

	CHECK_EQ(write(go[1], "x", 1), 1);
	for (int i = 0; i < 10; i++) {
		CHECK_STR(line_of(read_file(CHILD_GROUP "/cgroup.events"),
				  "populated"),
			  "0");
		sleep_ms(STANDS_STILL / 10);
	}
	before = switches() - before;
	DIAG("%ld switches", before);
	CHECK_LT(before, MOST_SWITCHES);
	return before;
}

static void cancel_from_here(void)
{
	struct io_uring_sync_cancel_reg reg = {
		.addr = CLONE,
		.fd = -1,
		.timeout = { .tv_sec = -1, .tv_nsec = -1 },
	};
	int pidfd = CHECK_SYS(syscall(SYS_pidfd_open, submitter, 0));
	int ring = CHECK_SYS(syscall(SYS_pidfd_getfd, pidfd, report->ring, 0));
	long ret = syscall(__NR_io_uring_register, ring,
			   IORING_REGISTER_SYNC_CANCEL, &reg, 1);

	/* CLONE may be behind the read still */
	if (ret && errno != ENOENT)
		FAIL("cancelling: %s", strerror(errno));
	DIAG("%s", ret ? "behind the read" : "cancelled");
	report->no_program = !ret;
	close(ring);
	close(pidfd);
}

static void set_up(void)
{
	report = shared_memory(sizeof(*report));
	CHECK_SYS(prctl(PR_SET_CHILD_SUBREAPER, 1));
	mkdir(CHILD_GROUP, 0755);
	mkdir(SUBMITTER_GROUP, 0755);
	freeze(SUBMITTER_GROUP, "0");
}

/* Processes may be on their way out of it. */
static void remove_group(const char *group)
{
	double until = now() + tap_patience();

	while (rmdir(group) && errno != ENOENT) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

static void clean_up(void)
{
	remove_group(CHILD_GROUP);
	remove_group(THREAD_GROUP);
	remove_group(SUBMITTER_GROUP);
}

/* Not with rings that have one of these flags. */
static void on_all_rings(void (*test)(void), unsigned int but_flags)
{
	set_up();
	for (unsigned int i = 0; i < tring_nr_kinds; i++) {
		if (tring_kinds[i].flags & but_flags)
			continue;
		DIAG("%s", tring_kinds[i].name);
		start(i, false);
		wait_queued();
		test();
	}
	clean_up();
}

static void thaw(void)
{
	freeze(SUBMITTER_GROUP, "0");
	CHECK_EQ(wait_exit(submitter), 0);
}

static void try_frozen(void)
{
	wait_frozen(SUBMITTER_GROUP);
	let_it_try();
}

static void freeze_and_thaw(void)
{
	try_frozen();
	thaw();
}

TEST(S5_a_frozen_submitter_makes_one_child_when_it_is_thawed, .timeout = 60)
{
	on_all_rings(freeze_and_thaw, 0);
}

/* Its SQ thread is not, and issues CLONE. */
TEST(S5_a_frozen_thread_makes_one_child_for_an_sq_thread, .timeout = 60)
{
	unsigned int i = 0;

	while (!(tring_kinds[i].flags & IORING_SETUP_SQPOLL))
		i++;
	set_up();
	start(i, true);
	wait_queued();
	wait_frozen(THREAD_GROUP);
	CHECK_GT(let_it_try(), 1);
	freeze(THREAD_GROUP, "0");
	CHECK_EQ(wait_exit(submitter), 0);
	clean_up();
}

static void stop_and_go_on(void)
{
	CHECK_SYS(kill(submitter, SIGSTOP));
	CHECK_EQ(waitpid(submitter, NULL, WUNTRACED), submitter);
	let_it_try();
	CHECK_SYS(kill(submitter, SIGCONT));
	CHECK_EQ(wait_exit(submitter), 0);
}

TEST(S18_a_stopped_submitter_makes_one_child_when_it_goes_on, .timeout = 60)
{
	on_all_rings(stop_and_go_on, 0);
}

static void freeze_and_cancel(void)
{
	try_frozen();
	cancel_from_here();
	thaw();
}

TEST(S15_a_clone_that_a_frozen_submitter_tries_is_cancelled, .timeout = 60)
{
	on_all_rings(freeze_and_cancel, IORING_SETUP_SINGLE_ISSUER);
}

static void freeze_and_kill(void)
{
	try_frozen();
	CHECK_SYS(kill(submitter, SIGKILL));
	CHECK_EQ(wait_exit(submitter), -SIGKILL);
	check_no_children();
	freeze(SUBMITTER_GROUP, "0");
}

TEST(S15_a_frozen_submitter_is_killed, .timeout = 60)
{
	on_all_rings(freeze_and_kill, 0);
}
