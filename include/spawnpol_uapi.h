/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel series adds to linux/io_uring.h and linux/bpf.h, for building against
 * the headers of an unpatched system. The structures that the series introduces are in
 * io_uring_spawn.h, a copy of the kernel's file.
 *
 * The numbers of operations and BPF types here are those of Linux 6.12 with the series;
 * other kernels can have others. IORING_REGISTER_SPAWN_QUERY, which has the same number
 * everywhere, returns those of the running kernel. The library uses the returned ones.
 *
 * The project's tests compare every line with the running kernel's BTF.
 */
#ifndef SPAWNPOL_UAPI_H
#define SPAWNPOL_UAPI_H

#include <linux/types.h>

/* enum io_uring_op of Linux 6.12 */
#define SPAWNPOL_OP_CLONE		58
#define SPAWNPOL_OP_EXEC		59
#define SPAWNPOL_OP_CHILD		60
#define SPAWNPOL_OP_SPAWN		61
#define SPAWNPOL_OP_BPF			62
#define SPAWNPOL_OP_LAST		63

/* enum io_uring_register_op */
#define SPAWNPOL_ATTACH_BPF		64
#define SPAWNPOL_REGISTER_SPAWN_QUERY	65
#define SPAWNPOL_REGISTER_SPAWN_SEARCH	66

#define SPAWNPOL_FEAT_SPAWN		(1U << 30)	/* io_uring_params::features */
#define SPAWNPOL_CQE_F_STAGED		(1U << 13)	/* io_uring_cqe::flags */
#define SPAWNPOL_OP_IN_CHILD		(1U << 1)	/* io_uring_probe_op::flags */

/* enum bpf_prog_type, enum bpf_attach_type, enum bpf_link_type of Linux 6.12 */
#define SPAWNPOL_BPF_PROG_TYPE_IOURING	33
#define SPAWNPOL_BPF_IOURING_SPAWN	57
#define SPAWNPOL_BPF_IOURING_OP		58
#define SPAWNPOL_BPF_LINK_TYPE_IOURING	15

/* bpf_attr::link_create as BPF_LINK_CREATE reads it if the target is a ring */
struct spawnpol_link_create {
	__u32	prog_fd;
	__u32	target_fd;	/* the ring */
	__u32	attach_type;	/* BPF_IOURING_SPAWN, BPF_IOURING_OP */
	__u32	flags;		/* BPF_F_BEFORE, BPF_F_AFTER, BPF_F_ID, BPF_F_LINK */
	__u32	slot;
	__u32	events;
	__u32	max_issues;
	__u32	max_staged;
	__u64	max_delay_ns;
	__u32	relative;	/* descriptor or, with BPF_F_ID, id; 0: none */
	__u32	state_size;	/* of an actor; 0 for a policy */
	__u64	expected_revision; /* of the slot; 0: any */
};

/* bpf_link_info of a link of type BPF_LINK_TYPE_IOURING */
struct spawnpol_link_info {
	__u32	type;
	__u32	id;
	__u32	prog_id;
	__u32	pad;
	__u64	ring_id;	/* 0 after the ring has gone or the link was detached */
	__u32	attach_type;
	__u32	slot;
	__u32	events;
	__u32	max_issues;
	__u64	max_delay_ns;
	__u32	max_staged;
	__u32	position;	/* in its slot, from 0 */
	__u64	runs;
	__u64	verdicts[8];	/* by IORING_VERDICT_* */
	__u64	exhausted;	/* budgets exceeded */
	__u64	failures;	/* verdicts that could not be followed */
	__u64	retries;	/* requests issued again */
	__u64	staged;		/* requests staged and issued */
	__u64	revision;	/* of the slot */
	__u32	state_size;	/* of an actor */
	__u32	actors;		/* running */
};

#endif
