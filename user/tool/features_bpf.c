// SPDX-License-Identifier: LGPL-2.1-or-later
/* Checks: does the kernel accept policies and actors? */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/errno_name.h"
#include "features.h"

#define NEED_BTF	"boot a kernel with CONFIG_DEBUG_INFO_BTF=y"
#define NEED_POLICIES	"boot a kernel with the spawnpol series and CONFIG_IO_URING_BPF=y"
#define NEED_OP		"boot a kernel with the spawnpol series of this release and CONFIG_IO_URING_BPF=y"
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
		absent(f, NEED_POLICIES, "the kernel does not report policies");
	else if (s->kernel.query.abi != IORING_SPAWN_ABI)
		unknown(f, NULL, "the kernel has another ABI");
	else if (!(s->kernel.query.features & IORING_SPAWN_FEAT_POLICY))
		absent(f, NEED_POLICIES,
		       "the kernel spawns, but was built without policies");
}

/* The smallest program: what returns 0 is CONTINUE of a policy, WAIT of an actor. */
static int try_load(uint32_t prog_type, uint32_t attach_type, uint32_t flags)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .prog_flags = flags,
		    .expected_attach_type = attach_type);
	int fd;

	fd = bpf_prog_load(prog_type, "spawnpol_probe", "GPL", insns,
			   sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static void tell_load(struct finding *f, int ret, const char *what,
		      const char *remedy)
{
	if (ret == -EPERM || ret == -EACCES)
		unknown(f, NEED_CAP, "this process is not allowed to load programs");
	else if (ret)
		absent(f, remedy, "the kernel refuses a minimal %s: %s (%s)", what,
		       strerror(-ret), errno_name(-ret));
}

void check_prog_type(const struct surroundings *s, struct finding *f)
{
	const struct io_uring_spawn_query *q = &s->kernel.query;

	if (!s->names_error &&
	    !(s->names & SPAWNPOL_NAME_PROG_TYPE)) {
		absent(f, NEED_POLICIES, "the kernel has no program type BPF_PROG_TYPE_IOURING");
		return;
	}
	if (!q->prog_type) {
		unknown(f, NEED_POLICIES,
			"the kernel does not report the number of BPF_PROG_TYPE_IOURING");
		return;
	}
	tell_load(f, try_load(q->prog_type, q->attach_spawn, BPF_F_SLEEPABLE),
		  "policy", NEED_POLICIES);
}

static void find_functions(const struct surroundings *s, struct finding *f,
			   const char *const *names, const char *remedy)
{
	if (!s->btf) {
		unknown(f, NEED_BTF, "the kernel has no BTF to look them up in");
		return;
	}
	for (; *names; names++)
		if (btf__find_by_name_kind(s->btf, *names, BTF_KIND_FUNC) < 0) {
			absent(f, remedy, "the kernel has no %s()", *names);
			return;
		}
}

void check_functions(const struct surroundings *s, struct finding *f)
{
	static const char *const names[] = {
		"bpf_iouring_stage_sqe", "bpf_iouring_stage_exec",
		"bpf_iouring_stage_exec_dir", "bpf_iouring_stage_exec_interp",
		"bpf_iouring_exec_name", "bpf_iouring_set_result",
		"bpf_iouring_delay", "bpf_iouring_post_staged",
		"bpf_iouring_stage_child", "bpf_iouring_stage_exec_search", NULL,
	};

	find_functions(s, f, names, NEED_POLICIES);
}

static bool has_op(const struct surroundings *s)
{
	return s->kernel.query.abi == IORING_SPAWN_ABI && s->kernel.query.op_bpf &&
	       s->kernel.query.features & IORING_SPAWN_FEAT_OP;
}

void check_bpf(const struct surroundings *s, struct finding *f)
{
	const struct io_uring_spawn_query *q = &s->kernel.query;

	if (!q->abi)
		absent(f, NEED_OP, "the kernel does not report IORING_OP_BPF");
	else if (q->abi != IORING_SPAWN_ABI)
		unknown(f, NULL, "the kernel has another ABI");
	else if (!q->op_bpf)
		absent(f, NEED_OP, "the kernel does not report its number");
	else if (!has_op(s))
		absent(f, NEED_OP, "the kernel spawns, but was built without BPF programs");
	else if (!s->names_error && !(s->names & SPAWNPOL_NAME_BPF))
		absent(f, NEED_OP, "number %u is another operation in this kernel's BTF",
		       q->op_bpf);
}

void check_actor_type(const struct surroundings *s, struct finding *f)
{
	const struct io_uring_spawn_query *q = &s->kernel.query;

	if (!has_op(s) || !q->prog_type || !q->attach_op)
		absent(f, NEED_OP, "the kernel has no IORING_OP_BPF");
	else
		tell_load(f, try_load(q->prog_type, q->attach_op, 0),
			  "program of IORING_OP_BPF", NEED_OP);
}

void check_actor_functions(const struct surroundings *s, struct finding *f)
{
	static const char *const names[] = {
		"bpf_iouring_op_stage", "bpf_iouring_op_post",
		"bpf_iouring_op_result", "bpf_iouring_op_state", NULL,
	};

	find_functions(s, f, names, NEED_OP);
}
