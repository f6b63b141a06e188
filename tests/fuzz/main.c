// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * chains: chains made up at random, and whether what the kernel makes of them is
 * what docs/abi.md says. Each case has a process of its own, the submitter.
 */
#include "run.h"
#include "child.h"
#include "command_line.h"
#include "../lib/count.h"
#include "../lib/program.h"
#include "tap_private.h"
#include "whole_model.h"
#include "world.h"

#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* How long a case may take; how often to say that they go on. */
#define CASE_SECONDS (200 * tap_slowness())
#define SAY_SECONDS 10
/* After so many violations the rest is not worth waiting for. */
#define ENOUGH 10

struct tap_shared *tap_shared;

/* What all cases count together. */
static struct tally {
	unsigned long cases, requests, programs, violations;
	unsigned long policies, runs, cancels, closes, exits;
	unsigned long wholes, searches, open, open_twins, misses, staged_searches, twins;
	unsigned long whole_programs, execed, kept, kept_programs, copies, kept_twins;
	bool exiting; /* the case ends as its process does */
} * tally;

static struct options {
	uint64_t seed, number;
	double seconds;
	uint64_t count;
	bool one, print;
	enum breakage breakage;
} options = { .seconds = 60 };

static const char *const breakages[BREAK_LAST] = {
	[BREAK_LOST_CQE] = "lost-cqe",
	[BREAK_SECOND_CQE] = "second-cqe",
	[BREAK_STRANGE_CQE] = "strange-cqe",
	[BREAK_RESULT] = "result",
	[BREAK_ORDER] = "order",
	[BREAK_HARDLINK] = "hardlink",
	[BREAK_CHILD] = "child",
	[BREAK_SIGNAL] = "signal",
	[BREAK_RUN] = "run",
	[BREAK_VERDICT] = "verdict",
	[BREAK_KILLED] = "killed",
	[BREAK_WHOLE] = "whole",
	[BREAK_STEP] = "step",
	[BREAK_CANDIDATE] = "candidate",
	[BREAK_REPORT] = "report",
	[BREAK_MISS] = "miss",
	[BREAK_TWIN] = "twin",
	[BREAK_TOLD] = "told",
	[BREAK_EXECED] = "execed",
	[BREAK_LISTS] = "lists",
	[BREAK_KEPT] = "kept",
	[BREAK_NUMBER] = "number",
	[BREAK_KEEPING] = "keeping",
};

static void usage(FILE *to)
{
	unsigned int i;

	fprintf(to,
		"usage: chains [--seed N] [--time SECONDS | --count N] [--case N] [--print]\n"
		"  --case N     only that one, shown before it is run\n"
		"  --print      only show cases\n"
		"  --break WHAT see that it is noticed:");
	for (i = 1; i < BREAK_LAST; i++)
		fprintf(to, " %s", breakages[i]);
	fprintf(to, "\n");
}

static uint64_t some_seed(void)
{
	uint64_t seed;

	CHECK_EQ(getrandom(&seed, sizeof(seed), 0), (ssize_t)sizeof(seed));
	return seed;
}

static void parse(int argc, char **argv)
{
	static const struct command_option known[] = {
		{ "seed", .number = &options.seed },
		{ "time", .seconds = &options.seconds },
		{ "count", .number = &options.count },
		{ "case", .number = &options.number, .given = &options.one },
		{ "print", .given = &options.print },
		{ "break", .choice = &options.breakage, .choices = breakages,
		  .nr_choices = BREAK_LAST },
		{ NULL },
	};

	options.seed = some_seed();
	command_line(argc, argv, known, usage);
	if (options.one)
		options.count = 1;
}

/* --- one case ------------------------------------------------------------------- */

static struct fuzz_case the_case;
static struct seen the_seen;

static void count_case(const struct fuzz_case *c, const struct seen *seen)
{
	unsigned int i;

	tally->policies += !!c->nr_links;
	tally->runs += seen->runs;
	tally->programs += seen->nr_reaped;
	for (i = 0; i < c->nr_sqes; i++)
		tally->requests += seen->accepted[i];
	for (i = 0; i < c->nr_actions; i++)
		tally->cancels += c->actions[i].kind == ACTION_CANCEL;
	tally->closes += seen->closed;
}

static bool stages_search(const struct fuzz_case *c,
			  const struct engine_run *run)
{
	const struct engine_rule *rule = rule_of(c, run);

	return rule && rule->stage == ENGINE_STAGE_EXEC_SEARCH &&
	       rule->verdict == IORING_VERDICT_SUBMIT && !run->staged[0];
}

static void count_program(const struct fuzz_case *c, const struct seen_cqe *cqe)
{
	unsigned int at = cqe->user_data;

	if (cqe->res <= 0 || at >= c->nr_sqes || !is_whole(c, at) ||
	    !whole_has_program(c, at))
		return;
	tally->whole_programs++;
	tally->kept_programs += whole_is_kept(c, at);
}

static void count_wholes(const struct fuzz_case *c, const struct seen *seen)
{
	static struct whole w;
	unsigned int i;

	for (i = 0; i < c->nr_sqes; i++) {
		if (!is_whole(c, i) || !seen->accepted[i])
			continue;
		whole_read(c, i, &w);
		tally->wholes++;
		tally->searches += w.searches;
		tally->open += w.searches && w.registered;
		tally->kept += whole_is_kept(c, i);
		tally->copies += !!(w.arg.flags & IORING_SPAWN_COPY);
	}
	for (i = 0; i < seen->nr_cqes; i++)
		count_program(c, &seen->cqes[i]);
	for (i = 0; i < seen->runs && i < ENGINE_LOG; i++) {
		tally->misses += engine->log[i].ctx.event == IORING_POLICY_MISS;
		tally->execed +=
			engine->log[i].ctx.event == IORING_POLICY_EXECED;
		tally->staged_searches += stages_search(c, &engine->log[i]);
	}
}

static void show_seen(const struct seen *seen)
{
	const struct engine_run *run;
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++)
		printf("CQE of %lu: %d flags %#x\n", seen->cqes[i].user_data,
		       seen->cqes[i].res, seen->cqes[i].flags);
	for (i = 0; i < seen->runs && i < ENGINE_LOG; i++) {
		run = &seen->engine->log[i];
		printf("run for %llu step %u: %s attempt %u res %d op %u; staging %d, delay %d\n",
		       (unsigned long long)run->ctx.cookie, run->ctx.step,
		       event_name(run->ctx.event), run->ctx.attempt,
		       run->ctx.res, run->ctx.opcode, run->staged[0],
		       run->delay);
	}
	for (i = 0; i < seen->nr_reaped; i++)
		printf("process %d ended with %#x\n", seen->reaped[i].pid,
		       seen->reaped[i].status);
}

static void show_replay(uint64_t number)
{
	printf("replay: build/tests/fuzz/chains --seed %#lx --case %lu\n",
	       options.seed, number);
}

static unsigned int judge(void)
{
	unsigned int violations;

	violations = case_judge(&the_case, &the_seen, options.breakage, stdout);
	count_case(&the_case, &the_seen);
	count_wholes(&the_case, &the_seen);
	if (violations && !options.one)
		case_print(&the_case, stdout);
	if (violations || options.one)
		show_seen(&the_seen);
	return violations;
}

/* Whether its one SPAWN looks in open directories. */
static bool is_open(const struct fuzz_case *c)
{
	static struct whole w;

	whole_read(c, 0, &w);
	return w.registered && w.searches;
}

/* What a SPAWN has done, links do, too. */
static unsigned int run_twin(void)
{
	static struct fuzz_case twin;
	static struct seen seen;
	static struct engine kept;
	unsigned int violations;

	if (!twin_make(&the_case, &the_seen, &twin))
		return 0;
	kept = *engine;
	the_seen.engine = &kept;
	break_twin(&twin, &the_seen, options.breakage);
	case_end();
	case_run(&twin, &seen);
	violations = case_judge(&twin, &seen, BREAK_NOTHING, stdout);
	violations += twin_compare(&the_case, &the_seen, &twin, &seen, stdout);
	tally->twins++;
	tally->open_twins += is_open(&the_case);
	tally->kept_twins += case_has_kept(&twin);
	if (violations) {
		case_print(&the_case, stdout);
		show_seen(&the_seen);
		printf("as links, ");
		case_print(&twin, stdout);
		show_seen(&seen);
	}
	return violations;
}

/* In the case's process. */
static void run_one(uint64_t number)
{
	unsigned int violations, i;

	arena_make();
	case_make(&the_case, options.seed, number);
	if (options.one)
		case_print(&the_case, stdout);
	fflush(stdout);
	for (i = 0; i < the_case.nr_actions; i++)
		if (the_case.actions[i].kind == ACTION_EXIT)
			tally->exiting = true;
	break_before(options.breakage);
	case_run(&the_case, &the_seen);
	tally->exiting = false;
	break_seen(&the_case, &the_seen, options.breakage);
	break_lists(&the_case, options.breakage);
	violations = judge();
	if (!violations && options.breakage != BREAK_WHOLE)
		violations = run_twin();
	fflush(stdout);
	_exit(!!violations);
}

static void show_only(uint64_t number)
{
	arena_make();
	case_make(&the_case, options.seed, number);
	case_print(&the_case, stdout);
}

/* Its status, or -1 if it took too long. */
static int wait_for(pid_t pid)
{
	struct pollfd wait = { .events = POLLIN };
	int status = -1;

	wait.fd = syscall(SYS_pidfd_open, pid, 0);
	if (poll(&wait, 1, CASE_SECONDS * 1000) > 0) {
		CHECK_SYS(waitpid(pid, &status, __WALL));
	} else {
		printf("VIOLATION: the case does not end\n%s\n",
		       read_file(format("/proc/%d/stack", pid)));
		kill(pid, SIGKILL);
	}
	close(wait.fd);
	return status;
}

/* What it has left is here now, as this is the subreaper. */
static bool leaves_something(bool exited)
{
	struct seen after = { 0 };

	reap_all(&after, NULL);
	if (after.left)
		printf("VIOLATION: S15: it left a child that is no program\n");
	if (after.nr_reaped && !exited)
		printf("VIOLATION: S9: it left %u processes\n",
		       after.nr_reaped);
	return after.left || (after.nr_reaped && !exited);
}

/* Whether all is well. */
static bool do_case(uint64_t number)
{
	bool fine, exited;
	int status;
	pid_t pid;

	if (options.print) {
		show_only(number);
		return true;
	}
	fflush(stdout);
	tally->exiting = false;
	pid = CHECK_SYS(fork());
	if (!pid)
		run_one(number);
	status = wait_for(pid);
	exited = tally->exiting;
	fine = !status;
	if (status > 0 && WIFSIGNALED(status))
		printf("VIOLATION: the submitter died of signal %d\n",
		       WTERMSIG(status));
	if (leaves_something(exited))
		fine = false;
	tally->cases++;
	tally->exits += exited;
	if (!fine) {
		tally->violations++;
		show_replay(number);
	}
	return fine;
}

/* --- all cases ------------------------------------------------------------------ */

struct system {
	unsigned int tasks, links;
};

static struct system look(void)
{
	struct system now = {
		.tasks = count_processes(),
		.links = count_ids(BPF_LINK_GET_NEXT_ID),
	};

	return now;
}

/* What is freed late gets some time. */
static void compare(const struct system *before)
{
	double until = now() + 30 * tap_slowness();
	struct system after = look();

	while ((after.tasks > before->tasks || after.links > before->links) &&
	       now() < until) {
		sleep_ms(100);
		after = look();
	}
	if (after.tasks <= before->tasks && after.links <= before->links)
		return;
	printf("VIOLATION: %u tasks and %u links at the end, %u and %u before\n",
	       after.tasks, after.links, before->tasks, before->links);
	tally->violations++;
}

static void say(const char *end)
{
	printf("chains: %lu SPAWNs, %lu of their programs, %lu searches, %lu in open directories, %lu misses, "
	       "%lu staged searches, %lu told of a program, %lu twins, "
	       "%lu of them open\n",
	       tally->wholes, tally->whole_programs, tally->searches,
	       tally->open, tally->misses, tally->staged_searches, tally->execed,
	       tally->twins, tally->open_twins);
	printf("chains: %lu kept children used, %lu kept programs, %lu copies asked for, "
	       "%lu of these as links\n",
	       tally->kept, tally->kept_programs, tally->copies, tally->kept_twins);
	printf("chains: %lu cases, %lu requests, %lu programs, %lu with policies (%lu runs), "
	       "%lu cancels, %lu rings closed, %lu exits, %lu violations%s\n",
	       tally->cases, tally->requests, tally->programs, tally->policies,
	       tally->runs, tally->cancels, tally->closes, tally->exits,
	       tally->violations, end);
	fflush(stdout);
}

static void do_cases(void)
{
	double begin = now(), next = begin + SAY_SECONDS;
	uint64_t i;

	for (i = 0; options.count ? i < options.count
				  : now() < begin + options.seconds;
	     i++) {
		do_case(options.number + i);
		if (tally->violations >= (options.breakage ? 1 : ENOUGH))
			break;
		if (now() >= next) {
			say("");
			next += SAY_SECONDS;
		}
	}
}

static void make_shared(void)
{
	char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(2);
	tap_shared = (void *)at;
	tally = (void *)(at + 4096);
	/* the files of cases are not the harness's */
	strcpy(tap_shared->dir, "/nonexistent");
}

int main(int argc, char **argv)
{
	struct system before;
	char end[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_shared();
	parse(argc, argv);
	printf("seed %#lx\n", options.seed);
	if (options.print) {
		do_cases();
		return 0;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	engine_load();
	world_make();
	before = look();
	do_cases();
	compare(&before);
	world_remove();
	snprintf(end, sizeof(end), ", seed %#lx", options.seed);
	say(end);
	return tally->violations ? 1 : 0;
}
