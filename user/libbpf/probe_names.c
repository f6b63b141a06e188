// SPDX-License-Identifier: LGPL-2.1-or-later
/* Comparing a ring's numbers with the kernel's type information. */
#include <bpf/btf.h>
#include <errno.h>
#include <spawnpol_bpf.h>
#include <stdlib.h>
#include <string.h>

#include "libbpf_log.h"

struct name {
	uint32_t bit;
	const char *in;		/* enum */
	const char *name;
	size_t number;		/* where the query tells it */
};

#define IN_QUERY(member)	offsetof(struct io_uring_spawn_query, member)
static const struct name known[] = {
	{ SPAWNPOL_NAME_CLONE, "io_uring_op", "IORING_OP_CLONE",
	  IN_QUERY(op_clone) },
	{ SPAWNPOL_NAME_EXEC, "io_uring_op", "IORING_OP_EXEC",
	  IN_QUERY(op_exec) },
	{ SPAWNPOL_NAME_CHILD, "io_uring_op", "IORING_OP_CHILD",
	  IN_QUERY(op_child) },
	{ SPAWNPOL_NAME_PROG_TYPE, "bpf_prog_type", "BPF_PROG_TYPE_IOURING",
	  IN_QUERY(prog_type) },
	{ SPAWNPOL_NAME_SPAWN, "io_uring_op", "IORING_OP_SPAWN",
	  IN_QUERY(op_spawn) },
	{ SPAWNPOL_NAME_BPF, "io_uring_op", "IORING_OP_BPF",
	  IN_QUERY(op_bpf) },
};

/* 0, which is any, where the caller's query is too short for it. */
static uint32_t number_of(const struct io_uring_spawn_query *query, size_t size,
			  const struct name *name)
{
	uint32_t number;

	if (size < name->number + sizeof(number))
		return 0;
	memcpy(&number, (const char *)query + name->number, sizeof(number));
	return number;
}

/* With this number; with any if it is 0. */
static bool has_name(const struct btf *btf, const struct name *name,
		     uint32_t number)
{
	int id = btf__find_by_name_kind(btf, name->in, BTF_KIND_ENUM);
	const struct btf_type *type;
	const struct btf_enum *e;

	if (id < 0)
		return false;
	type = btf__type_by_id(btf, id);
	e = btf_enum(type);
	for (int i = 0; i < btf_vlen(type); i++, e++)
		if ((!number || (uint32_t)e->val == number) &&
		    !strcmp(btf__name_by_offset(btf, e->name_off), name->name))
			return true;
	return false;
}

static struct btf *load_btf(int *err)
{
	struct btf *btf;

	libbpf_log_start();
	btf = btf__load_vmlinux_btf();
	*err = btf ? 0 : -errno;
	free(libbpf_log_end());
	/* libbpf's word for a file that none of its places has */
	if (*err == -ESRCH)
		*err = -ENOENT;
	return btf;
}

/* What the structure had in the first release. */
#define LEAST \
	(offsetof(struct io_uring_spawn_query, max_delay_ns) + sizeof(__u64))

int spawnpol_probe_names_sized(const struct io_uring_spawn_query *query,
			       size_t size, uint32_t *names)
{
	struct btf *btf;
	int err;

	if (size < LEAST)
		return -EINVAL;
	*names = 0;
	btf = load_btf(&err);
	if (!btf)
		return err;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (has_name(btf, &known[i], number_of(query, size, &known[i])))
			*names |= known[i].bit;
	btf__free(btf);
	return 0;
}
