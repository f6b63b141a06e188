// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: there is one receiver of audit's records, and tracepoints are switched by
 * changing code.
 *
 * What audit and tracepoints tell of a search in open directories: what they tell of
 * the same search along a string (O3, O6).
 */
#include "lib/audit.h"
#include "lib/child.h"
#include "lib/dirs.h"
#include "lib/ring.h"
#include "lib/trace.h"
#include "lib/whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct tring r;
static struct whole w;
static struct audit a;

/* Nothing, an empty file that cannot be executed, and a program, "prog". */
static char *three_dirs(void)
{
	char *none = new_dir("none"), *denied = new_dir("denied"), *dir = new_dir("dir");

	write_file(format("%s/prog", denied), "", 0644);
	copy_file(helper("exit_with"), format("%s/prog", dir), 0755);
	return format("%s:%s:%s", none, denied, dir);
}

static void look(char *list, bool is_open)
{
	if (is_open)
		CHECK_GT(dirs_set(&r, 0, list), 0);
	whole_init(&w, "prog");
	w.argv[1] = "7";
	w.arg.flags = is_open ? IORING_SPAWN_REGISTERED : 0;
	w.arg.search = is_open ? 0 : (uintptr_t)list;
}

static void begin_audit(void)
{
	struct audit_rule rule;

	audit_rule_init(&rule, AUDIT_FILTER_EXIT);
	audit_rule_field(&rule, AUDIT_ARCH, AUDIT_ARCH_X86_64);
	audit_rule_field(&rule, AUDIT_PPID, getpid());
	audit_rule_call(&rule, SYS_execveat);
	audit_begin(&a, &rule);
}

/* The records of the calls, without what differs from one child to the next. */
static char *records_of(char *list, bool is_open)
{
	int status;

	begin_audit();
	look(list, is_open);
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
	write_file(in_dir("records"), audit_end(&a), 0600);
	return strdup(output_of(format("sed 's/audit([^)]*)/audit()/;s/ pid=[0-9]*/ pid=/;"
				       "/^13[0-9][0-9] /!d;/^1305 /d' %s",
				       in_dir("records")), &status));
}

TEST(O6_audit_records_a_search_in_open_directories_as_any_other)
{
	char *list = three_dirs(), *records;

	tring_init(&r, 0);
	records = records_of(list, true);
	DIAG("%s", records);
	EXPECT_STR(records, records_of(list, false));
	EXPECT_HAS(records, format("name=\"%s/prog\" inode=", in_dir("dir")));
	EXPECT_HAS(records, format("name=\"%s/prog\" ", in_dir("none")));
	EXPECT(!strstr(records, "name=\"prog\""));
	EXPECT(!strstr(records, "name=\"\""));
}

/* Nobody may follow a link that somebody else has put into a directory like /tmp. */
TEST(O6_audit_records_a_link_that_must_not_be_followed)
{
	static const char setting[] = "/proc/sys/fs/protected_symlinks";
	char *sticky = new_dir("sticky"), *link = in_dir("sticky/prog");
	char *before = strdup(read_file(setting)), *list, *records;

	list = format("%s:%s", sticky, three_dirs());
	CHECK_SYS(symlink("../dir/prog", link));
	CHECK_SYS(lchown(link, ORDINARY, ORDINARY));
	CHECK_SYS(chmod(sticky, 01777));
	write_file(setting, "1", 0);
	tring_init(&r, 0);
	records = records_of(list, true);
	DIAG("%s", records);
	EXPECT_STR(records, records_of(list, false));
	EXPECT_HAS(records, format("name=\"%s\" inode=", link));
	EXPECT(!strstr(records, "name=\"prog\""));
	write_file(setting, before, 0);
}

/* Whether somebody audits does not decide what is found. */
TEST(O6_the_directory_that_is_open_is_searched_under_audit)
{
	char *list = three_dirs(), *dir = in_dir("dir");

	tring_init(&r, 0);
	begin_audit();
	look(list, true);
	CHECK_SYS(rename(dir, in_dir("away")));
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
	audit_end(&a);
}

TEST(O3_traces_name_candidates_in_open_directories)
{
	char *list = three_dirs(), *trace;

	tring_init(&r, 0);
	look(list, true);
	trace_start();
	EXPECT_EQ(wait_exit(CHECK_OK(whole_run(&r, &w)->res)), 7);
	trace = trace_end();
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0),
		   " res=-2 staged=0 ");
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 0),
		   format(" name=%s/prog", in_dir("none")));
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 1),
		   format(" name=%s/prog", in_dir("denied")));
	EXPECT_HAS(trace_event(trace, "io_uring_spawn_step", 2),
		   format(" name=%s/prog", in_dir("dir")));
}
