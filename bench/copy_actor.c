// SPDX-License-Identifier: LGPL-2.1-or-later
/* Copying a file by those who do it on their own: a program of IORING_OP_BPF, cp(1). */
#include "copy.h"

#include <errno.h>
#include <spawn_actors.h>
#include <unistd.h>

#include "actor_program.h"
#include "bench.h"
#include "child_cpu.h"

void copy_attach(struct copy *c)
{
	actor_attach(&c->ring, "bpf/copy", NULL);
}

void copy_by_actor(struct copy *c)
{
	const uint64_t args[ACTOR_ARGS] = {
		(uintptr_t)c->buffers,
		spawn_actor_pair(c->in, c->out),
		spawn_actor_pair(COPY_BLOCK, c->depth),
		0,
	};

	actor_add(&c->ring, args);
	must(actor_wait_one(&c->ring));
}

void copy_by_program(struct copy *c)
{
	pid_t pid = must_sys(vfork());

	if (!pid) {
		execlp("cp", "cp", c->from, c->to, NULL);
		_exit(127);
	}
	c->child_cpu = child_cpu(pid, "cp");
}
