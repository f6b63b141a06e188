/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding the names of policies by the ids of their programs, for messages. */
#ifndef SPAWNPOL_POLICY_NAME_H
#define SPAWNPOL_POLICY_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_NAME_SIZE 64

/* The name that the policy with this program is loaded under. False: it is not. */
bool policy_name_loaded(uint32_t prog_id, char name[POLICY_NAME_SIZE]);
/* That; or else what the kernel calls the program, or "program 12" where it is gone. */
void policy_name(uint32_t prog_id, char name[POLICY_NAME_SIZE]);

#endif
