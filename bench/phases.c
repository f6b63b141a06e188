// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a launch consists of: the time between points in the kernel that each method
 * passes, and what the launcher does besides making the child.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "interleave.h"
#include "phases.h"

#define WARM_UP 3
#define PAUSE_NS 1000000

/* Cases of this benchmark: what ends at each point, and after the last one. */
static const char *const cases[] = {
	"until copy_process", "copy_process", "until the child runs",
	"steps, search and arguments", "loading the program",
	"until its first instruction",
};
#define NR_PHASES (sizeof(cases) / sizeof(cases[0]))
_Static_assert(NR_PHASES == NR_POINTS + 1, "a phase ends at each point");

/* --- the points ------------------------------------------------------------------ */

#define NR_PROGRAMS 7

struct meter {
	struct bpf_object *object;
	struct bpf_link *links[NR_PROGRAMS];
	unsigned int nr_links;
	int state;		/* the map that is struct phase_state */
};

static void start_measuring(struct meter *m)
{
	struct phase_state begin = { .launcher = getpid() };
	struct bpf_program *program;
	struct bpf_map *bss;
	uint32_t key = 0;

	m->object = bpf_object__open_file(built("bench/phases.bpf.o"), NULL);
	if (!m->object)
		give_up(-errno, "phases.bpf.o");
	must(bpf_object__load(m->object));
	bpf_object__for_each_program(program, m->object) {
		struct bpf_link *link = bpf_program__attach(program);

		if (!link)
			give_up(-errno, "attach %s", bpf_program__name(program));
		m->links[m->nr_links++] = link;
	}
	bss = bpf_object__find_map_by_name(m->object, ".bss");
	if (!bss)
		give_up(0, "phases.bpf.o has no .bss");
	m->state = bpf_map__fd(bss);
	must_sys(bpf_map_update_elem(m->state, &key, &begin, BPF_ANY));
}

static void stop_measuring(struct meter *m)
{
	while (m->nr_links)
		bpf_link__destroy(m->links[--m->nr_links]);
	bpf_object__close(m->object);
}

static void read_state(const struct meter *m, struct phase_state *state)
{
	uint32_t key = 0;

	must_sys(bpf_map_lookup_elem(m->state, &key, state));
}

/* What copy_process seems to take longer for being measured. */
static uint64_t cost_of_measuring(const struct meter *m)
{
	uint64_t ns, least = UINT64_MAX;
	struct phase_state state;

	for (unsigned int i = 0; i < 10; i++) {
		sched_get_priority_max(SCHED_FIFO);
		read_state(m, &state);
		ns = state.nothing_ends - state.nothing_begins;
		if (ns < least)
			least = ns;
	}
	return least;
}

/* --- a method -------------------------------------------------------------------- */

struct figures {
	struct samples launching;	/* the launcher's CPU time */
	struct samples learning;	/* the same: how it went, without waiting */
	struct samples waiting;		/* both, if it waits for that */
	struct samples phases[NR_PHASES];
	uint64_t clock;			/* what reading CPU time takes */
	uint64_t probes;		/* what being measured adds to copy_process */
};

static uint64_t median(struct samples *s)
{
	samples_sort(s);
	return s->values[s->nr / 2];
}

static void collect(struct launcher *l, pid_t *pid)
{
	if (l->method->collect)
		l->method->collect(l, pid, 1);
}

/* The launcher's CPU time; it has something else to do until the program runs. */
static void time_launcher(struct launcher *l, struct figures *f, bool counts)
{
	uint64_t begin, launched, late, end;
	pid_t pid;

	sleep_ns(PAUSE_NS);
	begin = cpu_ns();
	l->method->launch(l, &pid, 1);
	launched = cpu_ns();
	site_report(l->site);
	late = cpu_ns();
	collect(l, &pid);
	end = cpu_ns();
	reap(pid);
	if (!counts)
		return;
	samples_add(&f->launching, launched - begin);
	samples_add(&f->learning, end - late);
}

/* The same if it sleeps until it knows. */
static void time_waiting(struct launcher *l, struct figures *f, bool counts)
{
	uint64_t begin, end;
	pid_t pid;

	sleep_ns(PAUSE_NS);
	begin = cpu_ns();
	l->method->launch(l, &pid, 1);
	collect(l, &pid);
	end = cpu_ns();
	site_report(l->site);
	reap(pid);
	if (counts)
		samples_add(&f->waiting, end - begin);
}

static void time_clock(struct figures *f)
{
	uint64_t begin, ns;

	f->clock = UINT64_MAX;
	for (unsigned int i = 0; i < 10; i++) {
		begin = cpu_ns();
		ns = cpu_ns() - begin;
		if (ns < f->clock)
			f->clock = ns;
	}
}

static void time_phases(struct launcher *l, const struct meter *m,
			struct figures *f, bool counts)
{
	struct phase_state state;
	uint64_t ns, last;

	sleep_ns(PAUSE_NS);
	ns = launch_latency(l);
	if (!counts)
		return;
	read_state(m, &state);
	last = l->begin;
	for (unsigned int i = 0; i < NR_POINTS; i++) {
		if (state.at[i] < last)
			give_up(0, "%s: a launch does not pass point %u",
				l->method->name, i);
		samples_add(&f->phases[i], state.at[i] - last);
		last = state.at[i];
	}
	samples_add(&f->phases[NR_POINTS], l->begin + ns - last);
}

/* --- figures --------------------------------------------------------------------- */

static void print_launcher(const struct plan *plan, const char *method,
			   struct figures *f)
{
	double copying = (double)median(&f->phases[POINT_COPY_ENDS]) - f->probes;
	double launching = (double)median(&f->launching) - f->clock - copying;
	double learning = (double)median(&f->learning) - f->clock;
	double waiting = (double)median(&f->waiting) - f->clock - copying;

	print_value(plan, method, "ns", launching,
		    "the launcher outside copy_process, to launch");
	print_value(plan, method, "ns", launching + learning,
		    "the launcher outside copy_process, outcome included");
	print_value(plan, method, "ns", waiting,
		    "the launcher outside copy_process, sleep for it included");
}

/* In a process of its own: it has no ring but the method's. */
static void measure(const struct plan *plan, const struct site *site,
		    const struct method *method)
{
	unsigned int rounds = WARM_UP + plan->iterations;
	struct meter meter = { 0 };
	struct figures f = { 0 };
	struct launcher l;

	samples_init(&f.launching, rounds);
	samples_init(&f.learning, rounds);
	samples_init(&f.waiting, rounds);
	for (unsigned int i = 0; i < NR_PHASES; i++)
		samples_init(&f.phases[i], rounds);
	launcher_init(&l, method, site, 1);
	time_clock(&f);
	for (unsigned int i = 0; i < rounds; i++) {
		time_launcher(&l, &f, i >= WARM_UP);
		time_waiting(&l, &f, i >= WARM_UP);
	}
	start_measuring(&meter);
	f.probes = cost_of_measuring(&meter);
	for (unsigned int i = 0; i < rounds; i++)
		time_phases(&l, &meter, &f, i >= WARM_UP);
	stop_measuring(&meter);
	launcher_exit(&l);
	print_launcher(plan, method->name, &f);
	for (unsigned int i = 0; i < NR_PHASES; i++)
		print_samples(plan, method->name, "ns", &f.phases[i], "%s",
			      cases[i]);
}

void phases(const struct plan *plan, const struct site *site,
	    const struct method *const methods[])
{
	struct plan own = *plan;
	pid_t pid;

	own.bench = "phases";
	progress(&own, "%u rounds", own.iterations);
	fflush(stdout);
	for (; *methods; methods++) {
		pid = must_sys(fork());
		if (!pid) {
			measure(&own, site, *methods);
			exit(0);
		}
		reap(pid);
	}
}
