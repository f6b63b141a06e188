/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_WRAP_H
#define SPAWNPOL_WRAP_H

#include <stdio.h>

/* Print text in lines of 78 columns at most, indent of them blank, and end the line. */
void wrap(FILE *to, int indent, const char *text);

#endif
