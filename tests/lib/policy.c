// SPDX-License-Identifier: LGPL-2.1-or-later
/* BPF objects for tests: opening, loading, attaching. */
#include "policy.h"
#include "program.h"
#include "spawnpol.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_SIZE (1 << 20)

/* What libbpf has to say is shown if the test fails. */
static int print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	DIAG("%.*s", (int)strcspn(line, "\n"), line);
	return 0;
}

/* What was loaded before the tests. */
static struct tpolicy preloaded;
static const char *preloaded_name;

/* -errno, if there is no such object or no program in it. */
static int open_object(struct tpolicy *p, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", tap_build(), name);
	p->link = -1;
	p->log = calloc(1, LOG_SIZE);
	if (!p->log)
		return -ENOMEM;
	p->obj = bpf_object__open_file(path, NULL);
	if (!p->obj)
		return -errno;
	p->prog = object_policy(p->obj);
	if (!p->prog)
		return -ENOENT;
	bpf_program__set_log_buf(p->prog, p->log, LOG_SIZE);
	return 0;
}

void tpolicy_open(struct tpolicy *p, const char *name)
{
	int err;

	libbpf_set_print(print);
	err = open_object(p, name);
	if (err)
		FAIL("%s: %s", name, strerror(-err));
}

/* Who needs it and does not have it tries again, and tells what is wrong. */
void tpolicy_preload(const char *name)
{
	libbpf_set_print(NULL);
	if (tap_in_vm() && !open_object(&preloaded, name) &&
	    !tpolicy_try_load(&preloaded))
		preloaded_name = name;
}

int tpolicy_try_load(struct tpolicy *p)
{
	return bpf_object__load(p->obj);
}

/* The end of the log is where the reason stands. */
static const char *tail(const char *text, size_t size)
{
	size_t len = strlen(text);

	return len > size ? text + len - size : text;
}

void tpolicy_load(struct tpolicy *p, const char *name)
{
	int err;

	if (preloaded_name && !strcmp(name, preloaded_name)) {
		libbpf_set_print(print);
		*p = preloaded;
		return;
	}
	tpolicy_open(p, name);
	err = tpolicy_try_load(p);
	if (err)
		FAIL("loading %s: %s\n%s", name, strerror(-err),
		     tail(p->log, 500));
}

void tpolicy_free(struct tpolicy *p)
{
	if (p->link >= 0)
		close(p->link);
	if (p->obj != preloaded.obj) {
		bpf_object__close(p->obj);
		free(p->log);
	}
	memset(p, 0, sizeof(*p));
	p->link = -1;
}

int tpolicy_fd(const struct tpolicy *p)
{
	return CHECK_OK(bpf_program__fd(p->prog));
}

int tpolicy_map(const struct tpolicy *p, const char *name)
{
	return CHECK_OK(bpf_object__find_map_fd_by_name(p->obj, name));
}

void tpolicy_attach(struct tpolicy *p, int ring_fd, uint32_t slot)
{
	tpolicy_attach_for(p, ring_fd, slot, SPAWNPOL_EVENTS_AUTO);
}

void tpolicy_attach_for(struct tpolicy *p, int ring_fd, uint32_t slot,
			uint32_t events)
{
	struct spawnpol_attach_opts opts = {
		.sz = sizeof(opts),
		.slot = slot,
		.events = events,
	};

	p->link = CHECK_OK(
		spawnpol_policy_attach(ring_fd, tpolicy_fd(p), &opts));
}

struct spawnpol_link_info tpolicy_info(const struct tpolicy *p)
{
	struct spawnpol_link_info info;

	CHECK_OK(spawnpol_policy_info(p->link, &info));
	return info;
}

const char *tpolicy_tag(const struct tpolicy *p, const char *prefix)
{
	const struct btf *btf = bpf_object__btf(p->obj);
	const char *name = bpf_program__name(p->prog), *tag;
	const struct btf_type *type, *func;
	size_t len = strlen(prefix);

	for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
		type = btf__type_by_id(btf, id);
		if (!btf_is_decl_tag(type))
			continue;
		func = btf__type_by_id(btf, type->type);
		tag = btf__name_by_offset(btf, type->name_off);
		if (btf_is_func(func) && !strncmp(tag, prefix, len) &&
		    tag[len] == ':' &&
		    !strcmp(btf__name_by_offset(btf, func->name_off), name))
			return tag + len + 1;
	}
	return NULL;
}
