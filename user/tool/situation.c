// SPDX-License-Identifier: LGPL-2.1-or-later
/* Situations for dry runs, from words. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "kernel.h"
#include "names.h"
#include "situation.h"
#include "situation_rules.h"
#include "situation_words.h"
#include "tool.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

enum key_type { KEY_U32, KEY_S32, KEY_U64, KEY_TIME, KEY_FLAGS, KEY_NAME, KEY_PATH, KEY_HEAD,
		KEY_REQUEST, KEY_SCRATCH };

enum {
	KEY_ATTEMPT, KEY_STEP, KEY_THE_REQUEST, KEY_THE_FLAGS, KEY_THE_NAME, KEY_PID,
	KEY_USER_DATA, KEY_COOKIE, KEY_OFF, KEY_ELAPSED, KEY_THE_SCRATCH,
	KEY_THE_PATH, KEY_PATH_FLAGS, KEY_PATH_MODE, KEY_PATH_RESOLVE, KEY_THE_HEAD,
	KEY_RING, KEY_CGROUP, KEY_SEARCH_OFFSET,
};

#define FIELD(field)							\
	.where = offsetof(struct bpf_iouring_ctx, field),		\
	.size = sizeof(((struct bpf_iouring_ctx *)0)->field)

static const struct key {
	const char *name;
	enum key_type type;
	size_t where, size;
} keys[] = {
	[KEY_ATTEMPT]	  = { "attempt", KEY_U32, FIELD(attempt) },
	[KEY_STEP]	  = { "step", KEY_U32, FIELD(step) },
	[KEY_THE_REQUEST] = { "request", KEY_REQUEST, 0, 0 },
	[KEY_THE_FLAGS]	  = { "flags", KEY_FLAGS, FIELD(flags) },
	[KEY_THE_NAME]	  = { "name", KEY_NAME, 0, 0 },
	[KEY_PID]	  = { "pid", KEY_U32, FIELD(pid) },
	[KEY_USER_DATA]	  = { "user_data", KEY_U64, FIELD(user_data) },
	[KEY_COOKIE]	  = { "cookie", KEY_U64, FIELD(cookie) },
	[KEY_OFF]	  = { "off", KEY_U64, FIELD(off) },
	[KEY_ELAPSED]	  = { "elapsed", KEY_TIME, FIELD(elapsed_ns) },
	[KEY_THE_SCRATCH] = { "scratch", KEY_SCRATCH, FIELD(scratch) },
	[KEY_THE_PATH]	  = { "path", KEY_PATH, 0, 0 },
	[KEY_PATH_FLAGS]  = { "path_flags", KEY_U64, FIELD(path_flags) },
	[KEY_PATH_MODE]	  = { "path_mode", KEY_U32, FIELD(path_mode) },
	[KEY_PATH_RESOLVE] = { "path_resolve", KEY_U32, FIELD(path_resolve) },
	[KEY_THE_HEAD]	  = { "head", KEY_HEAD, 0, 0 },
	[KEY_RING]	  = { "ring_id", KEY_U64, FIELD(ring_id) },
	[KEY_CGROUP]	  = { "cgroup_id", KEY_U64, FIELD(cgroup_id) },
	[KEY_SEARCH_OFFSET] = { "search_offset", KEY_S32, FIELD(search_offset) },
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{ "hardlink", IORING_POLICY_F_HARDLINK },
	{ "last", IORING_POLICY_F_LAST },
	{ "can-retry", IORING_POLICY_F_CAN_RETRY },
	{ "exec-at", IORING_POLICY_F_EXEC_AT },
	{ "search", IORING_POLICY_F_SEARCH },
	{ "path-at", IORING_POLICY_F_PATH_AT },
	{ "none", 0 },
};

static int read_flags(struct tool *t, const char *list, uint32_t *mask)
{
	char word[WORD_SIZE];
	unsigned int i;

	for (*mask = 0; word_next_part(&list, word); *mask |= flags[i].flag) {
		for (i = 0; i < COUNT(flags) && strcmp(flags[i].name, word); i++)
			;
		if (i < COUNT(flags))
			continue;
		misuse(t, "flags=: there is no flag '%s'", word);
		advise(t, "hardlink, last, can-retry, exec-at, search, path-at or none");
		return -EINVAL;
	}
	return 0;
}

static int read_scratch(struct tool *t, const char *list, uint64_t *words,
			unsigned int *nr)
{
	char word[WORD_SIZE];
	int ret = 0;

	for (*nr = 0; !ret && word_next_part(&list, word); (*nr)++) {
		if (*nr == SITUATION_SCRATCH)
			return misuse(t, "scratch=: more than %d words",
				      SITUATION_SCRATCH);
		ret = word_u64(t, "scratch", word, &words[*nr]);
	}
	return ret;
}

/* An offset, or -1: none. */
static int read_s32(struct tool *t, const char *key, const char *text, int32_t *value)
{
	uint32_t number;

	*value = -1;
	if (!strcmp(text, "-1"))
		return 0;
	if (parse_number(text, 0, INT32_MAX, &number))
		return misuse(t, "%s=: '%s' is not a number from -1 to %d", key, text,
			      INT32_MAX);
	*value = number;
	return 0;
}

/* STEP of the names that --on takes; the running kernel's numbers. */
static int read_step(struct tool *t, const char *name, uint32_t *op,
		     uint32_t *opcode, uint32_t *cmd)
{
	int ret = step_number(t, name, op, cmd);

	if (ret)
		return ret;
	if (*op == NAME_ANY_OP)
		return misuse(t, "'any' is no step of its own");
	*opcode = step_opcode(*op);
	return 0;
}

static int read_value(struct tool *t, struct situation *s,
		      const struct key *key, const char *text)
{
	void *where = (char *)&s->ctx + key->where;
	unsigned int nr;

	switch (key->type) {
	case KEY_U32:
		if (!parse_number(text, 0, UINT32_MAX, where))
			return 0;
		return misuse(t, "%s=: '%s' is not a number from 0 to %u",
			      key->name, text, UINT32_MAX);
	case KEY_S32:
		return read_s32(t, key->name, text, where);
	case KEY_U64:
		return word_u64(t, key->name, text, where);
	case KEY_TIME:
		if (!parse_duration(text, where))
			return 0;
		return misuse(t, "%s=: '%s' is not a time such as 10ms",
			      key->name, text);
	case KEY_FLAGS:
		return read_flags(t, text, where);
	case KEY_NAME:
		s->name = text;
		return situation_path_too_long(t, key->name, text) ? -EINVAL : 0;
	case KEY_PATH:
		s->path = text;
		return situation_path_too_long(t, key->name, text) ? -EINVAL : 0;
	case KEY_HEAD:
		return situation_head_read(t, text, &s->head);
	case KEY_REQUEST:
		return read_step(t, text, &s->request_op, &s->ctx.staged_opcode,
				 &s->ctx.staged_cmd);
	case KEY_SCRATCH:
		return read_scratch(t, text, where, &nr);
	}
	return -EINVAL;
}

static int read_key(struct tool *t, struct situation *s, const char *word)
{
	size_t len = strcspn(word, "=");
	unsigned int i;

	for (i = 0; i < COUNT(keys); i++)
		if (strlen(keys[i].name) == len &&
		    !strncmp(keys[i].name, word, len))
			break;
	if (!word[len] || i == COUNT(keys))
		return word_unknown_key(t, word, len,
				   "name=, step=, attempt=, flags=, pid=, user_data=, cookie=, off=, elapsed=, request=, scratch=, path=, path_flags=, path_mode=, path_resolve=, head=, ring_id=, cgroup_id=, search_offset=");
	s->given |= 1U << i;
	return read_value(t, s, &keys[i], word + len + 1);
}

static int read_delay(struct tool *t, const char *value,
		      char text[TIME_TEXT_SIZE])
{
	uint64_t ns = 0;

	if (!strcmp(value, "exceeded")) {
		strcpy(text, value);
		return 0;
	}
	if (strcmp(value, "none") && parse_duration(value, &ns))
		return misuse(t, "delay=: '%s' is not a time such as 10ms, none or exceeded",
			      value);
	time_text(ns, text);
	return 0;
}

/* REQUEST[:PATH]: what a policy can stage, as it is printed. */
static int check_staged(struct tool *t, const char *value)
{
	static const char *const others[] = { "exec", "interp", "search" };
	const size_t len = strcspn(value, ":");
	uint32_t op, opcode, cmd;
	char name[WORD_SIZE];
	unsigned int i;

	if (value[len] && !value[len + 1])
		return misuse(t, "staged=: '%s' has no path after the colon", value);
	snprintf(name, sizeof(name), "%.*s", (int)len, value);
	for (i = 0; i < COUNT(others); i++)
		if (!strcmp(others[i], name))
			return 0;
	if (strchr(name, ',')) {
		misuse(t, "staged=: '%s' is no request", name);
		advise(t, "staged= once for each request");
		return -EINVAL;
	}
	return read_step(t, name, &op, &opcode, &cmd);
}

static int read_staged(struct tool *t, struct expectation *e,
		       const char *value)
{
	int ret;

	e->compares_staged = true;
	if (!strcmp(value, "none"))
		return 0;
	if (e->nr_staged == SITUATION_MAX_STAGED)
		return misuse(t, "staged=: more than %d requests",
			      SITUATION_MAX_STAGED);
	ret = check_staged(t, value);
	if (!ret)
		e->staged[e->nr_staged++] = value;
	return ret;
}

static int read_expected(struct tool *t, struct expectation *e,
			 const char *word)
{
	size_t len = strcspn(word, "=");
	const char *value = word + len + (word[len] ? 1 : 0);

	if (!strncmp(word, "result=", 7))
		return word_errno_text(t, value, e->result);
	if (!strncmp(word, "delay=", 6))
		return read_delay(t, value, e->delay);
	if (!strncmp(word, "staged=", 7))
		return read_staged(t, e, value);
	if (!strncmp(word, "fails=", 6))
		return word_errno_text(t, value, e->fails);
	if (!strncmp(word, "scratch=", 8))
		return read_scratch(t, value, e->scratch, &e->nr_scratch);
	return word_unknown_key(t, word, len,
			   "result=, delay=, staged=, fails=, scratch=");
}

static int read_expectation(struct tool *t, struct expectation *e,
			    char **words, unsigned int nr)
{
	unsigned int i;
	int ret;

	if (!nr)
		return misuse(t, "expect needs a verdict");
	ret = verdict_number(t, words[0]);
	if (ret < 0)
		return ret;
	e->given = true;
	e->verdict = ret;
	for (i = 1, ret = 0; !ret && i < nr; i++)
		ret = read_expected(t, e, words[i]);
	return ret;
}

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
	unsigned int i = 0;
	int ret;

	memset(s, 0, sizeof(*s));
	s->then = nr && !strcmp(words[0], "then");
	i += s->then;
	if (nr < i + 2) {
		misuse(t, "a situation begins with an event and a step, such as: failed open:ENOENT");
		if (nr == 1 && strchr(words[0], ' '))
			advise(t, "each word an argument of its own, without quotes around all");
		return -EINVAL;
	}
	ret = read_event(t, s, words[i++]);
	if (!ret)
		ret = read_step_and_result(t, s, words[i++]);
	for (; !ret && i < nr && strcmp(words[i], "expect"); i++)
		ret = read_key(t, s, words[i]);
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
	unsigned int i;

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
	for (i = 0; i < COUNT(keys); i++)
		if (has(s, i))
			memcpy((char *)ctx + keys[i].where,
			       (const char *)&s->ctx + keys[i].where, keys[i].size);
	ctx->flags = (ctx->flags & ~IORING_POLICY_F_CAN_RETRY) | retry_flag(s);
	if (has(s, KEY_THE_REQUEST)) {
		ctx->staged_opcode = s->ctx.staged_opcode;
		ctx->staged_cmd = s->ctx.staged_cmd;
	}
	take_data(s, data);
}
