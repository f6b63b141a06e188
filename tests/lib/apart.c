// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a process of its own has to do, and a number that it tells. */
#include "apart.h"
#include "child.h"

bool apart_begin(struct apart *a)
{
	make_pipe(a->fds);
	a->pid = CHECK_SYS(fork());
	return !a->pid;
}

void apart_end(struct apart *a, int result)
{
	CHECK_EQ(write(a->fds[1], &result, sizeof(result)), sizeof(result));
	_exit(0);
}

int apart_result(struct apart *a)
{
	int result;

	CHECK_EQ(wait_exit(a->pid), 0);
	CHECK_EQ(read(a->fds[0], &result, sizeof(result)), sizeof(result));
	close(a->fds[0]);
	close(a->fds[1]);
	return result;
}
