// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Showing how a loaded policy or actor is configured: the reverse of policy_options.c.
 */
#include <spawn_policy.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/errno_name.h"
#include "json.h"
#include "json_events.h"
#include "names.h"
#include "policy_constants.h"
#include "policy_maps.h"
#include "policy_show.h"
#include "time_text.h"

static const char *errors_name(const struct spawn_policy_config *c)
{
	return c->errors == SPAWN_POLICY_ERRORS_POSIX ? "posix" : "glibc";
}

/* The map can have been written by anybody. */
static uint32_t dirs_size(const struct spawn_policy_config *c)
{
	return c->dirs_size < SPAWN_POLICY_DIRS_SIZE ? c->dirs_size :
						       SPAWN_POLICY_DIRS_SIZE;
}

static unsigned int nr_retries(const struct spawn_policy_config *c)
{
	return c->nr_retries < SPAWN_POLICY_MAX_RETRIES ? c->nr_retries :
							  SPAWN_POLICY_MAX_RETRIES;
}

static unsigned int nr_on(const struct spawn_policy_config *c)
{
	return c->nr_on < SPAWN_POLICY_MAX_ON ? c->nr_on : SPAWN_POLICY_MAX_ON;
}

static void put_path(const struct spawn_policy_config *c)
{
	if (c->dirs_size)
		printf(" --path %.*s", (int)dirs_size(c), c->dirs);
	else
		printf(" --path ''");
}

static void put_rules(const struct spawn_policy_config *c)
{
	char time[TIME_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < nr_retries(c); i++) {
		printf(" --retry %s=%u", errno_name(c->retries[i].error),
		       c->retries[i].count);
		if (c->retries[i].delay_ns)
			printf("@%s", time_text(c->retries[i].delay_ns, time));
	}
	for (i = 0; i < nr_on(c); i++)
		printf(" --on %s:%s=%s",
		       step_name(c->on[i].opcode, c->on[i].cmd),
		       c->on[i].error ? errno_name(c->on[i].error) : "any",
		       verdict_name(c->on[i].verdict));
}

static void put_config(const struct spawn_policy_config *c)
{
	char time[TIME_TEXT_SIZE];

	printf("  options:");
	put_path(c);
	put_rules(c);
	if (c->errors == SPAWN_POLICY_ERRORS_POSIX)
		printf(" --errors posix");
	if (c->shell[0])
		printf(" --shell=%s", c->shell);
	if (c->remember_ns)
		printf(" --remember %s", time_text(c->remember_ns, time));
	putchar('\n');
}

static void put_constant(const char *name, const char *value, void *data)
{
	(void)data;
	printf("  constant %s = %s\n", name, value);
}

const char *policy_events_text(uint32_t events, char text[POLICY_EVENTS_SIZE])
{
	char names[96];

	event_list(events, names, sizeof(names));
	if (events)
		snprintf(text, POLICY_EVENTS_SIZE, "asks for events: %s", names);
	else
		snprintf(text, POLICY_EVENTS_SIZE,
			 "asks for no events: it is asked about failed and staged only");
	return text;
}

static void put_events(int prog_fd)
{
	char text[POLICY_EVENTS_SIZE];
	uint32_t events;

	if (!spawnpol_policy_events(prog_fd, &events))
		printf("  %s\n", policy_events_text(events, text));
}

const char *policy_needs_text(const struct spawnpol_actor_needs *needs,
			      char text[POLICY_NEEDS_SIZE])
{
	size_t len;

	len = snprintf(text, POLICY_NEEDS_SIZE, "an actor needs %u bytes of state",
		       needs->state_size);
	if (needs->in_flight)
		snprintf(text + len, POLICY_NEEDS_SIZE - len, ", %u request%s in flight",
			 needs->in_flight, needs->in_flight == 1 ? "" : "s");
	return text;
}

static void put_needs(int prog_fd)
{
	struct spawnpol_actor_needs needs;
	char text[POLICY_NEEDS_SIZE];

	if (!spawnpol_actor_needs(prog_fd, &needs))
		printf("  %s\n", policy_needs_text(&needs, text));
}

void policy_show_text(int prog_fd, bool actor)
{
	struct spawn_policy_config *config = malloc(sizeof(*config));

	if (actor)
		put_needs(prog_fd);
	else
		put_events(prog_fd);
	if (config && !policy_config_read(prog_fd, config))
		put_config(config);
	policy_constants_each(prog_fd, put_constant, NULL);
	free(config);
}

static void json_rules(struct json *j, const struct spawn_policy_config *c)
{
	const struct spawn_policy_on *on = c->on;
	unsigned int i;

	json_array(j, "retry");
	for (i = 0; i < nr_retries(c); i++) {
		json_object(j, NULL);
		json_text(j, "errno", errno_name(c->retries[i].error));
		json_u32(j, "count", c->retries[i].count);
		json_u64(j, "delay_ns", c->retries[i].delay_ns);
		json_end(j);
	}
	json_end(j);
	json_array(j, "on");
	for (i = 0; i < nr_on(c); i++, on++) {
		json_object(j, NULL);
		json_text(j, "step", step_name(on->opcode, on->cmd));
		json_text(j, "errno", on->error ? errno_name(on->error) : "any");
		json_text(j, "verdict", verdict_name(on->verdict));
		json_end(j);
	}
	json_end(j);
}

static void json_config(struct json *j, const struct spawn_policy_config *c)
{
	const char *dir = NULL;
	char text[SPAWN_POLICY_PATH_SIZE];
	size_t len;

	json_object(j, "config");
	json_array(j, "path");
	while ((dir = spawn_policy_next_dir(c, dir, &len))) {
		snprintf(text, sizeof(text), "%.*s", (int)len, dir);
		json_text(j, NULL, text);
	}
	json_end(j);
	json_rules(j, c);
	json_text(j, "errors", errors_name(c));
	json_text(j, "shell", c->shell[0] ? c->shell : NULL);
	json_u64(j, "remember_ns", c->remember_ns);
	json_end(j);
}

static void json_constant(const char *name, const char *value, void *data)
{
	json_text(data, name, value);
}

void policy_needs_json(struct json *j, const struct spawnpol_actor_needs *needs)
{
	json_u32(j, "state_size", needs->state_size);
	json_u32_or_null(j, "in_flight", needs->in_flight);
}

void policy_show_json(struct json *j, int prog_fd, bool actor)
{
	struct spawn_policy_config *config = malloc(sizeof(*config));
	struct spawnpol_actor_needs needs;
	uint32_t events;

	if (actor && !spawnpol_actor_needs(prog_fd, &needs))
		policy_needs_json(j, &needs);
	if (!actor && !spawnpol_policy_events(prog_fd, &events))
		json_events(j, "events", events);
	else
		json_null(j, "events");
	if (config && !policy_config_read(prog_fd, config))
		json_config(j, config);
	else
		json_null(j, "config");
	json_object(j, "constants");
	policy_constants_each(prog_fd, json_constant, j);
	json_end(j);
	free(config);
}
