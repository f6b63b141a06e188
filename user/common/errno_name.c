// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names of errors. */
#include <stdio.h>
#include <string.h>

#include "errno_name.h"

const char *errno_name(int err)
{
	static char number[16];
	const char *name = strerrorname_np(err);

	if (name)
		return name;
	snprintf(number, sizeof(number), "%d", err);
	return number;
}
