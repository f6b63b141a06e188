// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hide_rings [PIN]: makes two rings of which it has no descriptor, one that it has mapped
 * and one that is only registered with its thread. The program pinned as PIN is attached
 * to slot 2 of the latter. Prints "ready" and sleeps.
 */
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <io_uring_spawn.h>

#define ENTRIES			4
#define SETUP_NO_MMAP		(1U << 14)
#define SETUP_REGISTERED_FD_ONLY (1U << 15)
#define USE_REGISTERED_RING	(1U << 31)
#define ATTACH_BPF		64

static int map_and_close(void)
{
	struct io_uring_params params = { 0 };
	int fd = syscall(SYS_io_uring_setup, ENTRIES, &params);

	if (fd < 0)
		return 1;
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, IORING_OFF_SQ_RING) ==
	    MAP_FAILED)
		return 1;
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, IORING_OFF_SQES) ==
	    MAP_FAILED)
		return 1;
	close(fd);
	return 0;
}

/* Its index. */
static int register_only(void)
{
	struct io_uring_params params = {
		.flags = SETUP_NO_MMAP | SETUP_REGISTERED_FD_ONLY,
	};
	char *memory = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* resv2 in older headers */
	((uint64_t *)&params.cq_off)[4] = (uintptr_t)memory;
	((uint64_t *)&params.sq_off)[4] = (uintptr_t)memory + 4096;
	return syscall(SYS_io_uring_setup, ENTRIES, &params);
}

static int attach(int ring, const char *pin)
{
	union bpf_attr get = { .pathname = (uintptr_t)pin };
	struct io_uring_attach_bpf attach = { .slot = 2 };

	attach.prog_fd = syscall(SYS_bpf, BPF_OBJ_GET, &get, sizeof(get));
	return syscall(SYS_io_uring_register, ring,
		       ATTACH_BPF | USE_REGISTERED_RING, &attach, 1);
}

int main(int argc, char **argv)
{
	int ring;

	if (map_and_close())
		return 1;
	ring = register_only();
	if (ring < 0 || (argc > 1 && attach(ring, argv[1]) < 0))
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
