// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * retry: of so many spawns every tenth finds its program busy (ETXTBSY), and
 * busy again at the next try. Who waits and tries again, the policy or user
 * space, shows in the launcher's wake-ups and CPU time.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "methods.h"

#define EVERY	10

static const struct method *const methods[] = {
	&method_policy_retry, &method_user_retry,
};

/*
 * Another process that opens the program for writing when told to, and closes
 * it when two tries have met it busy and a third has not yet. It cannot be a
 * thread of the launcher: children would have a copy of the descriptor, and be
 * in their own way.
 */
struct writer {
	pid_t pid;
	int tell, answers;	/* ends of pipes; a byte each */
};

static void write_when_told(const struct site *site, int told, int answer)
{
	char byte;
	int fd;

	while (read(told, &byte, 1) == 1) {
		fd = must_sys(open(site_program(site), O_WRONLY | O_CLOEXEC));
		must_sys(write(answer, "", 1));
		sleep_ns(RETRY_DELAY_NS * 3 / 2);
		close(fd);
		must_sys(write(answer, "", 1));
	}
	_exit(0);
}

static void writer_start(struct writer *w, const struct site *site)
{
	int tell[2], answers[2];

	must_sys(pipe2(tell, O_CLOEXEC));
	must_sys(pipe2(answers, O_CLOEXEC));
	w->pid = must_sys(fork());
	if (!w->pid) {
		close(tell[1]);
		write_when_told(site, tell[0], answers[1]);
	}
	close(tell[0]);
	close(answers[1]);
	w->tell = tell[1];
	w->answers = answers[0];
}

static void writer_stop(struct writer *w)
{
	close(w->tell);
	close(w->answers);
	reap(w->pid);
}

static void writer_answer(struct writer *w)
{
	char byte;

	if (must_sys(read(w->answers, &byte, 1)) != 1)
		give_up(0, "the writer is gone");
}

static void writer_begin(struct writer *w)
{
	must_sys(write(w->tell, "", 1));
	writer_answer(w);
}

static uint64_t wakeups(void)
{
	struct rusage usage;

	must_sys(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nvcsw;
}

/* What one spawn took of the launcher. */
struct cost {
	uint64_t ns, cpu, wakeups;
};

static void launch_one(struct launcher *l, struct writer *w, struct cost *cost)
{
	uint64_t cpu, woken, begin;
	pid_t pid;

	if (w)
		writer_begin(w);
	begin = clock_ns();
	cpu = cpu_ns();
	woken = wakeups();
	launch(l, &pid, 1);
	cost->ns += clock_ns() - begin;
	cost->cpu += cpu_ns() - cpu;
	cost->wakeups += wakeups() - woken;
	if (w)
		writer_answer(w);
	site_report(l->site);
	reap(pid);
}

static uint64_t retries(struct launcher *l)
{
	struct spawnpol_link_info info;

	if (l->method != &method_policy_retry)
		return l->retries;
	must(spawnpol_policy_info(l->link, &info));
	return info.verdicts[IORING_VERDICT_RETRY];
}

static void measure(const struct plan *plan, const struct site *site,
		    const struct method *method)
{
	struct cost cost = { 0 };
	struct launcher l;
	struct writer w;

	writer_start(&w, site);
	launcher_init(&l, method, site, 1);
	for (unsigned int i = 0; i < plan->iterations; i++)
		launch_one(&l, i % EVERY == EVERY - 1 ? &w : NULL, &cost);
	print_value(plan, method->name, "ms", cost.ns / 1e6, "all");
	print_value(plan, method->name, "ms cpu", cost.cpu / 1e6, "all");
	print_value(plan, method->name, "wake-ups", cost.wakeups, "all");
	print_value(plan, method->name, "retries", retries(&l), "all");
	if (retries(&l) != 2 * (plan->iterations / EVERY))
		progress(plan, "note: %s tried again %u times, not %u",
			 method->name, (unsigned int)retries(&l),
			 2 * (plan->iterations / EVERY));
	launcher_exit(&l);
	writer_stop(&w);
}

void bench_retry(const struct plan *plan)
{
	struct site site;

	site_init(&site, 0);
	progress(plan, "%u spawns by each, %u of them busy", plan->iterations,
		 plan->iterations / EVERY);
	for (unsigned int i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		measure(plan, &site, methods[i]);
	site_exit(&site);
}
