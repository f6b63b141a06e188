// SPDX-License-Identifier: LGPL-2.1-or-later
/* The page that tells a process from copies made by fork(2). */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process.h"

_Atomic(atomic_uint *) process_page;

/* Copied to children of fork(2), so that no generation is there twice in one of them. */
static atomic_uint last_generation, last_serial;

static int make_page(void)
{
	size_t size = sysconf(_SC_PAGESIZE);
	atomic_uint *none = NULL;
	void *page;
	int err = 0;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -errno;
	if (madvise(page, size, MADV_WIPEONFORK))
		err = -errno;
	/* unless another thread was faster */
	if (err || !atomic_compare_exchange_strong(&process_page, &none, page))
		munmap(page, size);
	return err;
}

int process_new_id(uint64_t *id)
{
	unsigned int none = 0;
	int err;

	if (!atomic_load(&process_page)) {
		err = make_page();
		if (err)
			return err;
	}
	/* the first ring of a process, or of a child of fork(2) */
	if (!process_generation())
		atomic_compare_exchange_strong(atomic_load(&process_page), &none,
			atomic_fetch_add(&last_generation, 1) + 1);
	*id = (uint64_t)process_generation() << 32 |
	      (uint32_t)(atomic_fetch_add(&last_serial, 1) + 1);
	return 0;
}
