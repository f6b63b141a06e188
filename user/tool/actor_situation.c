// SPDX-License-Identifier: LGPL-2.1-or-later
/* Situations for dry runs of actors, from words. */
#include <errno.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "actor_situation.h"
#include "common/parse.h"
#include "op_names.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

enum key_type { KEY_U32, KEY_S32, KEY_U64, KEY_WORDS, KEY_CQE_FLAGS, KEY_LINKED };

enum { THE_TAG, THE_ARGS, THE_CQE_FLAGS, THE_BIG, THE_STATUS, THE_CODE, THE_PID,
       THE_USER_DATA, THE_RING, THE_IN_FLIGHT, THE_ROOM, THE_LINKED };

#define FIELD(field)							\
	.where = offsetof(struct bpf_iouring_op_ctx, field),		\
	.size = sizeof(((struct bpf_iouring_op_ctx *)0)->field)

static const struct key {
	const char *name;
	enum key_type type;
	size_t where, size;
} keys[] = {
	[THE_TAG]	= { "tag", KEY_U64, FIELD(tag) },
	[THE_ARGS]	= { "args", KEY_WORDS, FIELD(args) },
	[THE_CQE_FLAGS]	= { "cqe_flags", KEY_CQE_FLAGS, FIELD(cqe_flags) },
	[THE_BIG]	= { "big_cqe", KEY_WORDS, FIELD(big_cqe) },
	[THE_STATUS]	= { "wait_status", KEY_S32, FIELD(wait_status) },
	[THE_CODE]	= { "wait_code", KEY_S32, FIELD(wait_code) },
	[THE_PID]	= { "wait_pid", KEY_S32, FIELD(wait_pid) },
	[THE_USER_DATA]	= { "user_data", KEY_U64, FIELD(user_data) },
	[THE_RING]	= { "ring_id", KEY_U64, FIELD(ring_id) },
	[THE_IN_FLIGHT]	= { "in_flight", KEY_U32, FIELD(in_flight) },
	[THE_ROOM]	= { "room", KEY_U32, FIELD(room) },
	[THE_LINKED]	= { "linked", KEY_LINKED, FIELD(res) },
};

#define KEYS	"tag=, args=, cqe_flags=, big_cqe=, wait_status=, wait_code=, wait_pid=, user_data=, ring_id=, in_flight=, room=, linked=, state="

static const struct {
	const char *name;
	uint32_t flag;
} cqe_flags[] = {
	{ "buffer", IORING_CQE_F_BUFFER },
	{ "more", IORING_CQE_F_MORE },
	{ "nonempty", IORING_CQE_F_SOCK_NONEMPTY },
	{ "notif", IORING_CQE_F_NOTIF },
	{ "none", 0 },
};

/* Names, or a number, which can have the upper half. */
static int read_cqe_flags(struct tool *t, const char *list, uint32_t *mask)
{
	char word[WORD_SIZE];
	uint64_t number;
	unsigned int i;

	for (*mask = 0; word_next_part(&list, word); ) {
		for (i = 0; i < COUNT(cqe_flags) && strcmp(cqe_flags[i].name, word); i++)
			;
		if (i < COUNT(cqe_flags)) {
			*mask |= cqe_flags[i].flag;
		} else if (parse_unsigned(word, 0, UINT32_MAX, &number)) {
			misuse(t, "cqe_flags=: there is no flag '%s'", word);
			advise(t, "buffer, more, nonempty, notif, none or a number");
			return -EINVAL;
		} else {
			*mask |= number;
		}
	}
	return 0;
}

/* At most max words; nr, if it is not NULL, becomes their number. */
static int read_words(struct tool *t, const char *key, const char *list,
		      uint64_t *words, size_t max, unsigned int *nr)
{
	char word[WORD_SIZE];
	size_t n = 0;
	int ret = 0;

	for (; !ret && word_next_part(&list, word); n++) {
		if (n == max)
			return misuse(t, "%s=: more than %zu numbers", key, max);
		ret = word_u64(t, key, word, &words[n]);
	}
	if (nr)
		*nr = n;
	return ret;
}

static int read_s32(struct tool *t, const char *key, const char *text, int32_t *value)
{
	int64_t number;

	if (parse_signed(text, INT32_MIN, INT32_MAX, &number))
		return misuse(t, "%s=: '%s' is not a number", key, text);
	*value = number;
	return 0;
}

static int read_value(struct tool *t, struct actor_situation *s, const struct key *key,
		      const char *text)
{
	void *where = (char *)&s->ctx + key->where;

	switch (key->type) {
	case KEY_U32:
		if (!parse_number(text, 0, UINT32_MAX, where))
			return 0;
		return misuse(t, "%s=: '%s' is not a number from 0 to %u", key->name,
			      text, UINT32_MAX);
	case KEY_S32:
		return read_s32(t, key->name, text, where);
	case KEY_U64:
		return word_u64(t, key->name, text, where);
	case KEY_WORDS:
		return read_words(t, key->name, text, where, key->size / sizeof(uint64_t),
				  NULL);
	case KEY_CQE_FLAGS:
		return read_cqe_flags(t, text, where);
	case KEY_LINKED:
		s->ctx.flags |= IORING_ACTOR_F_LINKED;
		return word_result(t, text, where);
	}
	return -EINVAL;
}

static int read_key(struct tool *t, struct actor_situation *s, const char *word)
{
	const size_t len = strcspn(word, "=");
	unsigned int i;

	if (!strncmp(word, "state=", 6))
		return read_words(t, "state", word + 6, s->state, ACTOR_STATE_WORDS,
				  &s->nr_state);
	for (i = 0; i < COUNT(keys); i++)
		if (strlen(keys[i].name) == len && !strncmp(keys[i].name, word, len))
			break;
	if (!word[len] || i == COUNT(keys))
		return word_unknown_key(t, word, len, KEYS);
	s->given |= 1U << i;
	return read_value(t, s, &keys[i], word + len + 1);
}

/* REQUEST[:RESULT] */
static int read_request(struct tool *t, struct actor_situation *s, const char *word)
{
	const size_t len = strcspn(word, ":");
	char name[WORD_SIZE];
	int ret;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	ret = op_number(t, name, &s->ctx.opcode);
	if (ret || !word[len])
		return ret;
	return word_result(t, word + len + 1, &s->ctx.res);
}

/* --- what is expected --------------------------------------------------------------- */

/* REQUEST[:TAG] of a request, USER_DATA[:RESULT] of a CQE that is posted. */
static int read_listed(struct tool *t, struct actor_listed *l, const char *text,
		       bool posted)
{
	const size_t len = strcspn(text, ":");
	char word[WORD_SIZE];
	int ret;

	memset(l, 0, sizeof(*l));
	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	l->has_tag = text[len];
	if (posted) {
		ret = word_u64(t, "posted", word, &l->tag);
		return ret || !text[len] ? ret : word_result(t, text + len + 1, &l->res);
	}
	ret = op_number(t, word, &l->opcode);
	return ret || !text[len] ? ret : word_u64(t, "staged", text + len + 1, &l->tag);
}

static int add_listed(struct tool *t, const char *key, struct actor_listed *list,
		      unsigned int *nr, bool *compares, const char *value)
{
	char word[2 * WORD_SIZE];
	size_t len;
	int ret;

	*compares = true;
	if (!strcmp(value, "none"))
		return 0;
	for (;; value += len + 1) {
		len = strcspn(value, ",");
		if (*nr == ACTOR_MAX_LISTED)
			return misuse(t, "%s=: more than %d", key, ACTOR_MAX_LISTED);
		snprintf(word, sizeof(word), "%.*s", (int)len, value);
		ret = read_listed(t, &list[*nr], word, *key == 'p');
		if (ret)
			return ret;
		(*nr)++;
		if (!value[len])
			return 0;
	}
}

static int read_expected(struct tool *t, struct actor_expectation *e, const char *word)
{
	const size_t len = strcspn(word, "=");
	const char *value = word + len + (word[len] ? 1 : 0);

	if (!strncmp(word, "result=", 7))
		return word_errno_text(t, value, e->result);
	if (!strncmp(word, "fails=", 6))
		return word_errno_text(t, value, e->fails);
	if (!strncmp(word, "staged=", 7))
		return add_listed(t, "staged", e->staged, &e->nr_staged,
				  &e->compares_staged, value);
	if (!strncmp(word, "posted=", 7))
		return add_listed(t, "posted", e->posted, &e->nr_posted,
				  &e->compares_posted, value);
	if (!strncmp(word, "state=", 6))
		return read_words(t, "state", value, e->state, ACTOR_STATE_WORDS,
				  &e->nr_state);
	return word_unknown_key(t, word, len, "result=, staged=, posted=, fails=, state=");
}

static int read_expectation(struct tool *t, struct actor_expectation *e, char **words,
			    unsigned int nr)
{
	unsigned int i;
	int ret;

	if (!nr)
		return misuse(t, "expect needs a verdict");
	ret = actor_verdict_number(t, words[0], &e->verdict);
	e->given = true;
	for (i = 1; !ret && i < nr; i++)
		ret = read_expected(t, e, words[i]);
	return ret;
}

/* --- all of it ---------------------------------------------------------------------- */

/* What the kernel never makes, whatever came before. */
static int check(struct tool *t, const struct actor_situation *s)
{
	if (s->then && s->ctx.event == IORING_ACTOR_START)
		return misuse(t, "start is the first event of an actor; try: without 'then'");
	if (s->ctx.flags & IORING_ACTOR_F_LINKED && s->ctx.event != IORING_ACTOR_START)
		return misuse(t, "linked= is for start: the result of the request before");
	return 0;
}

bool actor_situation_is(char **words, unsigned int nr)
{
	const unsigned int first = nr && !strcmp(words[0], "then");

	for (unsigned int n = 0; first < nr && actor_event_nth(n); n++)
		if (!strcmp(words[first], actor_event_nth(n)))
			return true;
	return false;
}

int actor_situation_read(struct tool *t, struct actor_situation *s, char **words,
			 unsigned int nr)
{
	unsigned int i = 0;
	int ret;

	memset(s, 0, sizeof(*s));
	s->then = nr && !strcmp(words[0], "then");
	i += s->then;
	ret = actor_event_number(t, i < nr ? words[i++] : "", &s->ctx.event);
	if (!ret && s->ctx.event == IORING_ACTOR_CQE) {
		if (i == nr || strchr(words[i], '='))
			return misuse(t, "cqe is the completion of a request, such as: cqe read:4096");
		ret = read_request(t, s, words[i++]);
	}
	for (; !ret && i < nr && strcmp(words[i], "expect"); i++)
		ret = read_key(t, s, words[i]);
	if (!ret && i < nr)
		ret = read_expectation(t, &s->expect, words + i + 1, nr - i - 1);
	return ret ? ret : check(t, s);
}

void actor_situation_fill(const struct actor_situation *s,
			  struct bpf_iouring_op_ctx *ctx)
{
	for (unsigned int i = 0; i < COUNT(keys); i++)
		if (s->given >> i & 1)
			memcpy((char *)ctx + keys[i].where,
			       (const char *)&s->ctx + keys[i].where, keys[i].size);
}

bool actor_situation_has_tag(const struct actor_situation *s)
{
	return s->given >> THE_TAG & 1;
}

bool actor_situation_has_in_flight(const struct actor_situation *s)
{
	return s->given >> THE_IN_FLIGHT & 1;
}

bool actor_situation_has_room(const struct actor_situation *s)
{
	return s->given >> THE_ROOM & 1;
}
