/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control groups for tests of what is charged and limited. */
#ifndef SPAWNPOL_TESTS_GROUP_H
#define SPAWNPOL_TESTS_GROUP_H

/* A group below the root, which takes the place of one that is there. */
void group_make(const char *group);
void group_remove(const char *group);
/* Write a number to a file of it. */
void group_set(const char *group, const char *file, long number);
/* Read a number from one, or, with a key, from a line of one. */
long group_get(const char *group, const char *file, const char *key);
/* Move this process into it. */
void group_enter(const char *group);

#endif
