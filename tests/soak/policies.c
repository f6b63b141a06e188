// SPDX-License-Identifier: LGPL-2.1-or-later
/* Policies are attached, exchanged, detached and closed, anywhere at any time. */
#include "soak.h"

#include "child.h"
#include "program.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#define VERDICTS 6
#define MAX_LINKS 24

static struct tprog engine;
static int programs[VERDICTS + 1]; /* one for each verdict, and the engine */
static int search_links[RINGS];
static unsigned int random_state;

static struct {
	int fd;
	unsigned int prog; /* index of programs */
	unsigned int slot; /* among those of all rings */
} links[MAX_LINKS];
static unsigned int nr_links;

/* Searches the directory for an EXEC that is not found. */
void policies_begin(void)
{
	struct engine_rule *rule;
	int i;

	tprog_load(&engine);
	rule = tprog_rule(&engine, IORING_POLICY_FAILED | IORING_POLICY_STAGED,
			  ENGINE_ANY_STEP, IORING_VERDICT_SUBMIT);
	rule->below = 2;
	rule->res = -ENOENT;
	rule_stage_text(rule, ENGINE_STAGE_EXEC_DIR, soak.directory);
	for (i = 0; i < VERDICTS; i++)
		programs[i] = CHECK_OK(load_returning(
			i, SPAWNPOL_BPF_IOURING_SPAWN, BPF_F_SLEEPABLE));
	programs[VERDICTS] = engine.fd;
	random_state = soak.seed;
}

void policies_attach_search(unsigned int ring)
{
	search_links[ring] = CHECK_OK(attach_by_bpf(tring_fd(&soak.rings[ring]),
						    engine.fd, SEARCH_SLOT, 0));
}

static unsigned int some(unsigned int limit)
{
	return rand_r(&random_state) % limit;
}

static const uint32_t events[] = {
	0,
	IORING_POLICY_BEFORE_STEP,
	IORING_POLICY_BEFORE_EXEC,
	IORING_POLICY_DONE,
	IORING_POLICY_CLONE,
	IORING_POLICY_BEFORE_EXEC | IORING_POLICY_DONE,
	IORING_POLICY_MISS | IORING_POLICY_EXECED,
};

/* Before all others of the slot, or after them. */
static uint32_t some_place(void)
{
	return some(2) ? 1U << 3 : 0; /* BPF_F_BEFORE */
}

/* A policy that retries for ever has to give up soon. */
#define MAX_ISSUES 4

static int attach_by_link(struct tring *r, int prog, uint32_t slot)
{
	struct spawnpol_link_create attr = {
		.prog_fd = prog,
		.target_fd = tring_fd(r),
		.attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.flags = some_place(),
		.slot = slot,
		.events = events[some(sizeof(events) / sizeof(events[0]))],
		.max_issues = MAX_ISSUES,
	};

	return bpf_call(BPF_LINK_CREATE, &attr, sizeof(attr));
}

static int attach_by_register(struct tring *r, int prog, uint32_t slot)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = prog,
		.flags = some_place(),
		.slot = slot,
		.events = events[some(sizeof(events) / sizeof(events[0]))],
		.max_issues = MAX_ISSUES,
	};

	return tring_register(r, SPAWNPOL_ATTACH_BPF, &attr, 1);
}

/* A slot has a program once. */
static bool is_in(unsigned int slot, unsigned int prog)
{
	unsigned int i;

	for (i = 0; i < nr_links; i++)
		if (links[i].slot == slot && links[i].prog == prog)
			return true;
	return false;
}

static void attach_one(void)
{
	unsigned int ring = some(RINGS), prog = some(VERDICTS + 1);
	struct tring *r = &soak.rings[ring];
	uint32_t slot = some(LOOSE_SLOTS);
	unsigned int all_slots = ring * LOOSE_SLOTS + slot;
	/* such a ring takes register calls from its own thread only */
	bool single = tring_kinds[soak.kinds[ring]].flags &
		      IORING_SETUP_SINGLE_ISSUER;
	int link;

	if (nr_links == MAX_LINKS)
		return;
	if (single || some(2))
		link = attach_by_link(r, programs[prog], slot);
	else
		link = attach_by_register(r, programs[prog], slot);
	if (is_in(all_slots, prog)) {
		CHECK_EQ(link, -EEXIST);
		return;
	}
	/* a child that is no program yet keeps links that were closed here */
	if (link == -EEXIST)
		return;
	links[nr_links].prog = prog;
	links[nr_links].slot = all_slots;
	links[nr_links++].fd = CHECK_OK(link);
	COUNT(changes);
}

/* Exchange the program, or find that another one was expected there. */
static void update_one(unsigned int i)
{
	unsigned int prog = some(VERDICTS + 1), old = some(VERDICTS + 1);
	union bpf_attr attr = { .link_update = {
					.link_fd = links[i].fd,
					.new_prog_fd = programs[prog],
				} };
	int ret, expected = 0;

	if (some(2)) {
		attr.link_update.flags = BPF_F_REPLACE;
		attr.link_update.old_prog_fd = programs[old];
		expected = old == links[i].prog ? 0 : -EPERM;
	}
	if (!expected && prog != links[i].prog && is_in(links[i].slot, prog))
		expected = -EEXIST;
	ret = bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
	/* as when attaching */
	if (ret != expected && (expected || ret != -EEXIST))
		FAIL("BPF_LINK_UPDATE is %d instead of %d", ret, expected);
	if (!ret)
		links[i].prog = prog;
	COUNT(changes);
}

static void close_one(unsigned int i)
{
	union bpf_attr attr = { .link_detach = { .link_fd = links[i].fd } };

	if (some(2)) {
		CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
		COUNT(changes);
	}
	close(links[i].fd);
	links[i] = links[--nr_links];
	COUNT(changes);
}

static void change_one(void)
{
	unsigned int what = some(3);

	if (!nr_links || what == 0)
		attach_one();
	else if (what == 1)
		update_one(some(nr_links));
	else
		close_one(some(nr_links));
}

/* While spawning is under way; in between, nothing is attached. */
static void work(void)
{
	while (GET(idle) < THREADS) {
		change_one();
		programs_change();
		sleep_ms(2);
	}
	while (nr_links)
		close_one(0);
	programs_close();
}

void *policies_thread(void *none)
{
	unsigned int phase = 0;

	for (;;) {
		while (GET(phase) == phase)
			sleep_ms(5);
		phase++;
		if (!GET(quota))
			return none;
		work();
		__atomic_store_n(&soak.policies_idle, true, __ATOMIC_RELEASE);
	}
}

void policies_end(void)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++)
		close(search_links[i]);
	for (i = 0; i < VERDICTS; i++)
		close(programs[i]);
	tprog_free(&engine);
}
