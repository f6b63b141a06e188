/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passing signals on to the command that run spawned. */
#ifndef SPAWNPOL_PASS_SIGNALS_H
#define SPAWNPOL_PASS_SIGNALS_H

#include <signal.h>
#include <sys/types.h>

/* Catch the signals that end programs. */
void pass_signals_start(void);
/* Let them wait, and handle them again; before is the mask that the thread had. */
void pass_signals_hold(sigset_t *before);
void pass_signals_release(const sigset_t *before);
/* The one that came before there was a command, or 0. */
int pass_signals_caught(void);
/* From now on they are for process pid, the ones caught before as well. */
void pass_signals_to(pid_t pid);
/*
 * They are for nobody any more. To be called before the process is waited for, when its
 * pid is still its own.
 */
void pass_signals_stop(void);

#endif
