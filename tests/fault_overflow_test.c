// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * ALONE: what it lets fail is a setting of the kernel's
 * CQEs of the child find the CQ ring full, and the memory that is to keep them
 * until there is room cannot be had: each one that is lost is counted in the
 * ring, as io_uring does, and none besides (S11).
 */
#include "armed.h"
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/fault_chain.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* The CQ has room for twice as many. */
#define ENTRIES 4
#define CQES (2 * ENTRIES)
#define FILLING (CQES - 1)
#define POSTED (OTHER + 50)

static struct blocker blocker;
static char *argv[] = { "armed", NULL };

/* What has no place beside CLONE's CQE. */
#define OVERFLOWING 3
#define MAX_WALKS 10

struct variant {
	const char *name;
	void (*queue)(void); /* what is behind CLONE and READ */
	uint64_t overflowing[OVERFLOWING];
	unsigned int staged; /* of these */
};
#define COUNT (1 + OVERFLOWING)

static void q_two(void)
{
	hardlink(q_nop(&r));
	q_exec_small(&r, in_dir("armed"), argv);
}

static void q_elsewhere(void)
{
	q_exec_small(&r, "/nonexistent/armed", argv);
}

/* All but one place of the CQ are taken. */
static void fill(void)
{
	unsigned int i;

	for (i = 0; i < FILLING; i++) {
		q_alone(&r, IORING_OP_NOP, OTHER + i);
		tring_submit(&r);
	}
	CHECK_EQ(io_uring_cq_ready(&r.uring), FILLING);
}

/* The last place is CLONE's, which is not taken out of it yet. */
static pid_t submit(const struct variant *v)
{
	struct io_uring_cq *cq = &r.uring.cq;
	const struct io_uring_cqe *cqe;

	q_clone(&r);
	hardlink(q_block(&r, &blocker));
	v->queue();
	tring_submit(&r);
	CHECK_EQ(io_uring_cq_ready(&r.uring), CQES);
	cqe = &cq->cqes[(*cq->khead + FILLING) & (CQES - 1)];
	CHECK_EQ(cqe->user_data, CLONE);
	CHECK_GT(cqe->res, 0);
	return cqe->res;
}

static bool overflown(void)
{
	return *r.uring.sq.kflags & IORING_SQ_CQ_OVERFLOW;
}

/* The child is gone, and has posted all there is. No CQE comes twice. */
static unsigned int take_all(void)
{
	do {
		tring_has(&r, CLONE);
		/* says -EBADR when some were lost */
		io_uring_get_events(&r.uring);
	} while (overflown() || io_uring_cq_ready(&r.uring));
	return r.nr_seen;
}

/* Returns how many CQEs were lost. */
static unsigned int run(struct fault_walk *w, const struct variant *v,
			unsigned int nth)
{
	unsigned int lost = *r.uring.cq.koverflow, seen;
	int status;
	pid_t pid;

	tring_forget(&r);
	fill();
	pid = submit(v);
	if (nth)
		fault_blocked(pid, nth);
	blocker_release(&blocker);
	status = fault_wait(pid);
	check_gone(pid);
	check_no_children();
	if (nth)
		w->happened = status != ARMED;
	if (status != ARMED && status != NO_PROGRAM)
		CHECK_EQ(status, DISARMED);
	close(blocker.fds[0]);
	close(blocker.fds[1]);

	seen = take_all();
	lost = *r.uring.cq.koverflow - lost;
	/* if what was staged could not even be begun, it has no CQE */
	if (seen + lost > FILLING + COUNT ||
	    seen + lost < FILLING + COUNT - (nth ? v->staged : 0))
		FAIL("fault %u of %s: %u CQEs of %u, %u lost", w->nth, w->name,
		     seen, FILLING + COUNT, lost);
	return lost;
}

static void again(struct fault_walk *w, const struct variant *v)
{
	if (run(w, v, 0))
		FAIL("after fault %u of %s: CQEs are lost", w->nth, w->name);
	/* EXEC, the last step */
	CHECK_EQ(tring_res(&r, COUNT - v->staged - 2), 0);
}

/* Of a run that has lost one: remember which. */
static void note_lost(const struct variant *v, bool lost[OVERFLOWING])
{
	unsigned int i, missing = 0;

	for (i = 0; i < OVERFLOWING; i++) {
		if (tring_has(&r, v->overflowing[i]))
			continue;
		lost[i] = true;
		missing++;
	}
	CHECK_EQ(missing, 1);
}

/* Returns the stride. */
static unsigned int walk_once(const struct variant *v, bool lost[OVERFLOWING])
{
	struct fault_walk w = { .name = v->name };
	unsigned int count;

	again(&w, v);
	w = fault_walk(v->name, 1);
	while (fault_next(&w)) {
		count = run(&w, v, w.nth);
		CHECK_LE(count, 1);
		if (count)
			note_lost(v, lost);
		again(&w, v);
	}
	CHECK_GE(w.injected * w.stride, OVERFLOWING);
	return w.stride;
}

/*
 * Each CQE that finds no room is to be lost once. The allocator itself does not
 * ask for the same things each time: the numbers of the faults move from one run
 * to the next, so that a walk can pass one over. The next walk finds it.
 */
static void walk(const struct variant *v)
{
	bool lost[OVERFLOWING] = { false };
	unsigned int walks = 0, count = 0, stride = 1, i;

	while (count < OVERFLOWING && walks < MAX_WALKS) {
		stride = walk_once(v, lost);
		walks++;
		for (i = 0, count = 0; i < OVERFLOWING; i++)
			count += lost[i];
	}
	DIAG("%s: walks %u, lost once or more %u", v->name, walks, count);
	if (stride == 1)
		CHECK_EQ(count, OVERFLOWING);
	tring_exit(&r);
}

static void begin(void)
{
	fault_prepare();
	fault_only_in("io_cqring_event_overflow");
	copy_file(helper("armed"), in_dir("armed"), 0755);
	CHECK_OK(tring_try_init(&r, ENTRIES, 0));
}

TEST(S11_faults_of_cqes_that_overflow, .timeout = 60)
{
	begin();
	walk(&(const struct variant){ .name = "CQEs that overflow",
				      .queue = q_two,
				      .overflowing = { 0, 1, 2 } });
}

TEST(P7_faults_of_posted_cqes_that_overflow, .timeout = 60)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP,
				    .user_data = POSTED };
	struct engine_rule *rule;

	begin();
	tprog_load(&p);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	rule->post = 1;
	rule = tprog_rule(&p, IORING_POLICY_STAGED, 1, IORING_VERDICT_SUBMIT);
	rule->below = 3;
	rule_stage_text(rule, ENGINE_STAGE_EXEC, in_dir("armed"));
	attach(&r, &p, 0, 0);
	walk(&(const struct variant){ .name = "posted CQEs that overflow",
				      .queue = q_elsewhere,
				      .overflowing = { 0, 1, POSTED },
				      .staged = 1 });
}
