// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program can pass any number where a kernel function says yes or no, whatever a
 * C compiler would make of it: the verifier does not look (P7, P12). Found by
 * tests/fuzz.
 */
#include "lib/program.h"
#include "lib/ring.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>

/* bpf_iouring_post_staged(ctx, value), written by hand; the program's descriptor. */
static int load_post_staged(int value)
{
	struct btf *btf = CHECK_PTR(btf__load_vmlinux_btf());
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = value },
		{ .code = BPF_JMP | BPF_CALL,
		  .src_reg = BPF_PSEUDO_KFUNC_CALL,
		  .imm = btf__find_by_name_kind(btf, "bpf_iouring_post_staged",
						BTF_KIND_FUNC) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		    .prog_flags = BPF_F_SLEEPABLE);

	btf__free(btf);
	CHECK_GT(insns[1].imm, 0);
	return CHECK_OK(bpf_prog_load(SPAWNPOL_BPF_PROG_TYPE_IOURING, "truth",
				      "GPL", insns, 4, &opts));
}

TEST(P7_any_number_but_0_is_yes, .timeout = 60)
{
	static const int values[] = { 0, 1, 2, 255, 256, -1 };
	unsigned int i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		int prog = load_post_staged(values[i]);
		struct bpf_iouring_ctx ctx = { .event = IORING_POLICY_FAILED };
		struct bpf_iouring_test_result result;
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ctx,
			    .ctx_size_in = sizeof(ctx), .data_out = &result,
			    .data_size_out = sizeof(result));

		DIAG("%d", values[i]);
		CHECK_OK(bpf_prog_test_run_opts(prog, &opts));
		EXPECT_EQ(result.flags,
			  values[i] ? IORING_TEST_POST_STAGED : 0);
		close(prog);
	}
}
