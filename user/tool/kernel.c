// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Checking that the kernel has what a command needs, and reading the kernel's numbers.
 * Each command does this first, so it must be fast: it asks a ring and does not read
 * type information, as probe does.
 */
#include <errno.h>
#include <spawnpol.h>

#include "kernel.h"
#include "tool.h"

static int lacking(struct tool *t, enum spawnpol_topic topic, int error)
{
	struct spawnpol_advice advice = spawnpol_advise(topic, error);
	int ret;

	if (error == -ENOSYS || error == -EOPNOTSUPP || error == -EPROTO ||
	    error == -EPERM)
		ret = unsupported(t, error, "%s", advice.text);
	else
		ret = fail(t, error, "%s", advice.text);
	if (advice.remedy)
		advise(t, "%s", advice.remedy);
	else
		advise(t, "%s probe", TOOL_NAME);
	return ret;
}

static struct {
	bool asked;
	int error;
	struct io_uring_spawn_query query;
} answer;

static int ask(struct io_uring_spawn_query *query)
{
	struct spawnpol_ring *ring;
	int ret;

	ret = spawnpol_ring_open(&ring, 2, 0);
	if (ret)
		return ret;
	ret = spawnpol_query(spawnpol_ring_fd(ring), query);
	spawnpol_ring_close(ring);
	return ret;
}

const struct io_uring_spawn_query *kernel_query(void)
{
	if (!answer.asked)
		answer.error = ask(&answer.query);
	answer.asked = true;
	return &answer.query;
}

static int check(struct tool *t, bool policies)
{
	const struct io_uring_spawn_query *query = kernel_query();

	if (answer.error)
		return lacking(t, SPAWNPOL_TOPIC_RING, answer.error);
	if (policies && !(query->features & IORING_SPAWN_FEAT_POLICY))
		return lacking(t, SPAWNPOL_TOPIC_ATTACH, -EOPNOTSUPP);
	return 0;
}

int kernel_check_spawn(struct tool *t)
{
	return check(t, false);
}

int kernel_check_policies(struct tool *t)
{
	return check(t, true);
}

int kernel_check_actors(struct tool *t)
{
	int ret = check(t, true);

	if (ret || kernel_query()->features & IORING_SPAWN_FEAT_OP)
		return ret;
	ret = unsupported(t, 0, "the kernel has no actors (IORING_OP_BPF)");
	advise(t, "boot a kernel with the spawnpol series of this release");
	return ret;
}
