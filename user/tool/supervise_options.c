// SPDX-License-Identifier: LGPL-2.1-or-later
/* The options of supervise: when and how often the program is started again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "supervise_options.h"
#include "time_text.h"
#include "tool.h"

#define NSEC_PER_SEC		1000000000ULL
#define NSEC_PER_MSEC		1000000ULL
#define TEXT_SIZE		64
#define DEFAULT_RESTARTS	5
#define DEFAULT_WITHIN_NS	(10 * NSEC_PER_SEC)
#define DEFAULT_DELAY		"100ms..10s"
#define DOUBLINGS		(SPAWN_SUPERVISE_DELAYS - 1)	/* at most */

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
		return misuse(t, "--delay: MAX is below MIN in '%s'", text);
	/* what grows has to begin with something */
	if (!*min)
		*min = *max < NSEC_PER_MSEC ? *max : NSEC_PER_MSEC;
	return 0;
}

/* Whole milliseconds, if it is one. */
static uint64_t least_before(uint64_t max)
{
	const uint64_t ns = max >> DOUBLINGS;

	return ns < NSEC_PER_MSEC ? ns + 1 : (ns / NSEC_PER_MSEC + 1) * NSEC_PER_MSEC;
}

static int check_growth(struct tool *t, const char *text, uint64_t min, uint64_t max)
{
	char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];

	if (min > max >> DOUBLINGS || min << DOUBLINGS == max)
		return 0;
	misuse(t, "--delay: from MIN to MAX of '%s' are more than %d doublings", text, DOUBLINGS);
	advise(t, "--delay %s..%s", time_text(least_before(max), first),
	       time_text(max, last));
	return -EINVAL;
}

static void add_delay(struct supervise_limits *l, uint64_t ns)
{
	l->delays[l->nr_delays].tv_sec = ns / NSEC_PER_SEC;
	l->delays[l->nr_delays++].tv_nsec = ns % NSEC_PER_SEC;
}

/* Each is twice the one before, and the last one is max. */
static void make_delays(struct supervise_limits *l, uint64_t min, uint64_t max)
{
	l->nr_delays = 0;
	if (!max)
		return;
	for (uint64_t ns = min; ns < max; ns = ns < max - ns ? 2 * ns : max)
		add_delay(l, ns);
	add_delay(l, max);
}

int supervise_options_read(struct tool *t, struct supervise_limits *l)
{
	const struct settings *s = &t->set;
	const char *delay = s->delay ? s->delay : DEFAULT_DELAY;
	uint64_t min, max;
	int ret;

	memset(l, 0, sizeof(*l));
	if (s->always && s->on_failure)
		return misuse(t, "--always and --on-failure exclude each other");
	l->always = s->always;
	l->restarts = s->restart == NOT_GIVEN ? DEFAULT_RESTARTS : s->restart;
	l->within_ns = s->within_ns == UINT64_MAX ? DEFAULT_WITHIN_NS : s->within_ns;
	ret = read_delay(t, delay, &min, &max) ?: check_growth(t, delay, min, max);
	if (!ret)
		make_delays(l, min, max);
	return ret;
}
