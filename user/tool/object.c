// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading, verifying and setting up policies. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <spawn_policy.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "libbpf_log.h"
#include "object.h"
#include "object_path.h"
#include "policy_options.h"
#include "tool.h"

#define SECTION_SPAWN	"iouring.s/spawn"
#define SECTION_OP	"iouring.s/op"

static int open_file(struct tool *t, struct object *o)
{
	char text[128];
	int err;

	libbpf_log_start();
	o->bpf = bpf_object__open_file(o->path, NULL);
	if (o->bpf) {
		free(libbpf_log_end());
		return 0;
	}
	err = errno;
	/* libbpf has error numbers of its own, which are no errno */
	if (err < __LIBBPF_ERRNO__START) {
		fail(t, err, "%s is not a BPF object file", o->path);
	} else {
		libbpf_strerror(err, text, sizeof(text));
		refuse(t, "%s is not a BPF object file: %s", o->path, text);
	}
	problem_log(t, libbpf_log_end());
	advise(t, "clang -O2 -g -target bpf, and a name that ends in .bpf.o");
	return -EINVAL;
}

static int other_type(struct tool *t, const struct object *o,
		      const struct bpf_program *p)
{
	const char *type = libbpf_bpf_prog_type_str(bpf_program__type(p));

	if (!strcmp(bpf_program__section_name(p), SECTION_OP))
		refuse(t, "%s: '%s' is the body of an IORING_OP_BPF request, not a spawn policy",
		       o->path, bpf_program__name(p));
	else
		refuse(t, "%s: '%s' is a BPF program of %s%s (section %s), not a spawn policy",
		       o->path, bpf_program__name(p),
		       type && strcmp(type, "unspec") ? "type " : "another type",
		       type && strcmp(type, "unspec") ? type : "",
		       bpf_program__section_name(p));
	advise(t, "put policies into the section %s", SECTION_SPAWN);
	return -EINVAL;
}

/* By its section: libbpf knows no such type, and kernels have other numbers for it. */
static bool is_policy(const struct bpf_program *p)
{
	return !strcmp(bpf_program__section_name(p), SECTION_SPAWN);
}

/* One program is loaded; the others of the object stay behind. */
static int choose_program(struct tool *t, struct object *o)
{
	const char *wanted = t->set.program;
	struct bpf_program *p;
	int nr = 0;

	bpf_object__for_each_program(p, o->bpf) {
		bool chosen = !wanted || !strcmp(bpf_program__name(p), wanted);

		if (!is_policy(p))
			return other_type(t, o, p);
		bpf_program__set_autoload(p, chosen);
		if (chosen) {
			o->prog = p;
			nr++;
		}
	}
	if (nr == 1)
		return 0;
	if (wanted)
		return refuse(t, "%s has no program '%s'", o->path, wanted);
	if (!nr)
		return refuse(t, "%s has no program", o->path);
	refuse(t, "%s has %d programs", o->path, nr);
	advise(t, "--program NAME, to choose one");
	return -EINVAL;
}

static struct bpf_map *config_map(const struct object *o)
{
	struct bpf_map *map;

	map = bpf_object__find_map_by_name(o->bpf, SPAWN_POLICY_CONFIG_MAP);
	if (!map || bpf_map__type(map) != BPF_MAP_TYPE_ARRAY ||
	    bpf_map__value_size(map) != sizeof(struct spawn_policy_config))
		return NULL;
	return map;
}

static int check_options(struct tool *t, const struct object *o)
{
	const char *given = policy_options_given(t);

	if (!given || config_map(o))
		return 0;
	return misuse(t, "--%s is for the default policy; %s has no map '%s' with its configuration",
		      given, o->path, SPAWN_POLICY_CONFIG_MAP);
}

/* What the running kernel calls a policy; it always is one that can sleep. */
static int set_type(struct bpf_program *prog)
{
	const struct io_uring_spawn_query *query = kernel_query();

	return bpf_program__set_type(prog, query->prog_type) ?:
	       bpf_program__set_expected_attach_type(prog, query->attach_spawn) ?:
	       bpf_program__set_flags(prog, bpf_program__flags(prog) |
					    BPF_F_SLEEPABLE);
}

static int verify(struct tool *t, struct object *o)
{
	char *log;
	int ret;

	libbpf_log_start();
	ret = set_type(o->prog) ?: bpf_object__load(o->bpf);
	log = libbpf_log_end();
	if (!ret) {
		free(log);
		return 0;
	}
	ret = fail(t, ret, "the kernel refuses '%s' of %s",
		   bpf_program__name(o->prog), o->path);
	problem_log(t, log);
	if (ret == -EPERM && geteuid())
		advise(t, "run %s as root (CAP_BPF is needed)", TOOL_NAME);
	return ret;
}

static int configure(struct tool *t, struct object *o,
		     struct spawn_policy_config *config)
{
	struct bpf_map *map = config_map(o);
	const __u32 key = 0;

	if (!map)
		return 0;
	policy_options_number(config);
	if (bpf_map_update_elem(bpf_map__fd(map), &key, config, BPF_ANY))
		return fail(t, errno, "cannot write the configuration of %s",
			    o->path);
	return 0;
}

int object_load(struct tool *t, struct object *o, const char *name,
		const char *path)
{
	struct spawn_policy_config *config;
	int ret;

	memset(o, 0, sizeof(*o));
	config = malloc(sizeof(*config));
	if (!config)
		return fail(t, ENOMEM, "cannot load %s", name);
	ret = policy_options_read(t, path, config);
	if (!ret)
		ret = object_find(t, name, o->path);
	if (!ret)
		ret = open_file(t, o);
	if (!ret)
		ret = choose_program(t, o);
	if (!ret)
		ret = check_options(t, o);
	if (!ret)
		ret = kernel_check_policies(t);
	if (!ret)
		ret = verify(t, o);
	if (!ret)
		ret = configure(t, o, config);
	free(config);
	if (ret)
		object_close(o);
	return ret;
}

void object_close(struct object *o)
{
	bpf_object__close(o->bpf);
	o->bpf = NULL;
	o->prog = NULL;
}
