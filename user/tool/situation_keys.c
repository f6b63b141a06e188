// SPDX-License-Identifier: LGPL-2.1-or-later
/* KEY=VALUE in situations and in expectations. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "common/suggest.h"
#include "situation_keys.h"
#include "situation_words.h"
#include "tool.h"

#define KEYS_SIZE	240	/* of the list of all, as advice */

static int unknown_key(struct tool *t, const struct situation_keys *keys,
		       const char *word, size_t len)
{
	char valid[KEYS_SIZE] = "", hint[96];
	struct suggestion s;
	size_t at = 0;

	suggest_start(&s, word);
	suggest_try(&s, "expect");
	misuse(t, "'%.*s' is no key here%s", (int)len, word,
	       suggest_text(&s, hint, sizeof(hint)));
	for (unsigned int i = 0; i < keys->nr && at < sizeof(valid); i++)
		at += snprintf(valid + at, sizeof(valid) - at, "%s%s=", i ? ", " : "",
			       keys->keys[i].name);
	advise(t, "one of: %s", valid);
	return -EINVAL;
}

static int read_key(struct tool *t, const struct situation_keys *keys, const char *word,
		    void *whole, uint32_t *given)
{
	const size_t len = strcspn(word, "=");
	const struct situation_key *key = keys->keys;
	unsigned int i;

	for (i = 0; i < keys->nr; i++, key++)
		if (strlen(key->name) == len && !strncmp(key->name, word, len))
			break;
	if (!word[len] || i == keys->nr)
		return unknown_key(t, keys, word, len);
	if (given)
		*given |= 1U << i;
	return key->read(t, key, word + len + 1, whole);
}

int situation_keys_read(struct tool *t, const struct situation_keys *keys, char **words,
			unsigned int nr, void *whole, uint32_t *given)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < nr; i++)
		ret = read_key(t, keys, words[i], whole, given);
	return ret;
}

void situation_keys_copy(const struct situation_keys *keys, uint32_t given,
			 const void *whole, size_t where, void *ctx, size_t size)
{
	const struct situation_key *key = keys->keys;

	for (unsigned int i = 0; i < keys->nr; i++, key++)
		if (given >> i & 1 && key->where >= where && key->where < where + size)
			memcpy((char *)ctx + key->where - where,
			       (const char *)whole + key->where, key->size);
}

/* --- kinds of values ----------------------------------------------------------------- */

int key_u32(struct tool *t, const struct situation_key *key, const char *text, void *whole)
{
	if (!parse_number(text, 0, UINT32_MAX, situation_field(key, whole)))
		return 0;
	return misuse(t, "%s=: '%s' is not a number from 0 to %u", key->name, text,
		      UINT32_MAX);
}

int key_u64(struct tool *t, const struct situation_key *key, const char *text, void *whole)
{
	return word_u64(t, key->name, text, situation_field(key, whole));
}

int key_numbers(struct tool *t, const struct situation_key *key, const char *text,
		void *whole)
{
	uint64_t *numbers = situation_field(key, whole);
	const size_t max = key->size / sizeof(*numbers);
	char word[WORD_SIZE];
	unsigned int nr = 0;
	int ret = 0;

	for (; !ret && word_next_part(&text, word); nr++) {
		if (nr == max)
			return misuse(t, "%s=: more than %zu numbers", key->name, max);
		ret = word_u64(t, key->name, word, &numbers[nr]);
	}
	if (key->count)
		*(unsigned int *)((char *)whole + key->count) = nr;
	return ret;
}

static int unknown_flag(struct tool *t, const struct situation_key *key, const char *word)
{
	misuse(t, "%s=: there is no flag '%s'", key->name, word);
	advise(t, "%s", key->flags->valid);
	return -EINVAL;
}

int key_flags(struct tool *t, const struct situation_key *key, const char *text,
	      void *whole)
{
	const struct situation_flags *flags = key->flags;
	uint32_t *mask = situation_field(key, whole);
	char word[WORD_SIZE];
	uint64_t number;
	unsigned int i;

	for (*mask = 0; word_next_part(&text, word); ) {
		for (i = 0; flags->names[i].name && strcmp(flags->names[i].name, word); i++)
			;
		if (flags->names[i].name)
			*mask |= flags->names[i].flag;
		else if (flags->numbers && !parse_unsigned(word, 0, UINT32_MAX, &number))
			*mask |= number;
		else
			return unknown_flag(t, key, word);
	}
	return 0;
}

int key_errno(struct tool *t, const struct situation_key *key, const char *text,
	      void *whole)
{
	return word_errno_text(t, text, situation_field(key, whole));
}
