/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of list about a link's limits and counters. */
#ifndef SPAWNPOL_LIST_PRINT_LINK_H
#define SPAWNPOL_LIST_PRINT_LINK_H

struct json;
struct spawnpol_link_info;

/* Lines for people. */
void list_put_link(const struct spawnpol_link_info *info);
/* The members from events on. */
void list_json_link(struct json *j, const struct spawnpol_link_info *info);

#endif
