// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which chains (U10) and actors (A6) spawnpol trace shows: made-up lines, and what comes
 * of them.
 */
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/trace_event.c"
#include "tool/trace_filter.c"

#define TASK "812"
#define HEAD "  launcher-" TASK " [001] ...1.  "
#define GROUP_OF " io_uring_spawn_"

static struct trace_filter f;
static char shown[65536];

/* "START of 3 ", "STEP of 3 after 1000 " ... */
static void note(void *arg, const struct trace_event *e, uint64_t since)
{
	static const char *const names[] = { "start", "step", "verdict", "end",
					     "run", "actor-end", "lost" };
	const uint64_t number = trace_event_is_actor(e) ? e->user_data : e->chain;
	char text[128];

	(void)arg;
	if (e->kind == TRACE_LOST)
		snprintf(text, sizeof(text), "lost %u;", e->lost);
	else if (since == TRACE_NO_TIME)
		snprintf(text, sizeof(text), "%s of %d;", names[e->kind],
			 (int)number);
	else
		snprintf(text, sizeof(text), "%s of %d after %d;",
			 names[e->kind], (int)number, (int)since / 1000);
	CHECK_LT(strlen(shown) + strlen(text), sizeof(shown));
	strcat(shown, text);
}

static void line(const char *text)
{
	char *copy = strdup(text);

	trace_filter_line(&f, copy);
	free(copy);
}

static void start(int chain, int pid)
{
	char text[256];

	snprintf(text, sizeof(text), HEAD "7.000000:" GROUP_OF
		 "start: chain=%d link=5 pid=%d steps=1 cookie=0x0 user_data=0x1",
		 chain, pid);
	line(text);
}

static void exec(int chain, const char *path, int res)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "7.000002:" GROUP_OF
		 "step: chain=%d link=5 pid=77 step=0 attempt=1 op=59 opname=EXEC cmd=0 res=%d staged=0 user_data=0x1 elapsed_ns=1500 name=%s",
		 chain, res, path);
	line(text);
}

static void end(int chain, int res)
{
	char text[256];

	snprintf(text, sizeof(text), HEAD "7.000003:" GROUP_OF
		 "end: chain=%d link=5 pid=77 step=0 res=%d end=%s issued=0 elapsed_ns=2500",
		 chain, res, res ? "STEP" : "PROGRAM");
	line(text);
}

static void begin(void)
{
	trace_filter_clear(&f);
	memset(&f, 0, sizeof(f));
	f.show = note;
	shown[0] = '\0';
}

TEST(U10_everything_is_shown_as_it_comes)
{
	begin();
	start(3, 77);
	CHECK_STR(shown, "start of 3 after 0;");
	exec(3, "/bin/true", 0);
	end(3, 0);
	CHECK_STR(shown, "start of 3 after 0;step of 3 after 2;end of 3 after 3;");
	CHECK_EQ(f.ended, 1);
	/* another one, whose beginning nobody has seen */
	exec(4, "/bin/true", 0);
	CHECK_HAS(shown, "step of 4;");
	line("CPU:1 [LOST 12 EVENTS]");
	CHECK_HAS(shown, "lost 12;");
	line("what is no event");
}

/* A process can be called anything: the second line is one of its events. */
TEST(U10_the_name_of_a_process_loses_no_events)
{
	begin();
	line("          <...>");
	line("CPU:1 [LOST 9-" TASK " [001] ...1.  7.000000:" GROUP_OF
	     "start: chain=3 link=5 pid=77 steps=1 cookie=0x0 user_data=0x1");
	CHECK_STR(shown, "start of 3 after 0;");
}

TEST(U10_failed_shows_whole_chains_when_they_have_failed)
{
	begin();
	f.failed = true;
	start(3, 77);
	start(4, 78);
	exec(3, "/bin/false", -2);
	exec(4, "/bin/true", 0);
	end(4, 0);
	CHECK_STR(shown, "");
	end(3, -2);
	CHECK_STR(shown, "start of 3 after 0;step of 3 after 2;end of 3 after 3;");
	CHECK_EQ(f.ended, 1);
}

TEST(U10_program_is_a_path_or_the_last_part_of_one)
{
	begin();
	f.program = "true";
	start(3, 77);
	exec(3, "/usr/bin/true", -2);
	CHECK_STR(shown, "start of 3 after 0;step of 3 after 2;");
	exec(3, "/bin/untrue", -2);
	CHECK_HAS(shown, "step of 3 after 2;step of 3 after 2;");
	end(3, -2);
	CHECK_EQ(f.ended, 1);
	start(4, 77);
	exec(4, "/bin/untrue", 0);
	exec(4, "/true/x", 0);
	end(4, 0);
	CHECK(!strstr(shown, "of 4"));

	begin();
	f.program = "/bin/true";
	start(3, 77);
	exec(3, "/usr/bin/true", 0);
	end(3, 0);
	CHECK_STR(shown, "");
	start(4, 77);
	exec(4, "/bin/true", 0);
	CHECK_STR(shown, "start of 4 after 0;step of 4 after 2;");
}

TEST(U10_both_at_once)
{
	begin();
	f.failed = true;
	f.program = "true";
	start(3, 77);
	exec(3, "/bin/true", 0);
	end(3, 0);
	start(4, 77);
	exec(4, "/bin/false", -2);
	end(4, -2);
	CHECK_STR(shown, "");
	start(5, 77);
	exec(5, "/bin/true", -2);
	CHECK_STR(shown, "");
	end(5, -2);
	CHECK_HAS(shown, "end of 5");
	CHECK_EQ(f.ended, 1);
}

TEST(U10_one_chain_one_link_one_launcher)
{
	begin();
	f.chain = 4;
	start(3, 77);
	start(4, 77);
	CHECK_STR(shown, "start of 4 after 0;");

	begin();
	f.link = 6;
	start(3, 77);
	CHECK_STR(shown, "");

	begin();
	f.pid = atoi(TASK);
	start(3, 77);
	end(3, 0);
	CHECK_STR(shown, "start of 3 after 0;end of 3 after 3;");
	/* a child */
	begin();
	f.pid = 78;
	start(3, 77);
	start(4, 78);
	CHECK_STR(shown, "start of 4 after 0;");
}

TEST(U10_chains_of_a_launcher_are_counted_until_they_end)
{
	begin();
	f.pid = atoi(TASK);
	start(3, 77);
	start(4, 78);
	CHECK_EQ(trace_filter_running(&f), 2);
	end(3, 0);
	CHECK_EQ(trace_filter_running(&f), 1);
	end(4, -2);
	CHECK_EQ(trace_filter_running(&f), 0);
}

/* A chain that gives way to a newer one is forgotten. */
TEST(U10_memory_has_an_end)
{
	char name[300];
	int i;

	begin();
	f.failed = true;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	start(3, 77);
	for (i = 0; i < 5000; i++)
		exec(3, name, -2);
	CHECK_LE(f.chains[3].held, TRACE_HELD_MAX);
	CHECK_GT(f.chains[3].left_out, 0);
	start(3 + TRACE_CHAINS, 77);
	end(3 + TRACE_CHAINS, -2);
	CHECK(!strstr(shown, "of 3 "));
	CHECK_HAS(shown, "of 1027 ");
	trace_filter_clear(&f);
}

/* --- actors ------------------------------------------------------------------------ */

static void run_of(int user_data, const char *event, const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), HEAD "7.000000: io_uring_actor_run: "
		 "ring=3 link=5 user_data=0x%x event=%s %s", user_data, event, more);
	line(text);
}

static void actor_end(int user_data, int res)
{
	char text[256];

	snprintf(text, sizeof(text), HEAD "7.000004: io_uring_actor_end: "
		 "ring=3 link=5 user_data=0x%x res=%d", user_data, res);
	line(text);
}

static void actor(int user_data, int res)
{
	run_of(user_data, "START",
	       "op=0 opname= tag=0x0 res=0 cqe_flags=0x0 verdict=WAIT staged=1 posted=0 in_flight=0");
	run_of(user_data, "CQE",
	       "op=22 opname=READ tag=0x7 res=4096 cqe_flags=0x0 verdict=END staged=0 posted=1 in_flight=0");
	actor_end(user_data, res);
}

TEST(A6_runs_of_actors_have_fields)
{
	struct trace_event e;
	char text[] = HEAD "7.000001: io_uring_actor_run: ring=3 link=5 user_data=0x10 "
		"event=CQE op=22 opname=READ tag=0xabc res=-9 cqe_flags=0x2 verdict=WAIT "
		"staged=2 posted=1 in_flight=3";
	char last[] = HEAD "7.000001: io_uring_actor_end: ring=3 link=5 user_data=0x10 res=-125";

	CHECK(trace_event_parse(text, &e));
	CHECK_EQ(e.kind, TRACE_RUN);
	CHECK_EQ(e.ring, 3);
	CHECK_EQ(e.link, 5);
	CHECK_EQ(e.user_data, 16);
	CHECK_STR(e.event, "CQE");
	CHECK_EQ(e.op, 22);
	CHECK_EQ(e.tag, 0xabc);
	CHECK_EQ(e.res, -9);
	CHECK_STR(e.verdict, "WAIT");
	CHECK_EQ(e.staged, 2);
	CHECK_EQ(e.posted, 1);
	CHECK_EQ(e.cqe_flags, 2);
	CHECK_EQ(e.in_flight, 3);
	CHECK_EQ(e.task, atoi(TASK));
	CHECK(trace_event_parse(last, &e));
	CHECK_EQ(e.kind, TRACE_ACTOR_END);
	CHECK_EQ(e.res, -125);
}

TEST(A6_actors_are_shown_with_chains_or_alone)
{
	begin();
	start(3, 77);
	actor(9, 0);
	CHECK_STR(shown, "start of 3 after 0;run of 9 after 0;run of 9 after 0;"
		  "actor-end of 9 after 4;");
	/* each line counts */
	CHECK_EQ(f.ended, 3);
	end(3, 0);
	CHECK_EQ(f.ended, 4);
	/* one that began before the trace */
	run_of(8, "CQE", "op=22 opname=READ tag=0x7 res=4096 verdict=END staged=0 posted=1");
	CHECK_HAS(shown, "run of 8;");

	begin();
	f.actors = true;
	start(3, 77);
	actor(9, 0);
	end(3, 0);
	CHECK_STR(shown, "run of 9 after 0;run of 9 after 0;actor-end of 9 after 4;");
}

TEST(A6_filters_of_actors)
{
	begin();
	f.failed = true;
	actor(9, 0);
	CHECK_STR(shown, "");
	actor(10, -5);
	CHECK_STR(shown, "actor-end of 10 after 4;");

	begin();
	f.link = 6;
	actor(9, 0);
	CHECK_STR(shown, "");
	f.link = 5;
	actor(9, 0);
	CHECK_HAS(shown, "actor-end of 9");

	begin();
	f.pid = 78;
	actor(9, 0);
	CHECK_STR(shown, "");
	f.pid = atoi(TASK);
	actor(9, 0);
	CHECK_HAS(shown, "actor-end of 9");

	/* what is about chains */
	begin();
	f.chain = 9;
	actor(9, 0);
	f.chain = 0;
	f.program = "true";
	actor(9, 0);
	CHECK_STR(shown, "");
}

TEST(A6_actors_of_a_launcher_are_counted_until_they_end)
{
	begin();
	f.pid = atoi(TASK);
	run_of(9, "START", "op=0 opname= tag=0x0 res=0 verdict=WAIT staged=1 posted=0");
	run_of(10, "START", "op=0 opname= tag=0x0 res=0 verdict=WAIT staged=1 posted=0");
	CHECK_EQ(trace_filter_running(&f), 2);
	actor_end(9, 0);
	CHECK_EQ(trace_filter_running(&f), 1);
	actor_end(10, 0);
	CHECK_EQ(trace_filter_running(&f), 0);
	trace_filter_clear(&f);
}
