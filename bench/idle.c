// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * idle: chains of which no step fails, on a ring with a policy that is there for
 * failures, and on one without. (The default policy is not idle: it looks at
 * every EXEC beforehand. It is measured with a path, which it leaves alone.)
 */
#include "interleave.h"

static const struct method *const methods[] = {
	&method_chain, &method_idle, &method_default_idle, NULL,
};

void bench_idle(const struct plan *plan)
{
	struct site site;

	site_init(&site, 0);
	interleave(plan, &site, methods, "one program");
	site_exit(&site);
}
