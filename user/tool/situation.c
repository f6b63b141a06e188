// SPDX-License-Identifier: LGPL-2.1-or-later
/* Parsing situations for dry runs of policies. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "kernel.h"
#include "names.h"
#include "situation.h"
#include "situation_keys.h"
#include "situation_rules.h"
#include "situation_words.h"
#include "tool.h"

enum {
	KEY_THE_NAME, KEY_STEP, KEY_ATTEMPT, KEY_THE_FLAGS, KEY_PID, KEY_USER_DATA,
	KEY_COOKIE, KEY_OFF, KEY_ELAPSED, KEY_THE_REQUEST, KEY_THE_SCRATCH, KEY_THE_PATH,
	KEY_PATH_FLAGS, KEY_PATH_MODE, KEY_PATH_RESOLVE, KEY_THE_HEAD, KEY_RING, KEY_CGROUP,
	KEY_SEARCH_OFFSET,
};

static const struct situation_flags flags = {
	.valid = "hardlink, last, can-retry, exec-at, search, path-at or none",
	.names = {
		{ "hardlink", IORING_POLICY_F_HARDLINK },
		{ "last", IORING_POLICY_F_LAST },
		{ "can-retry", IORING_POLICY_F_CAN_RETRY },
		{ "exec-at", IORING_POLICY_F_EXEC_AT },
		{ "search", IORING_POLICY_F_SEARCH },
		{ "path-at", IORING_POLICY_F_PATH_AT },
		{ "none", 0 },
	},
};

/* --- values that only situations of policies have ------------------------------------ */

static int read_time(struct tool *t, const struct situation_key *key, const char *text,
		     void *whole)
{
	if (!parse_duration(text, situation_field(key, whole)))
		return 0;
	return misuse(t, "%s=: '%s' is not a time such as 10ms", key->name, text);
}

/* An offset, or -1: none. */
static int read_offset(struct tool *t, const struct situation_key *key, const char *text,
		       void *whole)
{
	struct situation *s = whole;
	uint32_t number;

	s->ctx.search_offset = -1;
	if (!strcmp(text, "-1"))
		return 0;
	if (parse_number(text, 0, INT32_MAX, &number))
		return misuse(t, "%s=: '%s' is not a number from -1 to %d", key->name, text,
			      INT32_MAX);
	s->ctx.search_offset = number;
	return 0;
}

static int read_path(struct tool *t, const struct situation_key *key, const char *text,
		     void *whole)
{
	*(const char **)situation_field(key, whole) = text;
	return situation_path_too_long(t, key->name, text) ? -EINVAL : 0;
}

static int read_head(struct tool *t, const struct situation_key *key, const char *text,
		     void *whole)
{
	struct situation *s = whole;

	(void)key;
	return situation_head_read(t, text, &s->head);
}

/* STEP of the names that --on takes; the running kernel's numbers. */
static int read_step(struct tool *t, const char *name, uint32_t *op,
		     uint32_t *opcode, uint32_t *cmd)
{
	int ret = step_number(t, name, op, cmd);

	if (ret)
		return ret;
	if (*op == NAME_ANY_OP)
		return misuse(t, "'any' is not a step");
	*opcode = step_opcode(*op);
	return 0;
}

static int read_request(struct tool *t, const struct situation_key *key, const char *text,
			void *whole)
{
	struct situation *s = whole;

	(void)key;
	return read_step(t, text, &s->request_op, &s->ctx.staged_opcode,
			 &s->ctx.staged_cmd);
}

#define FIELD(field)	KEY_FIELD(struct situation, ctx.field)
static const struct situation_key situation_key[] = {
	[KEY_THE_NAME]	  = { "name", read_path, KEY_FIELD(struct situation, name) },
	[KEY_STEP]	  = { "step", key_u32, FIELD(step) },
	[KEY_ATTEMPT]	  = { "attempt", key_u32, FIELD(attempt) },
	[KEY_THE_FLAGS]	  = { "flags", key_flags, FIELD(flags), .flags = &flags },
	[KEY_PID]	  = { "pid", key_u32, FIELD(pid) },
	[KEY_USER_DATA]	  = { "user_data", key_u64, FIELD(user_data) },
	[KEY_COOKIE]	  = { "cookie", key_u64, FIELD(cookie) },
	[KEY_OFF]	  = { "off", key_u64, FIELD(off) },
	[KEY_ELAPSED]	  = { "elapsed", read_time, FIELD(elapsed_ns) },
	[KEY_THE_REQUEST] = { .name = "request", .read = read_request },
	[KEY_THE_SCRATCH] = { "scratch", key_numbers, FIELD(scratch) },
	[KEY_THE_PATH]	  = { "path", read_path, KEY_FIELD(struct situation, path) },
	[KEY_PATH_FLAGS]  = { "path_flags", key_u64, FIELD(path_flags) },
	[KEY_PATH_MODE]	  = { "path_mode", key_u32, FIELD(path_mode) },
	[KEY_PATH_RESOLVE] = { "path_resolve", key_u32, FIELD(path_resolve) },
	[KEY_THE_HEAD]	  = { .name = "head", .read = read_head },
	[KEY_RING]	  = { "ring_id", key_u64, FIELD(ring_id) },
	[KEY_CGROUP]	  = { "cgroup_id", key_u64, FIELD(cgroup_id) },
	[KEY_SEARCH_OFFSET] = { "search_offset", read_offset, FIELD(search_offset) },
};
static const struct situation_keys keys = SITUATION_KEYS(situation_key);

/* --- what is expected ----------------------------------------------------------------- */

static int read_delay(struct tool *t, const struct situation_key *key, const char *text,
		      void *whole)
{
	struct expectation *e = whole;
	uint64_t ns = 0;

	if (!strcmp(text, "exceeded")) {
		strcpy(e->delay, text);
		return 0;
	}
	if (strcmp(text, "none") && parse_duration(text, &ns))
		return misuse(t, "%s=: '%s' is not a time such as 10ms, none or exceeded",
			      key->name, text);
	time_text(ns, e->delay);
	return 0;
}

/* REQUEST[:PATH]: what a policy can stage, as it is printed. */
static int check_staged(struct tool *t, const char *value)
{
	static const char *const others[] = { "exec", "interp", "search", NULL };
	const size_t len = strcspn(value, ":");
	uint32_t op, opcode, cmd;
	char name[WORD_SIZE];
	unsigned int i;

	if (value[len] && !value[len + 1])
		return misuse(t, "staged=: '%s' has no path after the colon", value);
	snprintf(name, sizeof(name), "%.*s", (int)len, value);
	for (i = 0; others[i]; i++)
		if (!strcmp(others[i], name))
			return 0;
	if (strchr(name, ',')) {
		misuse(t, "staged=: '%s' is no request", name);
		advise(t, "staged= once for each request");
		return -EINVAL;
	}
	return read_step(t, name, &op, &opcode, &cmd);
}

static int read_staged(struct tool *t, const struct situation_key *key, const char *text,
		       void *whole)
{
	struct expectation *e = whole;
	int ret;

	e->compares_staged = true;
	if (!strcmp(text, "none"))
		return 0;
	if (e->nr_staged == SITUATION_MAX_STAGED)
		return misuse(t, "%s=: more than %d requests", key->name,
			      SITUATION_MAX_STAGED);
	ret = check_staged(t, text);
	if (!ret)
		e->staged[e->nr_staged++] = text;
	return ret;
}

#define EXPECTED(field)	KEY_FIELD(struct expectation, field)
static const struct situation_key expectation_key[] = {
	{ "result", key_errno, EXPECTED(result) },
	{ "delay", read_delay, EXPECTED(delay) },
	{ .name = "staged", .read = read_staged },
	{ "fails", key_errno, EXPECTED(fails) },
	{ "scratch", key_numbers, EXPECTED(scratch),
	  .count = offsetof(struct expectation, nr_scratch) },
};
static const struct situation_keys expectation_keys = SITUATION_KEYS(expectation_key);

static int read_expectation(struct tool *t, struct expectation *e,
			    char **words, unsigned int nr)
{
	int ret;

	if (!nr)
		return misuse(t, "expect needs a verdict");
	ret = verdict_number(t, words[0]);
	if (ret < 0)
		return ret;
	e->given = true;
	e->verdict = ret;
	return situation_keys_read(t, &expectation_keys, words + 1, nr - 1, e, NULL);
}

/* --- all of it ------------------------------------------------------------------------ */

static int read_event(struct tool *t, struct situation *s, const char *word)
{
	int ret = event_mask(t, word, &s->ctx.event);

	if (!ret && s->ctx.event & (s->ctx.event - 1))
		return misuse(t, "'%s' is more than one event", word);
	return ret;
}

static int read_step_and_result(struct tool *t, struct situation *s,
				const char *word)
{
	size_t len = strcspn(word, ":");
	char name[WORD_SIZE];
	int ret;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	ret = read_step(t, name, &s->op, &s->ctx.opcode, &s->ctx.cmd);
	if (ret || !word[len])
		return ret;
	s->has_result = true;
	return word_result(t, word + len + 1, &s->ctx.res);
}

int situation_read(struct tool *t, struct situation *s, char **words,
		   unsigned int nr)
{
	unsigned int i = 0, nr_keys;
	int ret;

	memset(s, 0, sizeof(*s));
	s->then = nr && !strcmp(words[0], "then");
	i += s->then;
	if (nr < i + 2) {
		misuse(t, "a situation begins with an event and a step, such as: failed open:ENOENT");
		if (nr == 1 && strchr(words[0], ' '))
			advise(t, "quotes around single words only: each word is an argument");
		return -EINVAL;
	}
	ret = read_event(t, s, words[i++]);
	if (!ret)
		ret = read_step_and_result(t, s, words[i++]);
	if (ret)
		return ret;
	nr_keys = words_before_expect(words + i, nr - i);
	ret = situation_keys_read(t, &keys, words + i, nr_keys, s, &s->given);
	i += nr_keys;
	if (!ret && i < nr)
		ret = read_expectation(t, &s->expect, words + i + 1, nr - i - 1);
	return ret ? ret : situation_check(t, s);
}

static bool has(const struct situation *s, unsigned int key)
{
	return s->given >> key & 1;
}

bool situation_has_attempt(const struct situation *s)
{
	return has(s, KEY_ATTEMPT);
}

bool situation_has_off(const struct situation *s)
{
	return has(s, KEY_OFF);
}

bool situation_has_request(const struct situation *s)
{
	return has(s, KEY_THE_REQUEST);
}

bool situation_has_search(const struct situation *s)
{
	return has(s, KEY_SEARCH_OFFSET);
}

bool situation_has_step(const struct situation *s)
{
	return has(s, KEY_STEP);
}

/* The flag that goes by the operation alone, whatever else is known of the step. */
static uint32_t retry_flag(const struct situation *s)
{
	const struct io_uring_spawn_query *q = kernel_query();
	const uint32_t op = s->ctx.opcode;

	if (s->ctx.event == IORING_POLICY_CLONE)
		return IORING_POLICY_F_CAN_RETRY;
	return op < 256 && q->retry_ops[op / 64] >> op % 64 & 1 ?
		IORING_POLICY_F_CAN_RETRY : 0;
}

/* What only this step has: it goes where another one begins. */
static void forget_step(struct bpf_iouring_ctx *ctx, struct situation_data *data)
{
	ctx->flags = 0;
	ctx->path_flags = 0;
	ctx->path_mode = 0;
	ctx->path_resolve = 0;
	data->path = NULL;
	data->head = NULL;
}

static void take_data(const struct situation *s, struct situation_data *data)
{
	if (s->name)
		data->name = s->name;
	if (s->path)
		data->path = s->path;
	if (s->head.len)
		data->head = &s->head;
}

void situation_context(const struct situation *s, struct bpf_iouring_ctx *ctx,
		       struct situation_data *data)
{
	const bool same = s->then && ctx->opcode == s->ctx.opcode &&
			  ctx->cmd == s->ctx.cmd;

	if (!s->then) {
		memset(ctx, 0, sizeof(*ctx));
		memset(data, 0, sizeof(*data));
	}
	ctx->event = s->ctx.event;
	ctx->opcode = s->ctx.opcode;
	ctx->cmd = s->ctx.cmd;
	ctx->res = s->ctx.res;
	if (!same)
		forget_step(ctx, data);
	situation_keys_copy(&keys, s->given, s, offsetof(struct situation, ctx), ctx,
			    sizeof(*ctx));
	ctx->flags = (ctx->flags & ~IORING_POLICY_F_CAN_RETRY) | retry_flag(s);
	if (has(s, KEY_THE_REQUEST)) {
		ctx->staged_opcode = s->ctx.staged_opcode;
		ctx->staged_cmd = s->ctx.staged_cmd;
	}
	take_data(s, data);
}
