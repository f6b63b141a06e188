// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * KERNEL: debug
 * ALONE: it counts the links and programs that the system has.
 *
 * Loading, attaching, changing, asking about and trying out a policy fails at
 * each place in turn where memory or user space can be missing: nothing has
 * changed then, nothing is left, and the same works the next moment (P2, P12).
 */
#include "lib/count.h"
#include "lib/child.h"
#include "lib/fault.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

#define NO_MEMORY_OR_COPY -ENOMEM, -EFAULT
#define PIN "/sys/fs/bpf/spawn_fault_test"

/* What is to fail, and what there is to be done about its success. */
struct operation {
	const char *name;
	int (*run)(void); /* a result, or -errno */
	void (*undo)(int result);
	void (*check_failed)(void);
	int errors[3];	     /* more that it may fail with */
	unsigned int stride; /* 0: none */
};

struct population {
	unsigned int links, programs;
};

static struct population look(void)
{
	return (struct population){
		.links = count_ids(BPF_LINK_GET_NEXT_ID),
		.programs = count_ids(BPF_PROG_GET_NEXT_ID),
	};
}

/*
 * What is freed late gets some time. There may be less than before, if something
 * of the test before was freed late.
 */
static void compare(const struct population *before)
{
	double until = now() + tap_patience();
	struct population after;

	do {
		after = look();
		if (after.links <= before->links &&
		    after.programs <= before->programs)
			return;
		sleep_ms(20);
	} while (now() < until);
	EXPECT_LE(after.links, before->links);
	EXPECT_LE(after.programs, before->programs);
}

static void again(const struct fault_walk *w, const struct operation *op)
{
	int result = op->run();

	if (result < 0)
		FAIL("after fault %u of %s: %s", w->nth, w->name,
		     tap_errname(result));
	if (op->undo)
		op->undo(result);
}

static void walk(const struct operation *op)
{
	const int errors[] = { NO_MEMORY_OR_COPY, op->errors[0], op->errors[1],
			       op->errors[2], 0 };
	struct fault_walk w = { .name = op->name };
	struct population before;
	int result;

	again(&w, op);
	before = look();
	w = fault_walk(op->name, op->stride ?: 1);
	while (fault_next(&w)) {
		fault_begin(&w);
		result = op->run();
		fault_end(&w);
		fault_check(&w, "it", result, errors);
		if (result >= 0 && op->undo)
			op->undo(result);
		else if (result < 0 && op->check_failed)
			op->check_failed();
		again(&w, op);
	}
	CHECK_GT(w.injected, 0);
	compare(&before);
}

#define WALK(name_, ...)                                                       \
	walk(&(const struct operation){ .name = name_, ##__VA_ARGS__ })

static void begin(void)
{
	fault_prepare();
	tring_init(&r, 0);
	tprog_load(&p);
}

static void close_it(int fd)
{
	CHECK_SYS(close(fd));
}

/* --- attaching -------------------------------------------------------------- */

static int by_register(void)
{
	return attach_by_ring(tring_fd(&r), p.fd, 3, IORING_POLICY_DONE);
}

static int by_bpf(void)
{
	return attach_by_bpf(tring_fd(&r), p.fd, 3, IORING_POLICY_DONE);
}

/* The slot is free: it can be taken. */
static void check_free(void)
{
	close_it(CHECK_OK(by_register()));
}

TEST(P2_faults_of_attaching_by_register, .timeout = 60)
{
	begin();
	WALK("IORING_ATTACH_BPF", .run = by_register, .undo = close_it,
	     .check_failed = check_free);
}

TEST(P2_faults_of_attaching_by_bpf, .timeout = 60)
{
	begin();
	WALK("BPF_LINK_CREATE", .run = by_bpf, .undo = close_it,
	     .check_failed = check_free);
}

/* --- what is done to a link ------------------------------------------------- */

static int link_fd, other_prog;

static void begin_with_link(void)
{
	begin();
	link_fd = CHECK_OK(by_register());
	other_prog = CHECK_OK(
		load_returning(0, SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE));
}

static int update_to(int prog, int from)
{
	union bpf_attr attr = { .link_update = { .link_fd = link_fd,
						 .new_prog_fd = prog,
						 .flags = BPF_F_REPLACE,
						 .old_prog_fd = from } };

	return bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

static int update(void)
{
	return update_to(other_prog, p.fd);
}

static void check_not_updated(void)
{
	CHECK_EQ(link_info(link_fd).prog_id, program_id(p.fd));
}

static void update_back(int result)
{
	CHECK_EQ(result, 0);
	CHECK_EQ(link_info(link_fd).prog_id, program_id(other_prog));
	CHECK_OK(update_to(p.fd, other_prog));
}

TEST(P2_faults_of_updating_a_link, .timeout = 60)
{
	begin_with_link();
	WALK("BPF_LINK_UPDATE", .run = update, .undo = update_back,
	     .check_failed = check_not_updated);
}

static int detach(void)
{
	union bpf_attr attr = { .link_detach = { .link_fd = link_fd } };

	return bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr));
}

static void check_attached(void)
{
	CHECK_GT(link_info(link_fd).ring_id, 0);
	CHECK_EQ(by_register(), -EEXIST);
}

static void attach_anew(int result)
{
	CHECK_EQ(result, 0);
	CHECK_EQ(link_info(link_fd).ring_id, 0);
	close_it(link_fd);
	CHECK_EQ(by_register(), link_fd);
}

TEST(P2_faults_of_detaching_a_link, .timeout = 60)
{
	begin_with_link();
	WALK("BPF_LINK_DETACH", .run = detach, .undo = attach_anew,
	     .check_failed = check_attached);
}

static int pin(void)
{
	union bpf_attr attr = { .pathname = (uintptr_t)PIN, .bpf_fd = link_fd };

	return bpf_call(BPF_OBJ_PIN, &attr, sizeof(attr));
}

static void check_no_pin(void)
{
	CHECK_SYS_ERR(access(PIN, F_OK), ENOENT);
}

static void unpin(int result)
{
	CHECK_EQ(result, 0);
	CHECK_SYS(unlink(PIN));
}

TEST(P2_faults_of_pinning_a_link, .timeout = 60)
{
	begin_with_link();
	/* so says its file system when there is no memory for an inode */
	WALK("BPF_OBJ_PIN", .run = pin, .undo = unpin,
	     .check_failed = check_no_pin, .errors = { -ENOSPC });
}

static int get_pinned(void)
{
	union bpf_attr attr = { .pathname = (uintptr_t)PIN };

	return bpf_call(BPF_OBJ_GET, &attr, sizeof(attr));
}

static int get_by_id(void)
{
	static uint32_t id;
	union bpf_attr attr = { 0 };

	if (!id)
		id = link_info(link_fd).id;
	attr.link_id = id;
	return bpf_call(BPF_LINK_GET_FD_BY_ID, &attr, sizeof(attr));
}

TEST(P2_faults_of_finding_a_link, .timeout = 60)
{
	begin_with_link();
	CHECK_OK(pin());
	WALK("BPF_OBJ_GET", .run = get_pinned, .undo = close_it);
	CHECK_SYS(unlink(PIN));
	WALK("BPF_LINK_GET_FD_BY_ID", .run = get_by_id, .undo = close_it);
}

/* --- what is asked ---------------------------------------------------------- */

static int info_of_link(void)
{
	struct spawnpol_link_info info = { 0 };
	union bpf_attr attr = { .info = { .bpf_fd = link_fd,
					  .info_len = sizeof(info),
					  .info = (uintptr_t)&info } };

	return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

static int read_fdinfo(const char *format_, int number)
{
	static char text[4096];
	char path[64];
	ssize_t got;
	int fd, ret;

	snprintf(path, sizeof(path), format_, number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text));
	ret = got < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static int fdinfo_of_link(void)
{
	return read_fdinfo("/proc/self/fdinfo/%d", link_fd);
}

static int fdinfo_of_ring(void)
{
	return read_fdinfo("/proc/self/fdinfo/%d", tring_fd(&r));
}

TEST(P11_faults_of_asking_about_a_link, .timeout = 60)
{
	begin_with_link();
	WALK("a link's info", .run = info_of_link);
	/* proc finds nothing when there is no memory for an inode */
	WALK("a link's fdinfo", .run = fdinfo_of_link, .errors = { -ENOENT });
	WALK("a ring's fdinfo", .run = fdinfo_of_ring, .errors = { -ENOENT });
}

static int query(void)
{
	struct io_uring_spawn_query query_ = { .size = sizeof(query_) };

	return tring_register(&r, SPAWNPOL_REGISTER_SPAWN_QUERY, &query_, 1);
}

TEST(S6_faults_of_the_query, .timeout = 60)
{
	begin();
	WALK("IORING_REGISTER_SPAWN_QUERY", .run = query);
}

/* --- programs --------------------------------------------------------------- */

/* Stages an EXEC, on the first bytes of its stack, and returns 0. */
static struct bpf_insn insns[] = {
	{ .code = BPF_ST | BPF_MEM | BPF_DW,
	  .dst_reg = 10,
	  .off = -8,
	  .imm = '/' },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 8 },
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load(void)
{
	union bpf_attr attr = {
		.prog_type = SPAWNPOL_BPF_PROG_TYPE_IOURING,
		.expected_attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.insn_cnt = sizeof(insns) / sizeof(insns[0]),
		.insns = (uintptr_t)insns,
		.license = (uintptr_t) "GPL",
		.prog_flags = BPF_F_SLEEPABLE,
		.prog_name = "fault",
	};

	return bpf_call(BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void find_function(void)
{
	struct btf *btf = CHECK_PTR(btf__load_vmlinux_btf());

	insns[4].imm = btf__find_by_name_kind(btf, "bpf_iouring_stage_exec",
					      BTF_KIND_FUNC);
	CHECK_GT(insns[4].imm, 0);
	btf__free(btf);
}

TEST(P1_faults_of_loading, .timeout = 60)
{
	fault_prepare();
	find_function();
	/* -EINVAL: there is no memory for the program itself */
	WALK("BPF_PROG_LOAD", .run = load, .undo = close_it,
	     .errors = { -EINVAL, -NOT_SUPPORTED });
}

/* Two requests are staged by the program, which copies paths. */
static int try_out(void)
{
	static struct {
		struct bpf_iouring_test_result result;
		struct bpf_iouring_test_staged staged[2];
	} out;
	static struct bpf_iouring_ctx ctx;
	static char name[] = "some/name";
	union bpf_attr attr = { .test = {
					.prog_fd = p.fd,
					.ctx_in = (uintptr_t)&ctx,
					.ctx_size_in = sizeof(ctx),
					.ctx_out = (uintptr_t)&ctx,
					.ctx_size_out = sizeof(ctx),
					.data_in = (uintptr_t)name,
					.data_size_in = sizeof(name) - 1,
					.data_out = (uintptr_t)&out,
					.data_size_out = sizeof(out),
				} };

	ctx = (struct bpf_iouring_ctx){ .event = IORING_POLICY_FAILED,
					.opcode = SPAWNPOL_OP_EXEC,
					.res = -ENOENT };
	return bpf_call(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
}

TEST(P12_faults_of_a_dry_run, .timeout = 60)
{
	struct engine_rule *rule;

	begin();
	rule = tprog_rule(&p, IORING_POLICY_FAILED, 0, IORING_VERDICT_SUBMIT);
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, "/nonexistent");
	rule->count = 2;
	WALK("BPF_PROG_TEST_RUN", .run = try_out);
}
