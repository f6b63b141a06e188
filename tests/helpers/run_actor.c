// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * run_actor OPCODE [SLOT [ARGUMENT...]]: makes a ring and prints its descriptor. For each
 * line that it reads then, it submits a request of that operation, IORING_OP_BPF, with
 * slot and arguments, and prints the CQEs up to its own: "0x10 0", user_data and result.
 * The argument "pipe" is the descriptor of a pipe that nobody writes to, plus 1.
 */
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USER_DATA	0x10
#define ENTRIES		64

static struct io_uring_params params;
static char *rings;
static struct io_uring_sqe *sqes;
static int ring, fds[2];

static uint32_t *at(uint32_t offset)
{
	return (uint32_t *)(rings + offset);
}

static int make_ring(void)
{
	size_t size;

	ring = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring < 0)
		return -1;
	size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
		     IORING_OFF_SQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
	return rings == MAP_FAILED || sqes == MAP_FAILED ? -1 : 0;
}

static void fill(struct io_uring_sqe *sqe, int argc, char **argv)
{
	uint64_t args[4] = { 0 };

	for (int i = 0; i < 4 && i + 3 < argc; i++)
		args[i] = strcmp(argv[i + 3], "pipe") ? strtoull(argv[i + 3], NULL, 0) :
							(uint64_t)fds[0] + 1;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = atoi(argv[1]);
	sqe->len = argc > 2 ? atoi(argv[2]) : 0;
	sqe->addr = args[0];
	sqe->off = args[1];
	sqe->addr3 = args[2];
	sqe->__pad2[0] = args[3];
	sqe->user_data = USER_DATA;
}

/* Returns whether this was the request's own. */
static int show_next(void)
{
	const struct io_uring_cqe *cqes = (void *)at(params.cq_off.cqes);
	uint32_t head = *at(params.cq_off.head);
	uint64_t user_data;

	while (head == __atomic_load_n(at(params.cq_off.tail), __ATOMIC_ACQUIRE))
		syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	user_data = cqes[head & *at(params.cq_off.ring_mask)].user_data;
	printf("0x%llx %d\n", (unsigned long long)user_data,
	       cqes[head & *at(params.cq_off.ring_mask)].res);
	fflush(stdout);
	__atomic_store_n(at(params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return user_data == USER_DATA;
}

static int run(int argc, char **argv)
{
	uint32_t tail = *at(params.sq_off.tail), nr = tail & *at(params.sq_off.ring_mask);

	fill(&sqes[nr], argc, argv);
	at(params.sq_off.array)[nr] = nr;
	__atomic_store_n(at(params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0) != 1)
		return -1;
	while (!show_next())
		;
	return 0;
}

int main(int argc, char **argv)
{
	char line[16];

	if (argc < 2 || pipe(fds) || make_ring())
		return 1;
	printf("%d\n", ring);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		if (run(argc, argv))
			return 1;
	return 0;
}
