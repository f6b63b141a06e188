// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The program that latency is measured with: the first thing it does is to read
 * the clock, the second to write what it read to descriptor STAMP_FD, if that
 * is open. No C library, whose start would be measured too. x86-64 only.
 */
#include <asm/unistd.h>
#include <time.h>

#include "stamp.h"

static long call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

_Noreturn void _start(void);

void _start(void)
{
	struct timespec ts;

	call(__NR_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0);
	call(__NR_write, STAMP_FD, (long)&ts, sizeof(ts));
	for (;;)
		call(__NR_exit, 0, 0, 0);
}
