// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Links, rings, programs and chains going away in every order; updates and
 * detaching while a chain runs (P2).
 */
#include "lib/child.h"
#include "lib/program.h"
#include "lib/ring.h"

#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static struct tring r, other;
static struct tprog p;
TPROG_PRELOAD
static struct blocker block;

#define FAILED IORING_POLICY_FAILED
#define PIN "/sys/fs/bpf/policy_teardown_test"

static int update(int link, int prog)
{
	union bpf_attr attr = { .link_update = { .link_fd = link,
						 .new_prog_fd = prog } };

	return bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

static int update_from(int link, int old, int prog)
{
	union bpf_attr attr = { .link_update = { .link_fd = link,
						 .new_prog_fd = prog,
						 .flags = BPF_F_REPLACE,
						 .old_prog_fd = old } };

	return bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
}

static int detach(int link)
{
	union bpf_attr attr = { .link_detach = { .link_fd = link } };

	return bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr));
}

static int pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path, .bpf_fd = fd };

	return bpf_call(BPF_OBJ_PIN, &attr, sizeof(attr));
}

static int get_pinned(const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path };

	return bpf_call(BPF_OBJ_GET, &attr, sizeof(attr));
}

static int returning(int verdict)
{
	return CHECK_OK(load_returning(verdict, SPAWNPOL_BPF_IOURING_SPAWN,
				       BPF_F_SLEEPABLE));
}

/* What becomes of a failing step on this ring. */
static int failing_step(struct tring *ring)
{
	int res;

	tring_forget(ring);
	q_clone(ring);
	q_fail(ring);
	q_exit(ring, 0);
	tring_submit(ring);
	tring_total(ring, 3);
	res = tring_res(ring, 0);
	if (tring_res(ring, 1) == 0)
		CHECK_EQ(wait_exit(tring_res(ring, CLONE)), 0);
	return res;
}

TEST(P2_a_link_is_updated_to_another_program)
{
	int skip = returning(IORING_VERDICT_SKIP);
	int go_on = returning(IORING_VERDICT_CONTINUE);
	int link;

	tring_init(&r, 0);
	link = CHECK_OK(attach_by_ring(tring_fd(&r), go_on, 0, 0));
	CHECK_EQ(failing_step(&r), -ENOENT);
	CHECK_OK(update(link, skip));
	CHECK_EQ(failing_step(&r), 0);
	/* The program that is there must be the one expected, if one is. */
	CHECK_LT(update_from(link, go_on, go_on), 0);
	CHECK_EQ(failing_step(&r), 0);
	CHECK_OK(update_from(link, skip, go_on));
	CHECK_EQ(failing_step(&r), -ENOENT);
	EXPECT_LT(update(link, 1023), 0);
	EXPECT_EQ(link_info(link).runs, 4);
}

TEST(P2_chains_follow_an_update_at_once)
{
	int link;

	tring_init(&r, 0);
	link = CHECK_OK(attach_by_ring(
		tring_fd(&r), returning(IORING_VERDICT_CONTINUE), 0, 0));
	q_clone(&r);
	q_block(&r, &block);
	q_fail(&r);
	q_exit(&r, 4);
	tring_submit(&r);
	wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
	CHECK_OK(update(link, returning(IORING_VERDICT_SKIP)));
	blocker_release(&block);
	CHECK_EQ(tring_res(&r, 1), 0);
	CHECK_EQ(wait_exit(tring_res(&r, CLONE)), 4);
}

/* The ring has a policy attached, or comes to have none any more. */
static bool has_policy(void)
{
	return strstr(fdinfo_of(tring_fd(&r)), "SpawnPolicy");
}

static void wait_no_policy(void)
{
	double until = now() + tap_patience();

	while (has_policy()) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

/*
 * Detached, or its last reference gone: a pin, because the child has a copy of
 * any descriptor of ours.
 */
TEST(P2_remaining_steps_run_without_a_detached_policy)
{
	const char *path = PIN;
	int link, how;

	unlink(path);
	for (how = 0; how < 2; how++) {
		tring_init(&r, 0);
		link = CHECK_OK(attach_by_ring(
			tring_fd(&r), returning(IORING_VERDICT_SKIP), 0, 0));
		CHECK_OK(pin(link, path));
		close(link);
		q_clone(&r);
		q_fail(&r);
		q_block(&r, &block);
		q_fail(&r);
		q_exit(&r, 4);
		tring_submit(&r);
		CHECK_EQ(tring_res(&r, 0), 0);
		wait_blocked(CHECK_OK(tring_res(&r, CLONE)));
		CHECK(has_policy());
		link = CHECK_OK(get_pinned(path));
		CHECK_SYS(unlink(path));
		if (how)
			CHECK_OK(detach(link));
		else
			close(link);
		wait_no_policy();
		blocker_release(&block);
		CHECK_EQ(tring_res(&r, 2), -ENOENT);
		CHECK_EQ(tring_res(&r, 3), -ECANCELED);
		tring_exit(&r);
		if (how) {
			EXPECT_EQ(link_info(link).ring_id, 0);
			close(link);
		}
	}
}

TEST(P2_a_detached_link_frees_its_slot_and_cannot_be_updated)
{
	int link = tprog_start(&r, &p, 0);

	CHECK_OK(detach(link));
	EXPECT_EQ(link_info(link).ring_id, 0);
	EXPECT_EQ(update(link, p.fd), -ENOLINK);
	CHECK_EQ(failing_step(&r), -ENOENT);
	EXPECT_EQ(p.engine->runs, 0);
	CHECK_OK(attach_by_ring(tring_fd(&r), p.fd, 0, 0));
	CHECK_EQ(failing_step(&r), -ENOENT);
	EXPECT_EQ(p.engine->runs, 1);
	/* Again is no error that harms. */
	detach(link);
	close(link);
	CHECK_EQ(failing_step(&r), -ENOENT);
	EXPECT_EQ(p.engine->runs, 2);
}

TEST(P2_a_pinned_link_outlives_its_descriptor)
{
	const char *path = PIN;
	int link = tprog_start(&r, &p, 0);

	unlink(path);
	CHECK_OK(pin(link, path));
	close(link);
	CHECK_EQ(failing_step(&r), -ENOENT);
	CHECK_EQ(p.engine->runs, 1);
	link = CHECK_OK(get_pinned(path));
	EXPECT_EQ(link_info(link).runs, 1);
	CHECK_SYS(unlink(path));
	CHECK_EQ(failing_step(&r), -ENOENT);
	CHECK_EQ(p.engine->runs, 2);
	close(link);
	CHECK_EQ(failing_step(&r), -ENOENT);
	EXPECT_EQ(p.engine->runs, 2);
}

TEST(P2_a_link_does_not_keep_the_ring_alive)
{
	unsigned int i;

	for (i = 0; i < tring_nr_kinds; i++) {
		double until = now() + tap_patience();
		int link;

		tring_init(&r, tring_kinds[i].flags);
		tprog_load(&p);
		link = attach(&r, &p, 0, 0);
		EXPECT_GT(link_info(link).ring_id, 0);
		tring_exit(&r);
		while (link_info(link).ring_id) {
			CHECK_LT(now(), until);
			sleep_ms(1);
		}
		EXPECT_EQ(update(link, p.fd), -ENOLINK);
		EXPECT_EQ(link_info(link).runs, 0);
		close(link);
		tprog_free(&p);
	}
}

/* Letters: A and B are rings, a and b their links, P the program. */
static void tear_down(const char *order)
{
	int prog = returning(IORING_VERDICT_SKIP), link[2];

	tring_init(&r, 0);
	tring_init(&other, 0);
	link[0] = CHECK_OK(attach_by_ring(tring_fd(&r), prog, 0, 0));
	link[1] = CHECK_OK(attach_by_bpf(tring_fd(&other), prog, 5, 0));
	CHECK_EQ(failing_step(&r), 0);
	for (; *order; order++) {
		switch (*order) {
		case 'A':
			tring_exit(&r);
			break;
		case 'B':
			tring_exit(&other);
			break;
		case 'P':
			close(prog);
			break;
		default:
			close(link[*order - 'a']);
		}
	}
}

/* Try every order of the letters, of which count are in place. */
static void permute(char *order, unsigned int at, unsigned int *tried)
{
	unsigned int i;
	char swap;

	if (!order[at]) {
		tear_down(order);
		(*tried)++;
		return;
	}
	for (i = at; order[i]; i++) {
		swap = order[at], order[at] = order[i], order[i] = swap;
		permute(order, at + 1, tried);
		swap = order[at], order[at] = order[i], order[i] = swap;
	}
}

TEST(P2_one_program_on_two_rings_in_every_order_of_teardown, .timeout = 180)
{
	unsigned int tried = 0;
	char order[] = "ABabP";

	permute(order, 0, &tried);
	CHECK_EQ(tried, 120);
}

/* Everything goes while the policy runs: it waits in its delay. */
TEST(P2_teardown_while_the_policy_runs, .timeout = 180)
{
	int link, how;

	for (how = 0; how < 4; how++) {
		double begin = now();

		link = tprog_start(&r, &p, 0);
		tprog_rule(&p, FAILED, 0, IORING_VERDICT_RETRY)->delay_ns =
			1000000;
		q_clone(&r);
		q_fail(&r);
		q_exit(&r, 0);
		tring_submit(&r);
		CHECK_GT(tring_res(&r, CLONE), 0);
		if (how % 2)
			close(link);
		tprog_free(&p);
		if (how / 2)
			sleep_ms(5);
		tring_exit(&r);
		if (how % 2 == 0)
			close(link);
		CHECK_LT(now() - begin, tap_patience());
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}

static volatile bool stop;

/* Another thread attaches and detaches, or updates, all the time. */
static void *disturb(void *how)
{
	int prog[2] = { returning(IORING_VERDICT_SKIP),
			returning(IORING_VERDICT_SKIP) };
	int link, i;

	link = attach_by_ring(tring_fd(&r), prog[0], 0, 0);
	for (i = 0; !stop; i++) {
		if (how) {
			CHECK_OK(update(link, prog[i % 2]));
		} else {
			/* A child may have a copy: closing is not enough. */
			CHECK_OK(detach(link));
			close(link);
			link = attach_by_bpf(tring_fd(&r), prog[i % 2], 0, 0);
			CHECK_OK(link);
		}
	}
	close(link);
	return NULL;
}

TEST(P2_updates_and_detaching_race_with_chains, .timeout = 180)
{
	int how, i, res, rounds = 60 / tap_slowness();
	pthread_t thread;

	tring_init(&r, 0);
	for (how = 0; how < 2; how++) {
		stop = false;
		CHECK_EQ(pthread_create(&thread, NULL, disturb,
					(void *)(intptr_t)how),
			 0);
		for (i = 0; i < rounds; i++) {
			res = failing_step(&r);
			if (res != 0 && res != -ENOENT)
				FAIL("a failing step: %d", res);
		}
		stop = true;
		CHECK_EQ(pthread_join(thread, NULL), 0);
	}
}
