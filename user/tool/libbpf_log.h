/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libbpf and the verifier say, gathered instead of printed. */
#ifndef SPAWNPOL_LIBBPF_LOG_H
#define SPAWNPOL_LIBBPF_LOG_H

void libbpf_log_start(void);
/* The end of what was said, which has the cause; the caller frees it. */
char *libbpf_log_end(void);

#endif
