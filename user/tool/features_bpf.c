// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks: does the kernel take policies? */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/errno_name.h"
#include "features.h"

#define NEED_BTF	"boot a kernel with CONFIG_DEBUG_INFO_BTF=y"
#define NEED_POLICIES	"boot a kernel with the spawnpol series and CONFIG_IO_URING_BPF=y"
#define NEED_CAP	"run spawnpol as root, or with CAP_BPF"

void check_btf(const struct surroundings *s, struct finding *f)
{
	if (!s->btf)
		absent(f, NEED_BTF, "/sys/kernel/btf/vmlinux: %s",
		       strerror(-s->btf_error));
}

void check_policies(const struct surroundings *s, struct finding *f)
{
	if (!s->kernel.query.abi)
		absent(f, NEED_POLICIES, "the kernel does not say so");
	else if (s->kernel.query.abi != IORING_SPAWN_ABI)
		unknown(f, NULL, "the kernel has another ABI");
	else if (!(s->kernel.query.features & IORING_SPAWN_FEAT_POLICY))
		absent(f, NEED_POLICIES,
		       "the kernel spawns, but was built without policies");
}

/* The smallest policy: always continue. */
static int try_load(const struct io_uring_spawn_query *query)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = IORING_VERDICT_CONTINUE },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .prog_flags = BPF_F_SLEEPABLE,
		    .expected_attach_type = query->attach_spawn);
	int fd;

	fd = bpf_prog_load(query->prog_type, "spawnpol_probe", "GPL", insns,
			   sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

void check_prog_type(const struct surroundings *s, struct finding *f)
{
	int ret;

	if (!s->names_error &&
	    !(s->names & SPAWNPOL_NAME_PROG_TYPE)) {
		absent(f, NEED_POLICIES, "the kernel has no program type BPF_PROG_TYPE_IOURING");
		return;
	}
	if (!s->kernel.query.prog_type) {
		unknown(f, NEED_POLICIES,
			"the kernel does not report the number of BPF_PROG_TYPE_IOURING");
		return;
	}
	ret = try_load(&s->kernel.query);
	if (ret == -EPERM || ret == -EACCES)
		unknown(f, NEED_CAP, "loading a program is not permitted here");
	else if (ret)
		absent(f, NEED_POLICIES, "a minimal policy is refused: %s (%s)",
		       strerror(-ret), errno_name(-ret));
}

void check_functions(const struct surroundings *s, struct finding *f)
{
	static const char *const names[] = {
		"bpf_iouring_stage_sqe", "bpf_iouring_stage_exec",
		"bpf_iouring_stage_exec_dir", "bpf_iouring_stage_exec_interp",
		"bpf_iouring_exec_name", "bpf_iouring_set_result",
		"bpf_iouring_delay", "bpf_iouring_post_staged",
		"bpf_iouring_stage_child", "bpf_iouring_stage_exec_search",
	};
	unsigned int i;

	if (!s->btf) {
		unknown(f, NEED_BTF, "without BTF they cannot be looked up");
		return;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (btf__find_by_name_kind(s->btf, names[i], BTF_KIND_FUNC) < 0) {
			absent(f, NEED_POLICIES, "the kernel has no %s()",
			       names[i]);
			return;
		}
}
