/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the engine's tests want to know of processes: how they ended, whether
 * they are gone, and what state a spawned program found itself in.
 */
#ifndef SPAWNPOL_TESTS_CHILD_H
#define SPAWNPOL_TESTS_CHILD_H

#include "ring.h"

#include <stdbool.h>
#include <sys/types.h>

/* Seconds of the monotonic clock. */
double now(void);
void sleep_ms(unsigned int ms);

/* Path of a program in tests/helpers. The string stays. */
const char *helper(const char *name);
/* From now on every user can execute those: the checkout may be where only root can go. */
void helpers_for_all(void);
/* "DIR/NAME" in this test's directory. The string stays. */
char *in_dir(const char *name);
/* Text made as printf(3) would print it. The string stays. */
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What a shell's command prints, and its exit status. Overwritten next time. */
char *output_of(const char *command, int *status);
/* Mode 0: leave it as it is. */
void write_file(const char *path, const char *text, mode_t mode);
/* The text of a small file; "" if it cannot be read. Overwritten next time. */
const char *read_file(const char *path);
/* What the kernel shows of a descriptor. Overwritten next time. */
const char *fdinfo_of(int fd);
/* How often a word stands in a text. */
unsigned int count_of(const char *text, const char *word);
/* The value of "key:" or "key " in lines of text; "" if there is none. */
const char *line_of(const char *text, const char *key);
/* Mappings that are kept from children of fork, as those of hidden rings are. */
unsigned int hidden_ring_maps(void);
/* Copy a file with its mode changed. */
void copy_file(const char *from, const char *to, mode_t mode);

/* Wait for a child (-1: any): its exit status, or -SIGNAL. Fails if it is no child. */
int wait_exit(pid_t pid);
/* Nothing is left to wait for, not even a zombie. */
void check_no_children(void);
bool is_gone(pid_t pid);
/* Whether a child has ended. It is left to be waited for. */
bool has_ended(pid_t pid);
/* Wait until no process has this pid; fails if that takes long. */
void check_gone(pid_t pid);

/* Count SIGCHLDs from now on, but for those of stops. */
void count_sigchld(void);
unsigned int sigchlds(void);

/* A pipe whose ends are not inherited by programs. */
void make_pipe(int fds[2]);
/* Zeroes, which this process shares with those that it forks from now on. */
void *shared_memory(size_t size);
/* Become an ordinary user, and whatever root's programs could do is gone. */
#define ORDINARY 1000
void become_ordinary(void);
/* The same, but a user whose processes are this test's alone. */
void become_nobody_else(void);

/* A number for a process, of which there will be none meanwhile. */
pid_t unused_pid(void);

/* What a spawned helper "show" reports of itself. */
struct shown {
	int from;
	int to;
	char number[12];
	char *argv[4];
	char text[8192];
};

/* Queue EXEC of it; submit; then shown_read() when EXEC has its CQE. */
struct io_uring_sqe *q_show(struct tring *r, struct shown *s);
void shown_read(struct shown *s);
const char *shown(struct shown *s, const char *key);
long shown_number(struct shown *s, const char *key);

/* A chain's child blocks in this step until blocker_release(). */
struct blocker {
	int fds[2];
	char byte;
};

struct io_uring_sqe *q_block(struct tring *r, struct blocker *b);
void blocker_release(struct blocker *b);
/* Submit CLONE, q_block() and EXEC: the child, when it blocks. */
pid_t spawn_blocked(struct tring *r, struct blocker *b);
/* Wait until a process sleeps in a step. */
void wait_blocked(pid_t pid);

#endif
