/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The exit statuses of the helper "armed". */
#ifndef SPAWNPOL_TESTS_ARMED_H
#define SPAWNPOL_TESTS_ARMED_H

#define ARMED 40
#define DISARMED 41
#define UNKNOWN 42

#endif
