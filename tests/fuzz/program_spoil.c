// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs that the verifier has to see through. */
#include "program.h"
#include "program_insn.h"

#include <string.h>

static void spoil_insn(struct bpf_insn *in)
{
	static const int offs[] = { 0, 1, -1, 4, 8, -8, 16, 64, -512, 4096 };

	switch (below(6)) {
	case 0:
		in->dst_reg = below(11);
		break;
	case 1:
		in->src_reg = below(11);
		break;
	case 2:
		in->off += ONE_OF(offs);
		break;
	case 3:
		in->imm = random_imm();
		break;
	case 4: /* another size, operation or class */
		in->code ^= 1 << below(8);
		break;
	default: /* another jump target, offset, shift */
		in->off ^= 1 << below(16);
		in->imm ^= 1 << below(31);
	}
}

static void drop(struct program *p, unsigned int at)
{
	memmove(p->insns + at, p->insns + at + 1,
		(p->nr - at - 1) * sizeof(p->insns[0]));
	p->nr--;
}

static void spoil_once(struct program *p)
{
	unsigned int a = below(p->nr), b = below(p->nr);
	struct bpf_insn kept = p->insns[a];

	switch (below(10)) {
	case 0:
		if (p->nr > 1)
			drop(p, a);
		break;
	case 1:
		p->insns[a] = p->insns[b];
		p->insns[b] = kept;
		break;
	case 2:
		p->insns[b] = kept;
		break;
	default:
		spoil_insn(&p->insns[a]);
	}
}

void program_spoil(struct program *p)
{
	unsigned int times = 1 + below(3);

	while (times--)
		spoil_once(p);
}

void program_soup(struct program *p)
{
	static const uint8_t classes[] = { BPF_LD,  BPF_LDX,  BPF_ST,
					   BPF_STX, BPF_ALU,  BPF_ALU64,
					   BPF_JMP, BPF_JMP32 };
	unsigned int i;

	p->nr = 1 + below(40);
	for (i = 0; i < p->nr; i++) {
		p->insns[i] =
			insn(ONE_OF(classes) | (below(32) << 3), below(11),
			     below(11), below(16) - 4, random_imm());
		if (percent(10))
			p->insns[i] = call_kfunc(ONE_OF(world.kfuncs));
		if (percent(20))
			p->insns[i] = mov_imm(below(10), random_imm());
	}
	if (percent(80))
		p->insns[p->nr - 1] = leave();
}

/* Rarely in another way than policies are loaded. */
static void choose_offer(struct program *p)
{
	p->type = SPAWNPOL_BPF_PROG_TYPE_IOURING;
	p->attach_type = SPAWNPOL_BPF_IOURING_SPAWN;
	p->flags = BPF_F_SLEEPABLE;
	p->license = percent(98) ? "GPL" : "Proprietary";
	p->trusted = percent(15);
	if (percent(2))
		p->type = below(40);
	if (percent(2))
		p->attach_type = below(64);
	if (percent(2))
		p->flags = below(1 << 9);
}

void program_make(struct program *p)
{
	static const enum program_kind kinds[] = {
		PROGRAM_WRITTEN, PROGRAM_WRITTEN, PROGRAM_WRITTEN,
		PROGRAM_WRITTEN, PROGRAM_SPOILED, PROGRAM_SPOILED,
		PROGRAM_SPOILED, PROGRAM_SOUP,
	};

	p->kind = ONE_OF(kinds);
	if (p->kind == PROGRAM_SOUP)
		program_soup(p);
	else
		program_write(p);
	if (p->kind == PROGRAM_SPOILED)
		program_spoil(p);
	choose_offer(p);
}
