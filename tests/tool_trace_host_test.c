// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which chains spawnpol trace shows (U10): made-up lines, and what comes of them. */
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
					     "lost" };
	char text[128];

	(void)arg;
	if (e->kind == TRACE_LOST)
		snprintf(text, sizeof(text), "lost %u;", e->lost);
	else if (since == TRACE_NO_TIME)
		snprintf(text, sizeof(text), "%s of %d;", names[e->kind],
			 (int)e->chain);
	else
		snprintf(text, sizeof(text), "%s of %d after %d;",
			 names[e->kind], (int)e->chain, (int)since / 1000);
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
