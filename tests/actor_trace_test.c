// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, and QEMU 7.2 may get that wrong where
 * another processor is running it.
 *
 * Tracepoints of IORING_OP_BPF (A6).
 */
#include "lib/actor.h"
#include "lib/child.h"
#include "lib/trace.h"

#include <stdlib.h>

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

TEST(A6_tracepoints_tell_each_run)
{
	struct script_rule *rule;
	const char *line;
	unsigned int id;
	char *trace;
	int link;

	link = actor_begin(&r, &a, 0);
	id = link_info(link).id;
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 2;
	rule->posts = 3;
	rule->post_user_data = OTHER;
	actor_sqe(&a, rule, IORING_OP_FSYNC, 0x77)->fd = 987;
	actor_on(&a, CQE, SCRIPT_ANY, WAIT)->times = 1;
	rule_result(actor_on(&a, CQE, SCRIPT_ANY, END), -33);
	trace_start();
	EXPECT_EQ(actor_result(&r), -33);
	trace = trace_end();
	DIAG("%.2000s", strchr(trace, '|') ?: trace);

	line = trace_event(trace, "io_uring_actor_run", 0);
	EXPECT_HAS(line, format(" link=%u ", id));
	EXPECT_HAS(line, format(" user_data=%#x ", ACTOR));
	EXPECT_HAS(line, " event=START ");
	EXPECT_HAS(line, " verdict=WAIT ");
	EXPECT_HAS(line, " staged=2 ");
	EXPECT_HAS(line, " posted=3 ");
	line = trace_event(trace, "io_uring_actor_run", 1);
	EXPECT_HAS(line, " event=CQE ");
	EXPECT_HAS(line, format(" op=%d ", IORING_OP_FSYNC));
	EXPECT_HAS(line, " opname=FSYNC ");
	EXPECT_HAS(line, " tag=0x77 ");
	EXPECT_HAS(line, format(" res=%d ", -EBADF));
	EXPECT_HAS(line, " verdict=WAIT ");
	EXPECT_HAS(line, " staged=0 ");
	line = trace_event(trace, "io_uring_actor_run", 2);
	EXPECT_HAS(line, " verdict=END ");
	line = trace_event(trace, "io_uring_actor_end", 0);
	EXPECT_HAS(line, format(" link=%u ", id));
	EXPECT_HAS(line, format(" user_data=%#x ", ACTOR));
	EXPECT_HAS(line, " res=-33 ");
}

TEST(A6_tracepoints_of_a_cancel)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 };
	const char *line;
	char *trace;

	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	trace_start();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	q_cancel(&r, ACTOR, 0, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -ECANCELED);
	trace = trace_end();
	line = trace_event(trace, "io_uring_actor_run", 1);
	EXPECT_HAS(line, " event=CANCEL ");
	line = trace_event(trace, "io_uring_actor_run", 2);
	EXPECT_HAS(line, " event=CQE ");
	EXPECT_HAS(line, format(" res=%d ", -ECANCELED));
	line = trace_event(trace, "io_uring_actor_end", 0);
	EXPECT_HAS(line, format(" res=%d ", -ECANCELED));
}

/* What ends it is told, and no run. */
TEST(A6_tracepoints_of_a_program_that_is_detached)
{
	struct __kernel_timespec hour = { .tv_sec = 3600 };
	char *trace;
	int link;

	link = actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_TIMEOUT, 1), -1, &hour, 1);
	trace_start();
	actor_go(&r);
	actor_wait_runs(&r, &a, 1);
	close(link);
	EXPECT_EQ(tring_res(&r, ACTOR), -ENOLINK);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_actor_end", 0),
		   format(" res=%d ", -ENOLINK));
	EXPECT_EQ(count_of(trace, "io_uring_actor_run"), 1);
}
