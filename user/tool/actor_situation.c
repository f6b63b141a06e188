// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing situations for dry runs of actors. */
#include <errno.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "actor_situation.h"
#include "common/parse.h"
#include "op_names.h"
#include "situation_keys.h"
#include "tool.h"

enum { THE_TAG, THE_ARGS, THE_CQE_FLAGS, THE_BIG, THE_STATUS, THE_CODE, THE_PID,
       THE_USER_DATA, THE_RING, THE_IN_FLIGHT, THE_ROOM, THE_LINKED, THE_STATE };

/* A number can have the upper half. */
static const struct situation_flags cqe_flags = {
	.valid = "buffer, more, nonempty, notif, none or a number",
	.numbers = true,
	.names = {
		{ "buffer", IORING_CQE_F_BUFFER },
		{ "more", IORING_CQE_F_MORE },
		{ "nonempty", IORING_CQE_F_SOCK_NONEMPTY },
		{ "notif", IORING_CQE_F_NOTIF },
		{ "none", 0 },
	},
};

static int read_s32(struct tool *t, const struct situation_key *key, const char *text,
		    void *whole)
{
	int64_t number;

	if (parse_signed(text, INT32_MIN, INT32_MAX, &number))
		return misuse(t, "%s=: '%s' is not a number", key->name, text);
	*(int32_t *)situation_field(key, whole) = number;
	return 0;
}

static int read_linked(struct tool *t, const struct situation_key *key, const char *text,
		       void *whole)
{
	struct actor_situation *s = whole;

	(void)key;
	s->ctx.flags |= IORING_ACTOR_F_LINKED;
	return word_result(t, text, &s->ctx.res);
}

#define FIELD(field)	KEY_FIELD(struct actor_situation, ctx.field)
static const struct situation_key situation_key[] = {
	[THE_TAG]	= { "tag", key_u64, FIELD(tag) },
	[THE_ARGS]	= { "args", key_numbers, FIELD(args) },
	[THE_CQE_FLAGS]	= { "cqe_flags", key_flags, FIELD(cqe_flags), .flags = &cqe_flags },
	[THE_BIG]	= { "big_cqe", key_numbers, FIELD(big_cqe) },
	[THE_STATUS]	= { "wait_status", read_s32, FIELD(wait_status) },
	[THE_CODE]	= { "wait_code", read_s32, FIELD(wait_code) },
	[THE_PID]	= { "wait_pid", read_s32, FIELD(wait_pid) },
	[THE_USER_DATA]	= { "user_data", key_u64, FIELD(user_data) },
	[THE_RING]	= { "ring_id", key_u64, FIELD(ring_id) },
	[THE_IN_FLIGHT]	= { "in_flight", key_u32, FIELD(in_flight) },
	[THE_ROOM]	= { "room", key_u32, FIELD(room) },
	[THE_LINKED]	= { "linked", read_linked, FIELD(res) },
	[THE_STATE]	= { "state", key_numbers, KEY_FIELD(struct actor_situation, state),
			    .count = offsetof(struct actor_situation, nr_state) },
};
static const struct situation_keys keys = SITUATION_KEYS(situation_key);

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

static int read_staged(struct tool *t, const struct situation_key *key, const char *text,
		       void *whole)
{
	struct actor_expectation *e = whole;

	return add_listed(t, key->name, e->staged, &e->nr_staged, &e->compares_staged, text);
}

static int read_posted(struct tool *t, const struct situation_key *key, const char *text,
		       void *whole)
{
	struct actor_expectation *e = whole;

	return add_listed(t, key->name, e->posted, &e->nr_posted, &e->compares_posted, text);
}

#define EXPECTED(field)	KEY_FIELD(struct actor_expectation, field)
static const struct situation_key expectation_key[] = {
	{ "result", key_errno, EXPECTED(result) },
	{ .name = "staged", .read = read_staged },
	{ .name = "posted", .read = read_posted },
	{ "fails", key_errno, EXPECTED(fails) },
	{ "state", key_numbers, EXPECTED(state),
	  .count = offsetof(struct actor_expectation, nr_state) },
};
static const struct situation_keys expectation_keys = SITUATION_KEYS(expectation_key);

static int read_expectation(struct tool *t, struct actor_expectation *e, char **words,
			    unsigned int nr)
{
	int ret;

	if (!nr)
		return misuse(t, "expect needs a verdict");
	ret = actor_verdict_number(t, words[0], &e->verdict);
	e->given = true;
	return ret ? ret : situation_keys_read(t, &expectation_keys, words + 1, nr - 1, e,
					       NULL);
}

/* --- all of it ---------------------------------------------------------------------- */

/* What the kernel never makes, whatever came before. */
static int check(struct tool *t, const struct actor_situation *s)
{
	if (s->then && s->ctx.event == IORING_ACTOR_START)
		return misuse(t, "start is the first event of an actor; try: without 'then'");
	if (s->ctx.flags & IORING_ACTOR_F_LINKED && s->ctx.event != IORING_ACTOR_START)
		return misuse(t, "linked= is only for start: the result of the request that it is linked to");
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
	unsigned int i = 0, nr_keys;
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
	if (ret)
		return ret;
	nr_keys = words_before_expect(words + i, nr - i);
	ret = situation_keys_read(t, &keys, words + i, nr_keys, s, &s->given);
	i += nr_keys;
	if (!ret && i < nr)
		ret = read_expectation(t, &s->expect, words + i + 1, nr - i - 1);
	return ret ? ret : check(t, s);
}

void actor_situation_fill(const struct actor_situation *s,
			  struct bpf_iouring_op_ctx *ctx)
{
	situation_keys_copy(&keys, s->given, s, offsetof(struct actor_situation, ctx), ctx,
			    sizeof(*ctx));
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
