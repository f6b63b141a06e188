// SPDX-License-Identifier: LGPL-2.1-or-later
/* Rings on event loops: what spawnpol_ring(3) says of epoll and of eventfds. */
#include "launch.h"

#include <errno.h>
#include <liburing.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DEFERRED (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)
#define PROGRAMS 5

/* Programs that end at once, and whose end is an outcome. */
static void submit_all(struct spawnpol_ring *ring)
{
	struct spawnpol_chain *chains[PROGRAMS];

	for (int i = 0; i < PROGRAMS; i++) {
		chains[i] = chain_of("/bin/true");
		CHECK_OK(spawnpol_chain_exit_status(chains[i], true));
	}
	CHECK_EQ(spawnpol_submit(ring, chains, PROGRAMS), PROGRAMS);
}

/* One call: how many outcomes came, and how many programs have ended by them. */
static int collect(struct spawnpol_ring *ring, unsigned int max, int *ended)
{
	struct spawnpol_outcome outs[8];
	int nr = spawnpol_collect(ring, outs, max, 0, 0);

	CHECK_GE(nr, 0);
	for (int i = 0; i < nr; i++) {
		CHECK_EQ(outs[i].error, 0);
		if (outs[i].kind != SPAWNPOL_KIND_EXIT)
			continue;
		CHECK_OK(spawnpol_chain_free(outs[i].chain));
		++*ended;
	}
	return nr;
}

static void watch(int epoll, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	CHECK_SYS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/*
 * Sleeps until the descriptor is ready: a wake-up that is lost is a test that hangs. The
 * kernel's own work for the ring interrupts it, as a signal does.
 */
static void wait_for(int epoll)
{
	struct epoll_event event;
	int ret;

	do {
		ret = epoll_wait(epoll, &event, 1, -1);
	} while (ret < 0 && errno == EINTR);
	CHECK_EQ(ret, 1);
	CHECK_EQ(event.events, EPOLLIN);
}

static void loop(unsigned int flags, uint32_t events, unsigned int max)
{
	struct spawnpol_ring *ring = ring_of(64, flags);
	int epoll = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC)), ended = 0, nr;
	struct epoll_event event;

	watch(epoll, spawnpol_ring_fd(ring), events);
	submit_all(ring);
	while (ended < PROGRAMS) {
		wait_for(epoll);
		do {
			nr = collect(ring, max, &ended);
		} while (events & EPOLLET && nr == (int)max);
	}
	/* all outcomes are had */
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	close(epoll);
	spawnpol_ring_close(ring);
}

TEST(level) { loop(0, EPOLLIN, 8); }
TEST(level_with_one_outcome_each_time) { loop(0, EPOLLIN, 1); }
TEST(level_of_a_deferred_ring) { loop(DEFERRED, EPOLLIN, 1); }
TEST(edge_until_fewer_come) { loop(0, EPOLLIN | EPOLLET, 2); }
TEST(edge_of_a_deferred_ring) { loop(DEFERRED, EPOLLIN | EPOLLET, 2); }

/* A registered ring has no descriptor, but can have an eventfd. */
static void loop_on_eventfd(struct spawnpol_ring *ring)
{
	int fd = CHECK_SYS(eventfd(0, EFD_CLOEXEC)), ended = 0, nr;
	uint64_t count;

	CHECK_OK(spawnpol_ring_register(ring, IORING_REGISTER_EVENTFD, &fd, 1));
	submit_all(ring);
	while (ended < PROGRAMS) {
		CHECK_EQ(read(fd, &count, sizeof(count)), sizeof(count));
		do {
			nr = collect(ring, 2, &ended);
		} while (nr == 2);
	}
	close(fd);
	spawnpol_ring_close(ring);
}

/*
 * Not of deferred rings: Linux 6.12 has the end of a program signal the eventfd of one
 * once, and never again.
 */
TEST(eventfd_of_a_ring) { loop_on_eventfd(ring_of(64, 0)); }

TEST(eventfd_of_a_registered_ring)
{
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open_registered(&ring, 64, 0));
	loop_on_eventfd(ring);
}

/* What has room in its SQ is always writable: nobody is to wait for that. */
TEST(a_ring_is_always_writable)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int epoll = CHECK_SYS(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event;

	watch(epoll, spawnpol_ring_fd(ring), EPOLLIN | EPOLLOUT);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	CHECK_EQ(event.events, EPOLLOUT);
	close(epoll);
	spawnpol_ring_close(ring);
}
