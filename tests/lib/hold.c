// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory whose readers wait. */
#include "hold.h"

#include "child.h"
#include "tap.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZE 4096

void hold_at(struct hold *h, char *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	h->reached = false;
	h->page = page;
	h->fd = CHECK_SYS(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
	CHECK_SYS(ioctl(h->fd, UFFDIO_API, &api));
	range.range.start = (uintptr_t)h->page;
	range.range.len = SIZE;
	CHECK_SYS(ioctl(h->fd, UFFDIO_REGISTER, &range));
}

void hold_init(struct hold *h)
{
	char *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	hold_at(h, page);
}

bool hold_reached(struct hold *h)
{
	struct uffd_msg msg;

	if (!h->reached)
		h->reached = read(h->fd, &msg, sizeof(msg)) == sizeof(msg);
	return h->reached;
}

void hold_wait(struct hold *h)
{
	double until = now() + tap_patience();

	while (!hold_reached(h)) {
		CHECK_LT(now(), until);
		sleep_ms(1);
	}
}

void hold_release(struct hold *h, const char *text)
{
	static char content[SIZE] __attribute__((aligned(SIZE)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)h->page,
		.src = (uintptr_t)content,
		.len = SIZE,
	};

	strcpy(content, text);
	/* with EEXIST it has been done before */
	if (ioctl(h->fd, UFFDIO_COPY, &copy) && errno != EEXIST)
		FAIL("UFFDIO_COPY: %s", strerror(errno));
}
