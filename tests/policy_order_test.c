// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A slot holds an ordered list of policies (U9): where a new one goes, what is
 * refused, and what user space is told of the order. What the policies of a list
 * decide is in policy_pass_test.c.
 */
#include "lib/child.h"
#include "lib/place.h"
#include "lib/ring.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_POLICIES 16
#define BEFORE BPF_F_BEFORE
#define AFTER BPF_F_AFTER

static struct tring r;

typedef int attach_way(int ring, int prog, struct place at);
static attach_way *const ways[] = { place_by_ring, place_by_bpf };
#define WAYS 2

/* A policy of the list. */
struct member {
	int prog, link;
};

static struct member add(attach_way *way, struct place at)
{
	struct member m = { .prog = prog_returning(IORING_VERDICT_PASS) };

	m.link = CHECK_OK(way(tring_fd(&r), m.prog, at));
	return m;
}

static void drop(struct member m)
{
	close(m.link);
	close(m.prog);
}

/* The slot has these and no others, in this order, whoever is asked. */
static void expect_order(const struct member *const *members, unsigned int nr)
{
	uint32_t ids[MAX_POLICIES + 1];
	struct spawnpol_link_info info;
	unsigned int i;

	CHECK_EQ(slot_links(tring_fd(&r), ids, MAX_POLICIES + 1), nr);
	for (i = 0; i < nr; i++) {
		info = link_info(members[i]->link);
		EXPECT_EQ(info.id, ids[i]);
		EXPECT_EQ(info.position, i);
		EXPECT_EQ(info.revision, slot_revision(tring_fd(&r), 0));
		EXPECT_EQ(line_of(fdinfo_of(members[i]->link), "position")[0],
			  '0' + (int)i);
	}
}

#define EXPECT_ORDER(...)                                                      \
	do {                                                                   \
		const struct member *const m_[] = { __VA_ARGS__ };             \
		expect_order(m_, sizeof(m_) / sizeof(m_[0]));                  \
	} while (0)

TEST(U9_a_policy_becomes_the_last_or_the_first)
{
	struct member a, b, c, d;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		tring_init(&r, 0);
		a = add(ways[i], (struct place){ 0 });
		b = add(ways[i], (struct place){ 0 });
		EXPECT_ORDER(&a, &b);
		c = add(ways[i], (struct place){ .flags = BEFORE });
		d = add(ways[i], (struct place){ .flags = AFTER });
		EXPECT_ORDER(&c, &a, &b, &d);
		drop(a), drop(b), drop(c), drop(d);
		tring_exit(&r);
	}
}

/* The ways to name a member of the list. */
static struct place next_to(const struct member *m, uint32_t side,
			    unsigned int how)
{
	switch (how) {
	case 0:
		return (struct place){ side, m->prog, 0 };
	case 1:
		return (struct place){ side | BPF_F_ID, program_id(m->prog), 0 };
	case 2:
		return (struct place){ side | BY_LINK, m->link, 0 };
	default:
		return (struct place){ side | BY_LINK | BPF_F_ID,
				       link_info(m->link).id, 0 };
	}
}

TEST(U9_before_and_after_a_program_or_link_by_descriptor_or_id)
{
	struct member a, b, c, before, after;
	unsigned int i, how;

	for (i = 0; i < WAYS; i++) {
		for (how = 0; how < 4; how++) {
			tring_init(&r, 0);
			a = add(ways[i], (struct place){ 0 });
			b = add(ways[i], (struct place){ 0 });
			c = add(ways[i], (struct place){ 0 });
			before = add(ways[i], next_to(&b, BEFORE, how));
			after = add(ways[i], next_to(&b, AFTER, how));
			EXPECT_ORDER(&a, &before, &b, &after, &c);
			drop(a), drop(b), drop(c), drop(before), drop(after);
			tring_exit(&r);
		}
	}
}

TEST(U9_before_the_first_and_after_the_last)
{
	struct member a, b, before, after;
	unsigned int how;

	for (how = 0; how < 4; how++) {
		tring_init(&r, 0);
		a = add(place_by_ring, (struct place){ 0 });
		b = add(place_by_bpf, (struct place){ 0 });
		before = add(place_by_ring, next_to(&a, BEFORE, how));
		after = add(place_by_bpf, next_to(&b, AFTER, how));
		EXPECT_ORDER(&before, &a, &b, &after);
		drop(a), drop(b), drop(before), drop(after);
		tring_exit(&r);
	}
}

static void refuse(int error, int prog, uint32_t flags, uint32_t relative,
		   uint64_t revision)
{
	struct place at = { flags, relative, revision };
	unsigned int i;

	for (i = 0; i < WAYS; i++)
		EXPECT_EQ(ways[i](tring_fd(&r), prog, at), error);
}

/* bpf_mprog has the same rules. */
TEST(U9_places_that_make_no_sense_are_refused)
{
	int null = CHECK_SYS(open("/dev/null", O_RDONLY));
	int prog = prog_returning(IORING_VERDICT_PASS);
	struct io_uring_attach_bpf attr = { .prog_fd = prog, .state_size = 1 };
	struct spawnpol_link_create create = {
		.prog_fd = prog, .attach_type = SPAWNPOL_BPF_IOURING_SPAWN,
		.state_size = 1,
	};
	uint64_t revision;
	struct member a;

	tring_init(&r, 0);
	a = add(place_by_ring, (struct place){ 0 });
	revision = slot_revision(tring_fd(&r), 0);
	refuse(-EINVAL, prog, 1, 0, 0);
	refuse(-EINVAL, prog, 1U << 1, 0, 0); /* BPF_F_ALLOW_MULTI */
	refuse(-EINVAL, prog, BPF_F_REPLACE, a.prog, 0);
	refuse(-EINVAL, prog, 1U << 6, 0, 0); /* BPF_F_PREORDER */
	refuse(-EINVAL, prog, 1U << 31, 0, 0);
	/* relative to something, but on which side? */
	refuse(-EINVAL, prog, 0, a.prog, 0);
	refuse(-EINVAL, prog, BPF_F_ID, program_id(a.prog), 0);
	refuse(-EINVAL, prog, BY_LINK, a.link, 0);
	/* a link, but which? */
	refuse(-EINVAL, prog, BEFORE | BY_LINK, 0, 0);
	refuse(-ENOENT, prog, BEFORE | BPF_F_ID, 0, 0);
	/* both ends, both sides */
	refuse(-ERANGE, prog, BEFORE | AFTER, 0, 0);
	refuse(-ERANGE, prog, BEFORE | AFTER, a.prog, 0);
	refuse(-EBADF, prog, BEFORE, 1023, 0);
	refuse(-EBADF, prog, AFTER | BY_LINK, 1023, 0);
	refuse(-EINVAL, prog, AFTER, null, 0);
	refuse(-EINVAL, prog, AFTER | BY_LINK, null, 0);
	create.target_fd = tring_fd(&r);
	EXPECT_EQ(tring_register(&r, SPAWNPOL_ATTACH_BPF, &attr, 1), -EINVAL);
	EXPECT_EQ(bpf_call(BPF_LINK_CREATE, &create, sizeof(create)), -EINVAL);
	EXPECT_ORDER(&a);
	EXPECT_EQ(slot_revision(tring_fd(&r), 0), revision);
}

TEST(U9_a_place_next_to_what_is_not_in_the_slot_is_refused)
{
	int prog = prog_returning(IORING_VERDICT_PASS), other, how;
	struct member a, elsewhere, gone;
	struct place at;

	tring_init(&r, 0);
	a = add(place_by_ring, (struct place){ 0 });
	elsewhere.prog = prog_returning(IORING_VERDICT_PASS);
	elsewhere.link = CHECK_OK(attach_by_ring(tring_fd(&r), elsewhere.prog, 1,
						 0));
	gone = add(place_by_bpf, (struct place){ 0 });
	detach_link(gone.link);
	other = prog_returning(IORING_VERDICT_PASS);
	for (how = 0; how < 4; how++) {
		at = next_to(&elsewhere, BEFORE, how);
		refuse(-ENOENT, prog, at.flags, at.relative, 0);
		at = next_to(&gone, AFTER, how);
		refuse(-ENOENT, prog, at.flags, at.relative, 0);
	}
	refuse(-ENOENT, prog, AFTER, other, 0);
	refuse(-ENOENT, prog, AFTER | BPF_F_ID, ~0U, 0);
	refuse(-ENOENT, prog, AFTER | BPF_F_ID | BY_LINK, ~0U, 0);
	/* the same number, but of a link instead of a program */
	if (program_id(a.prog) != link_info(a.link).id)
		refuse(-ENOENT, prog, BEFORE | BPF_F_ID, link_info(a.link).id,
		       0);
	EXPECT_ORDER(&a);
}

TEST(U9_a_program_is_in_a_slot_once)
{
	struct member a, b;
	int third;

	tring_init(&r, 0);
	a = add(place_by_ring, (struct place){ 0 });
	b = add(place_by_bpf, (struct place){ 0 });
	third = prog_returning(IORING_VERDICT_PASS);
	refuse(-EEXIST, a.prog, 0, 0, 0);
	refuse(-EEXIST, b.prog, BEFORE, a.prog, 0);
	EXPECT_EQ(update_link(a.link, b.prog), -EEXIST);
	/* by itself it can be replaced, and then the old one can come back */
	CHECK_OK(update_link(a.link, a.prog));
	CHECK_OK(update_link(a.link, third));
	EXPECT_EQ(update_link(b.link, third), -EEXIST);
	EXPECT_ORDER(&a, &b);
	CHECK_OK(place_by_ring(tring_fd(&r), a.prog, (struct place){ 0 }));
	/* it may be in others, too */
	CHECK_OK(attach_by_ring(tring_fd(&r), a.prog, 1, 0));
}

TEST(U9_a_slot_holds_sixteen_policies)
{
	int prog = prog_returning(IORING_VERDICT_PASS), i;
	struct io_uring_spawn_query query;
	struct member m[MAX_POLICIES];
	uint32_t ids[MAX_POLICIES];

	tring_init(&r, 0);
	tring_query(&r, &query);
	EXPECT_EQ(query.max_policies, MAX_POLICIES);
	for (i = 0; i < MAX_POLICIES; i++)
		m[i] = add(ways[i % WAYS], (struct place){ 0 });
	refuse(-ERANGE, prog, 0, 0, 0);
	refuse(-ERANGE, prog, BEFORE, 0, 0);
	refuse(-ERANGE, prog, AFTER, m[3].prog, 0);
	EXPECT_EQ(slot_links(tring_fd(&r), ids, MAX_POLICIES), MAX_POLICIES);
	CHECK_OK(attach_by_ring(tring_fd(&r), prog, 1, 0));
	drop(m[7]);
	CHECK_OK(place_by_bpf(tring_fd(&r), prog, (struct place){ 0 }));
	refuse(-ERANGE, prog_returning(IORING_VERDICT_PASS), 0, 0, 0);
}

TEST(U9_each_change_of_a_slot_is_a_revision)
{
	int prog = prog_returning(IORING_VERDICT_PASS), ring;
	struct member a, b;
	uint64_t first;

	tring_init(&r, 0);
	ring = tring_fd(&r);
	/* of a slot that never had one, it is 1 */
	refuse(-ESTALE, prog, 0, 0, 2);
	EXPECT_EQ(slot_revision(ring, 0), 0);
	a = add(place_by_ring, (struct place){ .revision = 1 });
	first = link_info(a.link).revision;
	EXPECT_EQ(first, 2);
	refuse(-ESTALE, prog, 0, 0, 1);
	b = add(place_by_bpf, (struct place){ .revision = first });
	EXPECT_EQ(link_info(a.link).revision, first + 1);
	EXPECT_EQ(link_info(b.link).revision, first + 1);
	CHECK_OK(update_link(b.link, prog));
	EXPECT_EQ(link_info(a.link).revision, first + 2);
	detach_link(b.link);
	EXPECT_EQ(link_info(a.link).revision, first + 3);
	EXPECT_EQ(link_info(b.link).revision, 0);
	/* twice is no change, and others' slots are none either */
	detach_link(b.link);
	CHECK_OK(attach_by_ring(ring, prog, 1, 0));
	EXPECT_EQ(slot_revision(ring, 0), first + 3);
	EXPECT_EQ(slot_revision(ring, 1), 2);
	/* it goes on when the slot is empty */
	drop(a);
	EXPECT_EQ(slot_revision(ring, 0), first + 4);
	refuse(-ESTALE, prog, 0, 0, first + 3);
	CHECK_OK(place_by_ring(ring, prog,
			       (struct place){ .revision = first + 4 }));
}

TEST(U9_an_update_keeps_the_position)
{
	struct member a, b, c;
	int prog = prog_returning(IORING_VERDICT_SKIP);

	tring_init(&r, 0);
	a = add(place_by_ring, (struct place){ 0 });
	b = add(place_by_ring, (struct place){ 0 });
	c = add(place_by_ring, (struct place){ 0 });
	CHECK_OK(update_link(b.link, prog));
	EXPECT_ORDER(&a, &b, &c);
	EXPECT_EQ(link_info(b.link).prog_id, program_id(prog));
	EXPECT_HAS(fdinfo_of(tring_fd(&r)),
		   format("SpawnPolicy:\tslot 0 link %u prog %u\n",
			  link_info(b.link).id, program_id(prog)));
}

TEST(U9_who_leaves_leaves_no_gap)
{
	struct member a, b, c, d;

	tring_init(&r, 0);
	a = add(place_by_ring, (struct place){ 0 });
	b = add(place_by_ring, (struct place){ 0 });
	c = add(place_by_ring, (struct place){ 0 });
	d = add(place_by_ring, (struct place){ 0 });
	detach_link(b.link);
	EXPECT_ORDER(&a, &c, &d);
	EXPECT_EQ(link_info(b.link).ring_id, 0);
	EXPECT_EQ(link_info(b.link).position, 0);
	drop(d);
	EXPECT_ORDER(&a, &c);
	drop(a);
	EXPECT_ORDER(&c);
	drop(c);
	expect_order(NULL, 0);
}

TEST(U9_a_ring_that_is_closed_lets_go_of_all)
{
	struct member m[MAX_POLICIES];
	unsigned int i;

	tring_init(&r, 0);
	for (i = 0; i < MAX_POLICIES; i++)
		m[i] = add(ways[i % WAYS], (struct place){ .flags = BEFORE });
	tring_exit(&r);
	for (i = 0; i < MAX_POLICIES; i++) {
		while (link_info(m[i].link).ring_id)
			sleep_ms(1);
		EXPECT_EQ(update_link(m[i].link, m[i].prog), -ENOLINK);
		drop(m[i]);
	}
}
