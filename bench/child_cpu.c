// SPDX-License-Identifier: LGPL-2.1-or-later
#include "child_cpu.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>

#include "bench.h"

uint64_t child_cpu(pid_t pid, const char *name)
{
	struct timespec ts;
	siginfo_t info;
	clockid_t id;

	/* until it is reaped, its clock can be read */
	must_sys(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	must(-clock_getcpuclockid(pid, &id));
	must_sys(clock_gettime(id, &ts));
	must_sys(waitid(P_PID, pid, &info, WEXITED));
	if (info.si_code != CLD_EXITED || info.si_status)
		give_up(0, "%s ended with status %d", name, info.si_status);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}
