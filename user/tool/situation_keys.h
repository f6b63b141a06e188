/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * KEY=VALUE in situations and in expectations, of policies and of actors: tables define
 * the keys, how each is parsed, and where its value is stored.
 */
#ifndef SPAWNPOL_SITUATION_KEYS_H
#define SPAWNPOL_SITUATION_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tool;

struct situation_flags {
	const char *valid;	/* names, as advice has them */
	bool numbers;		/* one can stand for a name */
	struct {
		const char *name;
		uint32_t flag;
	} names[8];		/* ends with NULL */
};

struct situation_key {
	const char *name;
	/* Read the value into whole. -EINVAL, with the cause recorded as a usage error. */
	int (*read)(struct tool *t, const struct situation_key *key, const char *text,
		    void *whole);
	size_t where, size;	/* of the field that it goes to, if it is one */
	size_t count;		/* where an unsigned int goes, how many it is; 0: nowhere */
	const struct situation_flags *flags;
};

#define KEY_FIELD(type, field)						\
	.where = offsetof(type, field), .size = sizeof(((type *)0)->field)

static inline void *situation_field(const struct situation_key *key, void *whole)
{
	return (char *)whole + key->where;
}

struct situation_keys {
	const struct situation_key *keys;
	unsigned int nr;	/* at most 32 */
};

#define SITUATION_KEYS(array)						\
	{ .keys = (array), .nr = sizeof(array) / sizeof((array)[0]) }

/*
 * Read nr words KEY=VALUE into whole. given, if it is not NULL, gets a bit for each key that
 * is there. -EINVAL, recorded as a usage error, for the first that is not understood.
 */
int situation_keys_read(struct tool *t, const struct situation_keys *keys, char **words,
			unsigned int nr, void *whole, uint32_t *given);

/*
 * Whole has a context at the offset where: put those of its fields that were given into *ctx,
 * which has the same size bytes and keeps the rest.
 */
void situation_keys_copy(const struct situation_keys *keys, uint32_t given,
			 const void *whole, size_t where, void *ctx, size_t size);

/* --- kinds of values: what situation_key.read can be --------------------------------- */

int key_u32(struct tool *t, const struct situation_key *key, const char *text, void *whole);
int key_u64(struct tool *t, const struct situation_key *key, const char *text, void *whole);
/* As many numbers of 64 bits as there is room for. */
int key_numbers(struct tool *t, const struct situation_key *key, const char *text,
		void *whole);
int key_flags(struct tool *t, const struct situation_key *key, const char *text,
	      void *whole);
/* word_errno_text() */
int key_errno(struct tool *t, const struct situation_key *key, const char *text,
	      void *whole);

#endif
