// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * armed: tells by its status whether a fault that was to be injected into this
 * process is still to come (ARMED), so that none had been injected when the
 * program began, or not (DISARMED). Built without the C library, because there
 * is more that fails the more a program does. x86-64 only.
 */
#include "../armed.h"

#include <asm/unistd.h>
#include <fcntl.h>

_Noreturn void _start(void);

static long call(long nr, long one, long two, long three)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(one), "S"(two), "d"(three)
			 : "rcx", "r11", "memory");
	return ret;
}

/* What fails here had not failed before. */
static int status(void)
{
	static const char path[] = "/proc/self/fail-nth";
	long fd = call(__NR_open, (long)path, O_RDONLY, 0);
	char first = '0';

	if (fd < 0)
		return call(__NR_open, (long)path, O_RDONLY, 0) < 0 ? UNKNOWN
								    : ARMED;
	if (call(__NR_read, fd, (long)&first, 1) != 1)
		return ARMED;
	return first == '0' ? DISARMED : ARMED;
}

void _start(void)
{
	for (;;)
		call(__NR_exit, status(), 0, 0);
}
