/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The part of a situation that is not in the context: data that policies copy by
 * functions.
 */
#ifndef SPAWNPOL_SITUATION_DATA_H
#define SPAWNPOL_SITUATION_DATA_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct tool;

#define SITUATION_HEAD_MAX	256	/* bytes that bpf_iouring_exec_head() knows */
#define SITUATION_DATA_MAX	(2 * PATH_MAX + SITUATION_HEAD_MAX)

struct situation_head {
	unsigned int len;
	unsigned char bytes[SITUATION_HEAD_MAX];
};

struct situation_data {
	const char *name;		/* of the EXEC at hand, or NULL */
	const char *path;		/* of a step that is no EXEC, or NULL */
	const struct situation_head *head; /* of a file that was not executed, or NULL */
};

/*
 * Read the first bytes of a file: characters, \\, \n and \xHH. -EINVAL, with the cause
 * recorded as a usage error.
 */
int situation_head_read(struct tool *t, const char *text, struct situation_head *head);

/* Write what BPF_PROG_TEST_RUN takes as data_in; returns its size. */
size_t situation_data_put(const struct situation_data *data,
			  char to[SITUATION_DATA_MAX]);

/* Is the string too long for a path of the kernel's? Records a usage error then. */
bool situation_path_too_long(struct tool *t, const char *key, const char *path);

#endif
