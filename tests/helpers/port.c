// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * port: reads from an I/O port that no device minds being read from; ends with
 * status 1 if it must not, see ioperm(2). x86-64 only.
 */
#include <signal.h>
#include <sys/io.h>
#include <unistd.h>

static void refused(int sig)
{
	(void)sig;
	_exit(1);
}

int main(void)
{
	/* if it killed the program, the kernel would log it */
	signal(SIGSEGV, refused);
	inb(0x80);
	return 0;
}
