// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * spawnpol: load policies and actors, attach them to the rings of running processes,
 * and watch what they decide.
 *
 * The command table below is the only description of the command line: the parser,
 * --help, the man page and the shell completion are generated from it.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "common/streams.h"
#include "tool/help.h"
#include "tool/run_options.h"
#include "tool/tool.h"

#define FIELD(name)	.where = offsetof(struct settings, name)
#define FLAG(name)	.type = OPTION_FLAG, FIELD(name)
#define TEXT(name)	.type = OPTION_TEXT, FIELD(name)
#define TEXTS(name)	.type = OPTION_TEXTS, FIELD(name)
#define DURATION(name)	.type = OPTION_DURATION, FIELD(name)
#define NUMBER(name, lo, hi) \
	.type = OPTION_NUMBER, FIELD(name), .min = (lo), .max = (hi)

const struct option_desc global_options[] = {
	{ "json", 'j', FLAG(json),
	  .help = "Print JSON. An error is an object with the single member error." },
	{ "quiet", 'q', FLAG(quiet),
	  .help = "Print errors only." },
	{ "help", 'h', FLAG(help),
	  .help = "Explain the command and exit." },
	{ "version", 'V', FLAG(version),
	  .help = "Print the version and exit." },
	{ 0 }
};

static const struct option_desc policy_options[] = {
	{ "path", 0, TEXT(path), .value = "DIR:DIR...", .complete = COMPLETE_DIR,
	  .help = "Directories in which a bare program name is searched. Empty elements are left out; the working directory is searched only if it is named (\".\"). Without this option: $PATH for run, /bin:/usr/bin for load." },
	{ "retry", 'r', TEXTS(retry), .value = "ERRNO=COUNT[@DELAY]",
	  .complete = COMPLETE_RETRY,
	  .help = "Issue a step that failed with ERRNO again, COUNT times at most, waiting DELAY before each. Can be repeated. All retries and delays that the rules allow for one step must be within the budgets." },
	{ "on", 0, TEXTS(on), .value = "OP:ERRNO=VERDICT",
	  .complete = COMPLETE_RULE,
	  .help = "Give VERDICT for a failed step when retries and search are used up. OP is exec, open, dup, chdir ... or any ('spawnpol help operations' lists them); ERRNO is a name of errno(3) or any; VERDICT is continue, retry, skip or abort. The first matching rule applies. Can be repeated." },
	{ "errors", 0, TEXT(errors), .value = "glibc|posix",
	  .complete = COMPLETE_WORDS, .words = "glibc posix",
	  .help = "Continue the search after the failures after which glibc's execvp does (default), or after those that POSIX names." },
	{ "shell", 0, .type = OPTION_MAYBE_TEXT, FIELD(shell),
	  .value = "PATH", .complete = COMPLETE_FILE,
	  .help = "Run a file without a known format (ENOEXEC) through PATH, /bin/sh by default, as execvp does." },
	{ "remember", 0, DURATION(remember_ns), .value = "TIME",
	  .help = "Cache successful PATH lookups for TIME, such as 10s or 1m: a search tries the cached directory first. During TIME it misses a program that is added to an earlier directory. This option makes the policy ask for the event execed. Without it, every search begins with the first directory." },
	{ "function", 0, TEXT(function), .value = "NAME",
	  .help = "Use this function of the object as the policy or actor. Needed only if the object has several." },
	{ 0 }
};

static const struct option_desc load_options[] = {
	{ "name", 'n', TEXT(name), .value = "NAME",
	  .help = "Keep the policy or actor under this name. Without this option: the name of the object file." },
	{ 0 }
};

static const struct option_desc unload_options[] = {
	{ "force", 'f', FLAG(force),
	  .help = "Detach it from all rings first." },
	{ 0 }
};

static const struct option_desc attach_options[] = {
	{ "pid", 'p', NUMBER(pid, 1, INT_MAX), .value = "PID",
	  .complete = COMPLETE_PID,
	  .help = "The process that has the ring." },
	{ "fd", 0, NUMBER(fd, 0, INT_MAX), .value = "FD",
	  .help = "The ring's descriptor in that process; needed only if it has several rings." },
	{ "slot", 's', NUMBER(slot, 0, 15), .value = "SLOT",
	  .help = "The slot, 0 to 15; the default is 0. The policies in slot 0 apply to every chain that names no other slot. Policies and actors have separate slots." },
	{ "first", 0, FLAG(first),
	  .help = "Ask the policy before all others of the slot. Without --first, --before and --after it is asked last." },
	{ "before", 0, TEXT(before), .value = "POLICY|LINK",
	  .complete = COMPLETE_POLICY,
	  .help = "Ask the new policy directly before this policy of the slot." },
	{ "after", 0, TEXT(after), .value = "POLICY|LINK",
	  .complete = COMPLETE_POLICY,
	  .help = "Ask the new policy directly after this policy of the slot." },
	{ "events", 'e', TEXT(events), .value = "EVENT,...",
	  .complete = COMPLETE_EVENTS,
	  .help = "Events to report besides failures: before-step, before-exec, done, clone, miss, execed (see 'spawnpol help events'). Without this option: those that the policy asks for." },
	{ 0 }
};

static const struct option_desc actor_options[] = {
	{ "in-flight", 0, NUMBER(in_flight, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Requests that an actor can have in flight. Without this option: the number that its object file states, or 64." },
	{ "total", 0, NUMBER(total, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Requests that an actor can stage in total. Without this option: any number." },
	{ "state", 0, NUMBER(state_size, 1, UINT32_MAX), .value = "BYTES",
	  .help = "Size of an actor's state. Without this option: the size that its object file states." },
	{ 0 }
};

static const struct option_desc rings_options[] = {
	{ "pid", 'p', NUMBER(pid, 1, INT_MAX), .value = "PID",
	  .complete = COMPLETE_PID,
	  .help = "Only the rings of this process." },
	{ 0 }
};

static const struct option_desc budget_options[] = {
	{ "max-issues", 0, NUMBER(max_issues, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Retries and staged requests of one chain. Without this option: 1024, or more if the search of a longer PATH needs more." },
	{ "max-staged", 0, NUMBER(max_staged, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Requests that one run of the policy can stage." },
	{ "max-delay", 0, DURATION(max_delay_ns), .value = "TIME",
	  .help = "Sum of the delays of one chain, as in 10ms, 1.5s, 1m." },
	{ 0 }
};

static const struct option_desc run_options[] = {
	{ "policy", 'p', TEXT(policy), .value = "NAME",
	  .complete = COMPLETE_POLICY,
	  .help = "Spawn under this loaded policy." },
	{ "object", 'o', TEXT(object), .value = "OBJECT",
	  .complete = COMPLETE_OBJECT,
	  .help = "Spawn under the policy in this object, loaded for this one spawn. Without --policy, --object and --no-policy: the default policy, spawn_policy." },
	{ "no-policy", 0, FLAG(no_policy),
	  .help = "Spawn without a policy. This needs no privileges. The first step that fails ends the launch. A command name without a slash is searched in $PATH, as execvp(3) does." },
	{ 0 }
};

static const struct option_desc jobs_options[] = {
	{ "jobs", 'j', NUMBER(jobs, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Run at most COUNT commands at once: 1 to 1024. Without this option: one for each available processor. After jobs, \"-j\" is this option; for JSON, use --json, or -j before the command: spawnpol -j jobs." },
	{ "keep-going", 0, FLAG(keep_going),
	  .help = "Start the other commands even if one has failed; the same as --halt never." },
	{ "halt", 0, TEXT(halt), .value = "now|soon|never",
	  .complete = COMPLETE_WORDS, .words = "now soon never",
	  .help = "Choose what happens after a command has failed. now sends SIGTERM to the running commands, soon (the default) waits for them, and neither starts more commands. never also starts the remaining ones." },
	{ "keep-order", 'k', FLAG(keep_order),
	  .help = "Show the output of commands in the order of the file, not in the order in which they end." },
	{ "ungroup", 'u', FLAG(ungroup),
	  .help = "Let commands write directly to standard output and standard error, where their output can mix." },
	{ "progress", 0, FLAG(progress),
	  .help = "Show on standard error how many commands are done, even if it is not a terminal." },
	{ "dry-run", 'n', FLAG(dry_run),
	  .help = "Print the commands without running them. This needs no privileges." },
	{ 0 }
};

static const struct option_desc supervise_options[] = {
	{ "restart", 'r', NUMBER(restart, 0, 64), .value = "COUNT",
	  .help = "Give up when the program would be started again more than COUNT times within the time of --within: 0 to 64, by default 5." },
	{ "within", 'w', DURATION(within_ns), .value = "TIME",
	  .help = "The time in which --restart counts, by default 10s. 0 allows any number of restarts, unless --restart is 0. After a run longer than TIME, the delay is MIN again." },
	{ "delay", 'd', TEXT(delay), .value = "MIN..MAX",
	  .help = "Wait for MIN before the first restart, and twice as long before each further one, up to MAX, which is at most 32768 times MIN. A single TIME is used before each restart; 0 is no delay. A MIN of 0 is 1ms. The default is 100ms..10s." },
	{ "on-failure", 0, FLAG(on_failure),
	  .help = "Start the program again if it has failed: the default." },
	{ "always", 'a', FLAG(always),
	  .help = "Start the program again even if it has exited with status 0." },
	{ 0 }
};

static const struct option_desc test_options[] = {
	{ "policy", 'p', TEXT(policy), .value = "NAME",
	  .complete = COMPLETE_POLICY,
	  .help = "Test this loaded policy or actor." },
	{ "object", 'o', TEXT(object), .value = "OBJECT",
	  .complete = COMPLETE_OBJECT,
	  .help = "Test the policy or actor in this object, loaded only for the test. Without --policy and --object: the default policy, with the options below." },
	{ "table", 't', TEXT(table), .value = "FILE", .complete = COMPLETE_FILE,
	  .help = "Take the situations from FILE, one per line; - is standard input." },
	{ "events", 'e', TEXT(events), .value = "EVENT,...",
	  .complete = COMPLETE_EVENTS,
	  .help = "Test the policy as if it were attached with these events besides failures. Without this option: those that the policy asks for. The kernel reports no other events, so a situation with another event fails." },
	{ 0 }
};

static const struct option_desc trace_options[] = {
	{ "pid", 'p', NUMBER(pid, 1, INT_MAX), .value = "PID",
	  .complete = COMPLETE_PID,
	  .help = "Only chains and actors of this process, or the chain of this child. The trace ends when the process ends." },
	{ "link", 'l', NUMBER(link, 1, UINT32_MAX), .value = "LINK",
	  .help = "Only chains and actors under this link." },
	{ "chain", 0, NUMBER(chain, 1, UINT32_MAX), .value = "CHAIN",
	  .help = "Only the chain with this number." },
	{ "program", 0, TEXT(executes), .value = "NAME", .complete = COMPLETE_COMMAND,
	  .help = "Only chains that try to execute NAME, a path or the last part of one. At the first try, the chain is shown from its beginning." },
	{ "failed", 0, FLAG(failed),
	  .help = "Only chains that end without a program, and the ends of actors that fail. A chain is shown after its end." },
	{ "actors", 'a', FLAG(actors),
	  .help = "Only actors." },
	{ "count", 'c', NUMBER(count, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Stop after COUNT of the chains shown have ended, or after COUNT lines of actors (runs and ends)." },
	{ 0 }
};

static const struct option_desc help_options[] = {
	{ "man", 0, FLAG(man),
	  .help = "Print the command section of the man page instead." },
	{ 0 }
};

const struct command commands[] = {
	{ "probe", "", "show what this kernel can do, and how to get what it cannot",
	  "Checks each feature that spawning under policies needs. Exits with 3 if the kernel lacks one. A missing part of the set-up (a mount, a privilege) and missing support for actors (IORING_OP_BPF), which policies do not need, are reported and do not change the exit status.",
	  do_probe, .max_args = 0 },
	{ "load", "OBJECT", "verify a policy or an actor and keep it in the kernel",
	  "Loads the policy or actor (IORING_OP_BPF) in the object file OBJECT and pins it, with its maps, in the BPF file system, where attach finds it. A name without a slash that is not a file in the working directory is looked up among the installed objects. The options configure the default policy, spawn_policy; objects without its configuration reject them. All commands take an actor where they take a policy, unless their help says otherwise.",
	  do_load, 1, 1, .options = { load_options, policy_options },
	  .complete = COMPLETE_OBJECT },
	{ "unload", "NAME", "remove a loaded policy or actor",
	  "Fails while the policy or actor is attached to a ring, by this tool or another program, unless --force is given. If its program is no longer pinned, unload removes the remaining pins.",
	  do_unload, 1, 1, .options = { unload_options },
	  .complete = COMPLETE_POLICY },
	{ "attach", "NAME", "attach a loaded policy or actor to a process's ring",
	  "The process does not take part and is not told. The link is pinned in the directory of the policy and stays when this tool ends. Its number is printed for use with update and detach.\n\nA slot can have several policies. The kernel asks them in order, until one gives a verdict other than PASS. Attach a policy that restricts with --first: after a policy that decides, it would not be asked. Attach the default policy, which never passes, last.\n\nA slot for actors takes one actor. The IORING_OP_BPF requests of the process that name the slot run it.",
	  do_attach, 1, 1, .options = { attach_options, budget_options, actor_options },
	  .complete = COMPLETE_POLICY },
	{ "update", "LINK NAME", "replace the policy or actor of a link",
	  "The replacement also applies to running chains and actors at once. The link keeps its position in its slot, and an actor keeps its state.",
	  do_update, 2, 2, .complete = COMPLETE_POLICY },
	{ "detach", "LINK", "take a link off its ring",
	  "Running chains continue without the policy. Running actors end: the kernel cancels their requests in flight, and they complete with ENOLINK.",
	  do_detach, 1, .max_args = 1 },
	{ "list", "[NAME]", "show loaded policies and actors, links and their counters",
	  "For a policy, list shows the events it asks for, and its options if it is the default policy, or its constants. For an actor, it shows the state and the requests in flight that it needs, and its constants; for each of its links, how many actors run, and their limits. A link is listed under the policy whose program it has, even if another program made the link. Without NAME, links with programs that this tool did not load are listed, too. Links whose ring is gone are listed until they are detached. The command rings shows rings and their kept children.",
	  do_list, .max_args = 1, .complete = COMPLETE_POLICY },
	{ "rings", "", "show which processes have rings, and what is attached to them",
	  "Any ring can spawn, except one with IORING_SETUP_IOPOLL; other processes cannot see that flag. Rings are found by their descriptors. A ring that is only registered with its thread is found if it is mapped. If it has a policy, that policy is shown with the process that holds its link. Slots for actors are shown with their program, the number of running actors, and the number of their requests in flight. Kept children of a ring (spawnpol_child(3), spawnpol_pool(3)) are counted: those that wait for a chain, and those that run one. With --json each has its number and its pid. This command only reads the state of rings and submits nothing.",
	  do_rings, 0, 0, .options = { rings_options } },
	{ "run", "COMMAND [ARG...]", "spawn one command, under a policy or without",
	  "At most one policy applies. To use several in a slot, attach them to the ring of a running process. The command gets this tool's descriptors and environment. Options under the titles Files to Launching describe the launch. The child does the steps in the order given: a relative path after --chdir is relative to that directory. A file that is opened only for a step gets the lowest free number from 3 on that no option names, and is closed when the program starts. The exit status is the command's, or 128 plus the number of the signal that ended it. It is 127 if the program was not found, and 126 if another step failed; spawnpol then names the step and its error. 1, 2 and 3 can also be spawnpol's own status, before it has spawned anything; with --json, a line on standard error tells which.",
	  do_run, 1, -1, .stops_at_argument = true,
	  .options = { run_options, policy_options, budget_options,
		       run_launch_options[0], run_launch_options[1],
		       run_launch_options[2], run_launch_options[3],
		       run_launch_options[4], run_launch_options[5] },
	  .complete = COMPLETE_COMMAND },
	{ "jobs", "FILE", "run the commands of a file, several at once",
	  "Each line of FILE, or of standard input for -, is a command for /bin/sh -c; blank lines are ignored. An actor starts the commands and waits for them, while this tool sleeps. A command has its own process group, an empty standard input, the ids and capabilities of this tool, and the signal dispositions and mask that this tool was started with. Its output is kept in a file and shown when the command has ended.\n\nThe exit status is the number of commands that were not started, were ended by a signal, or exited with a status other than 0. It is 101 for more than 100. A line on standard error reports each. 1, 2 and 3 can also be spawnpol's own status; it then says why. SIGINT, SIGTERM, SIGHUP and SIGQUIT end the jobs: spawnpol starts no more commands, passes the signal on to the running ones, and exits with 128 plus its number when all have ended. It passes on further such signals as well. SIGTSTP stops this tool and the commands, and SIGCONT continues them. If the reader closes standard output, the running commands get SIGTERM, and the exit status is 128 plus SIGPIPE. With --json, standard error has a line with an object for each command, and a last one with their numbers. This command needs the rights to load programs (CAP_BPF and CAP_PERFMON).",
	  do_jobs, 1, 1, .options = { jobs_options }, .complete = COMPLETE_FILE },
	{ "supervise", "PROGRAM [ARG...]", "start a program again when it has ended",
	  "An actor starts the program, waits for its end, and starts it again if it has failed, while this tool sleeps. A name without a slash is searched in $PATH, as execvp(3) does. The program has the descriptors, environment, ids and capabilities of this tool, and the signal dispositions and mask that this tool was started with.\n\nSignals are passed on to the program. After SIGINT, SIGTERM or SIGQUIT, and after the terminal has hung up, it is not started again. The exit status is that of the last run, or 128 plus the number of the signal that ended it, also if spawnpol gives up. It is 127 if the program was not found, and 126 if it cannot be executed. 1, 2 and 3 can also be spawnpol's own status; it then says why. Lines on standard error report ends and starts, with --json as one object each. This command needs the rights to load programs (CAP_BPF and CAP_PERFMON).",
	  do_supervise, 1, -1, .stops_at_argument = true,
	  .options = { supervise_options }, .complete = COMPLETE_COMMAND },
	{ "test", "[SITUATION...]", "ask a policy or an actor about described situations",
	  "Runs the policy on a situation and prints its verdict, the requests that it staged, and the scratch area. SITUATION is EVENT STEP[:RESULT] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]: see SITUATIONS in spawnpol(8), or 'spawnpol help situations'. The exit status is 1 if a verdict is not the expected one, or if the kernel would never ask the policy in this situation. No program is started. This command needs the patched kernel and the right to load policies.\n\nAn actor is run likewise, on situations such as: start args=3,4096, then cqe read:4096 expect wait staged=read. The form is [then] EVENT [REQUEST[:RESULT]] [KEY=VALUE...] [expect ...] (see 'spawnpol help actor-situations'). Requests that the actor has staged in earlier situations are in flight; a situation with the completion of another request fails. For a single situation, the state is printed last, as 64-bit numbers.",
	  do_test, 0, -1, .options = { test_options, policy_options } },
	{ "trace", "", "show steps, verdicts and runs of actors as they happen",
	  "Prints a line for each request and each verdict, with the time of day and the time since the chain began. A verdict has the name under which its policy was loaded, or the name of the BPF program. Each request that a policy stages has its own line and name. The last line of a chain tells why it ended: a failed step, the policy, a deadline, a cancellation, the end of the launcher. trace says on standard error when it is ready, and runs until it is interrupted. With --json, each line is an object.\n\nAn actor is identified by its user_data and its ring. It has a line for each run: why it ran, the completion that it was told, its verdict, and how many requests and CQEs it has staged and posted. Its last line has the result with which it completed.",
	  do_trace, 0, 0, .options = { trace_options } },
	{ "help", "[COMMAND|TOPIC]", "explain the tool or a command, or list names",
	  "The topics operations, events and verdicts list the names that options such as --on and --events take; situations lists the words of test. The topics for actors are requests, actor-events, actor-verdicts and actor-situations.",
	  do_help, 0, 1, .options = { help_options },
	  .complete = COMPLETE_TOPIC },
	{ "version", "", "print the versions of tool and kernel interface", "",
	  do_version, .max_args = 0 },
	{ "completion", "SHELL [WORD...]", "print the completion script for a shell",
	  "SHELL is bash. For use in ~/.bashrc: source <(spawnpol completion bash). The script calls this command with the WORDs of a command line; it then prints the candidates for the last word, one per line, or :file, :directory or :command.",
	  do_completion, 1, -1, .stops_at_argument = true, .complete = COMPLETE_WORDS, .words = "bash" },
	{ 0 }
};

static int dispatch(struct tool *t)
{
	if (t->set.version)
		return do_version(t);
	if (t->set.help)
		return help_print(t, t->command, stdout);
	if (t->command)
		return t->command->run(t);
	if (t->set.json)
		return misuse(t, "which command?");
	help_print(t, NULL, stderr);
	t->status = EXIT_USAGE;
	return 0;
}

int main(int argc, char **argv)
{
	struct tool t = { .set = {
		.fd = NOT_GIVEN, .restart = NOT_GIVEN, .within_ns = UINT64_MAX,
	} };
	int ret;

	/* what it says is part of the tool's own messages, where it helps */
	libbpf_set_print(NULL);
	ret = streams_reserve();
	run_options_init();
	if (ret)
		ret = fail(&t, ret, "cannot open /dev/null in the place of a standard stream");
	if (!ret)
		ret = options_parse(&t, argc, argv);
	if (!ret)
		ret = dispatch(&t);
	if (!ret)
		ret = output_finish(&t);
	/* an error that is not recorded is an error all the same */
	if (ret && !t.problem.status)
		fail(&t, ret, "%s failed", t.command ? t.command->name : TOOL_NAME);
	if (ret) {
		problem_print(&t);
		t.status = t.problem.status;
	}
	problem_free(&t);
	return t.status;
}
