/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays that grow. */
#ifndef SPAWNPOL_GROW_H
#define SPAWNPOL_GROW_H

#include <stddef.h>

/*
 * Room for one more element, zeroed, at the end of an array of nr elements of this size.
 * array is the address of the pointer to it, NULL before the first. NULL: no memory, and
 * the array is as it was.
 */
void *grow(void *array, size_t nr, size_t size);

#endif
