/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request in the making, on the client's side. */
#ifndef SPAWNPOLD_MESSAGE_H
#define SPAWNPOLD_MESSAGE_H

#include <stddef.h>

#include "proto.h"
#include "words.h"

struct message {
	struct spd_request head;
	char words[SPD_MAX_MESSAGE];	/* one behind the other */
	size_t words_size;
	int fds[SPD_MAX_FDS];
	int nr_fds;
	char bytes[SPD_MAX_MESSAGE];	/* what is sent */
	size_t size;
};

/* The standard streams go along. */
void message_init(struct message *m);

/*
 * Add a word with its operands, NULL for none. A file that they name is opened
 * or read. -E2BIG: no room for it; else why that failed.
 */
int message_add(struct message *m, const struct word *w, const char *operands);

/* Make bytes of it. -E2BIG: too much. */
int message_finish(struct message *m, char **argv);

/* Connect to the socket at path and send it; returns the connection. */
int message_send(const struct message *m, const char *path);

#endif
