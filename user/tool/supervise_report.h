/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of supervise on standard error: one line each, or one object with
 * --json.
 */
#ifndef SPAWNPOL_SUPERVISE_REPORT_H
#define SPAWNPOL_SUPERVISE_REPORT_H

#include <sys/types.h>

struct supervise_limits;
struct tool;

/* Runs are counted from 0. */
void supervise_report_start(const struct tool *t, unsigned int run, pid_t pid);
/* status: as waitpid(2) has it. */
void supervise_report_end(const struct tool *t, unsigned int run, pid_t pid, int status);
/* It would be started again, but too often. */
void supervise_report_gave_up(const struct tool *t, const struct supervise_limits *l);

#endif
