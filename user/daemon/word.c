// SPDX-License-Identifier: LGPL-2.1-or-later
/* One word of a request: found, its operands read, added to the chain. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/suggest.h"
#include "words.h"

/* So much of a wrong word or operand is quoted. */
#define QUOTE	"%.64s"

__attribute__((format(printf, 2, 3)))
static int complain(struct request *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, sizeof(r->why), format, args);
	va_end(args);
	return -EINVAL;
}

int word_operands(const struct word *w)
{
	int nr = 0;

	while (nr < MAX_OPERANDS && w->operands[nr].type)
		nr++;
	return nr;
}

void word_usage(const struct word *w, char sep, char *buf, size_t size)
{
	const struct operand *o;
	size_t len = snprintf(buf, size, "%s", w->name);

	for (int i = 0; i < word_operands(w) && len < size; i++) {
		o = &w->operands[i];
		len += snprintf(buf + len, size - len, "%s%c%s%s",
				o->optional ? "[" : "", i ? ':' : sep, o->name,
				o->optional ? "]" : "");
	}
}

static const struct word *find(const char *name, struct suggestion *suggestion)
{
	const struct word_group *g;
	const struct word *w;

	for (g = word_groups; g->title; g++) {
		for (w = g->words; w->name; w++) {
			if (!strcmp(w->name, name))
				return w;
			suggest_try(suggestion, w->name);
		}
	}
	return NULL;
}

static int wrong(struct request *r, const struct word *w,
		 const struct operand *o, const char *text)
{
	char wants[512], usage[96], quote[72] = "";
	enum client_part client = o->type->client;

	word_usage(w, ' ', usage, sizeof(usage));
	if (text && (client == OPENED || client == OPENED_AS_PATH))
		return complain(r, "%s: there is no descriptor '" QUOTE "' beside the request's streams; name one that comes with it, 3 to %d",
				w->name, text, r->nr_fds - 1);
	if (text && client == AS_IT_IS)
		snprintf(quote, sizeof(quote), " '" QUOTE "'", text);
	return complain(r, "%s: %s%s is %s; say '%s', where %s is %s", w->name,
			o->name, quote, text ? "wrong" : "missing", usage,
			o->name, operand_wants(o, wants, sizeof(wants)));
}

/*
 * Operands have colons between them. The last one is all that is left, so that
 * a path can have colons and a list be long.
 */
static int read_operands(struct request *r, const struct word *w,
			 const char *text, struct values *to)
{
	const int nr = word_operands(w);
	const struct operand *o;
	const char *operand;
	char *token = to->token;
	size_t len;

	for (int i = 0; i < nr; i++) {
		o = &w->operands[i];
		operand = i < nr - 1 ? token : text;
		to->v[i].given = text != NULL;
		if (!text && o->optional)
			continue;
		if (!text)
			return wrong(r, w, o, NULL);
		len = operand == token ? strcspn(text, ":") : strlen(text);
		if (operand == token && len >= sizeof(to->token))
			return wrong(r, w, o, text);
		if (operand == token)
			snprintf(token, sizeof(to->token), "%.*s", (int)len, text);
		if (o->type->parse(o, operand, r, to, &to->v[i]))
			return wrong(r, w, o, operand);
		text = text[len] ? text + len + 1 : NULL;
	}
	return 0;
}

static int build(struct request *r, const struct word *w,
		 const struct values *values, const char *text)
{
	int err;

	if (w->kind == REMARK && !r->acted)
		return complain(r, "%s: there is no action before it; put it behind one",
				w->name);
	err = w->build(r, values);
	if (err == -EINVAL)
		return complain(r, "%s: '" QUOTE "' is not possible. %s",
				w->name, text ? text : "", w->help);
	r->acted |= w->kind == ACTION;
	return err;
}

int word_do(struct request *r, const char *text, bool passed)
{
	const char *blank = strchr(text, ' ');
	const char *operands = blank ? blank + 1 : NULL;
	struct suggestion suggestion;
	struct values values;
	const struct word *w;
	char name[32], hint[96];
	int err;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	suggest_start(&suggestion, name);
	w = find(name, &suggestion);
	if (!w)
		return complain(r, "there is no word '%s'%s; spawnpold-client --help lists them",
				name, suggest_text(&suggestion, hint, sizeof(hint)));
	if ((w->kind == PASSED) != passed)
		return 0;
	if (operands && !word_operands(w))
		return complain(r, "%s: it takes no operand, not '" QUOTE "'",
				w->name, operands);
	err = read_operands(r, w, operands, &values);
	if (err)
		return err;
	return build(r, w, &values, operands);
}
