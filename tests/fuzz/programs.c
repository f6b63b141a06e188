// SPDX-License-Identifier: LGPL-2.1-or-later
/* The fuzzer's command line, its cases and its figures; see program.h. */
#include "program.h"

#include "child.h"
#include "command_line.h"
#include "tap_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The test library's checks want it. */
static struct tap_shared shared;
struct tap_shared *tap_shared = &shared;

struct counts counts;
uint64_t fuzz_seed, fuzz_case;

static struct {
	double seconds;
	uint64_t count; /* of cases; 0: as many as there is time for */
	bool one;
	uint64_t number;
} options = { .seconds = 60 };

static const char help[] =
	"usage: programs [--seed N] [--time SECONDS | --count N] [--case N]\n"
	"\n"
	"Makes BPF programs for io_uring policies at random, offers them to the\n"
	"verifier, and runs those that it accepts, dry and on chains that spawn.\n"
	"\n"
	"  --seed N   the same programs again\n"
	"  --time S   for so long (60)\n"
	"  --count N  so many programs\n"
	"  --case N   only that one, with its instructions and the verifier's log\n"
	"\n"
	"exit status: 0, 1 if something is wrong, 2 for wrong usage\n";

/* --- why programs are refused -------------------------------------------------- */

static struct {
	char text[128];
	uint64_t count;
} reasons[256];

static void count_reason(const char *text)
{
	unsigned int i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].count && strncmp(reasons[i].text, text, 127))
			continue;
		snprintf(reasons[i].text, sizeof(reasons[i].text), "%.127s",
			 text);
		reasons[i].count++;
		return;
	}
}

static int more_often(const void *a, const void *b)
{
	const uint64_t *x = a + sizeof(reasons[0].text);
	const uint64_t *y = b + sizeof(reasons[0].text);

	return (*x < *y) - (*x > *y);
}

static void show_reasons(void)
{
	unsigned int i;

	qsort(reasons, sizeof(reasons) / sizeof(reasons[0]), sizeof(reasons[0]),
	      more_often);
	for (i = 0; i < 16 && reasons[i].count; i++)
		printf("refused %6llu: %s\n",
		       (unsigned long long)reasons[i].count, reasons[i].text);
}

/* --- one case -------------------------------------------------------------------- */

static struct program program;

static void count_kfuncs(void)
{
	const struct bpf_insn *in;
	unsigned int i;

	for (in = program.insns; in < program.insns + program.nr; in++) {
		if (in->code != (BPF_JMP | BPF_CALL) ||
		    in->src_reg != BPF_PSEUDO_KFUNC_CALL)
			continue;
		for (i = 0; i < NR_KFUNCS; i++)
			counts.kfuncs[i] += in->imm == world.kfuncs[i];
	}
}

/* What is accepted once must not be refused now, nor the other way round. */
static void refused(int error)
{
	char text[128];
	int fd;

	if (error == -EAGAIN) {
		count_reason("EAGAIN: it takes too long");
		return;
	}
	fd = program_load(&program, 1);
	if (fd >= 0)
		violation("refused with %d, then accepted", error);
	/* a log takes room and time, of which there can be too little */
	if (fd != error && fd != -ENOSPC && fd != -EAGAIN)
		violation("refused with %d, then with %d", error, fd);
	snprintf(text, sizeof(text), "%s: %.100s", tap_errname(error),
		 load_reason());
	count_reason(text);
}

static void accepted(int fd)
{
	unsigned int times = 2 + below(3);

	counts.accepted[program.kind]++;
	if (program.type != SPAWNPOL_BPF_PROG_TYPE_IOURING)
		return;
	count_kfuncs();
	world_refresh();
	while (times--)
		dry_run(&program, fd);
	chains_run(&program, fd);
	if (!program.trusted)
		check_map();
}

static void run_case(uint64_t number)
{
	int fd;

	fuzz_case = number;
	random_begin(fuzz_seed, number);
	program_make(&program);
	counts.generated[program.kind]++;
	fd = program_load(&program, options.one ? 2 : 0);
	if (options.one) {
		program_show(&program);
		printf("%s%s\n", load_log(),
		       fd < 0 ? tap_errname(fd) : "accepted");
	}
	if (fd < 0) {
		refused(fd);
		return;
	}
	accepted(fd);
	close(fd);
}

/* --- figures ------------------------------------------------------------------------- */

static uint64_t sum(const uint64_t *of, unsigned int nr)
{
	return nr ? *of + sum(of + 1, nr - 1) : 0;
}

static void show_progress(const char *end)
{
	printf("programs: %llu generated, %llu accepted, %llu runs, "
	       "%llu chains, 0 violations, seed %#llx%s",
	       (unsigned long long)sum(counts.generated, NR_PROGRAM_KINDS),
	       (unsigned long long)sum(counts.accepted, NR_PROGRAM_KINDS),
	       (unsigned long long)counts.runs,
	       (unsigned long long)counts.chains, (unsigned long long)fuzz_seed,
	       end);
}

static void show_row(const char *name, const uint64_t *of, unsigned int nr,
		     const char *const names[])
{
	unsigned int i;

	printf("%s:", name);
	for (i = 0; i < nr; i++)
		printf(" %s %llu", names[i], (unsigned long long)of[i]);
	putchar('\n');
}

static void show_counts(void)
{
	static const char *const kinds[] = { "written", "spoiled", "soup" };
	static const char *const names[] = { "continue", "retry", "skip",
					     "submit", "abort", "pass" };

	show_reasons();
	show_row("generated", counts.generated, NR_PROGRAM_KINDS, kinds);
	show_row("accepted", counts.accepted, NR_PROGRAM_KINDS, kinds);
	show_row("calls in accepted programs", counts.kfuncs, NR_KFUNCS,
		 kfunc_names);
	show_row("verdicts of dry runs", counts.dry_verdicts, 6, names);
	show_row("verdicts on chains", counts.verdicts, 6, names);
	printf("verdicts on chains that could not be followed: %llu, that "
	       "a budget ended: %llu\n",
	       (unsigned long long)counts.failures,
	       (unsigned long long)counts.exhausted);
	printf("requests staged in dry runs: %llu\n"
	       "chains that were one SPAWN: %llu, with a search: %llu\n"
	       "children that became programs: %llu\n",
	       (unsigned long long)counts.staged,
	       (unsigned long long)counts.wholes,
	       (unsigned long long)counts.searches,
	       (unsigned long long)counts.programs_run);
}

/* --- the command line ------------------------------------------------------------------ */

static void usage(FILE *to)
{
	fputs(help, to);
}

static void parse(int argc, char *argv[])
{
	static const struct command_option known[] = {
		{ "seed", .number = &fuzz_seed },
		{ "time", .seconds = &options.seconds },
		{ "count", .number = &options.count },
		{ "case", .number = &options.number, .given = &options.one },
		{ NULL },
	};

	if (getrandom(&fuzz_seed, 4, 0) != 4)
		FAIL("no random number");
	command_line(argc, argv, known, usage);
}

static void run_cases(void)
{
	double end = now() + options.seconds, next = now() + 10;
	uint64_t number;

	for (number = 0; options.count ? number < options.count : now() < end;
	     number++) {
		run_case(number);
		if (now() < next)
			continue;
		show_progress("\n");
		next = now() + 10;
	}
}

int main(int argc, char *argv[])
{
	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %#llx\n", (unsigned long long)fuzz_seed);
	world_begin();
	chains_begin();
	if (options.one)
		run_case(options.number);
	else
		run_cases();
	chains_check_left();
	show_counts();
	show_progress("\n");
	return 0;
}
