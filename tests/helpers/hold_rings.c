// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hold_rings RINGS [DUPLICATES]: makes so many rings, which nobody uses, and
 * duplicates of the first one's descriptor. Prints the descriptors of the
 * rings on one line and sleeps.
 */
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int rings = argc > 1 ? atoi(argv[1]) : 1;
	int duplicates = argc > 2 ? atoi(argv[2]) : 0;
	int i, fd, first = -1;

	for (i = 0; i < rings; i++) {
		struct io_uring_params params = { 0 };

		fd = syscall(SYS_io_uring_setup, 4, &params);
		if (fd < 0)
			return 1;
		if (first < 0)
			first = fd;
		printf("%s%d", i ? ", " : "", fd);
	}
	for (i = 0; i < duplicates; i++)
		if (dup(first) < 0)
			return 1;
	printf("\n");
	fflush(stdout);
	for (;;)
		pause();
}
