/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What BPF programs of tests need to know of kernel types that no header for user
 * space has. Fields are found in the running kernel by their names.
 */
#ifndef SPAWNPOL_TESTS_KERNEL_TYPES_H
#define SPAWNPOL_TESTS_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/version.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
};

/* Kernel functions are compared with their declarations: a structure is no incomplete one. */
struct vm_area_struct {
	unsigned long vm_start;
};

struct io_cqe {
	__s32 res;
};

struct io_kiocb {
	struct io_cqe cqe;
};

#pragma clang attribute pop

struct cred;
struct dentry;

typedef unsigned short umode_t;
typedef unsigned int gfp_t;

/* In linux/bpf.h since the version that each names. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
#endif

/* In no header. */
struct bpf_iter_bits {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

struct bpf_iter_task_vma {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_task {
	__u64 __opaque[3];
} __attribute__((aligned(8)));

#endif
