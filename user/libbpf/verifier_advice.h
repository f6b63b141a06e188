/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What helps when the kernel's verifier refuses a policy. */
#ifndef SPAWNPOL_VERIFIER_ADVICE_H
#define SPAWNPOL_VERIFIER_ADVICE_H

/* A remedy for what the verifier wrote, if anything, into log; never NULL, constant. */
const char *verifier_advice(const char *log);

#endif
