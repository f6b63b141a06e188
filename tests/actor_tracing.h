/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What programs that are attached to an actor's program have seen. */
#ifndef SPAWNPOL_TESTS_ACTOR_TRACING_H
#define SPAWNPOL_TESTS_ACTOR_TRACING_H

struct tracing {
	__u32	entries;
	__u32	exits;
	struct bpf_iouring_op_ctx ctx;	/* of the last run */
	__s32	verdict;
	__s32	replaced;	/* what the replacement returns */
	__u32	replacements;	/* that have run */
};

#endif
