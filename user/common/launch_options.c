// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of options. To add an option, add a row here and the call of the library in
 * BUILD(). spawnpol(8) lists under NOTES which calls have no option, and why.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/prctl.h>
#include <sys/resource.h>

#include "launch_internal.h"

#define OPEN_MODE	0666	/* less the umask */
#define SCHED_POLICY_DEADLINE 6

/* In Debian 12 its header cannot be included together with sched.h. */
struct sched_attr {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
};

/* In a BUILD(): the chain and the arguments. */
#define CHAIN		(l->chain)
#define NUMBER(n)	(values->v[n].number)
#define TEXT(n)		(values->v[n].text)
#define SENT(n)		launch_files_number(l, NUMBER(n))
#define NUMBER_OR(n, other) \
	(values->v[n].given ? values->v[n].number : (uint64_t)(other))

#define BUILD(option, call)						\
	static int build_##option(struct launch *l,			\
				const struct values *values)		\
	{								\
		(void)values;						\
		return spawnpol_chain_##call;				\
	}

BUILD(stdin, open(CHAIN, 0, TEXT(0), O_RDONLY, 0))
BUILD(stdout, open(CHAIN, 1, TEXT(0), O_WRONLY | O_CREAT | O_TRUNC, OPEN_MODE))
BUILD(stderr, open(CHAIN, 2, TEXT(0), O_WRONLY | O_CREAT | O_TRUNC, OPEN_MODE))
BUILD(append_stdout, open(CHAIN, 1, TEXT(0), O_WRONLY | O_CREAT | O_APPEND, OPEN_MODE))
BUILD(append_stderr, open(CHAIN, 2, TEXT(0), O_WRONLY | O_CREAT | O_APPEND, OPEN_MODE))
BUILD(open, open(CHAIN, NUMBER(0), TEXT(2), NUMBER(1), OPEN_MODE))
BUILD(dup, dup(CHAIN, NUMBER(0), NUMBER(1)))
BUILD(close, close(CHAIN, NUMBER(0)))
BUILD(cloexec, cloexec(CHAIN, NUMBER(0), true))
BUILD(no_cloexec, cloexec(CHAIN, NUMBER(0), false))
BUILD(close_range, close_range(CHAIN, NUMBER(0), NUMBER_OR(1, ~0U)))
BUILD(close_except, close_except(CHAIN, values->fds, values->nr))
BUILD(chdir, chdir(CHAIN, TEXT(0)))
BUILD(fchdir, fchdir(CHAIN, SENT(0)))
BUILD(chroot, chroot(CHAIN, TEXT(0)))
BUILD(umask, umask(CHAIN, NUMBER(0)))
BUILD(setsid, setsid(CHAIN))
BUILD(setpgid, setpgid(CHAIN, NUMBER(0)))
BUILD(tcsetpgrp, tcsetpgrp(CHAIN, NUMBER(0), NUMBER_OR(1, 0)))
BUILD(sigmask, sigmask(CHAIN, &values->signals))
BUILD(sigdefault, sigdefault(CHAIN, &values->signals))
BUILD(sigignore, sigignore(CHAIN, &values->signals))
BUILD(setgroups, setgroups(CHAIN, values->ids, values->nr))
BUILD(setresgid, setresgid(CHAIN, NUMBER(0), NUMBER_OR(1, NUMBER(0)),
			   NUMBER_OR(2, NUMBER_OR(1, NUMBER(0)))))
BUILD(setresuid, setresuid(CHAIN, NUMBER(0), NUMBER_OR(1, NUMBER(0)),
			   NUMBER_OR(2, NUMBER_OR(1, NUMBER(0)))))
BUILD(capset, capset(CHAIN, NUMBER(0), NUMBER(1), NUMBER(2)))
BUILD(keep_caps, prctl(CHAIN, PR_SET_KEEPCAPS, 1, 0))
BUILD(securebits, prctl(CHAIN, PR_SET_SECUREBITS, NUMBER(0), 0))
BUILD(drop_bounding, prctl(CHAIN, PR_CAPBSET_DROP, NUMBER(0), 0))
BUILD(ambient, prctl(CHAIN, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NUMBER(0)))
BUILD(clear_ambient, prctl(CHAIN, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0))
BUILD(no_new_privs, prctl(CHAIN, PR_SET_NO_NEW_PRIVS, 1, 0))
BUILD(death_signal, prctl(CHAIN, PR_SET_PDEATHSIG, NUMBER(0), 0))
BUILD(undumpable, dumpable(CHAIN, false))
BUILD(landlock, landlock(CHAIN, SENT(0)))
BUILD(seccomp, seccomp(CHAIN, &((struct sock_fprog){
	.len = values->nr,
	.filter = (struct sock_filter *)values->code })))
BUILD(rlimit, rlimit(CHAIN, NUMBER(0), &((struct rlimit){
	.rlim_cur = NUMBER(1),
	.rlim_max = NUMBER_OR(2, NUMBER(1)) })))
BUILD(nice, nice(CHAIN, NUMBER(0)))
BUILD(sched, sched(CHAIN, &((struct sched_attr){
	.size = sizeof(struct sched_attr),
	.sched_policy = NUMBER(0),
	.sched_priority = NUMBER_OR(1, 0) })))
BUILD(sched_deadline, sched(CHAIN, &((struct sched_attr){
	.size = sizeof(struct sched_attr),
	.sched_policy = SCHED_POLICY_DEADLINE,
	.sched_runtime = NUMBER(0),
	.sched_deadline = NUMBER(1),
	.sched_period = NUMBER_OR(2, NUMBER(1)) })))
BUILD(affinity, affinity(CHAIN, values->nr, values->cpus))
BUILD(ioprio, ioprio(CHAIN, NUMBER(0) << IOPRIO_CLASS_SHIFT | NUMBER_OR(1, 0)))
BUILD(oom_score_adj, oom_score_adj(CHAIN, NUMBER(0)))
BUILD(timer_slack, prctl(CHAIN, PR_SET_TIMERSLACK, NUMBER(0), 0))
BUILD(subreaper, prctl(CHAIN, PR_SET_CHILD_SUBREAPER, 1, 0))
BUILD(unshare, unshare(CHAIN, NUMBER(0)))
BUILD(setns, setns(CHAIN, SENT(1), NUMBER(0)))
BUILD(may_fail, may_fail(CHAIN))
BUILD(program, program(CHAIN, TEXT(0)))
BUILD(search, search(CHAIN, TEXT(0), values->v[1].given ? TEXT(1) : NULL))
BUILD(program_fd, program_fd(CHAIN, SENT(0)))
BUILD(namespaces, namespaces(CHAIN, NUMBER(0)))
/* for CLONE, so by the number that it has in the launcher */
BUILD(cgroup, cgroup(CHAIN, l->fds[NUMBER(0)]))
BUILD(set_tid, set_tid(CHAIN, (const pid_t *)values->ids, values->nr))
BUILD(deadline, deadline(CHAIN, NUMBER(0)))
BUILD(cookie, cookie(CHAIN, NUMBER(0)))
BUILD(need_policy, need_policy(CHAIN, true))

static int build_pass(struct launch *l, const struct values *values)
{
	return launch_files_pass(l, NUMBER(0), NUMBER(1));
}

static int build_env(struct launch *l, const struct values *values)
{
	return launch_env_set(l, TEXT(0));
}

static int build_clear_env(struct launch *l, const struct values *values)
{
	(void)values;
	return launch_env_clear(l);
}

/* a launcher that attaches a policy for this launch needs the number, too */
static int build_slot(struct launch *l, const struct values *values)
{
	l->slot = NUMBER(0);
	return spawnpol_chain_slot(l->chain, l->slot);
}

#define OPTIONAL	.optional = true
#define ARGUMENT(kind, what, ...) \
	{ .type = &arg_##kind, .name = what, __VA_ARGS__ }
#define NAMED(kind, what, table, ...) \
	ARGUMENT(kind, what, .names = table##_names, __VA_ARGS__)
#define FROM(what, low, high, ...) \
	ARGUMENT(number, what, .min = (low), .max = (high), __VA_ARGS__)
#define FD(what)	ARGUMENT(fd, what, .max = INT_MAX)
#define PATH		ARGUMENT(path, "PATH")

#define STEP(command)	LAUNCH_STEP, SPAWNPOL_KIND_##command
#define FILE_PASSED	LAUNCH_FILE, SPAWNPOL_KIND_CLONE
#define ATTRIBUTE	LAUNCH_ATTRIBUTE, SPAWNPOL_KIND_CLONE
#define SETTING		LAUNCH_SETTING, SPAWNPOL_KIND_CLONE
#define REMARK		LAUNCH_REMARK, SPAWNPOL_KIND_CLONE

static const struct launch_option files[] = {
	{ "stdin", STEP(OPEN), build_stdin, { PATH },
	  "Open PATH as standard input." },
	{ "stdout", STEP(OPEN), build_stdout, { PATH },
	  "Open PATH as standard output; it is created or truncated." },
	{ "stderr", STEP(OPEN), build_stderr, { PATH },
	  "Open PATH as standard error output; it is created or truncated." },
	{ "append_stdout", STEP(OPEN), build_append_stdout, { PATH },
	  "Open PATH as standard output, to append; it is created if it does not exist." },
	{ "append_stderr", STEP(OPEN), build_append_stderr, { PATH },
	  "Open PATH as standard error output, to append; it is created if it does not exist." },
	{ "open", STEP(OPEN), build_open,
	  { FD("FD"), NAMED(some_of, "FLAGS", open_flag), PATH },
	  "Open PATH as descriptor FD. The mode of a new file is 0666 less the umask." },
	{ "dup", STEP(DUP), build_dup, { FD("FROM"), FD("TO") },
	  "Make descriptor TO a copy of descriptor FROM, as dup2(2) does. If both are the same, the program keeps the descriptor." },
	{ "pass", FILE_PASSED, build_pass, { FD("FD"), ARGUMENT(file, "FILE") },
	  "Open FILE for reading and pass it to the program as descriptor FD, which the child has from its beginning. Each FD can be passed once and must be below the launcher's limit (ulimit -n)." },
	{ "close", STEP(CLOSE), build_close, { FD("FD") },
	  "Close FD. The step fails if FD is not open." },
	{ "close_range", STEP(CLOSE_RANGE), build_close_range,
	  { FROM("FIRST", 0, UINT_MAX), FROM("LAST", 0, UINT_MAX, OPTIONAL) },
	  "Close FIRST to LAST, or all from FIRST on. LAST is not below FIRST." },
	{ "close_except", STEP(CLOSE_EXCEPT), build_close_except, { ARGUMENT(fds, "FD,...") },
	  "Close all descriptors but these, which need not be open." },
	{ "cloexec", STEP(CLOEXEC), build_cloexec, { FD("FD") },
	  "Close FD when the program starts." },
	{ "no_cloexec", STEP(CLOEXEC), build_no_cloexec, { FD("FD") },
	  "Do not close FD when the program starts." },
	{ "chdir", STEP(CHDIR), build_chdir, { PATH },
	  "Change to the directory PATH. Later steps find relative paths from there." },
	{ "fchdir", STEP(FCHDIR), build_fchdir, { ARGUMENT(place, "DIR") },
	  "Change to DIR, which is opened before the launch." },
	{ "chroot", STEP(CHROOT), build_chroot, { PATH },
	  "Make PATH the root directory. The working directory stays." },
	{ "umask", STEP(UMASK), build_umask, { ARGUMENT(octal, "MASK", .max = 0777) },
	  "Set the mask of permissions that new files do not get." },
	{ }
};

static const struct launch_option session[] = {
	{ "setsid", STEP(SETSID), build_setsid, { }, "Start a new session." },
	{ "setpgid", STEP(SETPGID), build_setpgid, { FROM("PGID", 0, INT_MAX) },
	  "Join process group PGID of the same session; 0 makes a new group." },
	{ "tcsetpgrp", STEP(TCSETPGRP), build_tcsetpgrp,
	  { FD("FD"), FROM("PGID", 0, INT_MAX, OPTIONAL) },
	  "Put process group PGID, or the child's own, in the foreground of terminal FD." },
	{ "sigmask", STEP(SIGMASK), build_sigmask, { ARGUMENT(signals, "SIGNAL,...") },
	  "Set the signals that are blocked when the program starts." },
	{ "sigdefault", STEP(SIGDEFAULT), build_sigdefault, { ARGUMENT(signals, "SIGNAL,...") },
	  "Give signals their default action." },
	{ "sigignore", STEP(SIGIGNORE), build_sigignore, { ARGUMENT(signals, "SIGNAL,...") },
	  "Ignore signals. KILL and STOP cannot be ignored." },
	{ "subreaper", STEP(PRCTL), build_subreaper, { },
	  "Make the program the parent of orphans among its descendants." },
	{ }
};

#define MAYBE_ID(what)	ARGUMENT(id, what, OPTIONAL)

static const struct launch_option credentials[] = {
	{ "setgroups", STEP(SETGROUPS), build_setgroups, { ARGUMENT(gids, "GID,...") },
	  "Set the supplementary groups." },
	{ "setresgid", STEP(SETRESGID), build_setresgid,
	  { ARGUMENT(id, "REAL"), MAYBE_ID("EFFECTIVE"), MAYBE_ID("SAVED") },
	  "Set the group ids. One that is not given is like the one before it." },
	{ "setresuid", STEP(SETRESUID), build_setresuid,
	  { ARGUMENT(id, "REAL"), MAYBE_ID("EFFECTIVE"), MAYBE_ID("SAVED") },
	  "Set the user ids. One that is not given is like the one before it. To drop privileges: setgroups, setresgid, setresuid, in this order." },
	{ "keep_caps", STEP(PRCTL), build_keep_caps, { },
	  "Keep the permitted capabilities when user ids change." },
	{ "capset", STEP(CAPSET), build_capset,
	  { NAMED(bits_of, "EFFECTIVE", capability),
	    NAMED(bits_of, "PERMITTED", capability),
	    NAMED(bits_of, "INHERITABLE", capability) },
	  "Set the capability sets." },
	{ "ambient", STEP(PRCTL), build_ambient,
	  { NAMED(one_of, "CAPABILITY", capability) },
	  "Add a capability to the ambient set. It must be permitted and inheritable." },
	{ "clear_ambient", STEP(PRCTL), build_clear_ambient, { },
	  "Clear the ambient set." },
	{ "drop_bounding", STEP(PRCTL), build_drop_bounding,
	  { NAMED(one_of, "CAPABILITY", capability) },
	  "Remove a capability from the bounding set." },
	{ "securebits", STEP(PRCTL), build_securebits,
	  { NAMED(some_of, "BIT,...", securebit) },
	  "Set the secure bits of capabilities(7)." },
	{ "no_new_privs", STEP(PRCTL), build_no_new_privs, { },
	  "Set no_new_privs: executing a program gives no privileges." },
	{ "seccomp", STEP(SECCOMP), build_seccomp, { ARGUMENT(filter, "FILE") },
	  "Set the seccomp filter whose code is in FILE: an array of struct sock_filter, as bwrap(1) takes it. It needs no-new-privs before it, or CAP_SYS_ADMIN." },
	{ "landlock", STEP(LANDLOCK), build_landlock, { ARGUMENT(file, "RULESET") },
	  "Restrict the program by the Landlock ruleset that is open as @N. It needs no-new-privs before it, or CAP_SYS_ADMIN." },
	{ "undumpable", STEP(DUMPABLE), build_undumpable, { },
	  "Start the program undumpable: unprivileged processes cannot trace it or read its core." },
	{ "death_signal", STEP(PRCTL), build_death_signal, { ARGUMENT(signal, "SIGNAL") },
	  "Set the signal that the program gets when the launcher ends. A change of ids clears it." },
	{ }
};

#define IO_LEVELS 8

static const struct launch_option limits[] = {
	{ "rlimit", STEP(RLIMIT), build_rlimit,
	  { NAMED(one_of, "RESOURCE", resource),
	    ARGUMENT(limit, "SOFT"), ARGUMENT(limit, "HARD", OPTIONAL) },
	  "Set a resource limit, in the units of setrlimit(2). HARD is SOFT if it is not given, and never less." },
	{ "nice", STEP(NICE), build_nice, { FROM("NICE", -20, 19) }, "Set the nice value." },
	{ "sched", STEP(SCHED), build_sched,
	  { NAMED(one_of, "POLICY", sched_policy), FROM("PRIORITY", 0, 99, OPTIONAL) },
	  "Set the scheduling policy; fifo and rr need a priority from 1 on. It resets the nice value." },
	{ "sched_deadline", STEP(SCHED), build_sched_deadline,
	  { ARGUMENT(time, "RUNTIME"), ARGUMENT(time, "DEADLINE"),
	    ARGUMENT(time, "PERIOD", OPTIONAL) },
	  "Use deadline scheduling. PERIOD is DEADLINE if it is not given." },
	{ "affinity", STEP(AFFINITY), build_affinity, { ARGUMENT(cpus, "CPU,...") },
	  "Set the processors to run on." },
	{ "ioprio", STEP(IOPRIO), build_ioprio,
	  { NAMED(one_of, "CLASS", io_class),
	    FROM("LEVEL", 0, IO_LEVELS - 1, OPTIONAL) },
	  "Set the I/O priority; level 0 is the highest." },
	{ "oom_score_adj", STEP(OOM_SCORE_ADJ), build_oom_score_adj, { FROM("VALUE", -1000, 1000) },
	  "Set how early the program is killed when memory is short; -1000 is never." },
	{ "timer_slack", STEP(PRCTL), build_timer_slack, { ARGUMENT(time, "TIME") },
	  "Set the timer slack; 0 is the default." },
	{ }
};

static const struct launch_option spaces[] = {
	{ "unshare", STEP(UNSHARE), build_unshare,
	  { NAMED(some_of, "NAMESPACE,...", namespace) },
	  "Move the child to new namespaces. A new pid namespace applies only to the program's children." },
	{ "setns", STEP(SETNS), build_setns,
	  { NAMED(some_of, "NAMESPACE,...", namespace), ARGUMENT(file, "FILE") },
	  "Join the namespace FILE, which is opened before the launch. If FILE is a pidfd, join the namespaces of its process. With none, FILE can be a namespace of any kind." },
	{ "namespaces", SETTING, build_namespaces,
	  { NAMED(some_of, "NAMESPACE,...", namespace) },
	  "Make the child in new namespaces." },
	{ "cgroup", SETTING, build_cgroup, { ARGUMENT(place, "DIR") },
	  "Make the child in the cgroup (version 2) whose directory is DIR." },
	{ "set_tid", SETTING, build_set_tid, { ARGUMENT(pids, "PID,...") },
	  "Choose the child's pids, innermost pid namespace first; at most 32." },
	{ }
};

static const struct launch_option launch[] = {
	{ "may_fail", REMARK, build_may_fail, { },
	  "Go on if the step before this option fails. A policy can decide otherwise; the default policy does so only by an --on rule." },
	{ "program", ATTRIBUTE, build_program, { PATH },
	  "Execute the program PATH if the programs before it could not be executed." },
	{ "search", ATTRIBUTE, build_search,
	  { ARGUMENT(text, "NAME"), ARGUMENT(text, "PATH", OPTIONAL) },
	  "Like --program, but search the program NAME in the directories PATH, or in the system's default ones, as execvp(3) does." },
	{ "program_fd", ATTRIBUTE, build_program_fd, { ARGUMENT(place, "FILE") },
	  "Like --program, but execute FILE, which is opened before the launch." },
	{ "env", ATTRIBUTE, build_env, { ARGUMENT(variable, "NAME=VALUE") },
	  "Add a variable to the environment. It is the launcher's without --clear-env." },
	{ "clear_env", ATTRIBUTE, build_clear_env, { },
	  "Clear the environment. Variables of later options are added." },
	{ "deadline", SETTING, build_deadline, { ARGUMENT(time, "TIME") },
	  "Give up if the program has not started within TIME." },
	{ "need_policy", ATTRIBUTE, build_need_policy, { },
	  "Fail if no policy applies." },
	{ "slot", SETTING, build_slot, { FROM("SLOT", 0, IORING_SPAWN_SLOTS - 1) },
	  "Use the policy in SLOT of the ring, 0 by default." },
	{ "cookie", SETTING, build_cookie, { ARGUMENT(cookie, "NUMBER") },
	  "Pass this number to the policy." },
	{ }
};

const struct launch_group launch_groups[] = {
	{ "Files", files },
	{ "Session and signals", session },
	{ "Credentials and restrictions", credentials },
	{ "Limits and scheduling", limits },
	{ "Namespaces and cgroup", spaces },
	{ "Launching", launch },
	{ }
};
