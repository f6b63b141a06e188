// SPDX-License-Identifier: LGPL-2.1-or-later
/* The options --first, --before and --after. */
#include <errno.h>
#include <spawnpol.h>
#include <unistd.h>

#include "bpf_info.h"
#include "common/parse.h"
#include "order.h"
#include "pins.h"
#include "tool.h"

int order_check(struct tool *t)
{
	const struct settings *s = &t->set;

	if (s->first + !!s->before + !!s->after > 1)
		return misuse(t, "only one of --first, --before and --after can be given");
	return 0;
}

/* The id of a loaded policy's program. */
static int policy_id(struct tool *t, const char *name, uint32_t *id)
{
	struct bpf_prog_info info;
	int prog, ret;

	ret = pins_check_name(t, name);
	if (ret)
		return ret;
	prog = pins_prog(t, name);
	if (prog < 0)
		return prog;
	ret = info_prog(prog, &info);
	close(prog);
	if (ret)
		return fail(t, ret, "cannot look at the program of '%s'", name);
	*id = info.id;
	return 0;
}

int order_read(struct tool *t, struct spawnpol_attach_opts *opts)
{
	const char *other = t->set.before ? t->set.before : t->set.after;

	if (t->set.first)
		opts->order = SPAWNPOL_ORDER_BEFORE;
	if (!other)
		return 0;
	opts->order = SPAWNPOL_ORDER_ID | (t->set.before ?
			SPAWNPOL_ORDER_BEFORE : SPAWNPOL_ORDER_AFTER);
	/* a policy's name is no number */
	if (parse_number(other, 1, UINT32_MAX, &opts->relative))
		return policy_id(t, other, &opts->relative);
	opts->order |= SPAWNPOL_ORDER_LINK;
	return 0;
}
