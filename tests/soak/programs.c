// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs of actors are attached, exchanged and detached at any time. */
#include "soak.h"

#include "child.h"
#include "../lib/actor.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#define OBJECTS 2
#define PROGRAMS (OBJECTS + 2) /* and two that only return a verdict */
#define MAX_LINKS 24
/* Bytes of their state, if they have one. */
#define STATE_SIZE 16

static struct bpf_object *objects[OBJECTS];
static int programs[PROGRAMS];
static int known_links[RINGS];
static unsigned int random_state;

static struct {
	int fd;
	unsigned int prog; /* index of programs */
	unsigned int ring, slot;
} links[MAX_LINKS];
static unsigned int nr_links;

static unsigned int some(unsigned int limit)
{
	return rand_r(&random_state) % limit;
}

static int load(struct bpf_object **obj)
{
	struct bpf_program *prog;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/soak_actor.bpf.o", tap_build());
	*obj = CHECK_PTR(bpf_object__open(path));
	prog = object_policy(*obj);
	CHECK_OK(bpf_object__load(*obj));
	return bpf_program__fd(prog);
}

void programs_begin(void)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		programs[i] = load(&objects[i]);
	programs[i++] = CHECK_OK(actor_returning(IORING_ACTOR_WAIT));
	programs[i] = CHECK_OK(actor_returning(IORING_ACTOR_END));
	random_state = soak.seed + 1;
}

void programs_attach_known(unsigned int ring)
{
	struct io_uring_attach_bpf attr = {
		.prog_fd = programs[0],
		.slot = KNOWN_PROGRAM,
		.state_size = STATE_SIZE,
	};

	known_links[ring] = CHECK_OK(
		actor_attach_bpf(tring_fd(&soak.rings[ring]), attr));
}

/* --- changes -------------------------------------------------------------------- */

static bool is_taken(unsigned int ring, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < nr_links; i++)
		if (links[i].ring == ring && links[i].slot == slot)
			return true;
	return false;
}

static int attach_somehow(unsigned int ring, struct io_uring_attach_bpf attr)
{
	struct tring *r = &soak.rings[ring];

	/* such a ring takes register calls from its own thread only */
	if (tring_kinds[soak.kinds[ring]].flags & IORING_SETUP_SINGLE_ISSUER ||
	    some(2))
		return actor_attach_bpf(tring_fd(r), attr);
	return actor_attach_ring(tring_fd(r), attr);
}

static void attach_one(void)
{
	unsigned int ring = some(RINGS), slot = some(LOOSE_PROGRAMS);
	unsigned int prog = some(PROGRAMS);
	int link;

	if (nr_links == MAX_LINKS)
		return;
	link = attach_somehow(ring, (struct io_uring_attach_bpf){
					    .prog_fd = programs[prog],
					    .slot = slot,
					    .state_size = some(4) ? STATE_SIZE : 0,
					    .max_staged = some(2) ? 0 : 1 + some(9),
					    .max_issues = some(2) ? 0 : 1 + some(50),
				    });
	/* a child that is no program yet keeps links that were closed here */
	if (link == -EBUSY || link == -EEXIST)
		return;
	CHECK(!is_taken(ring, slot));
	links[nr_links].prog = prog;
	links[nr_links].ring = ring;
	links[nr_links].slot = slot;
	links[nr_links++].fd = CHECK_OK(link);
	COUNT(program_changes);
}

/* Exchange the program, or find that another one was expected there. */
static void update_one(unsigned int i)
{
	unsigned int prog = some(PROGRAMS), old = some(PROGRAMS);
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
	ret = bpf_call(BPF_LINK_UPDATE, &attr, sizeof(attr));
	if (ret != expected)
		FAIL("BPF_LINK_UPDATE is %d instead of %d", ret, expected);
	if (!ret)
		links[i].prog = prog;
	COUNT(program_changes);
}

static void close_one(unsigned int i)
{
	union bpf_attr attr = { .link_detach = { .link_fd = links[i].fd } };

	if (some(2))
		CHECK_OK(bpf_call(BPF_LINK_DETACH, &attr, sizeof(attr)));
	close(links[i].fd);
	links[i] = links[--nr_links];
	COUNT(program_changes);
}

void programs_change(void)
{
	unsigned int what = some(3);

	if (!nr_links || what == 0)
		attach_one();
	else if (what == 1)
		update_one(some(nr_links));
	else
		close_one(some(nr_links));
}

void programs_close(void)
{
	while (nr_links)
		close_one(0);
}

void programs_end(void)
{
	unsigned int i;

	for (i = 0; i < RINGS; i++)
		close(known_links[i]);
	for (i = OBJECTS; i < PROGRAMS; i++)
		close(programs[i]);
	for (i = 0; i < OBJECTS; i++)
		bpf_object__close(objects[i]);
}
