// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * decision: from an EXEC that has failed to the next one. The kernel's way is a
 * policy; user space's is to wake up and either make a new child, or let the
 * child go on that waits in a step for it, which is the least it can do.
 *
 * Measured in the kernel, at the functions that EXEC is, by BPF.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <unistd.h>

#include "decision.h"
#include "methods.h"

#define MISSES 6

/* --- a child kept waiting ------------------------------------------------------- */

/*
 * EXEC (hard-linked), READ of a pipe, EXEC, READ ...: at each failed EXEC's CQE
 * the launcher writes a byte. The library has no name for such a chain.
 */
struct kept {
	struct io_uring uring;
	int go[2];
	char byte;
};

static struct io_uring_sqe *next_sqe(struct kept *k, unsigned int op,
				     unsigned int flags, uint64_t user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&k->uring);

	if (!sqe)
		give_up(0, "the SQ is too small");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->flags = flags;
	sqe->user_data = user_data;
	return sqe;
}

enum { KEPT_CLONE = 1, KEPT_EXEC, KEPT_READ };

static void queue_kept(struct kept *k, const struct site *site)
{
	static char *const argv[] = { (char *)SITE_PROGRAM, NULL };
	struct io_uring_sqe *sqe;

	next_sqe(k, SPAWNPOL_OP_CLONE, IOSQE_IO_LINK, KEPT_CLONE);
	for (unsigned int i = 0; i <= site->misses; i++) {
		sqe = next_sqe(k, SPAWNPOL_OP_EXEC, i < site->misses ?
			       IOSQE_IO_HARDLINK : 0, KEPT_EXEC);
		sqe->fd = AT_FDCWD;
		sqe->addr = (uintptr_t)site->candidates[i];
		sqe->addr2 = (uintptr_t)argv;
		sqe->addr3 = (uintptr_t)environ;
		if (i == site->misses)
			break;
		sqe = next_sqe(k, IORING_OP_READ, IOSQE_IO_LINK |
			       IOSQE_CQE_SKIP_SUCCESS, KEPT_READ);
		sqe->fd = k->go[0];
		sqe->addr = (uintptr_t)&k->byte;
		sqe->len = 1;
		sqe->off = -1;
	}
}

/* One CQE; true if the program runs. */
static bool handle_cqe(struct kept *k, pid_t *pid)
{
	struct io_uring_cqe *cqe;
	bool done = false;

	must(io_uring_wait_cqe(&k->uring, &cqe));
	switch (cqe->user_data) {
	case KEPT_CLONE:
		*pid = must(cqe->res);
		break;
	case KEPT_EXEC:
		done = !cqe->res;
		if (cqe->res == -ENOENT)
			must_sys(write(k->go[1], "", 1));
		else
			must(cqe->res);
		break;
	default:
		must(cqe->res);
	}
	io_uring_cqe_seen(&k->uring, cqe);
	return done;
}

static void launch_kept(struct kept *k, const struct site *site)
{
	pid_t pid = 0;

	queue_kept(k, site);
	must(io_uring_submit(&k->uring));
	while (!handle_cqe(k, &pid))
		;
	site_report(site);
	reap(pid);
}

static void measure_kept(const struct plan *plan, const struct site *site)
{
	struct kept k;

	must(io_uring_queue_init(64, &k.uring, IORING_SETUP_SINGLE_ISSUER |
				 IORING_SETUP_DEFER_TASKRUN));
	must_sys(pipe2(k.go, O_CLOEXEC));
	for (unsigned int i = 0; i < plan->iterations; i++)
		launch_kept(&k, site);
	close(k.go[0]);
	close(k.go[1]);
	io_uring_queue_exit(&k.uring);
}

/* --- methods that are there anyway --------------------------------------------- */

static void measure_method(const struct plan *plan, const struct site *site,
			   const struct method *method)
{
	struct launcher l;

	launcher_init(&l, method, site, 1);
	for (unsigned int i = 0; i < plan->iterations; i++)
		launch_latency(&l);
	launcher_exit(&l);
}

static void measure_policy(const struct plan *plan, const struct site *site)
{
	measure_method(plan, site, &method_policy_decides);
}

static void measure_user(const struct plan *plan, const struct site *site)
{
	measure_method(plan, site, &method_user);
}

static const struct way {
	const char *name;
	void (*measure)(const struct plan *plan, const struct site *site);
} ways[] = {
	{ "policy", measure_policy },
	{ "user_kept_child", measure_kept },
	{ "user_new_child", measure_user },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

/* --- the intervals -------------------------------------------------------------- */

struct meter {
	struct bpf_object *object;
	struct bpf_link *links[2];
	unsigned int nr_links;
};

static void start_measuring(struct meter *m)
{
	struct bpf_object *object;
	struct bpf_program *program;

	object = bpf_object__open_file(built("bench/decision.bpf.o"), NULL);
	if (!object)
		give_up(-errno, "decision.bpf.o");
	must(bpf_object__load(object));
	bpf_object__for_each_program(program, object) {
		struct bpf_link *link = bpf_program__attach(program);

		if (!link)
			give_up(-errno, "attach %s",
				bpf_program__name(program));
		m->links[m->nr_links++] = link;
	}
	m->object = object;
}

static void stop_measuring(struct meter *m)
{
	while (m->nr_links)
		bpf_link__destroy(m->links[--m->nr_links]);
	bpf_object__close(m->object);
}

static struct bpf_map *map_of(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	if (!map)
		give_up(0, "no map %s", name);
	return map;
}

/* How many intervals there are; start anew. */
static unsigned int take_count(struct bpf_object *object)
{
	struct decision_state zero = { 0 }, old;
	int fd = bpf_map__fd(map_of(object, ".bss"));
	uint32_t key = 0;

	must_sys(bpf_map_lookup_elem(fd, &key, &old));
	must_sys(bpf_map_update_elem(fd, &key, &zero, BPF_ANY));
	return old.nr_intervals;
}

static void print_intervals(const struct plan *plan, struct bpf_object *object,
			    const struct way *way, const char *case_name)
{
	int fd = bpf_map__fd(map_of(object, "intervals"));
	uint32_t nr = take_count(object);
	struct samples s;
	uint64_t value;

	if (nr != plan->iterations * MISSES)
		give_up(0, "%s: %u intervals, not %u", way->name, nr,
			plan->iterations * MISSES);
	samples_init(&s, nr + 1);
	for (uint32_t i = 0; i < nr; i++) {
		must_sys(bpf_map_lookup_elem(fd, &i, &value));
		samples_add(&s, value);
	}
	print_samples(plan, way->name, "ns", &s, "%s", case_name);
	samples_free(&s);
}

static void measure_all(const struct plan *plan, const struct site *site,
			struct bpf_object *object, const char *case_name)
{
	progress(plan, "%s, %u searches by each", case_name, plan->iterations);
	for (unsigned int i = 0; i < NR_WAYS; i++) {
		take_count(object);
		ways[i].measure(plan, site);
		print_intervals(plan, object, &ways[i], case_name);
	}
}

static void *spin(void *stop)
{
	use_cpus(1);
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

/* Launcher and child share a CPU with a thread that never rests. */
static void measure_busy(const struct plan *plan, const struct site *site,
			 struct bpf_object *object)
{
	struct plan fewer = *plan;
	bool stop = false;
	pthread_t thread;

	fewer.iterations = plan->iterations / 10 + 1;
	use_cpus(1);
	must(-pthread_create(&thread, NULL, spin, &stop));
	measure_all(&fewer, site, object, "busy CPU");
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	must(-pthread_join(thread, NULL));
	use_cpus(cpus_online());
}

void bench_decision(const struct plan *plan)
{
	struct meter meter = { 0 };
	struct site site;

	if (plan->iterations > DECISIONS_MAX / MISSES)
		give_up(0, "at most %u iterations", DECISIONS_MAX / MISSES);
	site_init(&site, MISSES);
	start_measuring(&meter);
	measure_all(plan, &site, meter.object, "idle machine");
	measure_busy(plan, &site, meter.object);
	stop_measuring(&meter);
	site_exit(&site);
}
