// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * A SPAWN that makes a kept child, runs in it or wants a copy of it, and the same as links,
 * fails at each place in turn where memory or user space can be missing: in the submitter,
 * and in the child that waits. Each request has its one CQE with an error that is defined,
 * nothing is left, and the child is as it was: it waits, has its files, and the same spawn
 * works the next moment (C1, C4).
 *
 * What leaks shows in the scan for leaks that ends a run of the debug kernel.
 */
#include "lib/child.h"
#include "lib/count.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/kept.h"
#include "lib/links.h"
#include "lib/ring.h"

#include <sched.h>
#include <stdlib.h>

#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT
#define HOUR (3600 * 1000000000ULL)

static struct tring r;
static struct whole w;
static int number;
static pid_t pid;

enum result {
	MAKES, /* another one */
	STAYS, /* is the same number */
	RUNS,  /* a program */
};

struct variant {
	const char *name;
	void (*make)(void);
	enum result result;
	unsigned int ring_flags;
	bool in_child;	     /* it is the child that waits what fails */
	unsigned int stride; /* 0: none */
};

/* --- what is asked for ---------------------------------------------------------------- */

/* As the child has them already: it has as many afterwards. */
static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file file[3];
} files = { .head.nr = 3,
	    /* the highest number wants a larger table */
	    .file = { { .source = 1, .number = 300 },
		      { .source = 0, .number = 7, .flags = IORING_CLONE_FILE_FIXED },
		      { .source = 2, .number = 2 } } };
#define NR_FILES 3

static void with_files(void)
{
	w.arg.flags |= IORING_SPAWN_FILES;
	w.arg.files = (uintptr_t)&files;
}

static void with_steps(void)
{
	struct io_uring_spawn_step *step = whole_step(&w, IORING_CHILD_CHDIR);

	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)"/tmp/../tmp";
	whole_step(&w, IORING_CHILD_UMASK)->off = 022;
}

static void with_the_rest(void)
{
	whole_report(&w);
	w.arg.timeout_ns = HOUR;
}

static void make_one(void)
{
	kept_new(&w);
	with_files();
	with_steps();
	with_the_rest();
	whole_pidfd(&w);
	w.arg.keep_ns = HOUR;
}

static void run_in_it(void)
{
	kept_more(&w, number);
	with_files();
	with_steps();
	with_the_rest();
	whole_pidfd(&w);
}

/* Looked for where it is not: the child waits again. */
static void execute_nothing(void)
{
	whole_init(&w, "nothing");
	w.arg.search = (uintptr_t)"/nonexistent:/dev/null";
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_in(&w, number);
	with_files();
}

static void copy_it(void)
{
	kept_new(&w);
	w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&w, number);
	with_files();
	with_steps();
	with_the_rest();
}

static void copy_to_execute(void)
{
	static char *small_environ[] = { "A=b", NULL };

	whole_exit(&w, 3);
	w.arg.envp = (uintptr_t)small_environ;
	kept_copy(&w, number);
	with_files();
	with_the_rest();
}

/* --- what comes of it ------------------------------------------------------------------ */

/* A number that was told is of a descriptor, or that was taken back. */
static void close_pidfd(void)
{
	char *path = format("/proc/self/fd/%d", w.pidfd), target[64] = "";

	if (w.arg.clone_args && w.pidfd >= 0 &&
	    readlink(path, target, sizeof(target) - 1) > 0 &&
	    !strcmp(target, "anon_inode:[pidfd]"))
		close(w.pidfd);
	free(path);
}

/*
 * The first error, or what CLONE has told. A submission that fails takes a part of a chain,
 * and what comes later begins with a step that has no child.
 */
static int links_result(struct fault_walk *walk)
{
	static const int errors[] = { NO_MEMORY_OR_COPY, -EAGAIN, -E2BIG, -ENOENT,
				      -ENOTDIR, -EINVAL, -ECANCELED, 0 };
	const bool late = w.arg.timeout_ns;
	int res = fault_res(walk, &r, WHOLE), step;
	unsigned int i;

	if (late)
		fault_check(walk, "the deadline",
			    fault_res(walk, &r, LINK_DEADLINE(WHOLE)), errors);
	for (i = 0; i + 1 + late < spawn_cqes(&w); i++) {
		step = fault_res(walk, &r, LINK_OF(WHOLE, i));
		fault_check(walk, "a step", step, errors);
		if (res > 0 && step < 0)
			res = step;
	}
	return res;
}

/* A submission in which something fails may take nothing. */
static int settle(struct fault_walk *walk)
{
	double until = now() + tap_patience();

	while (io_uring_sq_ready(&r.uring)) {
		io_uring_submit(&r.uring);
		if (now() > until)
			FAIL("fault %u of %s: it is not taken", walk->nth,
			     walk->name);
		sched_yield();
	}
	return by_links ? links_result(walk) : fault_res(walk, &r, WHOLE);
}

/* A part of a chain can have made one, whatever has become of the rest. */
static void end_made(int res, int told)
{
	const bool waits = told > 0 && *kept_line(&r, told);

	CHECK_NE(told, number);
	CHECK(waits || res <= 0);
	if (waits)
		kept_end(&r, told);
}

static void check_result(struct fault_walk *walk, const struct variant *v, int res)
{
	/* as in execve(2), no page for an argument is -E2BIG */
	static const int errors[] = { NO_MEMORY_OR_COPY, -EAGAIN, -E2BIG, -ENOEXEC,
				      -ENOENT, -ENOTDIR, 0 };
	static const int of_links[] = { NO_MEMORY_OR_COPY, -EAGAIN, -E2BIG, -ENOEXEC,
					-ENOENT, -ENOTDIR, -EINVAL, -ECANCELED, 0 };
	const int told = tring_res(&r, WHOLE);

	fault_check(walk, by_links ? "the chain" : "SPAWN", res,
		    by_links ? of_links : errors);
	if (told > 0 && v->result == STAYS)
		CHECK_EQ(told, number);
	if (v->result == MAKES)
		end_made(res, told);
	if (res > 0 && v->result == RUNS)
		CHECK_EQ(wait_exit(res), 3);
}

/* It waits, has what it had, and is the only one. */
static void check_child(struct fault_walk *walk)
{
	double until = now() + tap_patience();
	char *fds = format("/proc/%d/fd", pid);

	while ((nr_children() != 1 || kept_shown(&r) != 1) && now() < until)
		sleep_ms(1);
	if (nr_children() != 1 || kept_shown(&r) != 1)
		FAIL("fault %u of %s: %u children, %u of them are kept", walk->nth,
		     walk->name, nr_children(), kept_shown(&r));
	check_kept(&r, number, pid, "waiting");
	/* "." and ".." */
	CHECK_EQ(count_entries(fds), NR_FILES + 2);
	free(fds);
}

/* Its result: what is asked for afterwards has CQEs as well. */
static int judge(struct fault_walk *walk, const struct variant *v)
{
	int res = settle(walk);

	tring_total(&r, spawn_cqes(&w));
	close_pidfd();
	check_result(walk, v, res);
	check_child(walk);
	return res;
}

/* --- walking ---------------------------------------------------------------------------- */

static void queue(const struct variant *v)
{
	tring_forget(&r);
	v->make();
	q_spawn(&r, &w, WHOLE);
}

static void again(struct fault_walk *walk, const struct variant *v)
{
	int res;

	queue(v);
	tring_submit(&r);
	res = judge(walk, v);
	if (v->make != execute_nothing)
		CHECK_GT(res, 0);
}

static void begin(const struct variant *v)
{
	int file = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));

	fault_prepare();
	tring_init(&r, v->ring_flags);
	CHECK_OK(io_uring_register_files(&r.uring, &file, 1));
	close(file);
	make_one();
	number = CHECK_OK(whole_run(&r, &w)->res);
	pid = w.told.report.pid;
	close_pidfd();
}

/* In this thread, which prepares it, and has the child made or hands it over. */
static void fail_here(struct fault_walk *walk)
{
	static const int errors[] = { NO_MEMORY_OR_COPY, -EAGAIN, -EINTR, 0 };
	int taken;

	fault_begin(walk);
	taken = tring_try_submit(&r);
	fault_end(walk);
	fault_check(walk, "io_uring_enter", taken, errors);
}

/* In the child, from its waking until it waits again. */
static void fail_in_child(struct fault_walk *walk)
{
	walk->fd = fault_open(pid, pid);
	fault_arm(walk->fd, walk->nth);
	tring_submit(&r);
	settle(walk);
	check_kept(&r, number, pid, "waiting");
	fault_end(walk);
}

static void walk_all(const struct variant *v)
{
	struct fault_walk walk = { .name = v->name };

	begin(v);
	again(&walk, v);
	walk = fault_walk(v->name, v->stride ?: 1);
	while (fault_next(&walk)) {
		queue(v);
		if (v->in_child)
			fail_in_child(&walk);
		else
			fail_here(&walk);
		judge(&walk, v);
		again(&walk, v);
	}
	CHECK_GT(walk.injected * walk.stride, 5);
	kept_end(&r, number);
	check_children(0);
	tring_exit(&r);
}

/* WALK("its name", .field = value ...) */
#define WALK(name_, ...)                                                       \
	walk_all(&(const struct variant){ .name = name_, ##__VA_ARGS__ })

/* A test by SPAWN, and one by links. */
#define WALKS(name_)                                                           \
	static void name_(void);                                               \
	TEST(name_##_by_SPAWN, .timeout = 120)                               \
	{                                                                      \
		name_();                                                       \
	}                                                                      \
	TEST(name_##_by_links, .timeout = 120)                                 \
	{                                                                      \
		by_links = true;                                               \
		name_();                                                       \
	}                                                                      \
	static void name_(void)

#define DEFERS (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

WALKS(C1_faults_of_making_one)
{
	WALK("KEEP", .make = make_one, .result = MAKES);
}

WALKS(C1_faults_of_making_one_on_a_ring_that_defers_work)
{
	WALK("KEEP, DEFER_TASKRUN", .make = make_one, .result = MAKES,
	     .ring_flags = DEFERS, .stride = 3);
}

WALKS(C1_faults_of_handing_over)
{
	WALK("CHILD", .make = run_in_it, .result = STAYS);
}

WALKS(C4_faults_of_asking_for_a_copy)
{
	WALK("COPY and KEEP", .make = copy_it, .result = MAKES);
	WALK("COPY", .make = copy_to_execute, .result = RUNS, .stride = 3);
}

WALKS(C1_faults_of_a_child_that_takes_it)
{
	WALK("the child", .make = run_in_it, .result = STAYS, .in_child = true);
}

WALKS(C1_faults_of_a_child_that_finds_no_program)
{
	WALK("the child, a search", .make = execute_nothing, .result = STAYS,
	     .in_child = true);
}

WALKS(C4_faults_of_a_child_that_is_copied)
{
	WALK("the template", .make = copy_it, .result = MAKES, .in_child = true);
	WALK("the template, DEFER_TASKRUN", .make = copy_to_execute, .result = RUNS,
	     .in_child = true, .stride = 3, .ring_flags = DEFERS);
}
