/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file system on a block device, for benchmarks that need one. */
#ifndef SPAWNPOL_BENCH_EXT4_H
#define SPAWNPOL_BENCH_EXT4_H

#include <sys/types.h>

/* as near to the root, and as long, as the /tmp of other benchmarks */
#define EXT4_AT	"/mnt"

/*
 * Mount one whose image is in memory at EXT4_AT, where nobody else sees it. The loop
 * device goes with the mount, and that with this process. Needs e2fsprogs.
 */
void mount_ext4(off_t size);

#endif
