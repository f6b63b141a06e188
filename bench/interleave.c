// SPDX-License-Identifier: LGPL-2.1-or-later
#include "interleave.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_UP 3
#define PAUSE_NS 1000000

/*
 * A method in a process of its own, which has only the method's ring and
 * memory: it launches once for each byte it is sent and answers with the
 * latency.
 */
struct lane {
	char name[32];
	pid_t pid;
	int socket;
	struct samples samples;
};

struct lanes {
	const struct plan *plan;
	const struct site *site;
	unsigned int nr;
	struct lane lane[48];
};

/*
 * Which of nr methods is the k-th in this round: from another one on each time,
 * and in every other round backwards.
 */
static unsigned int order(unsigned int round, unsigned int k, unsigned int nr)
{
	unsigned int n = (round / 2 + k) % nr;

	return round % 2 ? nr - 1 - n : n;
}

static void serve(const struct site *site, const struct method *method,
		  bool waits, int socket)
{
	struct launcher l;
	uint64_t ns;
	char byte;

	launcher_init(&l, method, site, 1);
	l.waits = waits;
	while (must_sys(read(socket, &byte, 1)) == 1) {
		/* until the one that asks sleeps, in the scheduler's eyes, too */
		sleep_ns(PAUSE_NS);
		ns = launch_latency(&l);
		must_sys(write(socket, &ns, sizeof(ns)));
	}
	launcher_exit(&l);
	exit(0);
}

static void start_lane(struct lanes *lanes, const struct method *method,
		       bool waits)
{
	struct lane *lane = &lanes->lane[lanes->nr];
	int ends[2];

	if (lanes->nr == sizeof(lanes->lane) / sizeof(lanes->lane[0]))
		give_up(0, "too many methods");
	snprintf(lane->name, sizeof(lane->name), "%s%s", method->name,
		 waits ? "_waiting" : "");
	samples_init(&lane->samples, lanes->plan->iterations);
	must_sys(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends));
	lane->pid = must_sys(fork());
	if (!lane->pid) {
		/* close-on-exec descriptors of others would add to the latency */
		for (unsigned int i = 0; i < lanes->nr; i++)
			close(lanes->lane[i].socket);
		close(ends[0]);
		serve(lanes->site, method, waits, ends[1]);
	}
	close(ends[1]);
	lane->socket = ends[0];
	lanes->nr++;
}

static uint64_t lane_latency(struct lane *lane)
{
	uint64_t ns;

	must_sys(send(lane->socket, "", 1, MSG_NOSIGNAL));
	if (must_sys(read(lane->socket, &ns, sizeof(ns))) != sizeof(ns))
		give_up(0, "%s could not be measured", lane->name);
	return ns;
}

static void end_lane(struct lanes *lanes, struct lane *lane,
		     const char *case_name)
{
	close(lane->socket);
	reap(lane->pid);
	print_samples(lanes->plan, lane->name, "ns", &lane->samples, "%s",
		      case_name);
	samples_free(&lane->samples);
}

static void measure(struct lanes *lanes, const char *case_name)
{
	unsigned int rounds = lanes->plan->iterations;

	progress(lanes->plan, "%s, %u rounds", case_name, rounds);
	for (unsigned int i = 0; i < WARM_UP + rounds; i++) {
		/* by turns first, so that none has the same one before it */
		for (unsigned int k = 0; k < lanes->nr; k++) {
			struct lane *lane = &lanes->lane[order(i, k, lanes->nr)];
			uint64_t ns = lane_latency(lane);

			if (i >= WARM_UP)
				samples_add(&lane->samples, ns);
		}
	}
	for (unsigned int k = 0; k < lanes->nr; k++)
		end_lane(lanes, &lanes->lane[k], case_name);
}

void interleave(const struct plan *plan, const struct site *site,
		const struct method *const methods[], const char *case_name)
{
	struct lanes lanes = { .plan = plan, .site = site };

	fflush(stdout);
	for (; *methods; methods++)
		start_lane(&lanes, *methods, false);
	measure(&lanes, case_name);
}

void interleave_waiting(const struct plan *plan, const struct site *site,
			const struct method *const methods[],
			const char *case_name)
{
	struct lanes lanes = { .plan = plan, .site = site };

	fflush(stdout);
	for (; *methods; methods++) {
		start_lane(&lanes, *methods, false);
		if ((*methods)->collect)
			start_lane(&lanes, *methods, true);
	}
	measure(&lanes, case_name);
}
