/* SPDX-License-Identifier: GPL-2.0 */
/* Where the default policy has found names, if it is configured to remember. */
#ifndef SPAWN_POLICY_MEMORY_H
#define SPAWN_POLICY_MEMORY_H

#include "spawn_policy_config.h"
#include "spawn_policy_list.h"

/* The policy does not remember names that are longer, with their NUL. */
#define HIT_NAME_SIZE	64
#define HIT_NAME_WORDS	(HIT_NAME_SIZE / 8)
#define MAX_HITS	1024

/* A name, followed by zeroes. */
union hit_name {
	char text[HIT_NAME_SIZE];
	__u64 words[HIT_NAME_WORDS];
};

/*
 * Where a name was found. The name's hash is the index; another name with the same index
 * replaces this one.
 *
 * The map is an array with locks, because an element of a hash map can become that of
 * another key while a program reads it.
 */
struct hit {
	struct bpf_spin_lock lock;
	__u32 dir;		/* offset in config.dirs */
	__u32 size;		/* of that directory */
	__u32 generation;	/* of the configuration */
	__u64 until;		/* bpf_ktime_get_ns(); 0: nothing is remembered */
	__u64 name[HIT_NAME_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_HITS);
	__type(key, __u32);
	__type(value, struct hit);
} hits SEC(".maps");

/* The element for the EXEC's name; NULL: the name is too long. */
static __always_inline struct hit *find_hit(struct bpf_iouring_ctx *ctx,
					    union hit_name *name)
{
	__u64 hash = 0;
	__u32 index;

	if (bpf_iouring_exec_name(ctx, name->text, sizeof(name->text)) < 0)
		return NULL;
	for (int i = 0; i < HIT_NAME_WORDS; i++)
		hash = (hash ^ name->words[i]) * 0x9e3779b97f4a7c15ULL;
	index = (hash >> 32) % MAX_HITS;
	return bpf_map_lookup_elem(&hits, &index);
}

/*
 * Return the offset of the directory in which this name was found, with the directory's
 * size in the upper half, or UNDECIDED.
 */
__noinline __s64 recall(struct bpf_iouring_ctx *ctx)
{
	struct spawn_policy_config *cfg = get_config();
	union hit_name name = {};
	__u64 until, size, differ = 0;
	__u32 dir, generation;
	struct hit *hit;

	if (!cfg || !cfg->remember_ns)
		return UNDECIDED;
	hit = find_hit(ctx, &name);
	if (!hit)
		return UNDECIDED;
	bpf_spin_lock(&hit->lock);
	for (int i = 0; i < HIT_NAME_WORDS; i++)
		differ |= hit->name[i] ^ name.words[i];
	until = hit->until;
	dir = hit->dir;
	size = hit->size;
	generation = hit->generation;
	bpf_spin_unlock(&hit->lock);
	if (differ || generation != cfg->generation ||
	    dir + size > cfg->dirs_size || bpf_ktime_get_ns() >= until)
		return UNDECIDED;
	return size << 32 | dir;
}

/*
 * Remember the directory at dir for this name, or, if dir is UNDECIDED, forget the name. A
 * failure here only costs time later.
 */
__noinline int remember(struct bpf_iouring_ctx *ctx, int dir)
{
	struct spawn_policy_config *cfg = get_config();
	__u64 until = bpf_ktime_get_ns();
	union hit_name name = {};
	struct hit *hit;
	__u32 size = 0;

	if (!cfg || !cfg->remember_ns)
		return 0;
	hit = find_hit(ctx, &name);
	if (!hit)
		return 0;
	if (dir != UNDECIDED)
		size = dir_size(dir);
	if (until + cfg->remember_ns < until)
		until = ~0ULL;
	else
		until += cfg->remember_ns;
	bpf_spin_lock(&hit->lock);
	for (int i = 0; i < HIT_NAME_WORDS; i++)
		hit->name[i] = name.words[i];
	hit->dir = dir;
	hit->size = size;
	hit->generation = cfg->generation;
	hit->until = size ? until : 0;
	bpf_spin_unlock(&hit->lock);
	return 0;
}

#endif
