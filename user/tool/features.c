// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of features, and the data that all checks use. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/caps.h"
#include "features.h"
#include "libbpf/libbpf_log.h"

const struct feature features[] = {
	{ "io_uring", "rings can be made", true, true, check_io_uring },
	{ "spawn", "rings can spawn (IORING_FEAT_SPAWN)", true, true, check_spawn },
	{ "abi", "tool and kernel have the same interface", true, true, check_abi },
	{ "op_clone", "IORING_OP_CLONE", true, true, check_clone },
	{ "op_exec", "IORING_OP_EXEC", true, true, check_exec },
	{ "op_child", "IORING_OP_CHILD", true, true, check_child },
	{ "steps", "operations that can be steps", true, true, check_steps },
	{ "btf", "type information of the kernel", true, true, check_btf },
	{ "policy", "rings take policies", true, true, check_policies },
	{ "prog_type", "policies pass bpf(2)", true, true, check_prog_type },
	{ "kfuncs", "functions that policies call", true, true, check_functions },
	{ "op_bpf", "IORING_OP_BPF", true, false, check_bpf },
	{ "actor_type", "programs of IORING_OP_BPF pass bpf(2)", true, false, check_actor_type },
	{ "actor_kfuncs", "functions that such programs call", true, false, check_actor_functions },
	{ "pidfd_getfd", "rings of other processes can be reached", true, false, check_pidfd_getfd },
	{ "tracepoints", "steps and verdicts can be traced", true, false, check_tracepoints },
	{ "bpffs", "the BPF file system is mounted", false, false, check_bpffs },
	{ "tracefs", "the trace file system is mounted", false, false, check_tracefs },
	{ "cap_bpf", "privilege to load policies and actors", false, false, check_cap_bpf },
	{ "cap_sys_ptrace", "privilege to reach others' rings", false, false, check_cap_ptrace },
	{ "cap_sys_admin", "privilege to list links and to trace", false, false, check_cap_admin },
	{ 0 }
};

void not_present(struct finding *f, enum presence presence,
		 const char *remedy, const char *fmt, ...)
{
	va_list ap;

	f->presence = presence;
	f->remedy = remedy;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
}

int surroundings_open(struct surroundings *s)
{
	int ret;

	memset(s, 0, sizeof(*s));
	ret = spawnpol_probe(&s->kernel);
	if (ret)
		return ret;
	s->caps = caps_effective();
	s->names_error = spawnpol_probe_names(&s->kernel.query, &s->names);
	libbpf_log_start();
	s->btf = btf__load_vmlinux_btf();
	if (!s->btf)
		s->btf_error = -errno;
	free(libbpf_log_end());
	return 0;
}

void surroundings_close(struct surroundings *s)
{
	btf__free(s->btf);
}
