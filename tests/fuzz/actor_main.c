// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * actors: actors made up at random, and whether what the kernel makes of them is what
 * docs/abi.md says. Each case has a process of its own, the submitter.
 */
#include "actor_case.h"

#include "../lib/child.h"
#include "../lib/count.h"
#include "command_line.h"
#include "tap_private.h"

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

static struct tally {
	unsigned long cases, violations, actors, runs, staged, posted, cancelled;
	unsigned long unlinked, deadlocks, replaced, closed, linked;
} * tally;

static struct options {
	uint64_t seed, number, count;
	double seconds;
	bool one, print;
	enum actor_breakage breakage;
} options = { .seconds = 60 };

static struct tactor actor;
static struct actor_case the_case;
static struct actor_seen the_seen;

static void usage(FILE *to)
{
	unsigned int i;

	fprintf(to,
		"usage: actors [--seed N] [--time SECONDS | --count N] [--case N] [--print]\n"
		"  --case N     only that one, shown before it is run\n"
		"  --print      only show cases\n"
		"  --break WHAT see that it is noticed:");
	for (i = 1; i < ACTOR_BREAK_LAST; i++)
		fprintf(to, " %s", actor_breakages[i]);
	fprintf(to, "\n");
}

static void parse(int argc, char **argv)
{
	static const struct command_option known[] = {
		{ "seed", .number = &options.seed },
		{ "time", .seconds = &options.seconds },
		{ "count", .number = &options.count },
		{ "case", .number = &options.number, .given = &options.one },
		{ "print", .given = &options.print },
		{ "break", .choice = &options.breakage,
		  .choices = actor_breakages, .nr_choices = ACTOR_BREAK_LAST },
		{ NULL },
	};

	CHECK_EQ(getrandom(&options.seed, sizeof(options.seed), 0),
		 (ssize_t)sizeof(options.seed));
	command_line(argc, argv, known, usage);
	if (options.one)
		options.count = 1;
}

/* --- one case ------------------------------------------------------------------- */

static void count_case(const struct actor_case *c, const struct actor_seen *seen)
{
	unsigned int i;

	tally->actors += c->nr_actors;
	tally->runs += seen->script.runs;
	tally->replaced += seen->replaced;
	tally->closed += c->closes;
	for (i = 0; i < seen->script.runs && i < SCRIPT_LOG; i++) {
		const struct script_run *run = &seen->script.log[i];

		tally->posted += run->posted;
		tally->staged += run->verdict == WAIT ? run->staged : 0;
		tally->linked += run->ctx.event == START && run->ctx.flags;
	}
	for (i = 0; i < seen->nr_cqes; i++) {
		if (seen->cqes[i].user_data - ACTOR >= c->nr_actors)
			continue;
		tally->cancelled += seen->cqes[i].res == -ECANCELED;
		tally->unlinked += seen->cqes[i].res == -ENOLINK;
		tally->deadlocks += seen->cqes[i].res == -EDEADLK;
	}
}

static void show_seen(const struct actor_seen *seen)
{
	unsigned int i;

	for (i = 0; i < seen->nr_cqes; i++)
		printf("CQE of %lu: %d flags %#x\n",
		       (unsigned long)seen->cqes[i].user_data, seen->cqes[i].res,
		       seen->cqes[i].flags);
	for (i = 0; i < seen->script.runs && i < SCRIPT_LOG; i++) {
		const struct script_run *run = &seen->script.log[i];

		printf("run of %lu: event %u flags %#x op %u tag %lu res %d cqe "
		       "flags %#x, in flight %u, room %u; rule %u, verdict %u, staged "
		       "%d (%d), posted %d\n", (unsigned long)run->ctx.user_data,
		       run->ctx.event, run->ctx.flags, run->ctx.opcode,
		       (unsigned long)run->ctx.tag, run->ctx.res,
		       run->ctx.cqe_flags, run->ctx.in_flight, run->ctx.room,
		       run->rule, run->verdict, run->staged, run->stage_error,
		       run->posted);
	}
}

/* Its programs end by themselves; all other children are gone with the ring. */
static void reap(void)
{
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* In the case's process. */
static void run_one(uint64_t number)
{
	unsigned int violations = 0;

	actor_world_make();
	actor_case_make(&the_case, options.seed, number);
	if (options.one)
		actor_case_print(&the_case, stdout);
	fflush(stdout);
	if (!actor_case_run(&the_case, &actor, &the_seen)) {
		printf("VIOLATION: A4: CQEs did not come in time\n");
		violations++;
	}
	count_case(&the_case, &the_seen);
	actor_case_break(&the_case, &the_seen, options.breakage);
	violations += actor_case_judge(&the_case, &the_seen, stdout);
	if (violations && !options.one)
		actor_case_print(&the_case, stdout);
	if (violations || options.one)
		show_seen(&the_seen);
	reap();
	fflush(stdout);
	_exit(!!violations);
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

static void do_case(uint64_t number)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = CHECK_SYS(fork());
	if (!pid)
		run_one(number);
	status = wait_for(pid);
	if (status > 0 && WIFSIGNALED(status))
		printf("VIOLATION: the submitter died of signal %d\n",
		       WTERMSIG(status));
	tally->cases++;
	if (!status)
		return;
	tally->violations++;
	printf("replay: build/tests/fuzz/actors --seed %#lx --case %lu\n",
	       options.seed, number);
}

/* --- all cases ------------------------------------------------------------------ */

/* What is freed late gets some time. */
static void see_nothing_left(unsigned int tasks, unsigned int links)
{
	double until = now() + 30 * tap_slowness();

	while ((count_processes() > tasks ||
		count_ids(BPF_LINK_GET_NEXT_ID) > links) && now() < until)
		sleep_ms(100);
	if (now() < until)
		return;
	printf("VIOLATION: %u tasks and %u links at the end, %u and %u before\n",
	       count_processes(), count_ids(BPF_LINK_GET_NEXT_ID), tasks, links);
	tally->violations++;
}

static void say(const char *end)
{
	printf("actors: %lu cases, %lu actors, %lu runs, %lu requests staged, %lu CQEs "
	       "posted, %lu after another actor, %lu cancelled, %lu without a program, "
	       "%lu deadlocks, %lu programs replaced, %lu rings closed, %lu "
	       "violations%s\n", tally->cases, tally->actors, tally->runs,
	       tally->staged, tally->posted, tally->linked, tally->cancelled,
	       tally->unlinked, tally->deadlocks, tally->replaced, tally->closed,
	       tally->violations, end);
	fflush(stdout);
}

static void do_cases(void)
{
	double begin = now(), next = begin + SAY_SECONDS;
	uint64_t i;

	for (i = 0; options.count ? i < options.count
				  : now() < begin + options.seconds; i++) {
		do_case(options.number + i);
		if (tally->violations >= (options.breakage ? 1 : ENOUGH))
			break;
		if (now() >= next) {
			say("");
			next += SAY_SECONDS;
		}
	}
}

static void show_cases(void)
{
	uint64_t i;

	actor_world_make();
	for (i = 0; i < options.count; i++) {
		actor_case_make(&the_case, options.seed, options.number + i);
		actor_case_print(&the_case, stdout);
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
	strcpy(tap_shared->dir, "/nonexistent");
}

int main(int argc, char **argv)
{
	unsigned int tasks, links;
	char end[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_shared();
	parse(argc, argv);
	printf("seed %#lx\n", options.seed);
	if (options.print) {
		show_cases();
		return 0;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	actor_program_load(&actor);
	tasks = count_processes();
	links = count_ids(BPF_LINK_GET_NEXT_ID);
	do_cases();
	see_nothing_left(tasks, links);
	snprintf(end, sizeof(end), ", seed %#lx", options.seed);
	say(end);
	return tally->violations ? 1 : 0;
}
