// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The tool's small parts that have no need of a kernel: lines of the trace,
 * numbers and times, JSON. They are included whole, being no library.
 */
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#include "tool/json.c"
#include "common/parse.c"
#include "tool/trace_event.c"

#define HEAD "  spawnpold-1-812 [001] ...1.  7204.123456: io_uring_spawn_"

static bool parse_line(const char *text, struct trace_event *e)
{
	static char line[512];

	snprintf(line, sizeof(line), "%s", text);
	return trace_event_parse(line, e);
}

TEST(trace_step)
{
	struct trace_event e;

	CHECK(parse_line(HEAD "step: chain=3 link=5 pid=77 step=1 attempt=2 op=59 opname=EXEC cmd=0 res=-2 staged=1 user_data=0xff elapsed_ns=1500 name=/a b/c=d", &e));
	CHECK_EQ(e.kind, TRACE_STEP);
	CHECK_EQ(e.time_ns, 7204123456000);
	CHECK_EQ(e.task, 812);
	CHECK_EQ(e.chain, 3);
	CHECK_EQ(e.link, 5);
	CHECK_EQ(e.pid, 77);
	CHECK_EQ(e.step, 1);
	CHECK_EQ(e.attempt, 2);
	CHECK_EQ(e.op, 59);
	CHECK_EQ(e.res, -2);
	CHECK_EQ(e.staged, 1);
	CHECK_EQ(e.user_data, 255);
	CHECK_EQ(e.elapsed_ns, 1500);
	CHECK_STR(e.name, "/a b/c=d");
}

TEST(trace_verdict)
{
	struct trace_event e;

	CHECK(parse_line(HEAD "verdict: chain=3 link=5 prog=9 pid=77 step=0 event=BEFORE_EXEC op=59 opname=EXEC res=0 verdict=SUBMIT staged=1 staged_op=59 delay_ns=20000000 result=0", &e));
	CHECK_EQ(e.kind, TRACE_VERDICT);
	CHECK_STR(e.event, "BEFORE_EXEC");
	CHECK_STR(e.verdict, "SUBMIT");
	CHECK_EQ(e.prog, 9);
	CHECK_EQ(e.staged_op, 59);
	CHECK_EQ(e.delay_ns, 20000000);
}

TEST(trace_start_and_end)
{
	struct trace_event e;

	CHECK(parse_line(HEAD "start: chain=18446744073709551615 link=0 pid=77 steps=3 cookie=0x10 user_data=0x0", &e));
	CHECK_EQ(e.kind, TRACE_START);
	CHECK_EQ(e.chain, UINT64_MAX);
	CHECK_EQ(e.steps, 3);
	CHECK_EQ(e.cookie, 16);
	CHECK(parse_line(HEAD "end: chain=4 link=0 pid=77 res=-109 issued=6 elapsed_ns=12", &e));
	CHECK_EQ(e.kind, TRACE_END);
	CHECK_EQ(e.res, -109);
	CHECK_EQ(e.issued, 6);
}

TEST(trace_lost_and_foreign_lines)
{
	struct trace_event e;

	CHECK(parse_line("CPU:1 [LOST 42 EVENTS]", &e));
	CHECK_EQ(e.kind, TRACE_LOST);
	CHECK_EQ(e.lost, 42);
	CHECK(!parse_line("", &e));
	CHECK(!parse_line("io_uring_spawn_step:", &e));
	CHECK(!parse_line(" x-1 [000] 1.0: sched_switch: prev_comm=a", &e));
	CHECK(!parse_line(HEAD "nosuchevent: chain=1", &e));
	CHECK(!parse_line(HEAD "step", &e));
	/* cut short, or with nothing where a value should be */
	CHECK(parse_line(HEAD "step: chain= link", &e));
	CHECK_EQ(e.chain, 0);
	CHECK(parse_line(HEAD "step:", &e));
	CHECK_STR(e.name, "");
}

/* A task's name is anyone's choice. */
TEST(trace_names_of_tasks)
{
	struct trace_event e;

	CHECK(parse_line("  a [1] b-2-31 [000] ...1. 1.000002: io_uring_spawn_end: chain=7 res=0", &e));
	CHECK_EQ(e.task, 31);
	CHECK_EQ(e.time_ns, 1000002000);
	CHECK_EQ(e.chain, 7);
}

TEST(numbers)
{
	uint32_t n = 99;

	CHECK_OK(parse_number("0", 0, 5, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(parse_number("4294967295", 0, UINT32_MAX, &n));
	CHECK_EQ(n, UINT32_MAX);
	CHECK_EQ(parse_number("4294967296", 0, UINT32_MAX, &n), -ERANGE);
	CHECK_EQ(parse_number("99999999999999999999999", 0, 5, &n), -ERANGE);
	CHECK_EQ(parse_number("6", 0, 5, &n), -ERANGE);
	CHECK_EQ(parse_number("9", 0, 3, &n), -ERANGE);
	CHECK_EQ(parse_number("1", 2, 5, &n), -ERANGE);
	CHECK_EQ(parse_number("", 0, 5, &n), -EINVAL);
	CHECK_EQ(parse_number("-1", 0, 5, &n), -EINVAL);
	CHECK_EQ(parse_number(" 1", 0, 5, &n), -EINVAL);
	CHECK_EQ(parse_number("1 ", 0, 5, &n), -EINVAL);
}

TEST(unsigned_numbers)
{
	static const char *const bad[] = { "", " ", "-1", "+1", " 1", "1 ", "1x", "0x",
					   "0xg", "08", "--1", "9", "1e3" };
	uint64_t n = 99;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(parse_unsigned(bad[i], i < 6 ? 10 : i < 10 ? 0 : 8, 7777, &n),
			  -EINVAL);
	CHECK_EQ(n, 99);
	CHECK_OK(parse_unsigned("777", 8, 0777, &n));
	CHECK_EQ(n, 0777);
	CHECK_OK(parse_unsigned("010", 10, 10, &n));
	CHECK_EQ(n, 10);
	CHECK_OK(parse_unsigned("010", 0, 10, &n));
	CHECK_EQ(n, 8);
	CHECK_OK(parse_unsigned("0", 0, 10, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(parse_unsigned("0xffffffffffffFFFF", 0, UINT64_MAX, &n));
	CHECK_EQ(n, UINT64_MAX);
	CHECK_OK(parse_unsigned("18446744073709551615", 10, UINT64_MAX, &n));
	CHECK_EQ(n, UINT64_MAX);
	CHECK_EQ(parse_unsigned("18446744073709551616", 10, UINT64_MAX, &n), -ERANGE);
	CHECK_EQ(parse_unsigned("0x10000000000000000", 0, UINT64_MAX, &n), -ERANGE);
	CHECK_EQ(parse_unsigned("11", 10, 10, &n), -ERANGE);
}

TEST(signed_numbers)
{
	int64_t n = 99;

	CHECK_OK(parse_signed("-20", -20, 19, &n));
	CHECK_EQ(n, -20);
	CHECK_OK(parse_signed("-0", 0, 19, &n));
	CHECK_EQ(n, 0);
	CHECK_EQ(parse_signed("-21", -20, 19, &n), -ERANGE);
	CHECK_EQ(parse_signed("20", -20, 19, &n), -ERANGE);
	CHECK_EQ(parse_signed("-1", 0, 19, &n), -ERANGE);
	CHECK_EQ(parse_signed("--1", -20, 19, &n), -EINVAL);
	CHECK_EQ(parse_signed("-", -20, 19, &n), -EINVAL);
	CHECK_EQ(parse_signed("+1", -20, 19, &n), -EINVAL);
	CHECK_EQ(parse_signed("9223372036854775808", INT64_MIN, INT64_MAX, &n), -ERANGE);
	CHECK_EQ(n, 0);
}

TEST(durations)
{
	uint64_t ns = 99;

	CHECK_OK(parse_duration("10ms", &ns));
	CHECK_EQ(ns, 10000000);
	CHECK_OK(parse_duration("1.5s", &ns));
	CHECK_EQ(ns, 1500000000);
	CHECK_OK(parse_duration("0.25us", &ns));
	CHECK_EQ(ns, 250);
	CHECK_OK(parse_duration("3000000000ns", &ns));
	CHECK_EQ(ns, 3000000000);
	CHECK_OK(parse_duration("2m", &ns));
	CHECK_EQ(ns, 120000000000);
	CHECK_OK(parse_duration("0", &ns));
	CHECK_EQ(ns, 0);
	CHECK_OK(parse_duration("1.999999999999999999m", &ns));
	CHECK_LT(ns, 120000000001);
	CHECK_EQ(parse_duration("5", &ns), -EINVAL);
	CHECK_EQ(parse_duration("ms", &ns), -EINVAL);
	CHECK_EQ(parse_duration(".5s", &ns), -EINVAL);
	CHECK_EQ(parse_duration("5 s", &ns), -EINVAL);
	CHECK_EQ(parse_duration("-5s", &ns), -EINVAL);
	CHECK_LT(parse_duration("18446744073709551615s", &ns), 0);
	CHECK_LT(parse_duration("400000000m", &ns), 0);
}

/* What a document with this text in it looks like. */
static char *document(const char *text)
{
	static char out[256];
	struct json j;
	FILE *to = fmemopen(out, sizeof(out), "w");

	CHECK_OK(json_start(&j));
	j.compact = true;
	json_text(&j, "t", text);
	CHECK_OK(json_finish(&j, to));
	fclose(to);
	return out;
}

TEST(json_escapes)
{
	CHECK_STR(document("plain"), "{\"t\": \"plain\"}\n");
	CHECK_STR(document("a\"b\\c\nd\te\x01"),
		  "{\"t\": \"a\\\"b\\\\c\\nd\\te\\u0001\"}\n");
	CHECK_STR(document(NULL), "{\"t\": null}\n");
	CHECK_STR(document("\xc3\xa9\xf0\x9f\x98\x80"),
		  "{\"t\": \"\xc3\xa9\xf0\x9f\x98\x80\"}\n");
	/* overlong, surrogate, cut off, out of range, a lone continuation */
	CHECK_STR(document("\xc0\x80"), "{\"t\": \"\\ufffd\\ufffd\"}\n");
	CHECK_STR(document("\xed\xa0\x80"),
		  "{\"t\": \"\\ufffd\\ufffd\\ufffd\"}\n");
	CHECK_STR(document("x\xe2\x82"), "{\"t\": \"x\\ufffd\\ufffd\"}\n");
	CHECK_STR(document("\xf5\x80"), "{\"t\": \"\\ufffd\\ufffd\"}\n");
	CHECK_STR(document("\x80"), "{\"t\": \"\\ufffd\"}\n");
}

/* Readers that keep numbers as doubles would round them. */
TEST(json_numbers_of_64_bits_are_strings)
{
	char *out = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&out, &size);
	struct json j;

	CHECK(to);
	CHECK_OK(json_start(&j));
	j.compact = true;
	json_u64(&j, "most", UINT64_MAX);
	json_u64(&j, "least", 0);
	json_u32(&j, "short", UINT32_MAX);
	json_s32(&j, "signed", INT32_MIN);
	CHECK_OK(json_finish(&j, to));
	fclose(to);
	CHECK_STR(out, "{\"most\": \"18446744073709551615\", \"least\": \"0\", "
		       "\"short\": 4294967295, \"signed\": -2147483648}\n");
	free(out);
}

TEST(json_nesting)
{
	char out[256];
	struct json j;
	FILE *to = fmemopen(out, sizeof(out), "w");

	CHECK_OK(json_start(&j));
	j.compact = true;
	json_array(&j, "empty");
	json_end(&j);
	json_array(&j, "list");
	json_s32(&j, NULL, -1);
	json_object(&j, NULL);
	json_bool(&j, "yes", true);
	json_null(&j, "none");
	/* what is still open is closed */
	CHECK_OK(json_finish(&j, to));
	fclose(to);
	CHECK_STR(out, "{\"empty\": [], \"list\": [-1, {\"yes\": true, \"none\": null}]}\n");
}
