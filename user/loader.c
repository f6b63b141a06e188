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
	  .help = "Print JSON, errors too: an object with the one member error." },
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
	  .help = "Issue a step that failed with ERRNO again, COUNT times at most, waiting DELAY before each. Can be repeated. What all rules can wait and issue for one step must be within the budgets." },
	{ "on", 0, TEXTS(on), .value = "OP:ERRNO=VERDICT",
	  .complete = COMPLETE_RULE,
	  .help = "What becomes of a failed step when retries and search are used up: OP is exec, open, dup, chdir ... or any ('spawnpol help operations' lists them); ERRNO is a name of errno(3) or any; VERDICT is continue, retry, skip or abort. The first match counts. Can be repeated." },
	{ "errors", 0, TEXT(errors), .value = "glibc|posix",
	  .complete = COMPLETE_WORDS, .words = "glibc posix",
	  .help = "Whose rules tell which failures let the search go on: those of glibc's execvp (default) or of POSIX." },
	{ "shell", 0, .type = OPTION_MAYBE_TEXT, FIELD(shell),
	  .value = "PATH", .complete = COMPLETE_FILE,
	  .help = "Run a file without a known format (ENOEXEC) through PATH, /bin/sh by default, as execvp does." },
	{ "remember", 0, DURATION(remember_ns), .value = "TIME",
	  .help = "For so long, try the directory first in which a name was found: 10s, 1m. Within that time a program that newly appears in an earlier directory is not seen. The policy then asks for the event execed. Without this option every search begins with the first directory." },
	{ "function", 0, TEXT(function), .value = "NAME",
	  .help = "Which function of the object is the policy, or the program of the actor, if it has several." },
	{ 0 }
};

static const struct option_desc load_options[] = {
	{ "name", 'n', TEXT(name), .value = "NAME",
	  .help = "Name that the policy or actor is kept under; otherwise that of the object file." },
	{ 0 }
};

static const struct option_desc unload_options[] = {
	{ "force", 'f', FLAG(force),
	  .help = "Detach it first, wherever it is attached." },
	{ 0 }
};

static const struct option_desc attach_options[] = {
	{ "pid", 'p', NUMBER(pid, 1, INT_MAX), .value = "PID",
	  .complete = COMPLETE_PID,
	  .help = "The process that has the ring." },
	{ "fd", 0, NUMBER(fd, 0, INT_MAX), .value = "FD",
	  .help = "The ring's descriptor in that process; needed only if it has several rings." },
	{ "slot", 's', NUMBER(slot, 0, 15), .value = "SLOT",
	  .help = "The slot, 0 to 15. The policies in slot 0, the default, apply to every chain that names no other. Slots of policies and those of actors are apart." },
	{ "first", 0, FLAG(first),
	  .help = "Ask the policy before all others of the slot. Without this option, --before and --after it is asked last." },
	{ "before", 0, TEXT(before), .value = "POLICY|LINK",
	  .complete = COMPLETE_POLICY,
	  .help = "Ask it directly before this policy of the slot." },
	{ "after", 0, TEXT(after), .value = "POLICY|LINK",
	  .complete = COMPLETE_POLICY,
	  .help = "Ask it directly after this policy of the slot." },
	{ "events", 'e', TEXT(events), .value = "EVENT,...",
	  .complete = COMPLETE_EVENTS,
	  .help = "Events to report besides failures: before-step, before-exec, done, clone, miss, execed (see 'spawnpol help events'). Without this option: those that the policy asks for." },
	{ 0 }
};

static const struct option_desc actor_options[] = {
	{ "in-flight", 0, NUMBER(in_flight, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Of an actor: requests that it has in flight at most. Without this option: what its program says, or else 64." },
	{ "total", 0, NUMBER(total, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Of an actor: requests that it stages in all. Without this option: any number." },
	{ "state", 0, NUMBER(state_size, 1, UINT32_MAX), .value = "BYTES",
	  .help = "Of an actor: its memory. Without this option: what its program says." },
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
	  .help = "Retries and staged requests that one chain may use up. Without this option: 1024, or what the search of a longer PATH needs." },
	{ "max-staged", 0, NUMBER(max_staged, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Requests that one run of the policy may stage." },
	{ "max-delay", 0, DURATION(max_delay_ns), .value = "TIME",
	  .help = "Sum of the delays of one chain: 10ms, 1.5s, 1m." },
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
	  .help = "Spawn without a policy. This needs no privileges. The first error of a step ends the launch; a command name without a slash is searched in $PATH, as execvp(3) does." },
	{ 0 }
};

static const struct option_desc jobs_options[] = {
	{ "jobs", 'j', NUMBER(jobs, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Run at most so many commands at once: 1 to 1024. Without this option: one for each processor that may be used. With this command, \"-j\" is this option, and JSON is asked for by --json or before the command: spawnpol -j jobs." },
	{ "keep-going", 0, FLAG(keep_going),
	  .help = "Start the other commands also after one has failed; the same as --halt never." },
	{ "halt", 0, TEXT(halt), .value = "now|soon|never",
	  .complete = COMPLETE_WORDS, .words = "now soon never",
	  .help = "What becomes of the others when one has failed: now sends SIGTERM to those that run; soon, the default, waits for them; both start no more. never goes on." },
	{ "keep-order", 'k', FLAG(keep_order),
	  .help = "Show what commands have written in the order of the file, not in that of their ends." },
	{ "ungroup", 'u', FLAG(ungroup),
	  .help = "Let commands write to standard output and error as they run, mixed as it comes." },
	{ "progress", 0, FLAG(progress),
	  .help = "Tell on standard error how many are done, also if that is no terminal." },
	{ "dry-run", 'n', FLAG(dry_run),
	  .help = "Print the commands, and run none. This needs no privileges." },
	{ 0 }
};

static const struct option_desc supervise_options[] = {
	{ "restart", 'r', NUMBER(restart, 0, 64), .value = "COUNT",
	  .help = "Give up instead of starting the program again for more than COUNT times within the time of --within: 0 to 64, 5 without this option." },
	{ "within", 'w', DURATION(within_ns), .value = "TIME",
	  .help = "The time that --restart counts in: 10s without this option; 0 for any number of restarts, unless --restart is 0. After a run that was longer, the delays begin with the first again." },
	{ "delay", 'd', TEXT(delay), .value = "MIN..MAX",
	  .help = "Wait for MIN before the program is started again, then each time for twice as long, at most MAX, which can be 32768 times MIN; or always for one TIME. A MIN of 0 is 1ms. 100ms..10s without this option; 0 for no delay." },
	{ "on-failure", 0, FLAG(on_failure),
	  .help = "Start it again if it has failed: the default." },
	{ "always", 'a', FLAG(always),
	  .help = "Start it again also if it has exited with status 0." },
	{ 0 }
};

static const struct option_desc test_options[] = {
	{ "policy", 'p', TEXT(policy), .value = "NAME",
	  .complete = COMPLETE_POLICY,
	  .help = "Test this loaded policy or actor." },
	{ "object", 'o', TEXT(object), .value = "OBJECT",
	  .complete = COMPLETE_OBJECT,
	  .help = "Test the policy or actor in this object, loaded for the test alone. Without --policy and --object: the default policy, with the options below." },
	{ "table", 't', TEXT(table), .value = "FILE", .complete = COMPLETE_FILE,
	  .help = "Take the situations from FILE, one a line; - is standard input." },
	{ "events", 'e', TEXT(events), .value = "EVENT,...",
	  .complete = COMPLETE_EVENTS,
	  .help = "Events that the policy is to be attached with, besides failures. Without this option: those that the policy asks for. The kernel asks about no others, so a situation with another event fails." },
	{ 0 }
};

static const struct option_desc trace_options[] = {
	{ "pid", 'p', NUMBER(pid, 1, INT_MAX), .value = "PID",
	  .complete = COMPLETE_PID,
	  .help = "Only chains and actors of this process, or the chain of this child. The trace ends when the process does." },
	{ "link", 'l', NUMBER(link, 1, UINT32_MAX), .value = "LINK",
	  .help = "Only chains and actors under this link." },
	{ "chain", 0, NUMBER(chain, 1, UINT32_MAX), .value = "CHAIN",
	  .help = "Only the chain of this number." },
	{ "program", 0, TEXT(executes), .value = "NAME", .complete = COMPLETE_COMMAND,
	  .help = "Only chains that try to execute NAME, a path or the last part of one. A chain is shown from its beginning once it does." },
	{ "failed", 0, FLAG(failed),
	  .help = "Only chains that end without a program, and the ends of actors that fail. A chain is shown when it has ended." },
	{ "actors", 'a', FLAG(actors),
	  .help = "Only actors." },
	{ "count", 'c', NUMBER(count, 1, UINT32_MAX), .value = "COUNT",
	  .help = "Stop when so many of the chains shown have ended, or so many lines of actors were shown: runs and ends." },
	{ 0 }
};

static const struct option_desc help_options[] = {
	{ "man", 0, FLAG(man),
	  .help = "Print the command section of the man page instead." },
	{ 0 }
};

const struct command commands[] = {
	{ "probe", "", "tell what this kernel can do, why not, and the remedy",
	  "Checks each feature that spawning under policies needs. Exits with 3 if the kernel lacks one; what is only missing in the set-up (a mount, a privilege) is reported and does not change the status, and neither do actors (IORING_OP_BPF), which policies can do without.",
	  do_probe, .max_args = 0 },
	{ "load", "OBJECT", "verify a policy or an actor and keep it in the kernel",
	  "Loads the policy or the program of an actor (IORING_OP_BPF) in the object file OBJECT and pins it, with its maps, under the BPF file system, where attach finds it. A name without a slash that is no file here is looked up among those that are installed. The options describe the default policy, spawn_policy; objects without its configuration refuse them. All commands take an actor where they take a policy, unless they say otherwise.",
	  do_load, 1, 1, .options = { load_options, policy_options },
	  .complete = COMPLETE_OBJECT },
	{ "unload", "NAME", "remove a loaded policy or actor",
	  "Refused while it is attached to a ring, also by another program, unless --force is given. If its program is no longer pinned, this removes what is left of it.",
	  do_unload, 1, 1, .options = { unload_options },
	  .complete = COMPLETE_POLICY },
	{ "attach", "NAME", "attach a loaded policy or actor to a process's ring",
	  "The process needs to do nothing, and need not know. The link is pinned in the directory of the policy and stays when this tool ends; it is printed for use with update and detach.\n\nA slot can have several policies. They are asked in their order, until one gives a verdict other than PASS: attach a policy that restricts with --first, and the default policy, which does not pass, last. A policy after one that decides is not asked: there, one that restricts would refuse nothing.\n\nA slot for actors takes one program, which the requests IORING_OP_BPF of the process that name the slot run.",
	  do_attach, 1, 1, .options = { attach_options, budget_options, actor_options },
	  .complete = COMPLETE_POLICY },
	{ "update", "LINK NAME", "replace the policy or actor of a link",
	  "Chains and actors that are under way follow at once. The link keeps its position in its slot, and an actor its state.",
	  do_update, 2, 2, .complete = COMPLETE_POLICY },
	{ "detach", "LINK", "take a link off its ring",
	  "Chains that are under way go on without a policy. Actors that run are ended: what they have in flight is cancelled, and they complete with ENOLINK.",
	  do_detach, 1, .max_args = 1 },
	{ "list", "[NAME]", "show loaded policies and actors, links and their counters",
	  "With each policy: the events it asks for, and how it is set up, which are the options of the default policy and the constants of others. With an actor: the state and the requests in flight that it needs, and its constants; with its links: how many run, and their limits. A link is shown with the policy whose program it has, whoever made it; without NAME, also links with programs that were not loaded with this tool. Links whose ring is gone are shown until they are detached. Rings, and the children that the kernel keeps for them, are shown by rings.",
	  do_list, .max_args = 1, .complete = COMPLETE_POLICY },
	{ "rings", "", "show which processes have rings, and what is attached to them",
	  "Any ring can spawn, except that one made with IORING_SETUP_IOPOLL cannot, which is not to be seen from outside. Rings are found by their descriptors. Of a ring that is only registered with its thread, nothing can be seen unless it is mapped or has a policy: such a policy is shown with the process that holds its link. Actors are shown with the program of their slot: how many run, and how many requests they have in flight. Children that the kernel keeps for a ring (spawnpol_child(3), spawnpol_pool(3)) are counted: those that wait for a chain, and those that run one. With --json each has its number and its pid. The rings are only looked at, not used.",
	  do_rings, 0, 0, .options = { rings_options } },
	{ "run", "COMMAND [ARG...]", "spawn one command, under a policy or without",
	  "There is one policy at most. To see several in a slot, attach them to the ring of a running process. The command gets this tool's descriptors and environment. Options under the titles Files to Launching describe the launch; the child does the steps in the order given, so that a relative path after --chdir is relative to that directory. Files that are only opened for a step have the lowest numbers from 3 on that are free and that no option names, and are closed when the program starts. The exit status is the command's, or 128 plus the number of the signal that ended it. 127 means that the program was not found, 126 that another step failed; spawnpol then names the step and its error. 1, 2 and 3 may also be spawnpol's own, before anything was spawned; with --json a report on standard error, one line, tells the difference.",
	  do_run, 1, -1, .stops_at_argument = true,
	  .options = { run_options, policy_options, budget_options,
		       run_launch_options[0], run_launch_options[1],
		       run_launch_options[2], run_launch_options[3],
		       run_launch_options[4], run_launch_options[5] },
	  .complete = COMPLETE_COMMAND },
	{ "jobs", "FILE", "run the commands of a file, so many at once",
	  "Each line of FILE, or of standard input for -, is a command, which /bin/sh -c runs; blank lines are none. An actor starts them and waits for them, while this tool sleeps. A command has a process group of its own, nothing to read on standard input, and the signals that this tool was started with. What it writes is kept in a file until it has ended, and shown then as a whole.\n\nThe exit status is the number of commands that have failed: were not started, were ended by a signal, or exited with another status than 0. It is 101 for more than 100. A line on standard error tells of each. SIGINT, SIGTERM, SIGHUP and SIGQUIT end the jobs: no more are started, those that run get the signal, and the exit status is 128 plus its number when all have ended. Another such signal is passed on to those that still run. SIGTSTP stops this tool and the commands, and SIGCONT continues them. When standard output is closed by its reader, the jobs end with SIGTERM, and the exit status is 128 plus SIGPIPE. With --json there is an object for each command on standard error, a line each, and a last one with their numbers. 1, 2 and 3 may also be spawnpol's own; it then says why. It needs the rights to load programs (CAP_BPF and CAP_PERFMON), and commands have the ids and capabilities of this tool.",
	  do_jobs, 1, 1, .options = { jobs_options }, .complete = COMPLETE_FILE },
	{ "supervise", "PROGRAM [ARG...]", "start a program again when it has ended",
	  "An actor starts the program, waits for its end, and starts it again if it has failed, while this tool sleeps. A name without a slash is searched in $PATH, as execvp(3) does. The program gets this tool's descriptors, environment and signals.\n\nSignals are passed on to the program. With SIGINT, SIGTERM and SIGQUIT, and when the terminal is gone, it is not started again. The exit status is that of the last run, or 128 plus the number of the signal that ended it, also if spawnpol gives up; 127 means that the program was not found, 126 that it cannot be executed. Lines on standard error tell of ends and starts, with --json an object each. 1, 2 and 3 may also be spawnpol's own; it then says why. It needs the rights to load programs (CAP_BPF and CAP_PERFMON), and the program has the ids and capabilities of this tool.",
	  do_supervise, 1, -1, .stops_at_argument = true,
	  .options = { supervise_options }, .complete = COMPLETE_COMMAND },
	{ "test", "[SITUATION...]", "ask a policy or an actor about described situations",
	  "Runs the policy on a situation and prints its verdict, what it staged, and the scratch area. SITUATION is EVENT STEP[:RESULT] [KEY=VALUE...] [expect VERDICT [KEY=VALUE...]]: see SITUATIONS in spawnpol(8), or 'spawnpol help situations'. If a verdict is not the expected one, or the kernel would never ask the policy this, the exit status is 1. Nothing is started; it needs the patched kernel and the right to load policies.\n\nThe program of an actor is run likewise, on situations of its own, [then] EVENT [REQUEST[:RESULT]] [KEY=VALUE...] [expect ...], such as: start args=3,4096, then cqe read:4096 expect wait staged=read (see 'spawnpol help actor-situations'). What it has staged before is in flight then; a completion of anything else is a failure. After it stands the state, as numbers of 64 bits, if there is one situation.",
	  do_test, 0, -1, .options = { test_options, policy_options } },
	{ "trace", "", "show steps, verdicts and runs of actors as they happen",
	  "A line for each request and each verdict, with the time of day and the time since the chain began. A verdict names its policy, as it was loaded, or else its program. Each request that a policy stages has its line, under its own name. The line of a chain's end tells its cause: a step that failed, the policy, a deadline, a cancellation, the end of the launcher. Says on standard error when it is ready, and goes on until it is interrupted. With --json each line is an object of its own.\n\nAn actor has a line for each run of its program: why it ran, the completion that it was told, its verdict, and how much it has staged and posted. Another line tells with what it has completed. It is named by its user_data and its ring.",
	  do_trace, 0, 0, .options = { trace_options } },
	{ "help", "[COMMAND|TOPIC]", "explain the tool or a command, or list names",
	  "The topics are operations, events and verdicts, the names that options such as --on and --events take, and situations, which test takes. Those of actors are requests, actor-events, actor-verdicts and actor-situations.",
	  do_help, 0, 1, .options = { help_options },
	  .complete = COMPLETE_TOPIC },
	{ "version", "", "print the versions of tool and kernel interface", "",
	  do_version, .max_args = 0 },
	{ "completion", "SHELL [WORD...]", "print the completion script for a shell",
	  "SHELL is bash. For use in ~/.bashrc: source <(spawnpol completion bash). With WORDs, as the script asks: what can stand in the place of the last one of a line, one candidate per line, or :file, :directory or :command.",
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
