// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program inherits the state that the submitting thread had at submission,
 * however late the child is made. On a ring with a thread of its own, it inherits
 * the state that the maker of the ring had at set-up (K5).
 */
#include "lib/child.h"
#include "lib/ring.h"

#include <linux/ioprio.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static struct tring r;

/* --- what there is to inherit --------------------------------------------- */

#define BIT_OF(signo) (1UL << ((signo)-1))
#define BEST_EFFORT(level) (IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | (level))

struct state {
	unsigned long blocked;
	int personality;
	int timerslack; /* nanoseconds */
	int ioprio;
};

static const struct state at_submission = {
	.blocked = BIT_OF(SIGUSR1) | BIT_OF(SIGTERM),
	.personality = ADDR_NO_RANDOMIZE,
	.timerslack = 70000,
	.ioprio = BEST_EFFORT(2),
};

static const struct state afterwards = {
	.blocked = BIT_OF(SIGUSR2),
	.personality = ADDR_COMPAT_LAYOUT,
	.timerslack = 90000,
	.ioprio = BEST_EFFORT(6),
};

static const struct state elsewhere = {
	.blocked = BIT_OF(SIGWINCH),
	.personality = 0,
	.timerslack = 60000,
	.ioprio = BEST_EFFORT(7),
};

static void set_blocked(unsigned long blocked)
{
	CHECK_SYS(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL,
			  sizeof(blocked)));
}

/* All of it belongs to a thread. */
static void become(const struct state *state)
{
	set_blocked(state->blocked);
	CHECK_SYS(personality(state->personality));
	CHECK_SYS(prctl(PR_SET_TIMERSLACK, state->timerslack, 0, 0, 0));
	CHECK_SYS(
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, state->ioprio));
}

/* The launcher itself has not changed. */
static void expect_own(const struct state *state)
{
	unsigned long blocked;

	CHECK_SYS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked,
			  sizeof(blocked)));
	EXPECT_EQ(blocked, state->blocked);
	EXPECT_EQ(personality(0xffffffff), state->personality);
	EXPECT_EQ(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), state->timerslack);
	EXPECT_EQ(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0),
		  state->ioprio);
}

static struct io_uring_sqe *q_inherited(struct shown *s)
{
	struct io_uring_sqe *sqe = q_show(&r, s);

	sqe->addr = (uintptr_t)helper("inherited");
	return sqe;
}

static void expect_inherited(struct shown *s, const struct state *state,
			     unsigned int exec)
{
	CHECK_EQ(tring_res(&r, exec), 0);
	shown_read(s);
	EXPECT_EQ(shown_number(s, "blocked"), (long)state->blocked);
	EXPECT_EQ(shown_number(s, "personality"), state->personality);
	EXPECT_EQ(shown_number(s, "timerslack"), state->timerslack);
	EXPECT_EQ(shown_number(s, "ioprio"), state->ioprio);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
}

/* --- chains that are started later ---------------------------------------- */

static struct blocker first;

/* A request that ends when blocker_release() is called. */
static struct io_uring_sqe *q_first(void)
{
	struct io_uring_sqe *sqe = q_alone(&r, IORING_OP_READ, OTHER);

	make_pipe(first.fds);
	sqe->fd = first.fds[0];
	sqe->addr = (uintptr_t)&first.byte;
	sqe->len = 1;
	sqe->off = -1ULL;
	return sqe;
}

static void q_linked_clone(void)
{
	struct io_uring_sqe *sqe = q_first();

	q_clone(&r);
	sqe->flags |= IOSQE_IO_LINK;
}

static void q_drained_clone(void)
{
	q_first();
	q_clone(&r)->flags |= IOSQE_IO_DRAIN;
}

static void spawn_later(void (*q_late_clone)(void))
{
	struct shown s;

	become(&at_submission);
	q_late_clone();
	q_inherited(&s);
	tring_submit(&r);
	become(&afterwards);
	blocker_release(&first);
	expect_inherited(&s, &at_submission, 0);
	expect_own(&afterwards);
	close(first.fds[0]);
	close(first.fds[1]);
	tring_forget(&r);
}

/* Rings without a thread of their own. */
static void *on_all_rings(void *unused)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		if (tring_kinds[i].flags & IORING_SETUP_SQPOLL)
			continue;
		DIAG("%s", tring_kinds[i].name);
		become(&elsewhere);
		tring_init(&r, tring_kinds[i].flags);
		spawn_later(q_linked_clone);
		spawn_later(q_drained_clone);
		tring_exit(&r);
	}
	return unused;
}

TEST(K5_a_program_inherits_what_its_submitter_had)
{
	on_all_rings(NULL);
}

TEST(K5_and_that_is_the_submitting_thread)
{
	pthread_t thread;

	become(&elsewhere);
	CHECK_EQ(pthread_create(&thread, NULL, on_all_rings, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	expect_own(&elsewhere);
}

TEST(K5_a_step_that_sets_the_signal_mask_has_the_last_word)
{
	struct state changed = at_submission;
	struct shown s;

	changed.blocked = BIT_OF(SIGHUP);
	tring_init(&r, 0);
	become(&at_submission);
	q_linked_clone();
	q_child(&r, IORING_CHILD_SIGMASK)->off = changed.blocked;
	q_inherited(&s);
	tring_submit(&r);
	become(&afterwards);
	blocker_release(&first);
	expect_inherited(&s, &changed, 1);
	CHECK_EQ(tring_res(&r, 0), 0);
}

/* --- rings with a thread of their own ------------------------------------- */

TEST(K5_a_program_of_a_ring_with_a_thread_inherits_what_the_maker_had)
{
	struct shown s;

	become(&at_submission);
	tring_init(&r, IORING_SETUP_SQPOLL);
	become(&afterwards);
	q_clone(&r);
	q_inherited(&s);
	tring_submit(&r);
	expect_inherited(&s, &at_submission, 0);
	expect_own(&afterwards);
}

#define LAUNCHES 60
static volatile bool over;

static void *launch_many(void *unused)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < LAUNCHES; i++) {
		struct shown s;

		q_clone(&r);
		q_inherited(&s);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		shown_read(&s);
		wrong += shown_number(&s, "blocked") !=
			 (long)at_submission.blocked;
		CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 0);
		tring_forget(&r);
	}
	EXPECT_EQ(wrong, 0);
	over = true;
	return unused;
}

/* The thread that makes the children is one of them. */
TEST(K5_whatever_other_threads_block_meanwhile, .timeout = 120)
{
	pthread_t thread;

	become(&at_submission);
	tring_init(&r, IORING_SETUP_SQPOLL);
	become(&afterwards);
	CHECK_EQ(pthread_create(&thread, NULL, launch_many, NULL), 0);
	while (!over) {
		set_blocked(~0UL);
		usleep(50);
		set_blocked(0);
		usleep(50);
	}
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* --- protection keys ------------------------------------------------------ */

static struct {
	int key;
	char *page;
} locked;

static void make_locked(void)
{
	locked.key = pkey_alloc(0, 0);
	if (locked.key < 0)
		SKIP("no protection keys: %s", strerror(errno));
	locked.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CHECK(locked.page != MAP_FAILED);
	CHECK_SYS(pkey_mprotect(locked.page, 4096, PROT_READ | PROT_WRITE,
				locked.key));
}

static void allow(bool access)
{
	CHECK_SYS(pkey_set(locked.key, access ? 0 : PKEY_DISABLE_ACCESS));
}

/* The result of a step that writes to the page, which has a byte to write. */
static int step_result(bool allowed, bool allowed_afterwards)
{
	struct blocker step;
	int res;

	make_pipe(step.fds);
	blocker_release(&step);
	allow(allowed);
	q_linked_clone();
	q_read(&r, step.fds[0], locked.page, 1);
	tring_submit(&r);
	allow(allowed_afterwards);
	blocker_release(&first);
	res = tring_res(&r, 0);
	EXPECT_EQ(pkey_get(locked.key),
		  allowed_afterwards ? 0 : PKEY_DISABLE_ACCESS);
	tring_forget(&r);
	close(step.fds[0]);
	close(step.fds[1]);
	return res;
}

TEST(K5_steps_may_access_what_their_submitter_could)
{
	unsigned int i;

	make_locked();
	for (i = 0; i < tring_nr_kinds; i++) {
		if (tring_kinds[i].flags & IORING_SETUP_SQPOLL)
			continue;
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		EXPECT_EQ(step_result(true, true), 1);
		EXPECT_EQ(step_result(true, false), 1);
		EXPECT_EQ(step_result(false, true), -EFAULT);
		EXPECT_EQ(step_result(false, false), -EFAULT);
		tring_exit(&r);
	}
}

TEST(K5_or_the_maker_of_a_ring_with_a_thread)
{
	unsigned int i;

	make_locked();
	for (i = 0; i < 4; i++) {
		bool may = i & 1;

		allow(may);
		tring_init(&r, IORING_SETUP_SQPOLL);
		EXPECT_EQ(step_result(i & 2, i & 2), may ? 1 : -EFAULT);
		tring_exit(&r);
	}
}
