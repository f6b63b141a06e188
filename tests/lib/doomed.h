/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program whose exec fails when it can no longer return. */
#ifndef SPAWNPOL_TESTS_DOOMED_H
#define SPAWNPOL_TESTS_DOOMED_H

/*
 * Write an executable that passes all the checks execve(2) makes while it can
 * still return, and whose segment then cannot be mapped: the old memory is
 * gone and the process has to die.
 */
void write_doomed_elf(const char *path);

#endif
