/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The constants of a loaded policy, which its loader can set. */
#ifndef SPAWNPOL_POLICY_CONSTANTS_H
#define SPAWNPOL_POLICY_CONSTANTS_H

/*
 * Call each(name, value, data) for the constants (const volatile variables) of the
 * program that its type information names, the value as C writes it. What
 * SPAWNPOL_EVENTS(), SPAWNPOL_STATE() and SPAWNPOL_IN_FLIGHT() define is left out.
 */
void policy_constants_each(int prog_fd,
			   void (*each)(const char *name, const char *value,
					void *data),
			   void *data);

#endif
