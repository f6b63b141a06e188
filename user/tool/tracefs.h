/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An instance in tracefs for this tool, with the events of spawning. */
#ifndef SPAWNPOL_TRACEFS_H
#define SPAWNPOL_TRACEFS_H

#define TRACEFS_DIR	"/sys/kernel/tracing"
#define TRACEFS_GROUP	"io_uring_spawn"
#define TRACEFS_EVENTS	TRACEFS_DIR "/events/" TRACEFS_GROUP
#define TRACEFS_INSTANCES TRACEFS_DIR "/instances"

struct tool;

struct tracefs {
	char dir[64];
	int pipe;
};

/*
 * Make the instance and let it record. Clean up with tracefs_close(); what a
 * killed trace has left is removed here.
 */
int tracefs_open(struct tool *t, struct tracefs *tr);
void tracefs_close(struct tracefs *tr);

#endif
