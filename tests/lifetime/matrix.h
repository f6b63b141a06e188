/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every event at every point, so many times, and how often that was. */
#ifndef SPAWNPOL_TESTS_LIFETIME_MATRIX_H
#define SPAWNPOL_TESTS_LIFETIME_MATRIX_H

#include "round.h"

/*
 * A test of this name: the event, described by fields of it, at all points. A
 * round that hangs fails by itself, and how many there are can be changed.
 */
#define EVENT(name_, ...)                                                      \
	static const struct event name_##_event = { .name = #name_,            \
						    __VA_ARGS__ };             \
	TEST(name_, .timeout = 3600)                                           \
	{                                                                      \
		matrix_run(&name_##_event);                                    \
	}

void matrix_run(const struct event *event);

#endif
