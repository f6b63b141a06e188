/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rings and chains for the engine's tests, straight on the kernel interface:
 *
 *	struct tring r;
 *
 *	tring_init(&r, 0);
 *	q_clone(&r);
 *	q_exec(&r, "/bin/true", argv);
 *	tring_submit(&r);
 *	CHECK_GT(tring_res(&r, CLONE), 0);
 *	CHECK_EQ(tring_res(&r, 0), 0);
 *
 * Every q_... function queues one SQE linked to the next; tring_submit() and
 * tring_end() end the chain. CLONE's user_data is CLONE and the steps' are
 * their numbers, plus CHAIN(n) in the n-th chain since tring_init() or
 * tring_forget(). What goes wrong in a helper fails the test.
 */
#ifndef SPAWNPOL_TESTS_RING_H
#define SPAWNPOL_TESTS_RING_H

#include "io_uring_spawn.h"
#include "spawnpol_uapi.h"
#include "tap.h"

#include <fcntl.h>
#include <liburing.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define CLONE 999
#define OTHER 1000000 /* of requests that are in no chain: OTHER + n */
#define CHAIN(n) ((n) * 1000)

struct tring_cqe {
	uint64_t user_data;
	int res;
	unsigned int flags;
};

struct tring {
	struct io_uring uring;
	struct io_uring_sqe *last;
	unsigned int chains; /* begun so far */
	unsigned int steps; /* of the chain being queued */
	unsigned int nr_seen;
	struct tring_cqe seen[2048];
};

/* A kind of ring that spawning must work on. */
struct tring_kind {
	const char *name;
	unsigned int flags;
};
extern const struct tring_kind tring_kinds[];
extern const unsigned int tring_nr_kinds;

/* --- rings ------------------------------------------------------------------ */

void tring_init(struct tring *r, unsigned int flags);
/* The same with SQ entries of one's choice; returns -errno. */
int tring_try_init(struct tring *r, unsigned int entries, unsigned int flags);
void tring_exit(struct tring *r);
int tring_fd(const struct tring *r);

/* The last SQE queued is the last of its chain. */
void tring_end(struct tring *r);
/* End the chain and submit all; returns what io_uring_submit() does. */
int tring_try_submit(struct tring *r);
void tring_submit(struct tring *r);

/* Wait for the CQE of this user_data; fails if it comes late or twice. */
const struct tring_cqe *tring_cqe(struct tring *r, uint64_t user_data);
int tring_res(struct tring *r, uint64_t user_data);
/* Has it come yet? */
bool tring_has(struct tring *r, uint64_t user_data);
/* No CQE of this user_data comes within so many milliseconds. */
void tring_none(struct tring *r, uint64_t user_data, unsigned int ms);
/* Wait until so many CQEs in all have come, and see that there are no more. */
void tring_total(struct tring *r, unsigned int count);
/* Start counting CQEs and chains again. */
void tring_forget(struct tring *r);

/* io_uring_register(2); returns -errno. */
int tring_register(struct tring *r, unsigned int op, void *arg,
		   unsigned int nr_args);
void tring_query(struct tring *r, struct io_uring_spawn_query *query);

/* --- requests --------------------------------------------------------------- */

/* A zeroed SQE that is linked to the next one. */
struct io_uring_sqe *q_op(struct tring *r, unsigned int op);
/* One in no chain, with this user_data. */
struct io_uring_sqe *q_alone(struct tring *r, unsigned int op,
			     uint64_t user_data);
struct io_uring_sqe *q_clone(struct tring *r);
struct io_uring_sqe *q_clone3(struct tring *r, const struct clone_args *args);
/* The child has this descriptor and no other: none of a link, above all. */
struct io_uring_sqe *q_clone_with(struct tring *r, int fd, unsigned int flags);
struct io_uring_sqe *q_exec(struct tring *r, const char *path,
			    char *const argv[]);
/* EXEC of a program that exits with this status. */
struct io_uring_sqe *q_exit(struct tring *r, int status);
/* EXEC of a program that sleeps until it is killed. */
struct io_uring_sqe *q_sleeper(struct tring *r);
struct io_uring_sqe *q_child(struct tring *r, unsigned int cmd);
struct io_uring_sqe *q_nop(struct tring *r);
/* A step that fails with -ENOENT. */
struct io_uring_sqe *q_fail(struct tring *r);
/* A NOP whose result is made up. */
struct io_uring_sqe *q_result(struct tring *r, int res);
struct io_uring_sqe *q_open(struct tring *r, const char *path, int flags,
			    mode_t mode);
/* The child opens a path as this descriptor number. */
struct io_uring_sqe *q_open_at(struct tring *r, int number, const char *path,
			       int flags);
struct io_uring_sqe *q_dup(struct tring *r, int fd, int number);
struct io_uring_sqe *q_read(struct tring *r, int fd, void *buf, size_t size);
struct io_uring_sqe *q_write(struct tring *r, int fd, const void *buf,
			     size_t size);
struct io_uring_sqe *q_mkdir(struct tring *r, const char *path);
struct io_uring_sqe *q_cancel(struct tring *r, uint64_t target,
			      unsigned int flags, uint64_t user_data);
struct io_uring_sqe *q_timeout(struct tring *r, struct __kernel_timespec *ts);
/* Turn the link behind a step into a hard one. */
void hardlink(struct io_uring_sqe *sqe);

#endif
