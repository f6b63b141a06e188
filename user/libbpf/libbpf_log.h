/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of libbpf and the verifier, collected instead of printed. */
#ifndef SPAWNPOL_LIBBPF_LOG_H
#define SPAWNPOL_LIBBPF_LOG_H

/*
 * Gather what libbpf says in this thread until libbpf_log_end(). One thread does so
 * at a time, the others wait; what they say meanwhile goes where it went before.
 */
void libbpf_log_start(void);
/* The last lines of what was said, where the cause is, or NULL; the caller frees it. */
char *libbpf_log_end(void);

#endif
