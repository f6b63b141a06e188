// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copying a file by user space: a loop that takes all completions that are there, and
 * submits what follows from them and sleeps by one system call.
 */
#include "copy.h"

#include "bench.h"

/* What uses a buffer. */
struct part {
	uint64_t at;
	bool writing;
};

struct loop {
	struct copy *copy;
	struct part parts[COPY_DEPTH];
	uint64_t next;			/* to be read */
	unsigned int busy;		/* parts under way */
	unsigned int link;		/* flags of reads: a link to their write */
};

static struct io_uring_sqe *next_sqe(struct loop *l)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&l->copy->ring);

	if (!sqe)
		give_up(0, "the ring is full");
	return sqe;
}

static void add_write(struct loop *l, unsigned int n)
{
	struct io_uring_sqe *sqe = next_sqe(l);

	io_uring_prep_write(sqe, l->copy->out, l->copy->buffers + n * COPY_BLOCK,
			    COPY_BLOCK, l->parts[n].at);
	io_uring_sqe_set_data64(sqe, n);
	l->parts[n].writing = true;
}

/* The next block of the file, by a part that is free; false at its end. */
static bool add_read(struct loop *l, unsigned int n)
{
	struct io_uring_sqe *sqe;

	if (l->next == l->copy->size)
		return false;
	sqe = next_sqe(l);
	io_uring_prep_read(sqe, l->copy->in, l->copy->buffers + n * COPY_BLOCK,
			   COPY_BLOCK, l->next);
	io_uring_sqe_set_data64(sqe, n);
	io_uring_sqe_set_flags(sqe, l->link);
	l->parts[n] = (struct part) { .at = l->next };
	l->next += COPY_BLOCK;
	if (l->link)
		add_write(l, n);
	return true;
}

static void take(struct loop *l, const struct io_uring_cqe *cqe)
{
	unsigned int n = cqe->user_data;

	if (cqe->res != COPY_BLOCK)
		give_up(cqe->res < 0 ? cqe->res : 0, "a short read or write");
	if (!l->parts[n].writing)
		add_write(l, n);
	else if (!add_read(l, n))
		l->busy--;
}

static void run(struct copy *c, unsigned int link)
{
	struct loop l = { .copy = c, .link = link };
	struct io_uring_cqe *cqe;
	unsigned int head, nr;

	while (l.busy < c->depth && add_read(&l, l.busy))
		l.busy++;
	while (l.busy) {
		must(io_uring_submit_and_wait(&c->ring, 1));
		nr = 0;
		io_uring_for_each_cqe(&c->ring, head, cqe) {
			take(&l, cqe);
			nr++;
		}
		io_uring_cq_advance(&c->ring, nr);
	}
}

void copy_by_loop(struct copy *c)
{
	run(c, 0);
}

void copy_by_links(struct copy *c)
{
	run(c, IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS);
}
