/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bpf(2), as far as the library uses it, without libbpf. */
#ifndef SPAWNPOL_BPF_SYSCALL_H
#define SPAWNPOL_BPF_SYSCALL_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* The call's result, or -errno. attr has size bytes. */
int bpf_syscall(enum bpf_cmd cmd, void *attr, size_t size);

/* The descriptor of the map or BTF with this id; cmd is BPF_*_GET_FD_BY_ID. */
int bpf_open_id(enum bpf_cmd cmd, uint32_t id);

/* What the kernel knows of fd, at most size bytes of it; info is input, too. */
int bpf_info(int fd, void *info, size_t size);

#endif
