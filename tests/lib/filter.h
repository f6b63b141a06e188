/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* seccomp filters that do something to one system call and allow the others. */
#ifndef SPAWNPOL_TESTS_FILTER_H
#define SPAWNPOL_TESTS_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* The low and the high half of argument n. */
#define ARG_LOW(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define ARG_HIGH(n) (ARG_LOW(n) + 4)

struct filter {
	struct sock_filter code[6];
	struct sock_fprog prog;
};

/* Where the 32 bits at an offset of seccomp_data have this value. */
struct sock_fprog *filter_of(struct filter *f, int call, size_t offset,
			     uint32_t value, uint32_t action);

/* Set one for this thread, or with flags of seccomp(2). */
void filter_call(int call, uint32_t action);
void filter_word(int call, size_t offset, uint32_t value, uint32_t action);
int filter_call_flags(int call, uint32_t action, unsigned int flags);
int filter_word_flags(int call, size_t offset, uint32_t value, uint32_t action,
		      unsigned int flags);

#endif
