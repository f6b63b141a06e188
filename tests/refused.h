/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For programs the verifier must refuse (tests/NAME_fail.bpf.c). What it must
 * say about one stands before the program:
 *
 *	REFUSED("R0 is not a verdict")
 *	SPAWNPOL_POLICY(name)(struct bpf_iouring_ctx *ctx)
 *
 * verifier_test.c loads the program and looks for the text in the log.
 */
#ifndef SPAWNPOL_TESTS_REFUSED_H
#define SPAWNPOL_TESTS_REFUSED_H

#include "spawnpol_policy.h"

#define REFUSED(text) __attribute__((btf_decl_tag("refused:" text)))

#endif
