// SPDX-License-Identifier: LGPL-2.1-or-later
/* Running an actor's program on a made-up context. */
#include <string.h>

#include "bpf_syscall.h"
#include "internal.h"

/* The context had these in the first release. */
#define CTX_LEAST \
	(offsetof(struct bpf_iouring_op_ctx, room) + sizeof(__u32))

/* Takes size bytes of what the kernel has written. NULL: they are not there. */
static void *take(char **at, const char *end, size_t size)
{
	void *found = *at;

	if (size > (size_t)(end - *at))
		return NULL;
	*at += size;
	return found;
}

static int read_answer(struct spawnpol_actor_dry_run *run, size_t size)
{
	const struct bpf_iouring_op_test_result *result;
	char *at = run->room, *end = at + size;

	result = take(&at, end, sizeof(*result));
	if (!result)
		return -EINVAL;
	/* of a kernel with another interface */
	if (result->staged_size != sizeof(run->staged[0]) ||
	    result->posted_size != sizeof(run->posted[0]))
		return -EPROTO;
	run->result = result->result;
	run->nr_staged = result->nr_staged;
	run->nr_posted = result->nr_posted;
	run->state_size = result->state_size;
	run->staged = take(&at, end, run->nr_staged * sizeof(run->staged[0]));
	run->posted = take(&at, end, run->nr_posted * sizeof(run->posted[0]));
	run->state = take(&at, end, run->state_size);
	return run->staged && run->posted && run->state ? 0 : -EINVAL;
}

int spawnpol_actor_dry_run_sized(int prog_fd, const struct bpf_iouring_op_ctx *ctx,
				 size_t ctx_size, const void *state, size_t state_size,
				 struct spawnpol_actor_dry_run *run, size_t size)
{
	union bpf_attr attr;
	int err;

	if (prog_fd < 0)
		return -EBADF;
	if (ctx_size < CTX_LEAST || size < sizeof(*run))
		return -EINVAL;
	memset(run, 0, offsetof(struct spawnpol_actor_dry_run, room));
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = prog_fd;
	attr.test.ctx_in = (uintptr_t)ctx;
	attr.test.ctx_size_in = ctx_size;
	attr.test.data_in = (uintptr_t)state;
	attr.test.data_size_in = state_size;
	attr.test.data_out = (uintptr_t)run->room;
	attr.test.data_size_out = sizeof(run->room);
	err = bpf_syscall(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err)
		return err;
	run->verdict = attr.test.retval;
	return read_answer(run, attr.test.data_size_out);
}
