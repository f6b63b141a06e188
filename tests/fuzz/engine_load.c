// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policy that all cases share: engine.bpf.c of the engine's tests. */
#include "run.h"
#include "child.h"
#include "../lib/program.h"

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>

struct engine *engine;
int engine_prog, other_prog;

void engine_load(void)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	void *at;

	/* build/tests/fuzz/chains has it beside its directory */
	obj = CHECK_PTR(
		bpf_object__open(format("%s/engine.bpf.o", tap_build())));
	prog = CHECK_PTR(bpf_object__next_program(obj, NULL));
	bpf_program__set_type(prog, SPAWNPOL_BPF_PROG_TYPE_IOURING);
	bpf_program__set_expected_attach_type(prog, SPAWNPOL_BPF_IOURING_SPAWN);
	bpf_program__set_flags(prog, BPF_F_SLEEPABLE);
	CHECK_OK(bpf_object__load(obj));
	at = mmap(NULL, sizeof(*engine), PROT_READ | PROT_WRITE, MAP_SHARED,
		  bpf_map__fd(bpf_object__find_map_by_name(obj, ".bss")), 0);
	CHECK(at != MAP_FAILED);
	engine = at;
	engine_prog = bpf_program__fd(prog);
	other_prog = CHECK_OK(load_returning(IORING_VERDICT_CONTINUE,
					     SPAWNPOL_BPF_IOURING_SPAWN,
					     BPF_F_SLEEPABLE));
}
