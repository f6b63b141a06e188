/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities of the calling thread. */
#ifndef SPAWNPOL_CAPS_H
#define SPAWNPOL_CAPS_H

#include <stdint.h>

/* The effective ones, bit n for capability n; 0 if the kernel does not tell them. */
uint64_t caps_effective(void);

#endif
