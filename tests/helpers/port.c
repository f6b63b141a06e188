// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * port: reads from an I/O port that no device minds being read from. Without the
 * permission for it that is a SIGSEGV; see ioperm(2). x86-64 only.
 */
#include <sys/io.h>

int main(void)
{
	inb(0x80);
	return 0;
}
