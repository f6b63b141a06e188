// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rings that never have a descriptor: the kernel registers them with the thread when it
 * makes them. There is no descriptor to map, so the library provides their memory.
 *
 * liburing 2.3 of Debian 12 cannot make such rings, but works with the structures that
 * this file fills in. With liburing 2.7, io_uring_queue_init_mem() with
 * IORING_SETUP_REGISTERED_FD_ONLY and io_uring_queue_exit() can replace this file. (2.5
 * and 2.6 have this flag too, but ask for less memory than they use.) Apart from
 * constants that are missing in liburing's headers, nothing else in the library depends
 * on its version.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Linux 6.5; in the headers of liburing since 2.5. */
#define SETUP_NO_MMAP			(1U << 14)
#define SETUP_REGISTERED_FD_ONLY	(1U << 15)

/* Linux 6.6; in the headers of liburing since 2.6. */
#define SETUP_NO_SQARRAY		(1U << 16)

/* Of no use without a descriptor, or not known to the code that fills the SQ. */
#define UNFIT	(IORING_SETUP_CQSIZE | IORING_SETUP_ATTACH_WQ | \
		 IORING_SETUP_R_DISABLED | SETUP_NO_SQARRAY)

/* Liburing's INT_FLAG_REG_RING, which is in none of its headers. */
#define BY_INDEX	1

#define MAX_ENTRIES	32768	/* IORING_MAX_ENTRIES */

/* Parts of the memory; at least as much as the kernel will take. */
struct sizes {
	size_t rings, sqes;
};

static size_t whole_pages(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

/*
 * The kernel is told where the memory is but not how large: it must never be too
 * small. In front of the CQEs are heads and tails, which take two cache lines at
 * most; a kernel that had more there would find room. What is where, its answer says.
 */
static struct sizes sizes_of(unsigned int entries, unsigned int flags)
{
	size_t sqe = flags & IORING_SETUP_SQE128 ? 128 : 64;
	size_t cqe = flags & IORING_SETUP_CQE32 ? 32 : 16;
	size_t nr = 1;

	while (nr < entries)
		nr *= 2;
	return (struct sizes) {
		.rings = whole_pages(1024 + 2 * nr * cqe + nr * sizeof(uint32_t)),
		.sqes = whole_pages(nr * sqe),
	};
}

/* One mapping, which children of fork(2) have not. */
static char *own_memory(size_t size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	/* before the kernel has the pages: a copy of them would not be the ring */
	if (!madvise(map, size, MADV_DONTFORK))
		return map;
	munmap(map, size);
	return NULL;
}

/* The last member of both structures of offsets; resv2 in older headers. */
static void give_address(void *offsets, const void *to)
{
	uint64_t address = (uintptr_t)to;

	_Static_assert(sizeof(struct io_sqring_offsets) == 40 &&
		       sizeof(struct io_cqring_offsets) == 40,
		       "the address comes after eight words");
	memcpy((char *)offsets + 32, &address, sizeof(address));
}

static void *at(char *rings, uint32_t offset)
{
	return rings + offset;
}

static void fill_sq(struct io_uring_sq *sq, char *rings,
		    const struct io_uring_params *p)
{
	sq->khead = at(rings, p->sq_off.head);
	sq->ktail = at(rings, p->sq_off.tail);
	sq->kring_mask = at(rings, p->sq_off.ring_mask);
	sq->kring_entries = at(rings, p->sq_off.ring_entries);
	sq->kflags = at(rings, p->sq_off.flags);
	sq->kdropped = at(rings, p->sq_off.dropped);
	sq->array = at(rings, p->sq_off.array);
	sq->ring_mask = *sq->kring_mask;
	sq->ring_entries = *sq->kring_entries;
	/* newer versions of liburing leave the array as it is set up */
	for (unsigned int i = 0; i < sq->ring_entries; i++)
		sq->array[i] = i;
}

static void fill_cq(struct io_uring_cq *cq, char *rings,
		    const struct io_uring_params *p)
{
	cq->khead = at(rings, p->cq_off.head);
	cq->ktail = at(rings, p->cq_off.tail);
	cq->kring_mask = at(rings, p->cq_off.ring_mask);
	cq->kring_entries = at(rings, p->cq_off.ring_entries);
	cq->kflags = at(rings, p->cq_off.flags);
	cq->koverflow = at(rings, p->cq_off.overflow);
	cq->cqes = at(rings, p->cq_off.cqes);
	cq->ring_mask = *cq->kring_mask;
	cq->ring_entries = *cq->kring_entries;
}

int registered_init(struct io_uring *uring, unsigned int entries, unsigned int flags)
{
	struct io_uring_params p = {
		.flags = flags | SETUP_NO_MMAP | SETUP_REGISTERED_FD_ONLY,
	};
	struct sizes sizes;
	char *map;
	int index;

	if (flags & UNFIT)
		return -EINVAL;
	/* what CLAMP does, lest the memory be too small for another maximum */
	if (entries > MAX_ENTRIES)
		entries = MAX_ENTRIES;
	sizes = sizes_of(entries, flags);
	map = own_memory(sizes.rings + sizes.sqes);
	if (!map)
		return -ENOMEM;
	give_address(&p.cq_off, map);
	give_address(&p.sq_off, map + sizes.rings);
	index = syscall(__NR_io_uring_setup, entries, &p);
	if (index < 0) {
		index = -errno;
		munmap(map, sizes.rings + sizes.sqes);
		return index;
	}
	memset(uring, 0, sizeof(*uring));
	fill_sq(&uring->sq, map, &p);
	fill_cq(&uring->cq, map, &p);
	uring->sq.sqes = (struct io_uring_sqe *)(map + sizes.rings);
	uring->sq.ring_ptr = uring->cq.ring_ptr = map;
	uring->sq.ring_sz = uring->cq.ring_sz = sizes.rings + sizes.sqes;
	uring->flags = p.flags;
	uring->features = p.features;
	uring->ring_fd = -1;
	uring->enter_ring_fd = index;
	uring->int_flags = BY_INDEX;
	return 0;
}

/* Liburing's own would close and unmap what there is not. */
void registered_exit(struct io_uring *uring)
{
	struct io_uring_rsrc_update index = { .offset = uring->enter_ring_fd };

	ring_register(ring_at(uring), IORING_UNREGISTER_RING_FDS, &index, 1);
	munmap(uring->sq.ring_ptr, uring->sq.ring_sz);
}
