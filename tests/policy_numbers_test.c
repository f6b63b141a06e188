// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One object for kernels that number operations differently: the policies are
 * loaded as they would be where EXEC and CHILD have other numbers than here, by
 * type information that says so, and run dry.
 */
#include "child.h"
#include "policy.h"
#include "program.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

enum { OTHER_CLONE = 80, OTHER_EXEC, OTHER_CHILD };

static struct tpolicy policy;

/* The file with the type information of a kernel that has these numbers. */
static const char *other_kernel(void)
{
	const char *path = in_dir("other.btf");
	struct btf *btf = CHECK_PTR(btf__new_empty());
	const void *data;
	uint32_t size;
	FILE *file;

	CHECK_GT(btf__add_enum(btf, "io_uring_op", 4), 0);
	CHECK_OK(btf__add_enum_value(btf, "IORING_OP_CLONE", OTHER_CLONE));
	CHECK_OK(btf__add_enum_value(btf, "IORING_OP_EXEC", OTHER_EXEC));
	CHECK_OK(btf__add_enum_value(btf, "IORING_OP_CHILD", OTHER_CHILD));
	data = CHECK_PTR(btf__raw_data(btf, &size));
	file = CHECK_PTR(fopen(path, "w"));
	CHECK_EQ(fwrite(data, 1, size, file), size);
	CHECK_EQ(fclose(file), 0);
	btf__free(btf);
	return path;
}

static void load_for_other(const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		    .btf_custom_path = other_kernel());
	const char *path = format("%s/bpf/%s.bpf.o", tap_build(), name);

	policy = (struct tpolicy){ .link = -1 };
	policy.obj = CHECK_PTR(bpf_object__open_file(path, &opts));
	policy.prog = CHECK_PTR(object_policy(policy.obj));
	CHECK_OK(tpolicy_try_load(&policy));
}

/* The verdict about a step that has failed. */
static uint32_t verdict(uint32_t opcode, uint32_t cmd)
{
	struct bpf_iouring_ctx ctx = {
		.event = IORING_POLICY_FAILED,
		.opcode = opcode,
		.cmd = cmd,
		.res = -ENOENT,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx));

	CHECK_OK(bpf_prog_test_run_opts(tpolicy_fd(&policy), &opts));
	return opts.retval;
}

/* How often the program loads this number as one of an operation. */
static unsigned int count(uint32_t number)
{
	const struct bpf_insn *insn = bpf_program__insns(policy.prog);
	size_t i, nr = bpf_program__insn_cnt(policy.prog);
	unsigned int found = 0;

	for (i = 0; i < nr; i++) {
		if (insn[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		found += !insn[i].src_reg && (uint32_t)insn[i].imm == number;
		i++;
	}
	return found;
}

TEST(P1_hello_knows_child_by_another_number)
{
	load_for_other("hello_policy");
	CHECK_EQ(verdict(OTHER_CHILD, IORING_CHILD_CHDIR), IORING_VERDICT_SKIP);
	CHECK_EQ(verdict(OTHER_CHILD, IORING_CHILD_DUP),
		 IORING_VERDICT_CONTINUE);
	CHECK_EQ(verdict(SPAWNPOL_OP_CHILD, IORING_CHILD_CHDIR),
		 IORING_VERDICT_CONTINUE);
}

/* A failed EXEC is left to the links, everything else ends the chain. */
TEST(P1_the_default_policy_knows_exec_by_another_number)
{
	load_for_other("spawn_policy");
	CHECK_EQ(verdict(OTHER_EXEC, 0), IORING_VERDICT_CONTINUE);
	CHECK_EQ(verdict(SPAWNPOL_OP_EXEC, 0), IORING_VERDICT_ABORT);
	CHECK_EQ(verdict(OTHER_CHILD, IORING_CHILD_CHDIR), IORING_VERDICT_ABORT);
	EXPECT_GT(count(OTHER_EXEC), 0);
	EXPECT_GT(count(OTHER_CHILD), 0);
	EXPECT_EQ(count(SPAWNPOL_OP_EXEC), 0);
	EXPECT_EQ(count(SPAWNPOL_OP_CHILD), 0);
}

/* What it stages is a CHILD by that number, too. */
TEST(P1_fallback_knows_child_by_another_number)
{
	load_for_other("fallback_policy");
	EXPECT_GT(count(OTHER_CHILD), 0);
	EXPECT_EQ(count(SPAWNPOL_OP_CHILD), 0);
}
