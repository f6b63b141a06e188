// SPDX-License-Identifier: LGPL-2.1-or-later
/* Finding the names of policies by the ids of their programs. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf_info.h"
#include "pins.h"
#include "policy_name.h"

_Static_assert(POLICY_NAME_SIZE > PINS_NAME_MAX, "a name fits");

/* A trace has many verdicts of few policies. A number is not used again. */
#define REMEMBERED 16

static struct known {
	uint32_t prog_id;
	bool loaded;
	char name[POLICY_NAME_SIZE];
} known[REMEMBERED];

static int compare(const char *name, void *data)
{
	struct bpf_prog_info info;
	struct known *k = data;
	char path[PATH_MAX];
	int fd = bpf_obj_get(pins_path(path, name, "prog"));

	if (fd < 0)
		return 0;
	if (!info_prog(fd, &info) && info.id == k->prog_id) {
		snprintf(k->name, sizeof(k->name), "%s", name);
		k->loaded = true;
	}
	close(fd);
	return k->loaded;
}

static void ask(struct known *k)
{
	struct bpf_prog_info info;
	int fd = bpf_prog_get_fd_by_id(k->prog_id);

	if (fd >= 0 && !info_prog(fd, &info) && info.name[0])
		snprintf(k->name, sizeof(k->name), "%s", info.name);
	else
		snprintf(k->name, sizeof(k->name), "program %u", k->prog_id);
	if (fd >= 0)
		close(fd);
}

/*
 * Without the lock: who changes policies is not to wait for a trace, and a name that is
 * missed is said in another way.
 */
static const struct known *look_up(uint32_t prog_id)
{
	static unsigned int next;
	struct known *k;

	for (k = known; k < known + REMEMBERED; k++)
		if (k->prog_id == prog_id)
			return k;
	k = &known[next++ % REMEMBERED];
	*k = (struct known) { .prog_id = prog_id };
	pins_each(compare, k);
	if (!k->loaded)
		ask(k);
	return k;
}

bool policy_name_loaded(uint32_t prog_id, char name[POLICY_NAME_SIZE])
{
	const struct known *k = look_up(prog_id);

	strcpy(name, k->loaded ? k->name : "");
	return k->loaded;
}

void policy_name(uint32_t prog_id, char name[POLICY_NAME_SIZE])
{
	strcpy(name, look_up(prog_id)->name);
}
