// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies and actors in object files: reading, checking and loading them. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <linux/capability.h>
#include <spawnpol_bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/caps.h"
#include "libbpf_log.h"
#include "object.h"
#include "object_path.h"
#include "object_value.h"
#include "verifier_advice.h"

#define SECTION_SPAWN	"iouring.s/spawn"
#define SECTION_OP	"iouring/op"
#define SECTION_OP_S	"iouring.s/op"
#define EVENTS_VARIABLE	"spawnpol_events"
#define STATE_VARIABLE	"spawnpol_state_size"
#define FLIGHT_VARIABLE	"spawnpol_in_flight"
#define HOW_TO_COMPILE	"clang $(pkg-config --cflags spawnpol-policy) -c NAME.bpf.c -o NAME.bpf.o"
#define KERNEL_BTF	"/sys/kernel/btf/vmlinux"

#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* error is an errno to be told after the text, or 0. Returns what to return. */
PRINTF(3, 4)
static int refuse(struct object *o, int error, const char *fmt, ...)
{
	struct object_problem *p = &o->problem;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->what, sizeof(p->what), fmt, ap);
	va_end(ap);
	p->error = error;
	return error ? -error : -EINVAL;
}

static int find(struct object *o, const char *name)
{
	int err = object_find(name, o->path);

	if (!err)
		return 0;
	if (err == -ENOENT && !strchr(name, '/'))
		o->problem.remedy = "the path of an object file, such as ./mine.bpf.o; a name alone is that of an installed policy or actor, such as spawn_policy, or of one in $SPAWNPOL_OBJECTS";
	else if (err == -ENOENT)
		o->problem.remedy = HOW_TO_COMPILE;
	if (err == -EINVAL)
		return refuse(o, 0, "%s is not a file", name);
	return refuse(o, -err, "cannot read the object file %.*s", 4000, name);
}

/* A program of another machine can have everything but what libbpf looks for, too. */
static bool is_bpf(const char *path)
{
	Elf64_Ehdr header;
	FILE *file = fopen(path, "re");
	bool bpf;

	if (!file)
		return false;
	bpf = fread(&header, sizeof(header), 1, file) == 1 &&
	      !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
	      header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_machine == EM_BPF;
	fclose(file);
	return bpf;
}

static bool has_type_information(const char *path)
{
	struct btf *btf;
	int err;

	libbpf_log_start();
	btf = btf__parse_elf(path, NULL);
	err = btf ? 0 : errno;
	free(libbpf_log_end());
	btf__free(btf);
	/* which of the two depends on libbpf's version; other files are something else */
	return err != ENOENT && err != ENODATA;
}

static int read_file(struct object *o)
{
	char text[128];
	int err;

	libbpf_log_start();
	o->bpf = bpf_object__open_file(o->path, NULL);
	err = errno;
	o->problem.log = libbpf_log_end();
	if (o->bpf) {
		free(o->problem.log);
		o->problem.log = NULL;
		return 0;
	}
	if (!is_bpf(o->path)) {
		o->problem.remedy = HOW_TO_COMPILE;
		return refuse(o, 0, "%s is not a BPF object file", o->path);
	}
	if (err < __LIBBPF_ERRNO__START && !has_type_information(o->path)) {
		o->problem.remedy = "compile it with -g, and do not strip it";
		return refuse(o, 0, "%s has no type information (BTF)", o->path);
	}
	o->problem.remedy = HOW_TO_COMPILE;
	/* libbpf has error numbers of its own, which are no errno */
	if (err < __LIBBPF_ERRNO__START) {
		refuse(o, err, "%s is not a BPF object file", o->path);
	} else {
		libbpf_strerror(err, text, sizeof(text));
		refuse(o, 0, "%s is not a BPF object file: %s", o->path, text);
	}
	return -EINVAL;
}

/* By its section: libbpf knows no such types, and kernels have other numbers for them. */
static unsigned int kind_of(const struct bpf_program *p)
{
	const char *section = bpf_program__section_name(p);

	return !strcmp(section, SECTION_SPAWN) ? OBJECT_POLICY :
	       !strcmp(section, SECTION_OP) ? OBJECT_ACTOR : 0;
}

static const char *name_of_kinds(unsigned int kinds)
{
	return kinds == OBJECT_POLICY ? "a spawn policy" :
	       kinds == OBJECT_ACTOR ? "an actor" : "a spawn policy or an actor";
}

static int other_type(struct object *o, const struct bpf_program *p, unsigned int kinds)
{
	const char *type = libbpf_bpf_prog_type_str(bpf_program__type(p));
	bool known = type && strcmp(type, "unspec");

	if (!strcmp(bpf_program__section_name(p), SECTION_OP_S)) {
		o->problem.remedy = "put it into the section " SECTION_OP;
		return refuse(o, 0, "%s: '%s' is the body of an IORING_OP_BPF request, which cannot sleep (section %s)",
			      o->path, bpf_program__name(p), SECTION_OP_S);
	}
	refuse(o, 0, "%s: '%s' is a BPF program of %s%s (section %s), not %s",
	       o->path, bpf_program__name(p), known ? "type " : "another type",
	       known ? type : "", bpf_program__section_name(p), name_of_kinds(kinds));
	o->problem.remedy = kinds == OBJECT_ACTOR ?
			    "put programs of actors into the section " SECTION_OP :
			    kinds == OBJECT_POLICY ?
			    "put policies into the section " SECTION_SPAWN :
			    "put policies into the section " SECTION_SPAWN
			    ", programs of actors into " SECTION_OP;
	return -EINVAL;
}

static int other_kind(struct object *o, const struct bpf_program *p, unsigned int kinds)
{
	refuse(o, 0, "%s: '%s' is %s, not %s", o->path, bpf_program__name(p),
	       kinds == OBJECT_POLICY ? "the body of an IORING_OP_BPF request" :
					"a spawn policy", name_of_kinds(kinds));
	o->problem.remedy = kinds == OBJECT_POLICY ?
			    "load it by spawnpol_actor_load(), for the slot of an actor" :
			    "load it by spawnpol_policy_load(), for the slot of a policy";
	return -EINVAL;
}

static int none_chosen(struct object *o, const char *wanted, int nr)
{
	if (wanted)
		return refuse(o, 0, "%s has no program '%s'", o->path, wanted);
	if (!nr)
		return refuse(o, 0, "%s has no program", o->path);
	o->problem.remedy = "choose one of them by its name";
	refuse(o, 0, "%s has %d programs", o->path, nr);
	return -ENOTUNIQ;
}

/* One program is loaded, and none of the others in the object. */
static int choose_program(struct object *o, const char *wanted, unsigned int kinds)
{
	const struct bpf_program *other = NULL;
	struct bpf_program *p;
	int nr = 0;

	bpf_object__for_each_program(p, o->bpf) {
		bool chosen = !wanted || !strcmp(bpf_program__name(p), wanted);
		unsigned int kind = kind_of(p);

		if (!kind)
			return other_type(o, p, kinds);
		if (chosen && !(kind & kinds))
			other = p;
		chosen = chosen && kind & kinds;
		bpf_program__set_autoload(p, chosen);
		if (chosen) {
			o->prog = p;
			o->kind = kind;
			nr++;
		}
	}
	if (nr == 1)
		return 0;
	return !nr && other ? other_kind(o, other, kinds) : none_chosen(o, wanted, nr);
}

int object_open(struct object *o, const char *name, const char *program,
		unsigned int kinds)
{
	memset(o, 0, sizeof(*o));
	return find(o, name) ?: read_file(o) ?: choose_program(o, program, kinds);
}

/* What the running kernel calls it. A policy always is one that can sleep. */
static int set_type(const struct object *o, const struct io_uring_spawn_query *query)
{
	bool actor = o->kind == OBJECT_ACTOR;
	struct bpf_program *prog = o->prog;

	return bpf_program__set_type(prog, query->prog_type) ?:
	       bpf_program__set_expected_attach_type(prog, actor ? query->attach_op :
							   query->attach_spawn) ?:
	       bpf_program__set_flags(prog, bpf_program__flags(prog) |
					    (actor ? 0 : BPF_F_SLEEPABLE));
}

/* What libbpf says of an extern function that the running kernel does not have. */
#define NO_FUNCTION	"not found in kernel or module BTFs"

static bool lacks(const struct object *o, int err)
{
	return err == -ESRCH ||
	       (o->problem.log && strstr(o->problem.log, NO_FUNCTION));
}

static int lacking(struct object *o)
{
	if (access(KERNEL_BTF, F_OK)) {
		o->problem.remedy = "boot a kernel with CONFIG_DEBUG_INFO_BTF=y";
		return refuse(o, EOPNOTSUPP, "the kernel has no type information (BTF), which '%s' needs",
			      bpf_program__name(o->prog));
	}
	o->problem.remedy = "boot a kernel with the spawnpol series of this release";
	return refuse(o, EOPNOTSUPP, "the kernel lacks a function that '%s' calls",
		      bpf_program__name(o->prog));
}

static int not_permitted(struct object *o)
{
	if (caps_effective() & (1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN)) {
		o->problem.remedy = "run as root of the initial user namespace; a security module may refuse it, too";
		return refuse(o, EPERM, "the kernel refuses '%s' of %s",
			      bpf_program__name(o->prog), o->path);
	}
	o->problem.remedy = "run as root, or with CAP_BPF";
	return refuse(o, EPERM, "no %s can be loaded without CAP_BPF",
		      o->kind == OBJECT_ACTOR ? "actor" : "policy");
}

/* Libbpf's guess where it could load nothing at all, which has other reasons here. */
static void drop_guess(struct object_problem *p)
{
	if (!p->log || !strstr(p->log, "RLIMIT_MEMLOCK"))
		return;
	free(p->log);
	p->log = NULL;
}

static int verify(struct object *o, const struct io_uring_spawn_query *query)
{
	int ret;

	libbpf_log_start();
	ret = set_type(o, query) ?: bpf_object__load(o->bpf);
	o->problem.log = libbpf_log_end();
	if (!ret) {
		free(o->problem.log);
		o->problem.log = NULL;
		return 0;
	}
	drop_guess(&o->problem);
	if (lacks(o, ret))
		return lacking(o);
	if (ret == -EPERM)
		return not_permitted(o);
	o->problem.remedy = verifier_advice(o->problem.log, o->kind == OBJECT_ACTOR);
	return refuse(o, -ret, "the kernel refuses '%s' of %s",
		      bpf_program__name(o->prog), o->path);
}

/* In two rounds: with the maps that exist before loading, and with the others. */
static int set_values(struct object *o,
		      const struct spawnpol_policy_value *values, size_t nr,
		      bool loaded)
{
	int err;

	for (size_t i = 0; i < nr; i++) {
		err = loaded ? value_write(o->bpf, &values[i]) :
			       value_preset(o->bpf, &values[i]);
		if (err == -ENOENT)
			return refuse(o, 0, "%s has no variable or map '%s'",
				      o->path, values[i].name);
		if (err == -EMSGSIZE)
			return refuse(o, 0, "'%s' of %s does not have %zu bytes",
				      values[i].name, o->path, values[i].size);
		if (err)
			return refuse(o, -err, "cannot write '%s' of %s",
				      values[i].name, o->path);
	}
	return 0;
}

/* An older kernel has policies without actors. */
static int check_kernel(struct object *o, const struct io_uring_spawn_query *query)
{
	if (o->kind != OBJECT_ACTOR || query->features & IORING_SPAWN_FEAT_OP)
		return 0;
	o->problem.remedy = "boot a kernel with the spawnpol series of this release";
	return refuse(o, EOPNOTSUPP, "the kernel has no actors (IORING_OP_BPF)");
}

int object_load(struct object *o, const struct io_uring_spawn_query *query,
		const struct spawnpol_policy_value *values, size_t nr)
{
	int err = check_kernel(o, query);

	if (err)
		return err;
	return set_values(o, values, nr, false) ?: verify(o, query) ?:
	       set_values(o, values, nr, true);
}

int object_events(const struct object *o, uint32_t *events)
{
	return value_initial(o->bpf, EVENTS_VARIABLE, events, sizeof(*events));
}

/* What the object does not say is 0. */
static int needed(const struct object *o, const char *name, uint32_t *number)
{
	int err = value_initial(o->bpf, name, number, sizeof(*number));

	if (err == -ENOENT)
		*number = 0;
	return err == -ENOENT ? 0 : err;
}

int object_needs(const struct object *o, struct spawnpol_actor_needs *needs)
{
	return needed(o, STATE_VARIABLE, &needs->state_size) ?:
	       needed(o, FLIGHT_VARIABLE, &needs->in_flight);
}

void object_close(struct object *o)
{
	bpf_object__close(o->bpf);
	free(o->problem.log);
	o->bpf = NULL;
	o->prog = NULL;
	o->problem.log = NULL;
}
