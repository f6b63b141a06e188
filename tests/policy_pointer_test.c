// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: tracepoints are switched by changing code, see policy_trace_test.c.
 *
 * No kernel pointer reaches an SQE, a CQE or a map (section 6 of the design), nor
 * what the kernel tells of chains and policies.
 */
#include "lib/child.h"
#include "lib/policy.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <bpf/libbpf.h>
#include <glob.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

/* --- programs that would tell addresses ------------------------------------------------ */

static void keep_cap_bpf(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	data[1].effective = 1U << (CAP_BPF - 32);
	data[1].permitted = data[1].effective;
	CHECK_SYS(syscall(SYS_capset, &head, data));
}

/* CAP_PERFMON may know addresses, in any type of program. CAP_BPF may not. */
static void check_leak(const char *name)
{
	const char *expected;
	struct tpolicy leak;
	int err;

	tpolicy_load(&leak, name);
	tpolicy_free(&leak);
	keep_cap_bpf();
	tpolicy_open(&leak, name);
	expected = tpolicy_tag(&leak, "refused");
	if (!expected)
		FAIL("%s.bpf.c does not say what is to be refused", name);
	err = tpolicy_try_load(&leak);
	if (!err)
		FAIL("%s was loaded with CAP_BPF alone", name);
	DIAG("%s", leak.log);
	EXPECT_EQ(err, -EACCES);
	EXPECT_HAS(leak.log, expected);
	tpolicy_free(&leak);
}

#define REFUSES(name)                                                          \
	TEST(P1_cap_bpf_alone_gets_no_pointer_by_a_##name)                     \
	{                                                                      \
		check_leak("tests/" #name "_leak");                            \
	}

#define PROGRAMS(X)                                                            \
	X(context)                                                             \
	X(stack)                                                               \
	X(map_value)                                                           \
	X(scratch)                                                             \
	X(staged)                                                              \
	X(result)

PROGRAMS(REFUSES)

/* --- what the kernel tells --------------------------------------------------------------- */

/* In the direct map, among vmalloc'ed memory, or in the kernel's code and data. */
static bool is_pointer(uint64_t value)
{
	uint32_t high = value >> 32;

	if (high == 0xffffffff) /* else it may be an int and -1 */
		return (uint32_t)value >= 0x80000000 &&
		       (uint32_t)value < 0xff000000;
	/* an errno is no part of an address */
	return high >= 0xffff8000 && high < 0xfffff000;
}

/* The first pointer in memory that is aligned so, or 0. */
static uint64_t pointer_at(const void *memory, size_t size, size_t align)
{
	uint64_t value;
	size_t i;

	for (i = 0; i + sizeof(value) <= size; i += align) {
		memcpy(&value, (const char *)memory + i, sizeof(value));
		if (is_pointer(value))
			return value;
	}
	return 0;
}

static uint64_t pointer_in(const void *memory, size_t size)
{
	return pointer_at(memory, size, sizeof(uint64_t));
}

/* The same of numbers in text, with or without 0x, but of 16 digits. */
static uint64_t pointer_in_text(const char *text)
{
	size_t len;

	for (; *text; text += len) {
		len = strspn(text, "0123456789abcdef");
		if (len == 16 && is_pointer(strtoull(text, NULL, 16)))
			return strtoull(text, NULL, 16);
		len += !len;
	}
	return 0;
}

TEST(P11_the_search_finds_pointers)
{
	uint64_t memory[] = { 1, 0xffff888001234560, 0 };
	int errors[] = { 0, -ENOENT, -EPERM, 0 };

	CHECK_EQ(pointer_in(memory, sizeof(memory)), memory[1]);
	CHECK_EQ(pointer_at(memory, sizeof(memory), 4), memory[1]);
	memory[1] = 0xffffffff81234560;
	CHECK_EQ(pointer_in(memory, sizeof(memory)), memory[1]);
	memory[1] = 0xffffc90000123450;
	CHECK_EQ(pointer_in_text("x=5 at=0xffffc90000123450 y"), memory[1]);
	CHECK_EQ(pointer_in_text("chain=00000000d1b6e6a1 -2"), 0);
	CHECK_EQ(pointer_at(errors, sizeof(errors), 4), 0);
}

#define TRACING "/sys/kernel/tracing/instances/policy_pointer_test"

static void trace_start(void)
{
	rmdir(TRACING);
	CHECK_SYS(mkdir(TRACING, 0755));
	write_file(TRACING "/events/io_uring_spawn/enable", "1", 0);
}

/* What user space can read of the trace as it is recorded. */
static void check_raw_trace(void)
{
	static char page[4096];
	size_t events = 0;
	unsigned int i;
	ssize_t got;
	glob_t cpus;

	CHECK_EQ(glob(TRACING "/per_cpu/cpu*/trace_pipe_raw", 0, NULL, &cpus),
		 0);
	for (i = 0; i < cpus.gl_pathc; i++) {
		int fd = CHECK_SYS(open(cpus.gl_pathv[i],
					O_RDONLY | O_NONBLOCK | O_CLOEXEC));

		while ((got = read(fd, page, sizeof(page))) > 0) {
			/* behind the page's time and length, events are packed */
			EXPECT_EQ(pointer_at(page + 16, got - 16, 4), 0);
			events += got;
		}
		close(fd);
	}
	CHECK_GT(events, 0);
}

/* A failed step, a staged one that is posted, a retry, and a program. */
static int run_chain(void)
{
	struct io_uring_sqe nop = { .opcode = IORING_OP_NOP, .user_data = 77 };
	struct engine_rule *rule;
	int link;

	link = tprog_start(&r, &p,
			   IORING_POLICY_DONE | IORING_POLICY_BEFORE_EXEC);
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_sqe(rule, &nop, 1);
	rule->post = 1;
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 1, IORING_VERDICT_RETRY);
	rule->below = 3;
	q_clone(&r);
	q_fail(&r);
	hardlink(q_exec(&r, "/missing", NULL));
	q_exit(&r, 0);
	tring_submit(&r);
	CHECK_EQ(tring_res(&r, 2), 0);
	tring_res(&r, 77);
	CHECK_EQ(wait_exit(CHECK_OK(tring_res(&r, CLONE))), 0);
	CHECK_GT(p.engine->runs, 3);
	return link;
}

static void check_ring(void)
{
	const struct io_uring_sq *sq = &r.uring.sq;

	EXPECT_EQ(pointer_in(sq->ring_ptr, sq->ring_sz), 0);
	EXPECT_EQ(pointer_in(r.uring.cq.ring_ptr, r.uring.cq.ring_sz), 0);
	EXPECT_EQ(pointer_in(sq->sqes, sq->ring_entries * sizeof(*sq->sqes)),
		  0);
}

TEST(P11_no_pointer_in_rings_maps_and_what_is_told_of_them)
{
	struct io_uring_spawn_query query;
	struct spawnpol_link_info info;
	const char *text;
	int link;

	trace_start();
	link = run_chain();
	check_ring();
	EXPECT_EQ(pointer_in(p.engine, sizeof(*p.engine)), 0);
	tring_query(&r, &query);
	EXPECT_EQ(pointer_in(&query, sizeof(query)), 0);
	info = link_info(link);
	EXPECT_EQ(pointer_in(&info, sizeof(info)), 0);
	text = fdinfo_of(link);
	CHECK_HAS(text, "ring_id");
	EXPECT_EQ(pointer_in_text(text), 0);
	text = fdinfo_of(tring_fd(&r));
	CHECK_HAS(text, "SpawnPolicy");
	EXPECT_EQ(pointer_in_text(text), 0);
	text = read_file(TRACING "/trace");
	CHECK_HAS(text, "io_uring_spawn_verdict");
	EXPECT_EQ(pointer_in_text(text), 0);
	check_raw_trace();
	CHECK_SYS(rmdir(TRACING));
}
