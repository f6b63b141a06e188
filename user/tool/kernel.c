// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is this the kernel for it? */
#include <spawnpol.h>

#include "kernel.h"
#include "tool.h"

static int lacking(struct tool *t, enum spawnpol_topic topic, int error)
{
	struct spawnpol_advice advice = spawnpol_advise(topic, error);
	int ret;

	ret = unsupported(t, error, "%s", advice.text);
	if (advice.remedy)
		advise(t, "%s", advice.remedy);
	else
		advise(t, "%s probe", TOOL_NAME);
	return ret;
}

static int check(struct tool *t, bool policies)
{
	struct spawnpol_probe probe;
	int ret;

	ret = spawnpol_probe(&probe);
	if (ret)
		return fail(t, ret, "cannot find out what this kernel can do");
	if (probe.error)
		return lacking(t, SPAWNPOL_ABOUT_RING, probe.error);
	if (policies && probe.policy_error)
		return lacking(t, SPAWNPOL_ABOUT_ATTACH, probe.policy_error);
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
