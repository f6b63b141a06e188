// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ALONE: there is one receiver of audit's records.
 *
 * Rules of audit's exit list match EXEC and the commands of a child as they match
 * the system calls that these stand in for, and say the same of them (K3).
 */
#include "lib/audit.h"
#include "lib/child.h"
#include "lib/command.h"
#include "lib/filter.h"
#include "lib/ring.h"
#include "lib/spawn_one.h"
#include "lib/whole.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

static struct tring r;
static struct audit a;

/* Of the children of this process. */
static void rule_for_children(struct audit_rule *rule)
{
	audit_rule_init(rule, AUDIT_FILTER_EXIT);
	audit_rule_field(rule, AUDIT_ARCH, AUDIT_ARCH_X86_64);
	audit_rule_field(rule, AUDIT_PPID, getpid());
}

static const char *call_record(const char *records, int call)
{
	return audit_record(records, AUDIT_SYSCALL,
			    format(" syscall=%d ", call));
}

/* --- EXEC ------------------------------------------------------------------------- */

static char *const argv[] = { "exit_with", "0", "a word", NULL };
static char *const envp[] = { NULL };

static void by_vfork(const char *path)
{
	pid_t pid = vfork();

	if (!pid) {
		syscall(SYS_execveat, AT_FDCWD, path, argv, envp, 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit(CHECK_SYS(pid)), 0);
}

static void by_exec(const char *path, int ioprio)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_exec(&r, path, argv);
	sqe->addr3 = (uintptr_t)envp;
	sqe->ioprio = ioprio;
	CHECK_GT(spawn_queued(&r, 0, NULL), 0);
	tring_exit(&r);
}

static void by_chain(const char *path)
{
	by_exec(path, 0);
}

/* The path is looked up before it is opened. */
static void by_search(const char *path)
{
	by_exec(path, IORING_EXEC_SEARCH);
}

static void run_whole(struct whole *w)
{
	int res;

	w->arg.argv = (uintptr_t)argv;
	w->arg.envp = (uintptr_t)envp;
	tring_init(&r, 0);
	res = whole_run(&r, w)->res;
	if (res > 0)
		CHECK_EQ(wait_exit(res), 0);
	else
		whole_is_gone();
	tring_exit(&r);
}

/* In one request (O6). */
static void by_whole(const char *path)
{
	struct whole w;

	whole_init(&w, path);
	run_whole(&w);
}

/* Records without what differs from one child, and one event, to the next. */
static char *plain(const char *records, const char *more)
{
	int status;

	write_file(in_dir("event"), records, 0600);
	return strdup(output_of(format("sed 's/audit([^)]*)/audit()/;"
				       "s/ pid=[0-9]*/ pid=/;%s' %s",
				       more, in_dir("event")),
				&status));
}

/* The event of a call. */
static char *event_of(int call, void (*make)(const char *path),
		      const char *path)
{
	struct audit_rule rule;
	char *records, *event;

	rule_for_children(&rule);
	audit_rule_call(&rule, call);
	audit_begin(&a, &rule);
	make(path);
	records = audit_end(&a);
	event = audit_event(records, call_record(records, call));
	DIAG("%s", event);
	return plain(event, "");
}

/* A rule "-S execveat" says of EXEC what it says of execveat(2). */
static char *compare(const char *path)
{
	char *call = event_of(SYS_execveat, by_vfork, path);
	char *step = event_of(SYS_execveat, by_chain, path);
	char *attempt = event_of(SYS_execveat, by_search, path);
	char *whole = event_of(SYS_execveat, by_whole, path);

	EXPECT_STR(step, call);
	EXPECT_STR(attempt, call);
	EXPECT_STR(whole, call);
	return step;
}

TEST(K3_rules_record_exec_as_they_record_execveat)
{
	const char *path = helper("exit_with");
	char *event = compare(path);

	EXPECT_HAS(event, format("%d audit(): arch=c000003e syscall=%d "
				 "success=yes exit=0 ",
				 AUDIT_SYSCALL, SYS_execveat));
	EXPECT_HAS(event, format(" a0=%x a1=%lx a2=%lx a3=%lx ", AT_FDCWD,
				 (long)path, (long)argv, (long)envp));
	EXPECT_HAS(event, format(" ppid=%d ", getpid()));
	EXPECT_HAS(event, format("%d audit(): argc=3 a0=\"exit_with\" "
				 "a1=\"0\" a2=6120776F7264",
				 AUDIT_EXECVE));
	EXPECT_HAS(event, format("%d audit(): cwd=", AUDIT_CWD));
	EXPECT_HAS(event,
		   format("%d audit(): item=0 name=\"%s\" ", AUDIT_PATH, path));
	EXPECT_HAS(event, format("%d audit(): proctitle=", AUDIT_PROCTITLE));
}

TEST(K3_rules_record_an_exec_that_fails)
{
	EXPECT_HAS(compare("/nonexistent"), " success=no exit=-2 ");
	write_file(in_dir("data"), "", 0600);
	EXPECT_HAS(compare(in_dir("data")), " success=no exit=-13 ");
	write_file(in_dir("data"), "", 0700);
	EXPECT_HAS(compare(in_dir("data")), " success=no exit=-8 ");
	EXPECT_HAS(compare(in_dir("data/below")), " success=no exit=-20 ");
}

/* --- a search in one request (O6) --------------------------------------------------- */

static __attribute__((noinline)) void try_each(char *const paths[])
{
	for (; *paths; paths++)
		syscall(SYS_execveat, AT_FDCWD, *paths, argv, envp, 0);
}

/* In one child, as execvp(3) does. */
static void search_by_vfork(char *const paths[])
{
	pid_t pid = vfork();

	if (!pid) {
		try_each(paths);
		_exit(0);
	}
	CHECK_EQ(wait_exit(CHECK_SYS(pid)), 0);
}

static void search_by_whole(char *const paths[])
{
	struct whole w;
	char list[4096] = "";

	whole_init(&w, basename(strdup(*paths)));
	for (; *paths; paths++)
		sprintf(list + strlen(list), "%s%s", *list ? ":" : "",
			dirname(strdup(*paths)));
	w.arg.search = (uintptr_t)list;
	run_whole(&w);
}

/* All that is recorded of the calls of a search. */
static char *records_of_search(void (*search)(char *const paths[]),
			       char *const paths[])
{
	struct audit_rule rule;

	rule_for_children(&rule);
	audit_rule_call(&rule, SYS_execveat);
	audit_begin(&a, &rule);
	search(paths);
	/* a candidate's path has no address; and no records of audit's own */
	return plain(audit_end(&a), "s/ a1=[0-9a-f]* a2=/ a2=/;/^13[0-9][0-9] /!d;"
				    "/^1305 /d");
}

TEST(O6_rules_record_each_candidate_as_one_execveat)
{
	char *const found[] = { "/nonexistent/exit_with", in_dir("exit_with"),
				"/proc/self/comm/exit_with",
				(char *)helper("exit_with"), NULL };
	char *const missed[] = { in_dir("exit_with"), "/nonexistent/exit_with",
				 "/usr/exit_with", NULL };
	char *calls, *records;

	write_file(in_dir("exit_with"), "", 0600);
	calls = records_of_search(search_by_vfork, found);
	records = records_of_search(search_by_whole, found);
	DIAG("%s", records);
	EXPECT_STR(records, calls);
	EXPECT_HAS(records, " success=no exit=-2 ");
	EXPECT_HAS(records, " success=no exit=-13 ");
	EXPECT_HAS(records, " success=no exit=-20 ");
	EXPECT_HAS(records, " success=yes exit=0 ");
	EXPECT_HAS(records, "item=0 name=\"/nonexistent/exit_with\" ");

	calls = records_of_search(search_by_vfork, missed);
	EXPECT_STR(records_of_search(search_by_whole, missed), calls);
}

/* "-F success=0": of a search, the attempts that failed and not the last one. */
TEST(K3_rules_look_at_the_result)
{
	struct audit_rule rule;
	char *records;

	rule_for_children(&rule);
	audit_rule_call(&rule, SYS_execveat);
	audit_rule_field(&rule, AUDIT_SUCCESS, 0);
	audit_begin(&a, &rule);
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_exec(&r, "/nonexistent/1", argv));
	hardlink(q_exec(&r, "/nonexistent/2", argv));
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 2, NULL), 0);
	records = audit_end(&a);
	EXPECT_HAS(records, "name=\"/nonexistent/1\"");
	EXPECT_HAS(records, "name=\"/nonexistent/2\"");
	EXPECT(!strstr(records, helper("exit_with")));
	EXPECT_STR(
		audit_record(records, AUDIT_SYSCALL,
			     format(" syscall=%d success=yes ", SYS_execveat)),
		"");
}

/* --- watched files ------------------------------------------------------------------ */

/* The records of a spawn by the rule "-w PATH -p PERMISSIONS". */
static char *watched(const char *path, unsigned int permissions,
		     void (*queue)(void))
{
	struct audit_rule rule;

	audit_rule_init(&rule, AUDIT_FILTER_EXIT);
	audit_rule_watch(&rule, path, permissions);
	audit_begin(&a, &rule);
	tring_init(&r, 0);
	q_clone(&r);
	queue();
	q_exec(&r, in_dir("program"), argv);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	tring_exit(&r);
	return audit_end(&a);
}

static void queue_nop(void)
{
	q_nop(&r);
}

static void queue_write(void)
{
	q_open_at(&r, 77, in_dir("data"), O_WRONLY | O_CREAT);
}

TEST(K3_watches_see_exec_and_open)
{
	char *records;

	copy_file(helper("exit_with"), in_dir("program"), 0700);
	write_file(in_dir("data"), "", 0600);

	records = watched(in_dir("program"), AUDIT_PERM_EXEC, queue_nop);
	EXPECT_HAS(call_record(records, SYS_execveat), " success=yes exit=0 ");
	records = watched(in_dir("program"), AUDIT_PERM_WRITE | AUDIT_PERM_ATTR,
			  queue_nop);
	EXPECT_STR(call_record(records, SYS_execveat), "");
	records = watched(in_dir("data"), AUDIT_PERM_EXEC, queue_nop);
	EXPECT_STR(call_record(records, SYS_execveat), "");

	records = watched(in_dir("data"), AUDIT_PERM_WRITE, queue_write);
	EXPECT_HAS(call_record(records, SYS_openat), " success=yes ");
	EXPECT_HAS(records, format("name=\"%s\"", in_dir("data")));
	records = watched(in_dir("data"), AUDIT_PERM_READ, queue_write);
	EXPECT_STR(call_record(records, SYS_openat), "");
}

/* --- commands ----------------------------------------------------------------------- */

/* The records of a command as the only step before an EXEC, and its result. */
static char *records_of_command(const struct command *c, int *res)
{
	struct audit_rule rule;

	rule_for_children(&rule);
	audit_rule_all_calls(&rule);
	audit_begin(&a, &rule);
	tring_forget(&r);
	q_clone(&r);
	hardlink(q_command(&r, c));
	/* not to be recorded: the program makes calls, too */
	q_exec(&r, "/nonexistent", argv);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	*res = tring_res(&r, 0);
	return audit_end(&a);
}

static uint64_t number_in(const char *record, const char *key, int base)
{
	const char *at = strstr(record, key);

	return at ? strtoull(at + strlen(key), NULL, base) : ~0ULL / 3;
}

static void expect_recorded(const struct command *c, const char *line, int res)
{
	unsigned int arg;

	EXPECT_HAS(line, " arch=c000003e ");
	EXPECT_HAS(line, format(" ppid=%d ", getpid()));
	EXPECT_HAS(line, format(" pid=%d ", tring_res(&r, CLONE)));
	EXPECT_HAS(line, res < 0 ? " success=no " : " success=yes ");
	if (c->sqe.len !=
	    IORING_CHILD_OPEN) /* res: the number that it is moved to */
		EXPECT_EQ((int)number_in(line, " exit=", 10), res);
	for (arg = 0; arg < 4; arg++) {
		uint64_t value = number_in(line, format(" a%u=", arg), 16);

		if (!command_has_arg(c, arg, value))
			FAIL("a%u of command %llu is not %#llx", arg,
			     (unsigned long long)c->sqe.len,
			     (unsigned long long)c->args[arg]);
	}
}

TEST(K3_rules_record_every_command_as_its_call, .timeout = 120)
{
	const struct command *c;
	unsigned int cmd;
	char *records;
	int res;

	tring_init(&r, 0);
	for (cmd = 0; cmd < COMMANDS; cmd++) {
		c = command_of(&r, cmd);
		if (!c)
			continue;
		records = records_of_command(c, &res);
		DIAG("command %u: %d\n%s", cmd, res, records);
		expect_recorded(c, call_record(records, c->call), res);
		EXPECT_HAS(call_record(records, SYS_execveat),
			   " success=no exit=-2 ");
	}
}

static void chdir_by_vfork(const char *path)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(syscall(SYS_chdir, path, 0, 0, 0) ? 1 : 0);
	wait_exit(CHECK_SYS(pid));
}

static void chdir_by_chain(const char *path)
{
	struct io_uring_sqe *sqe;

	tring_init(&r, 0);
	q_clone(&r);
	sqe = q_child(&r, IORING_CHILD_CHDIR);
	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	q_exec(&r, "/nonexistent", argv);
	CHECK_GT(spawn_queued(&r, 1, NULL), 0);
	tring_exit(&r);
}

/* The path is told, where it led and where it did not. */
TEST(K3_rules_record_the_path_of_a_command)
{
	static const char *const paths[] = { "/", "/nonexistent/below" };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		char *call = event_of(SYS_chdir, chdir_by_vfork, paths[i]);
		char *step = event_of(SYS_chdir, chdir_by_chain, paths[i]);

		EXPECT_STR(step, call);
		EXPECT_HAS(step, format(" name=\"%s\" ", paths[i]));
	}
}

/* "-S setresuid,setresgid" records these two, and nothing of the others. */
TEST(K3_rules_tell_commands_by_their_calls)
{
	struct audit_rule rule;
	struct io_uring_sqe *sqe;
	char *records;

	rule_for_children(&rule);
	audit_rule_call(&rule, SYS_setresuid);
	audit_rule_call(&rule, SYS_setresgid);
	audit_begin(&a, &rule);
	tring_init(&r, 0);
	q_clone(&r);
	q_child(&r, IORING_CHILD_SETSID);
	sqe = q_child(&r, IORING_CHILD_SETRESGID);
	sqe->addr = sqe->off = sqe->addr3 = UINT32_MAX;
	sqe = q_child(&r, IORING_CHILD_SETRESUID);
	sqe->addr = sqe->off = sqe->addr3 = UINT32_MAX;
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 3, NULL), 0);
	records = audit_end(&a);
	EXPECT_HAS(call_record(records, SYS_setresgid), " success=yes exit=0 ");
	EXPECT_HAS(call_record(records, SYS_setresuid), " success=yes exit=0 ");
	EXPECT_STR(call_record(records, SYS_setsid), "");
	EXPECT_STR(call_record(records, SYS_execveat), "");
}

/* As for a call: what a filter refuses has not been made. */
TEST(K3_rules_do_not_record_what_a_filter_refuses)
{
	struct audit_rule rule;
	char *records;
	int exec;

	filter_call(SYS_setsid, SECCOMP_RET_ERRNO | EDOM);
	rule_for_children(&rule);
	audit_rule_call(&rule, SYS_setsid);
	audit_rule_call(&rule, SYS_execveat);
	audit_begin(&a, &rule);
	tring_init(&r, 0);
	q_clone(&r);
	hardlink(q_child(&r, IORING_CHILD_SETSID));
	q_exit(&r, 0);
	CHECK_GT(spawn_queued(&r, 1, &exec), 0);
	records = audit_end(&a);
	CHECK_EQ(tring_res(&r, 0), -EDOM);
	EXPECT_STR(call_record(records, SYS_setsid), "");
	EXPECT_HAS(call_record(records, SYS_execveat), " success=yes exit=0 ");
}
