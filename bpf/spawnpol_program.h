/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What policies and actors have in common: kernel types, the numbers of operations, the
 * licence. spawnpol_policy.h and spawnpol_op.h include this file.
 */
#ifndef SPAWNPOL_PROGRAM_H
#define SPAWNPOL_PROGRAM_H

#ifdef SPAWNPOL_UAPI_H
#error "spawnpol_uapi.h is for user space: its numbers are those of one kernel"
#endif

/*
 * The context is part of the kernel's ABI, so it needs no relocation. With relocated
 * accesses the compiler would also compute addresses in the context, where the verifier
 * requires constant offsets. (A vmlinux.h relocates all of its structures unless
 * BPF_NO_PRESERVE_ACCESS_INDEX is defined before it.)
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

/* From fcntl.h, whose types conflict with those of a vmlinux.h. */
#ifndef AT_FDCWD
#define AT_FDCWD	(-100)
#endif
#ifndef O_RDONLY
#define O_RDONLY	00
#define O_WRONLY	01
#define O_RDWR		02
#endif

/*
 * Operations of the series, for opcodes of the context and of staged SQEs. Kernels number
 * them differently: when the object is loaded, libbpf looks the value up in the kernel by
 * the name before the three underscores. So they are not constants and cannot be used in a
 * switch. The numbers of Linux's own operations, of commands, events and verdicts are the
 * same in all kernels.
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

/* Only programs with a GPL-compatible licence can call the kernel functions. */
#define SPAWNPOL_LICENSE(text)						\
	char _license[] SEC("license") = text

#endif
