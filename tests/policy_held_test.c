// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a staged request points to is read when it is prepared, and can be memory
 * that nobody fills in. The child holds the ring's lock meanwhile if the request
 * names a registered file. Who ends the chain must not wait for the lock before he
 * has killed the child (S15). Otherwise it holds none, and the ring can be used (K8).
 */
#include "lib/child.h"
#include "lib/hold.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <signal.h>
#include <sys/wait.h>

static struct tring r;
static struct tprog p;
static struct hold hold;
TPROG_PRELOAD

struct report {
	volatile pid_t child; /* once it waits for the memory */
};
static struct report *report;

static void register_file(void)
{
	int file = CHECK_SYS(open("/dev/null", O_RDONLY));

	CHECK_OK(io_uring_register_files(&r.uring, &file, 1));
	close(file);
}

/*
 * The second step fails. Its policy opens a file whose name is not there, or
 * reads a registered one to where a vector says that is not there.
 */
static void queue(unsigned int ring_flags, bool with_lock)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_OPENAT,
				    .fd = AT_FDCWD };

	if (with_lock) {
		sqe.opcode = IORING_OP_READV;
		sqe.flags = IOSQE_FIXED_FILE;
		sqe.fd = 0;
		sqe.len = 1;
	}
	hold_init(&hold);
	sqe.addr = (uintptr_t)hold.page;
	tprog_load(&p);
	rule_stage_sqe(
		tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_SUBMIT),
		&sqe, 1);
	tring_init(&r, ring_flags);
	register_file();
	attach(&r, &p, 0, 0);
	q_clone(&r);
	q_nop(&r);
	q_fail(&r);
	q_exit(&r, 0);
	tring_submit(&r);
}

static void submitter(unsigned int ring_flags, bool with_lock,
		      void (*end)(void))
{
	double until;
	pid_t child;

	queue(ring_flags, with_lock);
	child = tring_res(&r, CLONE);
	CHECK_GT(child, 0);
	until = now() + tap_patience();
	while (!hold_reached(&hold)) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
	report->child = child;
	end();
	_exit(0);
}

static void for_one_ring(const struct tring_kind *kind, bool with_lock,
			 void (*end)(void), int status)
{
	pid_t pid;

	report->child = 0;
	pid = CHECK_SYS(fork());
	if (!pid)
		submitter(kind->flags, with_lock, end);
	while (!report->child && !has_ended(pid))
		sleep_ms(1);
	DIAG("%s%s", kind->name, with_lock ? ", with the lock" : "");
	CHECK_GT(report->child, 0);
	if (status < 0) {
		wait_blocked(pid);
		CHECK_SYS(kill(pid, -status));
	}
	CHECK_EQ(wait_exit(pid), status);
	check_gone(report->child);
}

static void for_all_rings(bool with_lock, void (*end)(void), int status)
{
	unsigned int i;

	report = shared_memory(sizeof(*report));
	for (i = 0; i < tring_nr_kinds; i++)
		for_one_ring(&tring_kinds[i], with_lock, end, status);
}

static void in_both_ways(void (*end)(void), int status)
{
	for_all_rings(false, end, status);
	for_all_rings(true, end, status);
}

/* What may be woken up by completions may want the lock, too. */
static void stay(void)
{
	struct io_uring_cqe *cqe;

	for (;;)
		io_uring_wait_cqe_nr(&r.uring, &cqe, 8);
}

TEST(S15_a_killed_submitter_does_not_wait_for_its_child, .timeout = 60)
{
	in_both_ways(stay, -SIGKILL);
}

static void use(void)
{
	q_alone(&r, IORING_OP_NOP, OTHER);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, OTHER), 0);
}

static void use_and_stay(void)
{
	use();
	stay();
}

TEST(K8_a_submitter_uses_its_ring_while_its_child_waits, .timeout = 60)
{
	for_all_rings(false, use, 0);
	for_all_rings(false, use_and_stay, -SIGKILL);
}

TEST(K8_a_submitter_that_waits_for_the_lock_is_killed, .timeout = 60)
{
	for_all_rings(true, use_and_stay, -SIGKILL);
}

static void leave(void)
{
}

TEST(S15_an_exit_does_not_wait_for_the_child, .timeout = 60)
{
	in_both_ways(leave, 0);
}

static void execute(void)
{
	execl("/bin/true", "true", NULL);
}

TEST(S15_an_exec_does_not_wait_for_the_child, .timeout = 60)
{
	in_both_ways(execute, 0);
}

static void close_ring(void)
{
	tring_exit(&r);
	check_gone(report->child);
	check_no_children();
}

TEST(S15_closing_the_ring_does_not_wait_for_the_child, .timeout = 60)
{
	in_both_ways(close_ring, 0);
}
