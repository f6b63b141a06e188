/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What policies and programs of IORING_OP_BPF have in common: kernel types, the numbers
 * of operations, the licence. spawnpol_policy.h and spawnpol_op.h include it.
 */
#ifndef SPAWNPOL_PROGRAM_H
#define SPAWNPOL_PROGRAM_H

#ifdef SPAWNPOL_UAPI_H
#error "spawnpol_uapi.h is for user space: its numbers are those of one kernel"
#endif

/*
 * The context is part of the kernel's ABI: nothing to relocate. Relocated
 * accesses would also make the compiler compute addresses in the context,
 * where the verifier wants constant offsets. (A vmlinux.h relocates all of its
 * structures unless BPF_NO_PRESERVE_ACCESS_INDEX is defined before it.)
 */
#ifndef __VMLINUX_H__
#include <linux/bpf.h>
#include <linux/fcntl.h>
#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>

#include "io_uring_spawn.h"
#endif

#include <asm-generic/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Of fcntl.h, whose types would clash with those of a vmlinux.h. */
#ifndef AT_FDCWD
#define AT_FDCWD	(-100)
#endif
#ifndef O_RDONLY
#define O_RDONLY	00
#define O_WRONLY	01
#define O_RDWR		02
#endif

/*
 * Operations of the series, to compare opcodes of the context with and for the SQEs
 * that are staged. Kernels number them differently: the values are those
 * of the kernel that the object is loaded into, which libbpf looks up by name, without
 * what follows the three underscores. No constants, so of no use in a switch. The
 * numbers of Linux's own operations, of commands, events and verdicts are the same
 * everywhere.
 */
#define SPAWNPOL_OP_CLONE	SPAWNPOL_OP(IORING_OP_CLONE)
#define SPAWNPOL_OP_EXEC	SPAWNPOL_OP(IORING_OP_EXEC)
#define SPAWNPOL_OP_CHILD	SPAWNPOL_OP(IORING_OP_CHILD)
#define SPAWNPOL_OP_SPAWN	SPAWNPOL_OP(IORING_OP_SPAWN)
#define SPAWNPOL_OP_BPF		SPAWNPOL_OP(IORING_OP_BPF)
#define SPAWNPOL_OP(name)						\
	((__u32)bpf_core_enum_value(enum io_uring_op___spawnpol,	\
				    name##___spawnpol))

enum io_uring_op___spawnpol {
	IORING_OP_CLONE___spawnpol = 58,
	IORING_OP_EXEC___spawnpol,
	IORING_OP_CHILD___spawnpol,
	IORING_OP_SPAWN___spawnpol,
	IORING_OP_BPF___spawnpol,
};

/* The kernel functions are for programs that are GPL-compatible. */
#define SPAWNPOL_LICENSE(text)						\
	char _license[] SEC("license") = text

#endif
