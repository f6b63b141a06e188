// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the running kernel can do, seen without a ring of one's own. */
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "internal.h"

struct name {
	uint32_t bit;
	const char *in;		/* enum */
	const char *name;
	size_t number;		/* where the query tells it */
};

#define IN_QUERY(member)	offsetof(struct io_uring_spawn_query, member)
static const struct name names[] = {
	{ SPAWNPOL_NAME_CLONE, "io_uring_op", "IORING_OP_CLONE",
	  IN_QUERY(op_clone) },
	{ SPAWNPOL_NAME_EXEC, "io_uring_op", "IORING_OP_EXEC",
	  IN_QUERY(op_exec) },
	{ SPAWNPOL_NAME_CHILD, "io_uring_op", "IORING_OP_CHILD",
	  IN_QUERY(op_child) },
	{ SPAWNPOL_NAME_PROG_TYPE, "bpf_prog_type", "BPF_PROG_TYPE_IOURING",
	  IN_QUERY(prog_type) },
};

#define NAMES_OF_OPS \
	(SPAWNPOL_NAME_CLONE | SPAWNPOL_NAME_EXEC | SPAWNPOL_NAME_CHILD)

static uint32_t number_of(const struct io_uring_spawn_query *query,
			  const struct name *name)
{
	uint32_t number;

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

static void probe_names(struct spawnpol_probe *probe)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf) {
		probe->names_error = -errno;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (has_name(btf, &names[i],
			     number_of(&probe->query, &names[i])))
			probe->names_found |= names[i].bit;
	btf__free(btf);
}

static void probe_ops(struct spawnpol_probe *probe, struct io_uring *uring)
{
	struct io_uring_probe *ops = io_uring_get_probe_ring(uring);

	if (!ops)
		return;
	for (unsigned int i = 0; i < ops->ops_len; i++) {
		uint64_t bit = 1ULL << ops->ops[i].op % 64;
		unsigned int word = ops->ops[i].op / 64;

		if (ops->ops[i].flags & IO_URING_OP_SUPPORTED)
			probe->ops[word] |= bit;
		if (ops->ops[i].flags & SPAWNPOL_OP_IN_CHILD)
			probe->child_ops[word] |= bit;
	}
	io_uring_free_probe(ops);
}

static int probe_ring(struct spawnpol_probe *probe)
{
	struct io_uring uring;
	int err;

	err = io_uring_queue_init(2, &uring, 0);
	if (err)
		return err;
	probe->ring_features = uring.features;
	probe_ops(probe, &uring);
	err = -EOPNOTSUPP;
	if (uring.features & SPAWNPOL_FEAT_SPAWN)
		err = spawnpol_query(uring.ring_fd, &probe->query);
	io_uring_queue_exit(&uring);
	return err;
}

int spawnpol_probe(struct spawnpol_probe *probe)
{
	memset(probe, 0, sizeof(*probe));
	probe->error = probe_ring(probe);
	probe_names(probe);
	/* what the ring says is not of the kernel whose types these are */
	if (!probe->error && !probe->names_error &&
	    (probe->names_found & NAMES_OF_OPS) != NAMES_OF_OPS)
		probe->error = -EPROTO;

	probe->policy_error = probe->error;
	if (probe->error)
		return 0;
	if (!(probe->query.features & IORING_SPAWN_FEAT_POLICY))
		probe->policy_error = -EOPNOTSUPP;
	else if (!probe->names_error &&
		 !(probe->names_found & SPAWNPOL_NAME_PROG_TYPE))
		probe->policy_error = -EPROTO;
	return 0;
}
