/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SPAWNPOL_ERRNO_NAME_H
#define SPAWNPOL_ERRNO_NAME_H

/*
 * "ENOENT" of 2; the number as text if it has no name. That text is valid until the
 * next call.
 */
const char *errno_name(int err);

#endif
