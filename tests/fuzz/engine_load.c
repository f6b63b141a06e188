// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policy that all cases share: engine.bpf.c of the engine's tests. */
#include "run.h"
#include "child.h"
#include "../lib/program.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>

struct engine *engine;
int engine_prog, other_prog, passing_progs[2 * MAX_SIDE];

static int load_verdict(int verdict)
{
	return CHECK_OK(load_returning(verdict, SPAWNPOL_BPF_IOURING_SPAWN,
				       BPF_F_SLEEPABLE));
}

void engine_load(void)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	unsigned int i;

	/* build/tests/fuzz/chains has it beside its directory */
	obj = CHECK_PTR(
		bpf_object__open(format("%s/engine.bpf.o", tap_build())));
	prog = CHECK_PTR(object_policy(obj));
	CHECK_OK(bpf_object__load(obj));
	engine = CHECK_PTR(object_variables(obj, sizeof(*engine)));
	engine_prog = bpf_program__fd(prog);
	other_prog = load_verdict(IORING_VERDICT_CONTINUE);
	for (i = 0; i < 2 * MAX_SIDE; i++)
		passing_progs[i] = load_verdict(IORING_VERDICT_PASS);
}
