/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where policies are pinned:
 *
 *	PINS_DIR/NAME/prog		the program
 *	PINS_DIR/NAME/map-MAP		its maps, dots replaced by underscores
 *	PINS_DIR/NAME/link-ID		links made by attach
 *
 * A policy is built in a temporary directory next to NAME and removed from one, so that
 * NAME exists completely or not at all. Every command holds a lock on PINS_DIR while it
 * reads or changes it; the kernel releases the lock if the command dies.
 */
#ifndef SPAWNPOL_PINS_H
#define SPAWNPOL_PINS_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define BPFFS_DIR	"/sys/fs/bpf"
#define PINS_DIR	BPFFS_DIR "/spawnpol"
#define PINS_NAME_MAX	63

struct bpf_object;
struct bpf_program;
struct tool;

enum pins_lock {
	PINS_READ,	/* others can read, too */
	PINS_WRITE,	/* for changes of what there is */
	PINS_CREATE,	/* the same, and PINS_DIR is made if need be */
};

/*
 * Lock the pins. Unless it is for reading, what a killed command left half done is
 * removed first. Returns the lock for pins_unlock(); or -ENOENT, and nothing is
 * recorded, if there is no PINS_DIR and so no policy; or another error, recorded.
 */
int pins_lock(struct tool *t, enum pins_lock how);
/* A lock may be an error: there is nothing to do then. */
void pins_unlock(int lock);

/* Without PINS_DIR there is nothing to lock, and nothing is in the way either. */
static inline bool pins_lock_failed(int lock)
{
	return lock < 0 && lock != -ENOENT;
}

/* kernel_check_policies(), and then the lock for changes; -ENOENT as above. */
int pins_change(struct tool *t);
/* Do that while they are locked so. */
int pins_change_by(struct tool *t, int (*change)(struct tool *t, const void *what),
		   const void *what);

/* Record what is wrong with a policy's name, if anything. */
int pins_check_name(struct tool *t, const char *name);

bool pins_exists(const char *name);

/*
 * Keep the loaded object's maps and prog as NAME. -EEXIST if that is taken, -ENOENT
 * if it is taken by the rest of a policy whose program's pin is gone.
 */
int pins_add(struct tool *t, const char *name, struct bpf_object *obj,
	     struct bpf_program *prog);

/* Remove NAME and all in it. */
int pins_remove(struct tool *t, const char *name);

/*
 * A descriptor of NAME's program. -ENOENT, recorded, if there is no such policy, or
 * only a rest of it.
 */
int pins_prog(struct tool *t, const char *name);

int pins_add_link(struct tool *t, const char *name, int link_fd, uint32_t id);

/* Is link id pinned under NAME? */
bool pins_has_link(const char *name, uint32_t id);
/* The policy that link id is pinned under: true and name, if any. */
bool pins_find_link(uint32_t id, char name[NAME_MAX + 1]);
int pins_move_link(struct tool *t, uint32_t id, const char *from,
		   const char *to);
void pins_remove_link(const char *name, uint32_t id);

/* Call each(name, data) for every policy until it returns other than 0. */
int pins_each(int (*each)(const char *name, void *data), void *data);
/* Call each(file, data) for the files of NAME that start with prefix. */
int pins_each_file(const char *name, const char *prefix,
		   int (*each)(const char *file, void *data), void *data);

/* The path of a file of NAME, or of NAME itself if file is NULL. */
const char *pins_path(char path[PATH_MAX], const char *name, const char *file);

#endif
