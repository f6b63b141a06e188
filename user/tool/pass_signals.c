// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Passing signals on to a command. A command in our process group gets the terminal's
 * signals itself. The tool passes signals on if the command has left the group, or if
 * they were sent to the tool alone. In either case the tool continues to wait, so that
 * it can report how the command ends.
 */
#include <signal.h>
#include <unistd.h>

#include "pass_signals.h"

static volatile sig_atomic_t caught, target;
static sigset_t passed;		/* the signals that are handled */

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (!target)
		caught = sig;
	else if (info->si_code != SI_KERNEL || getpgid(target) != getpgrp())
		kill(target, sig);
}

void pass_signals_start(void)
{
	const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO,
	};
	struct sigaction old;
	unsigned int i;

	sigemptyset(&passed);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		/* what is ignored must stay so, for the command's sake */
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN) {
			sigaction(signals[i], &action, NULL);
			sigaddset(&passed, signals[i]);
		}
}

void pass_signals_hold(sigset_t *before)
{
	sigprocmask(SIG_BLOCK, &passed, before);
}

void pass_signals_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

int pass_signals_caught(void)
{
	return caught;
}

void pass_signals_stop(void)
{
	target = 0;
}

void pass_signals_to(pid_t pid)
{
	target = pid;
	if (caught)
		kill(pid, caught);
}
