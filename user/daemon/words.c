// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The table of words. A new word is a line here, and in BUILD() how the library
 * is called for it. exit_signal and clear_sighand are left out, which a program
 * does not notice; install and sqe, which need memory or registered files of the
 * daemon; pidfd, user and files, which are the daemon's own (pass adds to files).
 */
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/prctl.h>
#include <sys/resource.h>

#include "env.h"
#include "files.h"

#define OPEN_MODE	0666	/* less the umask */
#define SCHED_POLICY_DEADLINE 6

/* Its header cannot be had beside sched.h, in Debian 12. */
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

/* In a BUILD(): the chain and the operands. */
#define CHAIN		(r->chain)
#define NUMBER(n)	(values->v[n].number)
#define TEXT(n)		(values->v[n].text)
#define SENT(n)		files_number(r, NUMBER(n))
#define NUMBER_OR(n, other) \
	(values->v[n].given ? values->v[n].number : (uint64_t)(other))

#define BUILD(word, call)						\
	static int build_##word(struct request *r,			\
				const struct values *values)		\
	{								\
		(void)values;						\
		return spawnpol_chain_##call;				\
	}

BUILD(stdin, open(CHAIN, 0, TEXT(0), O_RDONLY, 0))
BUILD(stdout, open(CHAIN, 1, TEXT(0), O_WRONLY | O_CREAT | O_TRUNC, OPEN_MODE))
BUILD(stderr, open(CHAIN, 2, TEXT(0), O_WRONLY | O_CREAT | O_TRUNC, OPEN_MODE))
BUILD(open, open(CHAIN, NUMBER(0), TEXT(2), NUMBER(1), OPEN_MODE))
BUILD(dup2, dup2(CHAIN, NUMBER(0), NUMBER(1)))
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
BUILD(undumpable, undumpable(CHAIN))
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
/* for CLONE, so by the number that it has in the daemon */
BUILD(cgroup, cgroup(CHAIN, r->fds[NUMBER(0)]))
BUILD(set_tid, set_tid(CHAIN, (const pid_t *)values->ids, values->nr))
BUILD(deadline, deadline(CHAIN, NUMBER(0)))
BUILD(cookie, cookie(CHAIN, NUMBER(0)))
BUILD(slot, slot(CHAIN, NUMBER(0)))
BUILD(need_policy, need_policy(CHAIN, true))

static int build_pass(struct request *r, const struct values *values)
{
	return files_pass(r, NUMBER(0), NUMBER(1));
}

static int build_env(struct request *r, const struct values *values)
{
	return env_set(r, TEXT(0));
}

static int build_clear_env(struct request *r, const struct values *values)
{
	(void)values;
	return env_clear(r);
}

#define OPTIONAL	.optional = true
#define OPERAND(kind, what, ...) \
	{ .type = &kind##_type, .name = what, __VA_ARGS__ }
#define NAMED(kind, what, table, ...) \
	OPERAND(kind, what, .names = table, __VA_ARGS__)
#define FROM(what, low, high, ...) \
	OPERAND(number, what, .min = (low), .max = (high), __VA_ARGS__)
#define FD(what)	FROM(what, 0, INT_MAX)
#define PATH		OPERAND(text, "PATH")

static const struct word files[] = {
	{ "stdin", ACTION, build_stdin, { PATH },
	  "The child opens PATH as its standard input." },
	{ "stdout", ACTION, build_stdout, { PATH },
	  "The child opens PATH as its standard output; it is created or truncated." },
	{ "stderr", ACTION, build_stderr, { PATH },
	  "The same for error output." },
	{ "open", ACTION, build_open,
	  { FD("FD"), NAMED(some_of, "FLAGS", open_flags), PATH },
	  "The child opens PATH as descriptor FD. The mode of a new file is 0666 less the umask." },
	{ "dup2", ACTION, build_dup2, { FD("FROM"), FD("TO") },
	  "Descriptor FROM of the child is also its TO." },
	{ "pass", PASSED, build_pass, { FD("FD"), OPERAND(file, "FILE") },
	  "FILE, opened by the client for reading, is the program's descriptor FD, and the child's from its beginning. Each FD is given once, and below the daemon's limit (ulimit -n)." },
	{ "close", ACTION, build_close, { FD("FD") },
	  "Close FD; an error if it is not open." },
	{ "close-range", ACTION, build_close_range,
	  { FROM("FIRST", 0, UINT_MAX), FROM("LAST", 0, UINT_MAX, OPTIONAL) },
	  "Close FIRST to LAST, or all from FIRST on. LAST is not below FIRST." },
	{ "close-except", ACTION, build_close_except, { OPERAND(fds, "FD,...") },
	  "Close all but these, which need not be open." },
	{ "cloexec", ACTION, build_cloexec, { FD("FD") },
	  "Close FD when the program starts." },
	{ "no-cloexec", ACTION, build_no_cloexec, { FD("FD") },
	  "Do not close FD when the program starts." },
	{ "chdir", ACTION, build_chdir, { PATH }, "Change to the directory PATH." },
	{ "fchdir", ACTION, build_fchdir, { OPERAND(place, "DIR") },
	  "Change to DIR, which the client opens." },
	{ "chroot", ACTION, build_chroot, { PATH },
	  "Make PATH the root; the working directory stays." },
	{ "umask", ACTION, build_umask, { OPERAND(octal, "MASK", .max = 0777) },
	  "Permissions that new files do not get." },
	{ }
};

static const struct word session[] = {
	{ "setsid", ACTION, build_setsid, { }, "A session of its own." },
	{ "setpgid", ACTION, build_setpgid, { FROM("PGID", 0, INT_MAX) },
	  "Process group PGID of the same session; 0 is a new one." },
	{ "tcsetpgrp", ACTION, build_tcsetpgrp,
	  { FD("FD"), FROM("PGID", 0, INT_MAX, OPTIONAL) },
	  "Process group PGID, or the child's, is in the foreground of terminal FD." },
	{ "sigmask", ACTION, build_sigmask, { OPERAND(signals, "SIGNAL,...") },
	  "Signals that are blocked when the program starts." },
	{ "sigdefault", ACTION, build_sigdefault, { OPERAND(signals, "SIGNAL,...") },
	  "Signals that have their default action." },
	{ "sigignore", ACTION, build_sigignore, { OPERAND(signals, "SIGNAL,...") },
	  "Signals that are ignored; KILL and STOP cannot be." },
	{ "subreaper", ACTION, build_subreaper, { },
	  "Orphans among the descendants are the program's." },
	{ }
};

#define MAYBE_ID(what)	OPERAND(id, what, OPTIONAL)

static const struct word credentials[] = {
	{ "setgroups", ACTION, build_setgroups, { OPERAND(ids, "GID,...") },
	  "Supplementary groups." },
	{ "setresgid", ACTION, build_setresgid,
	  { OPERAND(id, "REAL"), MAYBE_ID("EFFECTIVE"), MAYBE_ID("SAVED") },
	  "Group ids; what is not given is as the one before." },
	{ "setresuid", ACTION, build_setresuid,
	  { OPERAND(id, "REAL"), MAYBE_ID("EFFECTIVE"), MAYBE_ID("SAVED") },
	  "User ids, likewise. To drop privileges: setgroups, setresgid, setresuid." },
	{ "keep-caps", ACTION, build_keep_caps, { },
	  "Let a change of user ids leave the permitted capabilities." },
	{ "capset", ACTION, build_capset,
	  { NAMED(bits_of, "EFFECTIVE", capabilities),
	    NAMED(bits_of, "PERMITTED", capabilities),
	    NAMED(bits_of, "INHERITABLE", capabilities) },
	  "Capability sets." },
	{ "ambient", ACTION, build_ambient,
	  { NAMED(one_of, "CAPABILITY", capabilities) },
	  "Make a capability that is permitted and inheritable ambient." },
	{ "clear-ambient", ACTION, build_clear_ambient, { },
	  "Clear the ambient capabilities." },
	{ "drop-bounding", ACTION, build_drop_bounding,
	  { NAMED(one_of, "CAPABILITY", capabilities) },
	  "Take a capability out of the bounding set." },
	{ "securebits", ACTION, build_securebits,
	  { NAMED(some_of, "BIT,...", securebits) },
	  "Bits of capabilities(7)." },
	{ "no-new-privs", ACTION, build_no_new_privs, { },
	  "Executing a program gives no privileges." },
	{ "seccomp", ACTION, build_seccomp, { OPERAND(filter, "FILE") },
	  "Filter system calls by the code in FILE, which the client reads: struct sock_filter, as bwrap takes it. Behind no-new-privs, as a rule." },
	{ "landlock", ACTION, build_landlock, { OPERAND(file, "RULESET") },
	  "Restrict by a Landlock ruleset, a descriptor of the client's. Likewise." },
	{ "undumpable", ACTION, build_undumpable, { },
	  "Nobody may trace the program or have its core." },
	{ "death-signal", ACTION, build_death_signal, { OPERAND(signal, "SIGNAL") },
	  "Signal for the program when the daemon ends. A change of ids forgets it." },
	{ }
};

#define IO_LEVELS 8

static const struct word limits[] = {
	{ "rlimit", ACTION, build_rlimit,
	  { NAMED(one_of, "RESOURCE", resources),
	    OPERAND(limit, "SOFT"), OPERAND(limit, "HARD", OPTIONAL) },
	  "Resource limits in the units of setrlimit(2). HARD is as SOFT if not given, and never less." },
	{ "nice", ACTION, build_nice, { FROM("NICE", -20, 19) }, "Niceness." },
	{ "sched", ACTION, build_sched,
	  { NAMED(one_of, "POLICY", policies), FROM("PRIORITY", 0, 99, OPTIONAL) },
	  "Scheduling policy; fifo and rr have a priority from 1 on. Niceness is 0 again." },
	{ "sched-deadline", ACTION, build_sched_deadline,
	  { OPERAND(time, "RUNTIME"), OPERAND(time, "DEADLINE"),
	    OPERAND(time, "PERIOD", OPTIONAL) },
	  "Deadline scheduling. PERIOD is as DEADLINE if not given." },
	{ "affinity", ACTION, build_affinity, { OPERAND(cpus, "CPU,...") },
	  "Processors to run on." },
	{ "ioprio", ACTION, build_ioprio,
	  { NAMED(one_of, "CLASS", io_classes),
	    FROM("LEVEL", 0, IO_LEVELS - 1, OPTIONAL) },
	  "I/O priority; level 0 is the highest." },
	{ "oom-score-adj", ACTION, build_oom_score_adj, { FROM("VALUE", -1000, 1000) },
	  "How soon the program is killed when memory is short." },
	{ "timer-slack", ACTION, build_timer_slack, { OPERAND(time, "TIME") },
	  "Timer slack; 0 is the default." },
	{ }
};

static const struct word spaces[] = {
	{ "unshare", ACTION, build_unshare,
	  { NAMED(some_of, "NAMESPACE,...", namespaces) },
	  "New namespaces; a pid namespace is for the program's children." },
	{ "setns", ACTION, build_setns,
	  { NAMED(some_of, "NAMESPACE,...", namespaces), OPERAND(file, "FILE") },
	  "Join the namespace FILE, which the client opens, or those of a pidfd. With none it can be of any kind." },
	{ "namespaces", ATTRIBUTE, build_namespaces,
	  { NAMED(some_of, "NAMESPACE,...", namespaces) },
	  "Namespaces that are new for the child, from its beginning." },
	{ "cgroup", ATTRIBUTE, build_cgroup, { OPERAND(place, "DIR") },
	  "Start in the cgroup of version 2 DIR, which the client opens." },
	{ "set-tid", ATTRIBUTE, build_set_tid, { OPERAND(ids, "PID,...") },
	  "Pids of the child, innermost namespace first; at most 32." },
	{ }
};

static const struct word launch[] = {
	{ "may-fail", REMARK, build_may_fail, { },
	  "Go on if the action before this fails." },
	{ "program", ATTRIBUTE, build_program, { PATH },
	  "A further program, if those before could not be executed." },
	{ "search", ATTRIBUTE, build_search,
	  { OPERAND(text, "NAME"), OPERAND(text, "PATH", OPTIONAL) },
	  "The same, with the program NAME looked for in the directories PATH, or where the system has programs, as execvp(3) does." },
	{ "program-fd", ATTRIBUTE, build_program_fd, { OPERAND(place, "FILE") },
	  "A further program, FILE opened by the client." },
	{ "env", ATTRIBUTE, build_env, { OPERAND(variable, "NAME=VALUE") },
	  "A variable of the environment, which is otherwise the daemon's." },
	{ "clear-env", ATTRIBUTE, build_clear_env, { },
	  "Start with an empty environment." },
	{ "deadline", ATTRIBUTE, build_deadline, { OPERAND(time, "TIME") },
	  "Give up if the program does not run by then." },
	{ "need-policy", ATTRIBUTE, build_need_policy, { },
	  "Fail if there is no policy." },
	{ "slot", ATTRIBUTE, build_slot, { FROM("SLOT", 0, IORING_SPAWN_SLOTS - 1) },
	  "The slot whose policy applies." },
	{ "cookie", ATTRIBUTE, build_cookie, { OPERAND(cookie, "NUMBER") },
	  "A number for the policy." },
	{ }
};

const struct word_group word_groups[] = {
	{ "Files", files },
	{ "Session and signals", session },
	{ "Credentials and restrictions", credentials },
	{ "Limits and scheduling", limits },
	{ "Namespaces and cgroup", spaces },
	{ "Launching", launch },
	{ }
};
