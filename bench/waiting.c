// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * waiting: what the launcher's own work takes with 0, 64 and 1,000 children that wait:
 * mapping, touching and unmapping memory, entering a time namespace, membarrier(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "methods.h"
#include "request.h"

#define WARM_UP	3
#define PAUSE_NS 1000000
#define MOST	1000

static const struct count {
	const char *name;
	unsigned int nr;
} counts[] = {
	{ "none", 0 }, { "64", 64 }, { "1000", MOST },
};
#define NR_COUNTS (sizeof(counts) / sizeof(counts[0]))

/* --- what is measured ---------------------------------------------------------------- */

#define ROUNDS	20
#define PAGES	16

static void use_memory(void)
{
	const size_t size = PAGES * 4096;
	char *memory;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			give_up(-errno, "mmap");
		for (size_t at = 0; at < size; at += 4096)
			memory[at] = 1;
		must_sys(munmap(memory, size));
	}
}

static int time_ns;

static void enter_namespace(void)
{
	must_sys(setns(time_ns, CLONE_NEWTIME));
}

static void issue_barriers(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		must_sys(syscall(__NR_membarrier,
				 MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
}

static const struct work {
	const char *name;
	void (*run)(void);
} works[] = {
	{ "memory", use_memory },
	{ "setns", enter_namespace },
	{ "membarrier", issue_barriers },
};
#define NR_WORKS (sizeof(works) / sizeof(works[0]))

struct answer {
	uint64_t ns[NR_WORKS];
};

/* --- a launcher for each number of children ------------------------------------------- */

struct lane {
	pid_t pid;
	int socket;
	struct samples samples[NR_WORKS];
};

static void make_children(struct io_uring *ring, unsigned int nr)
{
	static int numbers[MOST];

	request_ring(ring);
	request_keep_many(ring, numbers, nr);
	time_ns = must_sys(open("/proc/self/ns/time", O_RDONLY | O_CLOEXEC));
	must_sys(syscall(__NR_membarrier,
			 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
}

/* Works once for each byte that it is sent. */
static void serve(unsigned int nr, int socket)
{
	struct io_uring ring;
	struct answer answer;
	uint64_t begin;
	char byte;

	make_children(&ring, nr);
	while (must_sys(read(socket, &byte, 1)) == 1) {
		/* until the one that asks sleeps, in the scheduler's eyes, too */
		sleep_ns(PAUSE_NS);
		for (unsigned int i = 0; i < NR_WORKS; i++) {
			begin = clock_ns();
			works[i].run();
			answer.ns[i] = clock_ns() - begin;
		}
		must_sys(write(socket, &answer, sizeof(answer)));
	}
	io_uring_queue_exit(&ring);
	exit(0);
}

static void start_lane(const struct plan *plan, struct lane *lanes, unsigned int k)
{
	struct lane *lane = &lanes[k];
	int ends[2];

	for (unsigned int i = 0; i < NR_WORKS; i++)
		samples_init(&lane->samples[i], plan->iterations);
	must_sys(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	lane->pid = must_sys(fork());
	if (!lane->pid) {
		for (unsigned int i = 0; i < k; i++)
			close(lanes[i].socket);
		close(ends[0]);
		serve(counts[k].nr, ends[1]);
	}
	close(ends[1]);
	lane->socket = ends[0];
}

static void measure(struct lane *lane, bool counted)
{
	struct answer answer;

	must_sys(send(lane->socket, "", 1, MSG_NOSIGNAL));
	if (must_sys(read(lane->socket, &answer, sizeof(answer))) != sizeof(answer))
		give_up(0, "a launcher ended");
	for (unsigned int i = 0; i < NR_WORKS && counted; i++)
		samples_add(&lane->samples[i], answer.ns[i]);
}

static void end_lane(const struct plan *plan, struct lane *lane, const char *name)
{
	close(lane->socket);
	reap(lane->pid);
	for (unsigned int i = 0; i < NR_WORKS; i++) {
		print_samples(plan, name, "ns", &lane->samples[i], "%s",
			      works[i].name);
		samples_free(&lane->samples[i]);
	}
}

void bench_waiting(const struct plan *plan)
{
	struct lane lanes[NR_COUNTS];

	progress(plan, "%u rounds", plan->iterations);
	fflush(stdout);
	for (unsigned int k = 0; k < NR_COUNTS; k++)
		start_lane(plan, lanes, k);
	for (unsigned int i = 0; i < WARM_UP + plan->iterations; i++) {
		for (unsigned int k = 0; k < NR_COUNTS; k++)
			measure(&lanes[(i + k) % NR_COUNTS], i >= WARM_UP);
	}
	for (unsigned int k = 0; k < NR_COUNTS; k++)
		end_lane(plan, &lanes[k], counts[k].name);
}
