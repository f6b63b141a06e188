/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of a ring as the tests of spawning need: requests are numbered
 * from 0 in the order they are queued, and each leaves its result in res[], and the
 * flags of its CQE in cqe_flags[].
 */
#ifndef _IO_URING_SELFTEST_RING_H
#define _IO_URING_SELFTEST_RING_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/io_uring_spawn.h>

#define RING_ENTRIES	16
#define RES_NONE	0x7fffffff	/* no CQE yet */

#define LINK		IOSQE_IO_LINK
#define HARDLINK	IOSQE_IO_HARDLINK

struct ring {
	int			fd;
	void			*rings;
	size_t			rings_size;
	struct io_uring_sqe	*sqes;
	struct io_uring_cqe	*cqes;
	unsigned int		*sq_tail, *cq_head, *cq_tail;
	unsigned int		queued;		/* requests so far */
	unsigned int		unsubmitted;
	unsigned int		done;		/* CQEs so far */
	int			res[RING_ENTRIES];
	unsigned int		cqe_flags[RING_ENTRIES];
	unsigned int		order[RING_ENTRIES];	/* of its CQE among all */
};

static inline int ring_register(struct ring *ring, unsigned int op, void *arg,
				unsigned int nr)
{
	int ret = syscall(__NR_io_uring_register, ring->fd, op, arg, nr);

	return ret < 0 ? -errno : ret;
}

/* What the kernel can do. */
static inline int ring_query(struct ring *ring, struct io_uring_spawn_query *query)
{
	memset(query, 0, sizeof(*query));
	query->size = sizeof(*query);
	return ring_register(ring, IORING_REGISTER_SPAWN_QUERY, query, 1);
}

/* Returns 0, or -EOPNOTSUPP if the kernel cannot spawn, or another error. */
static inline int ring_open(struct ring *ring, unsigned int flags)
{
	struct io_uring_params p = {
		.flags = flags | IORING_SETUP_NO_SQARRAY | IORING_SETUP_SUBMIT_ALL,
	};
	int i;

	memset(ring, 0, sizeof(*ring));
	for (i = 0; i < RING_ENTRIES; i++)
		ring->res[i] = RES_NONE;

	ring->fd = syscall(__NR_io_uring_setup, RING_ENTRIES, &p);
	if (ring->fd < 0)
		return -errno;
	if (!(p.features & IORING_FEAT_SPAWN)) {
		close(ring->fd);
		return -EOPNOTSUPP;
	}

	ring->rings_size = p.cq_off.cqes + p.cq_entries * sizeof(*ring->cqes);
	ring->rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes = mmap(NULL, RING_ENTRIES * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	if (ring->rings == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->sq_tail = ring->rings + p.sq_off.tail;
	ring->cq_head = ring->rings + p.cq_off.head;
	ring->cq_tail = ring->rings + p.cq_off.tail;
	ring->cqes = ring->rings + p.cq_off.cqes;
	return 0;
}

static inline void ring_close(struct ring *ring)
{
	munmap(ring->sqes, RING_ENTRIES * sizeof(*ring->sqes));
	munmap(ring->rings, ring->rings_size);
	close(ring->fd);
	ring->fd = -1;
}

static inline struct io_uring_sqe *ring_sqe(struct ring *ring, int opcode,
					    int flags)
{
	struct io_uring_sqe *sqe = &ring->sqes[ring->queued % RING_ENTRIES];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	sqe->flags = flags;
	sqe->user_data = ring->queued++;
	ring->unsubmitted++;
	return sqe;
}

static inline void ring_reap(struct ring *ring)
{
	unsigned int tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
	unsigned int head = *ring->cq_head;

	for (; head != tail; head++) {
		/* there are twice as many CQEs as SQEs */
		struct io_uring_cqe *cqe = &ring->cqes[head % (2 * RING_ENTRIES)];

		if (cqe->user_data < RING_ENTRIES) {
			ring->res[cqe->user_data] = cqe->res;
			ring->cqe_flags[cqe->user_data] = cqe->flags;
			ring->order[cqe->user_data] = ring->done;
		}
		ring->done++;
	}
	__atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
}

/* Submit what is queued, and wait until there were @nr CQEs since the start. */
static inline int ring_wait(struct ring *ring, unsigned int nr)
{
	unsigned int flags = IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP;
	int ret;

	__atomic_store_n(ring->sq_tail, ring->queued, __ATOMIC_RELEASE);
	do {
		ret = syscall(__NR_io_uring_enter, ring->fd, ring->unsubmitted,
			      nr > ring->done ? nr - ring->done : 0, flags, NULL, 0);
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (ret > 0)
			ring->unsubmitted -= ret;
		ring_reap(ring);
	} while (ring->done < nr);
	return 0;
}

/* Wait for a CQE of each request so far. */
static inline int ring_wait_all(struct ring *ring)
{
	return ring_wait(ring, ring->queued);
}

/* Requests of a chain. */

static inline struct io_uring_sqe *ring_clone(struct ring *ring)
{
	return ring_sqe(ring, IORING_OP_CLONE, LINK);
}

static inline struct io_uring_sqe *ring_exec(struct ring *ring, const char *path,
					     const char * const *argv, int flags)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, IORING_OP_EXEC, flags);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)path;
	sqe->addr2 = (uintptr_t)argv;
	sqe->addr3 = (uintptr_t)environ;
	return sqe;
}

/* A program that runs a shell command. */
static inline struct io_uring_sqe *ring_exec_sh(struct ring *ring,
						const char *command)
{
	static const char *argv[4] = { "sh", "-c" };

	argv[2] = command;
	return ring_exec(ring, "/bin/sh", argv, 0);
}

static inline struct io_uring_sqe *ring_child(struct ring *ring, int cmd, int fd,
					      const char *path, uint64_t off)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, IORING_OP_CHILD, LINK);

	sqe->len = cmd;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)path;
	sqe->off = off;
	return sqe;
}

static inline struct io_uring_sqe *ring_prctl(struct ring *ring, int option,
					      __u64 arg2, __u64 arg3)
{
	struct io_uring_sqe *sqe = ring_child(ring, IORING_CHILD_PRCTL, 0, NULL,
					      arg3);

	sqe->child_flags = option;
	sqe->addr = arg2;
	return sqe;
}

/* A step that fails with -ENOENT. */
static inline struct io_uring_sqe *ring_open_missing(struct ring *ring)
{
	struct io_uring_sqe *sqe = ring_sqe(ring, IORING_OP_OPENAT, LINK);

	sqe->fd = AT_FDCWD;
	sqe->addr = (uintptr_t)"/nonexistent/file";
	return sqe;
}

/* Reading or writing one byte. */
static inline struct io_uring_sqe *ring_rw(struct ring *ring, int opcode, int fd)
{
	static char byte = 'x';
	struct io_uring_sqe *sqe = ring_sqe(ring, opcode, LINK);

	sqe->fd = fd;
	sqe->addr = (uintptr_t)&byte;
	sqe->len = 1;
	sqe->off = -1;
	return sqe;
}

/* Exit status of a program, or -ECHILD: there is no such child, not even dead. */
static inline int exit_status(int pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

#endif
