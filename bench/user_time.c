// SPDX-License-Identifier: LGPL-2.1-or-later
#include "user_time.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "site.h"

#define NR_PROGRAMS 2

struct user_time {
	struct bpf_object *object;
	struct bpf_link *links[NR_PROGRAMS];
	int state;		/* the map that is struct user_time_state */
};

struct user_time *user_time_start(void)
{
	struct user_time_state begin = { .thread = gettid() };
	struct user_time *user = calloc(1, sizeof(*user));
	struct bpf_program *program;
	struct bpf_map *bss;
	unsigned int nr = 0;
	uint32_t key = 0;

	if (!user)
		give_up(-ENOMEM, "measuring user mode");
	user->object = bpf_object__open_file(built("bench/user_time.bpf.o"), NULL);
	if (!user->object)
		give_up(-errno, "user_time.bpf.o");
	must(bpf_object__load(user->object));
	bss = bpf_object__find_map_by_name(user->object, ".bss");
	if (!bss)
		give_up(0, "user_time.bpf.o has no .bss");
	user->state = bpf_map__fd(bss);
	must_sys(bpf_map_update_elem(user->state, &key, &begin, BPF_ANY));
	bpf_object__for_each_program(program, user->object) {
		user->links[nr] = bpf_program__attach(program);
		if (!user->links[nr++])
			give_up(-errno, "attach %s", bpf_program__name(program));
	}
	return user;
}

uint64_t user_time_read(const struct user_time *user)
{
	struct user_time_state state;
	uint32_t key = 0;

	must_sys(bpf_map_lookup_elem(user->state, &key, &state));
	return state.total;
}

void user_time_stop(struct user_time *user)
{
	for (unsigned int i = 0; i < NR_PROGRAMS; i++)
		bpf_link__destroy(user->links[i]);
	bpf_object__close(user->object);
	free(user);
}
