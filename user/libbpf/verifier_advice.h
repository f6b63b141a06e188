/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Remedies for rejections by the kernel's verifier. */
#ifndef SPAWNPOL_VERIFIER_ADVICE_H
#define SPAWNPOL_VERIFIER_ADVICE_H

#include <stdbool.h>

/*
 * A remedy for what the verifier wrote, if anything, into log, about the program of an
 * actor, or about a policy; never NULL, constant.
 */
const char *verifier_advice(const char *log, bool actor);

#endif
