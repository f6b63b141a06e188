// SPDX-License-Identifier: LGPL-2.1-or-later
/* What supervise is told: when and how often the program is started again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "supervise_options.h"
#include "tool.h"

#define NSEC_PER_SEC		1000000000ULL
#define TEXT_SIZE		64
#define DEFAULT_RESTARTS	5
#define DEFAULT_WITHIN_NS	(10 * NSEC_PER_SEC)
#define DEFAULT_DELAY		"100ms..10s"

static int wrong_delay(struct tool *t, const char *text)
{
	return misuse(t, "--delay: '%s' is neither TIME nor MIN..MAX, such as 100ms..10s",
		      text);
}

static int read_delay(struct tool *t, const char *text, uint64_t *min, uint64_t *max)
{
	const char *dots = strstr(text, "..");
	char first[TEXT_SIZE];

	snprintf(first, sizeof(first), "%.*s", dots ? (int)(dots - text) :
		 (int)strlen(text), text);
	if (parse_duration(first, min))
		return wrong_delay(t, text);
	*max = *min;
	if (dots && parse_duration(dots + 2, max))
		return wrong_delay(t, text);
	if (*max < *min)
		return misuse(t, "--delay: '%s' ends below where it begins", text);
	return 0;
}

static void add_delay(struct supervise_limits *l, uint64_t ns)
{
	l->delays[l->nr_delays].tv_sec = ns / NSEC_PER_SEC;
	l->delays[l->nr_delays++].tv_nsec = ns % NSEC_PER_SEC;
}

/* Each is twice the one before, and the last one is max. */
static void make_delays(struct supervise_limits *l, uint64_t min, uint64_t max)
{
	uint64_t ns = min ? min : 1000000;

	l->nr_delays = 0;
	if (!max)
		return;
	for (; l->nr_delays < SPAWN_SUPERVISE_DELAYS - 1 && ns < max; ns *= 2)
		add_delay(l, ns);
	add_delay(l, max);
}

int supervise_options_read(struct tool *t, struct supervise_limits *l)
{
	const struct settings *s = &t->set;
	uint64_t min, max;
	int ret;

	memset(l, 0, sizeof(*l));
	if (s->always && s->on_failure)
		return misuse(t, "--always and --on-failure exclude each other");
	l->always = s->always;
	l->restarts = s->restart == NOT_GIVEN ? DEFAULT_RESTARTS : s->restart;
	l->within_ns = s->within_ns == UINT64_MAX ? DEFAULT_WITHIN_NS : s->within_ns;
	ret = read_delay(t, s->delay ? s->delay : DEFAULT_DELAY, &min, &max);
	if (!ret)
		make_delays(l, min, max);
	return ret;
}
