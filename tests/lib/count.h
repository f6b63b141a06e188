/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many there are of what must not be left behind. */
#ifndef SPAWNPOL_TESTS_COUNT_H
#define SPAWNPOL_TESTS_COUNT_H

/* Entries of a directory, "." and ".." included; 0 if it is not there. */
unsigned int count_entries(const char *path);
/* Objects of the kind that this command of bpf(2) goes through: ..._GET_NEXT_ID. */
unsigned int count_ids(int cmd);
/* Processes, zombies included, but not those that only run kernel code. */
unsigned int count_processes(void);
/* The threads of these. */
unsigned int count_threads(void);

#endif
