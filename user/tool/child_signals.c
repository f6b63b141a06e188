// SPDX-License-Identifier: LGPL-2.1-or-later
/* Signals of a command that waits for programs on its own ring. */
#include <errno.h>
#include <io_uring_spawn.h>
#include <stdbool.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "child_signals.h"

static uint64_t bit(int sig)
{
	return 1ULL << (sig - 1);
}

static bool is_ignored(int sig)
{
	struct sigaction old;

	return !sigaction(sig, NULL, &old) && old.sa_handler == SIG_IGN;
}

static uint64_t mask_of(const sigset_t *set)
{
	uint64_t mask = 0;

	for (int sig = 1; sig <= 64; sig++)
		if (sigismember(set, sig) == 1)
			mask |= bit(sig);
	return mask;
}

int child_signals_take(struct child_signals *s, const int *list)
{
	sigset_t before;

	*s = (struct child_signals) { .fd = -1 };
	sigemptyset(&s->taken);
	for (; *list; list++)
		if (!is_ignored(*list))
			sigaddset(&s->taken, *list);
	if (is_ignored(SIGCHLD)) {
		s->ignored = bit(SIGCHLD);
		signal(SIGCHLD, SIG_DFL);
	}
	if (!is_ignored(SIGPIPE)) {
		s->defaulted = bit(SIGPIPE);
		signal(SIGPIPE, SIG_IGN);
	}
	if (sigprocmask(SIG_BLOCK, &s->taken, &before))
		return -errno;
	s->mask = mask_of(&before);
	s->fd = signalfd(-1, &s->taken, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

void child_signals_drop(struct child_signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

unsigned int child_signals_steps(const struct child_signals *s,
				 struct io_uring_spawn_step *steps)
{
	const struct {
		uint32_t cmd;
		uint64_t signals;
	} wanted[CHILD_SIGNALS_STEPS] = {
		{ IORING_CHILD_SIGMASK, s->mask },
		{ IORING_CHILD_SIGDEFAULT, s->defaulted },
		{ IORING_CHILD_SIGIGNORE, s->ignored },
	};
	unsigned int i, nr = 0;

	for (i = 0; i < CHILD_SIGNALS_STEPS; i++)
		if (wanted[i].signals || wanted[i].cmd == IORING_CHILD_SIGMASK)
			steps[nr++] = (struct io_uring_spawn_step) {
				.cmd = wanted[i].cmd,
				.off = wanted[i].signals,
			};
	return nr;
}

int child_signals_by_terminal(int32_t code)
{
	return code == SI_KERNEL;
}
