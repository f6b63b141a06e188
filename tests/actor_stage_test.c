// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a program of IORING_OP_BPF can stage, and what it is refused (A3, A6). */
#include "lib/actor.h"
#include "lib/child.h"

static struct tring r;
static struct tactor a;
ACTOR_PRELOAD

/* --- refused by bpf_iouring_op_stage() ------------------------------------------ */

/* The result of staging this SQE; nothing is in flight then. */
static int stage(struct io_uring_sqe want, unsigned int size)
{
	struct script_rule *rule;

	actor_again(&r, &a);
	rule = actor_on(&a, START, SCRIPT_ANY, END);
	rule->size = size;
	*actor_sqe(&a, rule, 0, 0) = want;
	CHECK_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->staged, !actor_run(&a, 0)->stage_error);
	return actor_run(&a, 0)->stage_error;
}

#define STAGE(...) stage((struct io_uring_sqe){ __VA_ARGS__ }, 64)

TEST(A3_sizes)
{
	static const unsigned int wrong[] = { 0, 1, 63, 65, 96, 127 };
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP };
	unsigned int i, kind;

	for (kind = 0; kind < tring_nr_kinds; kind++) {
		bool big = tring_kinds[kind].flags & IORING_SETUP_SQE128;

		actor_begin(&r, &a, tring_kinds[kind].flags);
		for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			EXPECT_EQ(stage(nop, wrong[i]), -EINVAL);
		EXPECT_EQ(stage(nop, 64), 0);
		EXPECT_EQ(stage(nop, 128), big ? 0 : -EINVAL);
		tring_exit(&r);
		actor_free(&a);
	}
}

TEST(A3_fields)
{
	int id;

	actor_begin(&r, &a, 0);
	id = CHECK_OK(tring_register(&r, IORING_REGISTER_PERSONALITY, NULL, 0));
	EXPECT_EQ(STAGE(.opcode = IORING_OP_NOP), 0);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_NOP, .personality = id), -EINVAL);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_NOP, .personality = 77), -EINVAL);
	EXPECT_EQ(STAGE(.opcode = SPAWNPOL_OP_LAST), -EINVAL);
	EXPECT_EQ(STAGE(.opcode = 255), -EINVAL);
	EXPECT_EQ(STAGE(.opcode = SPAWNPOL_OP_BPF), -EOPNOTSUPP);
	EXPECT_EQ(STAGE(.opcode = SPAWNPOL_OP_SPAWN), 0);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_TIMEOUT, .off = 1), -EINVAL);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_TIMEOUT), 0);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_TIMEOUT, .off = 1,
			.timeout_flags = IORING_TIMEOUT_MULTISHOT),
		  0);
}

TEST(A3_flags)
{
	unsigned int flag, allowed = IOSQE_FIXED_FILE | IOSQE_IO_LINK |
				     IOSQE_IO_HARDLINK | IOSQE_ASYNC |
				     IOSQE_BUFFER_SELECT;

	actor_begin(&r, &a, 0);
	for (flag = 1; flag < 256; flag <<= 1)
		EXPECT_EQ(STAGE(.opcode = IORING_OP_NOP, .flags = flag),
			  flag & allowed ? 0 : -EINVAL);
	EXPECT_EQ(STAGE(.opcode = IORING_OP_NOP, .flags = allowed), 0);
}

/* What END's run has staged does not happen. */
TEST(A2_what_the_last_run_has_staged_is_not_issued)
{
	int link = actor_begin(&r, &a, 0), fds[2];

	make_pipe(fds);
	sqe_on(actor_sqe(&a, actor_on(&a, START, SCRIPT_ANY, END),
			 IORING_OP_WRITE, 1), fds[1], "x", 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->staged, 1);
	EXPECT_EQ(link_info(link).staged, 0);
	close(fds[1]);
	EXPECT_EQ(read(fds[0], fds, 1), 0);
}

/* --- how many ------------------------------------------------------------------------ */

static int link_of_slot_1(struct io_uring_attach_bpf attr)
{
	tring_init(&r, 0);
	actor_load(&a);
	attr.prog_fd = a.fd;
	return CHECK_OK(actor_attach_ring(tring_fd(&r), attr));
}

TEST(A6_one_run_stages_64_at_most)
{
	struct script_rule *rule;
	int link;

	link = link_of_slot_1((struct io_uring_attach_bpf){ .max_staged = 1024 });
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 66;
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->ctx.room, 64);
	EXPECT_EQ(actor_run(&a, 0)->staged, 64);
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -E2BIG);
	EXPECT_EQ(a.script->runs, 65);
	EXPECT_EQ(link_info(link).exhausted, 0);
}

/* So many are in flight that a run can stage no more than what has ended. */
TEST(A6_as_many_are_in_flight_as_was_asked_for)
{
	struct script_rule *rule;
	struct __kernel_timespec ts = { .tv_nsec = 50000000 };
	unsigned int i;

	link_of_slot_1((struct io_uring_attach_bpf){ .max_staged = 5 });
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	rule->copies = 7;
	rule->tag_step = 1;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 1), -1, &ts, 1);
	rule = actor_on(&a, CQE, 1, WAIT);
	rule->copies = 3;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 99), -1, &ts, 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(actor_run(&a, 0)->ctx.room, 5);
	EXPECT_EQ(actor_run(&a, 0)->staged, 5);
	EXPECT_EQ(actor_run(&a, 0)->stage_error, -EBUSY);
	/* the one that is told now is not in flight */
	EXPECT_EQ(actor_run(&a, 1)->ctx.in_flight, 4);
	EXPECT_EQ(actor_run(&a, 1)->ctx.room, 1);
	EXPECT_EQ(actor_run(&a, 1)->staged, 1);
	EXPECT_EQ(actor_run(&a, 1)->stage_error, -EBUSY);
	for (i = 2; i < 7; i++) {
		EXPECT_EQ(actor_run(&a, i)->ctx.in_flight, 6 - i);
		EXPECT_EQ(actor_run(&a, i)->ctx.room, i - 1);
	}
	EXPECT_EQ(a.script->runs, 7);
}

TEST(A6_a_thousand_in_flight)
{
	struct __kernel_timespec ts = { .tv_sec = 1000 };
	struct script_rule *rule;
	const struct script_run *last;

	link_of_slot_1((struct io_uring_attach_bpf){ .max_staged = 1024 });
	rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	rule = actor_on(&a, CQE, 1, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 1);
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 2), -1, &ts, 1);
	rule->nr = 2;
	rule->copies = 1;
	rule->times = 1022;
	/* with one NOP in flight there is room for one more request */
	rule = actor_on(&a, CQE, 1, END);
	rule->copies = 3;
	sqe_on(actor_sqe(&a, rule, IORING_OP_TIMEOUT, 2), -1, &ts, 1);
	EXPECT_EQ(actor_result(&r), 0);
	EXPECT_EQ(a.script->runs, 1024);
	last = actor_run(&a, 1023);
	EXPECT_EQ(last->ctx.in_flight, 1022);
	EXPECT_EQ(last->ctx.room, 2);
	EXPECT_EQ(last->staged, 2);
	EXPECT_EQ(last->stage_error, -EBUSY);
}

TEST(A6_as_many_in_all_as_was_asked_for)
{
	struct script_rule *rule;
	unsigned int round;
	int link;

	link = link_of_slot_1((struct io_uring_attach_bpf){ .max_issues = 3 });
	for (round = 1; round <= 2; round++) {
		actor_again(&r, &a);
		rule = actor_on(&a, START, SCRIPT_ANY, WAIT);
		actor_sqe(&a, rule, IORING_OP_NOP, 1);
		rule = actor_on(&a, CQE, 1, WAIT);
		rule->times = 1;
		rule->copies = 4;
		actor_sqe(&a, rule, IORING_OP_NOP, 2);
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_run(&a, 0)->ctx.room, 3);
		EXPECT_EQ(actor_run(&a, 1)->ctx.room, 2);
		EXPECT_EQ(actor_run(&a, 1)->staged, 2);
		EXPECT_EQ(actor_run(&a, 1)->stage_error, -ETOOMANYREFS);
		EXPECT_EQ(actor_run(&a, 3)->ctx.room, 0);
		EXPECT_EQ(a.script->runs, 4);
		/* each run in which some were refused, and each actor anew */
		EXPECT_EQ(link_info(link).exhausted, round);
		EXPECT_EQ(link_info(link).staged, 3 * round);
	}
}

/* --- links ------------------------------------------------------------------------ */

/* Results of what has the tags 1, 2 and 3. */
static void expect_three(int first, int second, int third)
{
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, first);
	EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, second);
	EXPECT_EQ(actor_told(&a, 3, 0)->ctx.res, third);
	EXPECT_EQ(a.script->runs, 4);
}

static void stage_three(unsigned int first, unsigned int second, int fd)
{
	static char buf[8];

	actor_again(&r, &a);
	actor_starts(&a, IORING_OP_NOP, 1)->flags = first;
	sqe_on(actor_starts(&a, IORING_OP_READ, 2), fd, buf, 8)->flags = second;
	actor_starts(&a, IORING_OP_NOP, 3);
	EXPECT_EQ(actor_result(&r), 0);
}

TEST(A3_links)
{
	int zero = CHECK_SYS(open("/dev/zero", O_RDONLY));
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		actor_begin(&r, &a, tring_kinds[i].flags);
		stage_three(IOSQE_IO_LINK, IOSQE_IO_LINK, zero);
		expect_three(0, 8, 0);
		stage_three(IOSQE_IO_LINK, IOSQE_IO_LINK, 987);
		expect_three(0, -EBADF, -ECANCELED);
		stage_three(IOSQE_IO_LINK, IOSQE_IO_HARDLINK, 987);
		expect_three(0, -EBADF, 0);
		stage_three(0, 0, 987);
		expect_three(0, -EBADF, 0);
		stage_three(IOSQE_IO_LINK | IOSQE_ASYNC,
			    IOSQE_IO_LINK | IOSQE_ASYNC, zero);
		expect_three(0, 8, 0);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* What cannot be prepared fails the whole chain, as in the SQ ring. */
TEST(A3_a_malformed_request_has_its_error)
{
	actor_begin(&r, &a, 0);
	actor_links(&a, IORING_OP_NOP, 1);
	actor_starts(&a, IORING_OP_FSYNC, 2)->flags = IOSQE_IO_LINK;
	actor_starts(&a, IORING_OP_NOP, 3);
	((struct io_uring_sqe *)a.script->sqes[1])->fsync_flags = ~0U;
	EXPECT_EQ(actor_result(&r), 0);
	expect_three(-ECANCELED, -EINVAL, -ECANCELED);

	actor_again(&r, &a);
	actor_starts(&a, IORING_OP_NOP, 1);
	actor_starts(&a, IORING_OP_FSYNC, 2)->fsync_flags = ~0U;
	actor_starts(&a, IORING_OP_NOP, 3);
	EXPECT_EQ(actor_result(&r), 0);
	expect_three(0, -EINVAL, 0);
}

/* ... has no effect: neither on what the next run stages nor on the launcher's requests. */
TEST(A3_the_last_links_flag)
{
	struct script_rule *rule;

	actor_begin(&r, &a, 0);
	sqe_on(actor_links(&a, IORING_OP_READ, 1), 987, NULL, 0);
	rule = actor_on(&a, CQE, 1, WAIT);
	actor_sqe(&a, rule, IORING_OP_NOP, 2)->flags = IOSQE_IO_HARDLINK;
	q_actor(&r, ACTOR);
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), 0);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
	EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, -EBADF);
	EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, 0);
	tring_forget(&r);
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, OTHER), 0);
}

TEST(A3_linked_timeouts)
{
	struct __kernel_timespec ts = { .tv_nsec = 30000000 };
	int zero = CHECK_SYS(open("/dev/zero", O_RDONLY)), fds[2];
	unsigned int i;
	char byte;

	make_pipe(fds);
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		actor_begin(&r, &a, tring_kinds[i].flags);
		sqe_on(actor_links(&a, IORING_OP_READ, 1), fds[0], &byte, 1);
		sqe_on(actor_starts(&a, IORING_OP_LINK_TIMEOUT, 2), -1, &ts, 1);
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, -ECANCELED);
		EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, -ETIME);
		actor_again(&r, &a);
		sqe_on(actor_links(&a, IORING_OP_READ, 1), zero, &byte, 1);
		sqe_on(actor_starts(&a, IORING_OP_LINK_TIMEOUT, 2), -1, &ts, 1);
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, 1);
		EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, -ECANCELED);
		tring_exit(&r);
		actor_free(&a);
	}
}

/* --- what the ring has registered ------------------------------------------------------ */

TEST(A3_registered_files)
{
	int zero = CHECK_SYS(open("/dev/zero", O_RDONLY));
	unsigned int i;
	char byte;

	for (i = 0; i < tring_nr_kinds; i++) {
		actor_begin(&r, &a, tring_kinds[i].flags);
		CHECK_OK(io_uring_register_files(&r.uring, &zero, 1));
		sqe_on(actor_starts(&a, IORING_OP_READ, 1), 0, &byte, 1);
		sqe_on(actor_starts(&a, IORING_OP_READ, 2), 1, &byte, 1);
		((struct io_uring_sqe *)a.script->sqes[0])->flags =
			((struct io_uring_sqe *)a.script->sqes[1])->flags =
				IOSQE_FIXED_FILE;
		EXPECT_EQ(actor_result(&r), 0);
		EXPECT_EQ(actor_told(&a, 1, 0)->ctx.res, 1);
		EXPECT_EQ(actor_told(&a, 2, 0)->ctx.res, -EBADF);
		tring_exit(&r);
		actor_free(&a);
	}
}

TEST(A3_registered_buffers)
{
	static char buf[4096];
	struct iovec vec = { .iov_base = buf, .iov_len = sizeof(buf) };
	int zero = CHECK_SYS(open("/dev/zero", O_RDONLY));

	memset(buf, 'x', sizeof(buf));
	actor_begin(&r, &a, 0);
	CHECK_OK(io_uring_register_buffers(&r.uring, &vec, 1));
	sqe_on(actor_starts(&a, IORING_OP_READ_FIXED, 1), zero, buf, 100);
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), 100);
	EXPECT_EQ(buf[99], 0);
	EXPECT_EQ(buf[100], 'x');
}

TEST(A3_buffers_of_a_group)
{
	static char bufs[4][64];
	const struct script_run *run;
	struct io_uring_sqe *sqe;
	int fds[2];

	make_pipe(fds);
	CHECK_EQ(write(fds[1], "hello", 5), 5);
	actor_begin(&r, &a, 0);
	sqe = q_alone(&r, IORING_OP_PROVIDE_BUFFERS, OTHER);
	sqe_on(sqe, 4, bufs, sizeof(bufs[0]));
	sqe->buf_group = 3;
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
	sqe = sqe_on(actor_starts(&a, IORING_OP_READ, 1), fds[0], NULL, 64);
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = 3;
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), 5);
	run = actor_told(&a, 1, 0);
	EXPECT(run->ctx.cqe_flags & IORING_CQE_F_BUFFER);
	CHECK_LT(run->ctx.cqe_flags >> IORING_CQE_BUFFER_SHIFT, 4);
	EXPECT_STR(bufs[run->ctx.cqe_flags >> IORING_CQE_BUFFER_SHIFT], "hello");
}

/* --- rights ------------------------------------------------------------------------ */

static struct io_uring_restriction rules[4];

/* A ring on which IORING_OP_BPF, NOP and this flag are allowed; attached before. */
static void restricted(unsigned int flags, unsigned int sqe_flags)
{
	rules[0].opcode = rules[1].opcode = IORING_RESTRICTION_SQE_OP;
	rules[0].sqe_op = SPAWNPOL_OP_BPF;
	rules[1].sqe_op = IORING_OP_NOP;
	rules[2].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	rules[2].sqe_flags = sqe_flags;
	rules[3].opcode = IORING_RESTRICTION_REGISTER_OP;
	rules[3].register_op = SPAWNPOL_ATTACH_BPF;
	tring_init(&r, IORING_SETUP_R_DISABLED | flags);
	CHECK_OK(tring_register(&r, IORING_REGISTER_RESTRICTIONS, rules, 4));
	CHECK_OK(tring_register(&r, IORING_REGISTER_ENABLE_RINGS, NULL, 0));
	actor_load(&a);
	actor_attach(&r, &a);
}

TEST(A3_restrictions_hold_for_what_is_staged)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		restricted(tring_kinds[i].flags, IOSQE_IO_LINK);
		actor_links(&a, IORING_OP_NOP, 1);
		actor_starts(&a, IORING_OP_NOP, 2);
		actor_starts(&a, IORING_OP_FSYNC, 3)->fd = 987;
		EXPECT_EQ(actor_result(&r), 0);
		expect_three(0, 0, -EACCES);
		actor_again(&r, &a);
		actor_starts(&a, IORING_OP_NOP, 1)->flags = IOSQE_ASYNC;
		actor_ends_with(&a, 1);
		EXPECT_EQ(actor_result(&r), -EACCES);
		tring_exit(&r);
		actor_free(&a);
	}
}

TEST(A3_the_request_itself_can_be_excluded)
{
	restricted(0, 0);
	q_actor(&r, ACTOR)->flags = IOSQE_ASYNC;
	tring_submit(&r);
	EXPECT_EQ(tring_res(&r, ACTOR), -EACCES);
}

/* With the rights of the task that runs the program. */
TEST(A3_rights_are_those_of_the_launcher)
{
	static const char *path;

	path = in_dir("secret");
	write_file(path, "x", 0600);
	actor_begin(&r, &a, 0);
	become_ordinary();
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 1), AT_FDCWD, path, 0);
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), -EACCES);
}

TEST(A3_addresses_are_those_of_the_launcher)
{
	actor_begin(&r, &a, 0);
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 1), AT_FDCWD, (void *)8, 0);
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), -EFAULT);
	actor_again(&r, &a);
	sqe_on(actor_starts(&a, IORING_OP_OPENAT, 1), AT_FDCWD,
	       (void *)0xffff888000000000, 0);
	actor_ends_with(&a, 1);
	EXPECT_EQ(actor_result(&r), -EFAULT);
}
