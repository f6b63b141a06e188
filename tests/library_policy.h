/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* What the policy library.bpf.c does with a failed step, by the cookie. */
#ifndef SPAWNPOL_TESTS_LIBRARY_POLICY_H
#define SPAWNPOL_TESTS_LIBRARY_POLICY_H

/* The most that a policy can wait: longer than anything is waited for. */
#define COOKIE_WAIT_NS 300000000000

enum {
	COOKIE_CONTINUE,
	COOKIE_ABORT,
	COOKIE_RETRY,	/* until the budget ends it */
	COOKIE_SKIP,
	COOKIE_RESULT,	/* continue with -EXDEV */
	COOKIE_TRUE,	/* execute /bin/true instead */
	COOKIE_NOTHING,	/* submit nothing */
	COOKIE_WAIT,	/* COOKIE_WAIT_NS, then retry */
	COOKIE_NO_EXEC,	/* abort before EXEC */
};

#endif
