/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lifetime_test tells its policy, lifetime.bpf.c, to do: the one global
 * variable, shared with user space. It has no types of its own for the interface:
 * include spawnpol_policy.h or ring.h first.
 */
#ifndef SPAWNPOL_TESTS_LIFETIME_LIFE_H
#define SPAWNPOL_TESTS_LIFETIME_LIFE_H

struct lifetime {
	__u32 runs;    /* begun */
	__u32 left;    /* ended */
	__u32 failed;  /* told of a failed step that is not over */
	__u32 hold_at; /* mask of events at which it stays in its run; 0: go on */
	__u32 held;    /* it stays there, or did */
	__u32 gave_up; /* it has not been let go in time */
	__u32 stays;   /* a failed step is not over while this is set */
	__u32 stages;  /* it reads instead of being tried again */
	__u64 until;   /* the end of that, in CLOCK_MONOTONIC's nanoseconds */
	__u8 sqe[64];  /* of the read */
};

#endif
