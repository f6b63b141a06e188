// SPDX-License-Identifier: LGPL-2.1-or-later
/* The policy of the rounds: one for all, or a copy for one. */
#include "round.h"

#include "child.h"
#include "program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>

struct tprogram common;

int load_program(struct tprogram *p)
{
	char *path = format("%s/tests/lifetime.bpf.o", tap_build());
	struct bpf_program *prog;
	int ret;

	p->life = NULL;
	p->obj = bpf_object__open(path);
	free(path);
	if (!p->obj)
		return -errno;
	prog = object_policy(p->obj);
	ret = bpf_object__load(p->obj);
	if (ret)
		return ret;
	p->life = object_variables(p->obj, sizeof(*p->life));
	if (!p->life)
		return -errno;
	p->fd = bpf_program__fd(prog);
	return 0;
}

/* The program's instructions with another map for its variable. */
static int load_with_map(int map)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		    .prog_flags = BPF_F_SLEEPABLE);
	struct bpf_program *prog = bpf_object__next_program(common.obj, NULL);
	int old = bpf_map__fd(bpf_object__find_map_by_name(common.obj, ".bss"));
	size_t i, count = bpf_program__insn_cnt(prog);
	struct bpf_insn *insns = CHECK_PTR(calloc(count, sizeof(*insns)));
	int fd;

	memcpy(insns, bpf_program__insns(prog), count * sizeof(*insns));
	for (i = 0; i < count; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) &&
		    insns[i].src_reg == BPF_PSEUDO_MAP_VALUE &&
		    insns[i].imm == old)
			insns[i].imm = map;
	}
	fd = CHECK_OK(bpf_prog_load(SPAWNPOL_BPF_PROG_TYPE_IOURING, "own",
				    "GPL", insns, count, &opts));
	free(insns);
	return fd;
}

void copy_program(struct tprogram *p)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int map = CHECK_OK(bpf_map_create(BPF_MAP_TYPE_ARRAY, "own",
					  sizeof(uint32_t), sizeof(*p->life), 1,
					  &opts));
	void *at = mmap(NULL, sizeof(*p->life), PROT_READ | PROT_WRITE,
			MAP_SHARED, map, 0);

	CHECK(at != MAP_FAILED);
	p->obj = NULL;
	p->life = at;
	p->fd = load_with_map(map);
	close(map);
}

void unload_copy(struct tprogram *p)
{
	munmap(p->life, sizeof(*p->life));
	p->life = NULL;
	CHECK_SYS(close(p->fd));
}
