/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Information from bpf(2) about programs and maps. */
#ifndef SPAWNPOL_BPF_INFO_H
#define SPAWNPOL_BPF_INFO_H

#include <linux/bpf.h>

int info_prog(int fd, struct bpf_prog_info *info);
int info_map(int fd, struct bpf_map_info *info);

#endif
