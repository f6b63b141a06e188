// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which chains and actors a trace shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace_filter.h"
#include "trace_print.h"

struct trace_line {
	struct trace_line *next;
	char text[];
};

/* --- chains -------------------------------------------------------------------- */

static void forget(struct trace_chain *c)
{
	struct trace_line *line;

	while ((line = c->first)) {
		c->first = line->next;
		free(line);
	}
	memset(c, 0, sizeof(*c));
}

static bool is_thread_of(uint32_t task, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u", pid, task);
	return task == pid || !access(path, F_OK);
}

static struct trace_chain *find_chain(struct trace_filter *f,
				      const struct trace_event *e)
{
	struct trace_chain *c = &f->chains[e->chain % TRACE_CHAINS];

	if (c->chain != e->chain) {
		forget(c);
		c->chain = e->chain;
		c->last = &c->first;
	}
	if (e->kind == TRACE_START) {
		c->begun = true;
		c->start_ns = e->time_ns;
		c->launched = f->pid && is_thread_of(e->task, f->pid);
	}
	return c;
}

static uint64_t since(const struct trace_chain *c, const struct trace_event *e)
{
	if (!c->begun)
		return TRACE_NO_TIME;
	return e->time_ns > c->start_ns ? e->time_ns - c->start_ns : 0;
}

/* --- choosing ------------------------------------------------------------------- */

static bool is_asked_for(const struct trace_filter *f, const struct trace_chain *c,
			 const struct trace_event *e)
{
	if (f->link && e->link != f->link)
		return false;
	if (f->chain && e->chain != f->chain)
		return false;
	return !f->pid || (uint32_t)e->pid == f->pid || c->launched;
}

static bool is_program(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(path, name) || (slash && !strcmp(slash + 1, name));
}

static bool executes(const struct trace_filter *f, const struct trace_event *e)
{
	return f->program && e->kind == TRACE_STEP && !strcmp(e->opname, "EXEC") &&
	       is_program(e->name, f->program);
}

static bool may_be_shown(const struct trace_filter *f, const struct trace_chain *c,
			 const struct trace_event *e)
{
	if (f->program && !c->executes)
		return false;
	return !f->failed || (e->kind == TRACE_END && e->res);
}

/* --- holding -------------------------------------------------------------------- */

static void hold(struct trace_chain *c, const char *text)
{
	size_t size = strlen(text) + 1;
	struct trace_line *line = NULL;

	if (c->held + size <= TRACE_HELD_MAX)
		line = malloc(sizeof(*line) + size);
	if (!line) {
		c->left_out++;
		return;
	}
	memcpy(line->text, text, size);
	line->next = NULL;
	*c->last = line;
	c->last = &line->next;
	c->held += size;
}

static void show_held(struct trace_filter *f, struct trace_chain *c)
{
	struct trace_event e = { .kind = TRACE_LOST, .lost = c->left_out };
	struct trace_line *line;

	for (line = c->first; line; line = line->next) {
		struct trace_event held;

		if (trace_event_parse(line->text, &held))
			f->show(f->arg, &held, since(c, &held));
	}
	if (c->left_out)
		f->show(f->arg, &e, TRACE_NO_TIME);
	c->shown = true;
}

/* --- actors ---------------------------------------------------------------------- */

/* user_data says which actor of its ring it is, as long as one launcher uses it once. */
static struct trace_actor *find_actor(struct trace_filter *f,
				      const struct trace_event *e)
{
	struct trace_actor *a;

	a = &f->actor[(e->ring * 31 + e->user_data) % TRACE_ACTORS];
	if (a->ring != e->ring || a->user_data != e->user_data || !a->ring ||
	    !strcmp(e->event, "START")) {
		*a = (struct trace_actor) {
			.ring = e->ring, .user_data = e->user_data,
			.start_ns = e->time_ns,
			.begun = !strcmp(e->event, "START"),
			.launched = !f->pid || is_thread_of(e->task, f->pid),
		};
	}
	return a;
}

/* Actors are no chains, and execute nothing themselves. */
static bool actor_is_asked_for(const struct trace_filter *f,
			       const struct trace_actor *a,
			       const struct trace_event *e)
{
	if (f->chain || f->program || !a->launched)
		return false;
	if (f->link && e->link != f->link)
		return false;
	return !f->failed || (e->kind == TRACE_ACTOR_END && e->res < 0);
}

static void take_actor(struct trace_filter *f, const struct trace_event *e)
{
	struct trace_actor *a = find_actor(f, e);

	if (actor_is_asked_for(f, a, e)) {
		f->show(f->arg, e, a->begun ? e->time_ns - a->start_ns : TRACE_NO_TIME);
		f->ended++;
	}
	if (e->kind == TRACE_ACTOR_END)
		memset(a, 0, sizeof(*a));
}

void trace_filter_line(struct trace_filter *f, char *line)
{
	/* parsing takes it apart */
	char *copy = f->failed || f->program ? strdup(line) : NULL;
	struct trace_chain *c;
	struct trace_event e;

	if (!trace_event_parse(line, &e))
		goto out;
	if (e.kind == TRACE_LOST) {
		f->show(f->arg, &e, TRACE_NO_TIME);
		goto out;
	}
	if (trace_event_is_actor(&e)) {
		take_actor(f, &e);
		goto out;
	}
	if (f->actors)
		goto out;
	c = find_chain(f, &e);
	if (is_asked_for(f, c, &e)) {
		c->executes |= executes(f, &e);
		if (!c->shown && may_be_shown(f, c, &e))
			show_held(f, c);
		if (c->shown) {
			f->show(f->arg, &e, since(c, &e));
			f->ended += e.kind == TRACE_END;
		} else if (copy) {
			hold(c, copy);
		}
	}
	if (e.kind == TRACE_END)
		forget(c);
out:
	free(copy);
}

unsigned int trace_filter_running(const struct trace_filter *f)
{
	unsigned int i, nr = 0;

	for (i = 0; i < TRACE_CHAINS; i++)
		nr += f->chains[i].launched;
	for (i = 0; i < TRACE_ACTORS; i++)
		nr += f->actor[i].begun && f->actor[i].launched;
	return nr;
}

void trace_filter_clear(struct trace_filter *f)
{
	unsigned int i;

	for (i = 0; i < TRACE_CHAINS; i++)
		forget(&f->chains[i]);
}
