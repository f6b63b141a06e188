// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * inherited FD: writes to the descriptor what it has from the thread that
 * launched it, a line "key value" each. Last comes a line "end".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long blocked = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked));
	dprintf(argc > 1 ? atoi(argv[1]) : 1,
		"blocked %#lx\npersonality %#x\ntimerslack %d\nioprio %ld\n"
		"nice %d\nend \n",
		blocked, personality(0xffffffff),
		prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0),
		syscall(SYS_ioprio_get, 1 /* process */, 0),
		getpriority(PRIO_PROCESS, 0));
	return 0;
}
