/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_STREAMS_H
#define SPAWNPOL_STREAMS_H

/*
 * Call this first in main(): where a standard stream is closed, its number is taken,
 * so that no file that is opened later becomes a stream by accident. What takes it can
 * neither be read (as standard input) nor written (as the others), and is closed on
 * exec, so that programs find the stream closed. 0, or -errno.
 */
int streams_reserve(void);

#endif
