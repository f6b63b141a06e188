/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a loaded policy's maps. */
#ifndef SPAWNPOL_POLICY_MAPS_H
#define SPAWNPOL_POLICY_MAPS_H

#include <linux/bpf.h>

struct spawn_policy_config;

/*
 * Call each(fd, info, data) for the maps of the program until that returns other than
 * 0, and return that; fd is closed afterwards. 0 if there is nothing more to look at,
 * or what there is may not be looked at.
 */
int policy_maps_each(int prog_fd,
		     int (*each)(int fd, const struct bpf_map_info *info, void *data),
		     void *data);

/*
 * The configuration of the default policy. 0, -ENOENT if the program has none, or
 * -errno.
 */
int policy_config_read(int prog_fd, struct spawn_policy_config *config);

#endif
