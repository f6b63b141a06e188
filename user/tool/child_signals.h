/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals of a command that waits for programs on its own ring: the command blocks them
 * and reads them from a descriptor. Launched programs start with the signal mask and
 * actions that this tool was started with.
 */
#ifndef SPAWNPOL_CHILD_SIGNALS_H
#define SPAWNPOL_CHILD_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct io_uring_spawn_step;

/* Steps of a child that child_signals_steps() fills in at most. */
#define CHILD_SIGNALS_STEPS	3

struct child_signals {
	int fd;			/* a signalfd that does not block */
	sigset_t taken;		/* what is read there */
	uint64_t mask;		/* blocked before, as IORING_CHILD_SIGMASK takes it ... */
	uint64_t ignored;	/* ... ignored before, and handled by default now */
	uint64_t defaulted;	/* ... the other way round */
};

/*
 * Block the signals of the list, which ends with 0, but those that are ignored: they stay
 * so. SIGCHLD is not ignored any more, so that the kernel keeps what children end with,
 * and SIGPIPE is, so that writing tells. -errno.
 */
int child_signals_take(struct child_signals *s, const int *list);
void child_signals_drop(struct child_signals *s);

/* How many steps it is that give a child the signals of before: mask, actions. */
unsigned int child_signals_steps(const struct child_signals *s,
				 struct io_uring_spawn_step *steps);

/* Did a terminal send it to all of its foreground's process group? */
int child_signals_by_terminal(int32_t code);

#endif
