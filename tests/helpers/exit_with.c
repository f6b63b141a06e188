// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * exit_with STATUS: exits with it.
 * exit_with sleep: sleeps until a signal ends it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
		for (;;)
			pause();
	}
	return argc > 1 ? atoi(argv[1]) : 99;
}
