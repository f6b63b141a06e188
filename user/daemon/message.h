/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building a request, on the client's side. */
#ifndef SPAWNPOLD_MESSAGE_H
#define SPAWNPOLD_MESSAGE_H

#include <stddef.h>

#include "common/launch_words.h"
#include "proto.h"

struct message {
	struct launch_words words;
	char bytes[SPD_MAX_MESSAGE];	/* what is sent */
	size_t size;
};

/*
 * Make bytes of the program argv and the options in words, which are there already.
 * -E2BIG: too much.
 */
int message_finish(struct message *m, char **argv);

/* Connect to the socket at path and send it; returns the connection. */
int message_send(const struct message *m, const char *path);

#endif
