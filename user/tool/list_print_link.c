// SPDX-License-Identifier: LGPL-2.1-or-later
/* The lines of list about a link's limits and counters. */
#include <stdio.h>

#include "json.h"
#include "json_events.h"
#include "links.h"
#include "list_print_link.h"
#include "names.h"
#include "op_names.h"

#define EVENTS_SIZE	64
#define NR_VERDICTS	6
#define NR_ACTOR_VERDICTS 2

/* Names and number of the verdicts that the link counts. */
static int nr_verdicts(const struct spawnpol_link_info *info)
{
	return link_is_actor(info) ? NR_ACTOR_VERDICTS : NR_VERDICTS;
}

static const char *name_of(const struct spawnpol_link_info *info, int verdict)
{
	return link_is_actor(info) ? actor_verdict_name(verdict) :
				     verdict_name(verdict);
}

static void put_runs(const struct spawnpol_link_info *info)
{
	printf("    runs %llu:", (unsigned long long)info->runs);
	for (int i = 0; i < nr_verdicts(info); i++)
		printf("%s %s %llu", i ? "," : "", name_of(info, i),
		       (unsigned long long)info->verdicts[i]);
}

static void put_policy(const struct spawnpol_link_info *info)
{
	char events[EVENTS_SIZE];

	event_list(info->events, events, sizeof(events));
	printf("    events: %s; budgets: %u requests, %u staged at once, %g s\n",
	       events[0] ? events : "failures only", info->max_issues,
	       info->max_staged, info->max_delay_ns / 1e9);
	put_runs(info);
	printf("; retries %llu, exhausted %llu, failures %llu\n",
	       (unsigned long long)info->retries,
	       (unsigned long long)info->exhausted,
	       (unsigned long long)info->failures);
}

static void put_actor(const struct spawnpol_link_info *info)
{
	printf("    %u running; each: %u request%s in flight, ", info->actors,
	       info->max_staged, info->max_staged == 1 ? "" : "s");
	if (info->max_issues)
		printf("%u in all, ", info->max_issues);
	printf("%u bytes of state\n", info->state_size);
	put_runs(info);
	printf("; staged %llu, exhausted %llu, failures %llu\n",
	       (unsigned long long)info->staged,
	       (unsigned long long)info->exhausted,
	       (unsigned long long)info->failures);
}

void list_put_link(const struct spawnpol_link_info *info)
{
	if (link_is_actor(info))
		put_actor(info);
	else
		put_policy(info);
}

static void json_counters(struct json *j, const struct spawnpol_link_info *info)
{
	json_object(j, "counters");
	json_u64(j, "runs", info->runs);
	for (int i = 0; i < nr_verdicts(info); i++)
		json_u64(j, name_of(info, i), info->verdicts[i]);
	json_u64(j, "exhausted", info->exhausted);
	json_u64(j, "failures", info->failures);
	json_u64(j, "retries", info->retries);
	json_u64(j, "staged", info->staged);
	json_end(j);
}

void list_json_link(struct json *j, const struct spawnpol_link_info *info)
{
	json_events(j, "events", info->events);
	json_u32(j, "max_issues", info->max_issues);
	json_u32(j, "max_staged", info->max_staged);
	json_u64(j, "max_delay_ns", info->max_delay_ns);
	if (link_is_actor(info)) {
		json_u32(j, "state_size", info->state_size);
		json_u32(j, "running", info->actors);
	}
	json_counters(j, info);
}
