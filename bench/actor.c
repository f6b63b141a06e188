// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * actor: NOPs, each issued when the one before it has completed, by one IORING_OP_BPF
 * and by user space, which enters the kernel for each.
 *
 * idle_actor: what the launcher's own NOPs take on a ring whose actor waits, with
 * something in flight, compared with a ring that has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "actor_program.h"
#include "bench.h"

#define WARM_UP 3

/* --- NOPs that wait for each other ------------------------------------------------- */

static const unsigned int lengths[] = { 1, 8, 64, 1000 };
#define NR_LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void check(int res)
{
	if (res)
		give_up(res < 0 ? res : 0, "a request of nothing has ended with %d", res);
}

static void run_actor(struct io_uring *ring, unsigned int nr)
{
	const uint64_t args[ACTOR_ARGS] = { nr };

	actor_add(ring, args);
	check(actor_wait_one(ring));
}

static void run_user(struct io_uring *ring, unsigned int nr)
{
	while (nr--) {
		io_uring_prep_nop(io_uring_get_sqe(ring));
		check(actor_wait_one(ring));
	}
}

static const struct way {
	const char *name;
	void (*run)(struct io_uring *ring, unsigned int nr);
} ways[] = {
	{ "user", run_user },
	{ "actor", run_actor },
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

/* Of one NOP, in ns. */
static uint64_t time_nops(struct io_uring *ring, const struct way *way,
			  unsigned int nr)
{
	uint64_t begin = clock_ns();

	way->run(ring, nr);
	return (clock_ns() - begin) / nr;
}

static void measure_nops(const struct plan *plan, struct io_uring rings[NR_WAYS],
			 unsigned int nr)
{
	struct samples samples[NR_WAYS];
	uint64_t ns;

	progress(plan, "%u in a row, %u rounds", nr, plan->iterations);
	for (unsigned int k = 0; k < NR_WAYS; k++)
		samples_init(&samples[k], plan->iterations);
	for (unsigned int i = 0; i < WARM_UP + plan->iterations; i++) {
		for (unsigned int k = 0; k < NR_WAYS; k++) {
			unsigned int n = (i + k) % NR_WAYS;

			ns = time_nops(&rings[n], &ways[n], nr);
			if (i >= WARM_UP)
				samples_add(&samples[n], ns);
		}
	}
	for (unsigned int k = 0; k < NR_WAYS; k++) {
		print_samples(plan, ways[k].name, "ns", &samples[k], "%u", nr);
		samples_free(&samples[k]);
	}
}

void bench_actor(const struct plan *plan)
{
	struct io_uring rings[NR_WAYS];

	for (unsigned int k = 0; k < NR_WAYS; k++)
		actor_ring(&rings[k], 8, 16);
	actor_attach(&rings[1], "bench/actor", "nops");
	for (unsigned int i = 0; i < NR_LENGTHS; i++)
		measure_nops(plan, rings, lengths[i]);
	for (unsigned int k = 0; k < NR_WAYS; k++)
		io_uring_queue_exit(&rings[k]);
}

/* --- the launcher's own, with an actor that waits ----------------------------------- */

#define ROUNDS	100
#define MOST	32

static const unsigned int batches[] = { 1, MOST };

static const struct idle {
	const char *name;
	unsigned int nr;
	unsigned int opcode;
} idles[] = {
	{ "none", 0, 0 },
	{ "1 poll", 1, IORING_OP_POLL_ADD },
	{ "64 polls", 64, IORING_OP_POLL_ADD },
	{ "1 read", 1, IORING_OP_READ },
	{ "64 reads", 64, IORING_OP_READ },
};
#define NR_IDLES (sizeof(idles) / sizeof(idles[0]))

static void start_idle(struct io_uring *ring, const struct idle *idle, int pipe)
{
	static char byte;
	const uint64_t args[ACTOR_ARGS] = {
		idle->nr, idle->opcode, pipe, (uintptr_t)&byte,
	};

	actor_ring(ring, 2 * MOST, 4 * MOST);
	if (!idle->nr)
		return;
	actor_attach(ring, "bench/actor", "idle");
	actor_add(ring, args);
	/* it stages in the first call that waits */
	io_uring_prep_nop(io_uring_get_sqe(ring));
	check(actor_wait_one(ring));
	if (actor_in_flight(ring) != idle->nr)
		give_up(0, "%s: the actor has %u in flight", idle->name,
			actor_in_flight(ring));
}

static void run_batch(struct io_uring *ring, unsigned int nr)
{
	struct io_uring_cqe *cqe;

	for (unsigned int i = 0; i < nr; i++)
		io_uring_prep_nop(io_uring_get_sqe(ring));
	must(io_uring_submit_and_wait(ring, nr));
	for (unsigned int i = 0; i < nr; i++) {
		must(io_uring_peek_cqe(ring, &cqe));
		/* were it the actor's, that would not be idle */
		check(cqe->res);
		io_uring_cqe_seen(ring, cqe);
	}
}

static uint64_t time_batches(struct io_uring *ring, unsigned int nr)
{
	uint64_t begin = clock_ns();

	for (unsigned int i = 0; i < ROUNDS; i++)
		run_batch(ring, nr);
	return (clock_ns() - begin) / ROUNDS;
}

static void measure_idle(const struct plan *plan, struct io_uring rings[NR_IDLES],
			 unsigned int nr)
{
	struct samples samples[NR_IDLES];
	uint64_t ns;

	progress(plan, "%u at once, %u rounds", nr, plan->iterations);
	for (unsigned int k = 0; k < NR_IDLES; k++)
		samples_init(&samples[k], plan->iterations);
	for (unsigned int i = 0; i < WARM_UP + plan->iterations; i++) {
		for (unsigned int k = 0; k < NR_IDLES; k++) {
			unsigned int n = (i + k) % NR_IDLES;

			ns = time_batches(&rings[n], nr);
			if (i >= WARM_UP)
				samples_add(&samples[n], ns);
		}
	}
	for (unsigned int k = 0; k < NR_IDLES; k++) {
		print_samples(plan, idles[k].name, "ns", &samples[k],
			      nr > 1 ? "%u NOPs" : "%u NOP", nr);
		samples_free(&samples[k]);
	}
}

void bench_idle_actor(const struct plan *plan)
{
	struct io_uring rings[NR_IDLES];
	int ends[2];

	must_sys(pipe2(ends, O_CLOEXEC));
	for (unsigned int k = 0; k < NR_IDLES; k++)
		start_idle(&rings[k], &idles[k], ends[0]);
	for (unsigned int i = 0; i < sizeof(batches) / sizeof(batches[0]); i++)
		measure_idle(plan, rings, batches[i]);
	for (unsigned int k = 0; k < NR_IDLES; k++)
		io_uring_queue_exit(&rings[k]);
	close(ends[0]);
	close(ends[1]);
}
