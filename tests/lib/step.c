// SPDX-License-Identifier: LGPL-2.1-or-later
/* One command of IORING_OP_CHILD in a chain. */
#include "step.h"

#include <sys/wait.h>

int child_step(struct tring *r, struct io_uring_sqe want, struct shown *s)
{
	struct io_uring_sqe *sqe;
	int res;

	tring_forget(r);
	q_clone(r);
	sqe = q_child(r, want.len);
	sqe->fd = want.fd;
	sqe->off = want.off;
	sqe->addr = want.addr;
	sqe->addr3 = want.addr3;
	sqe->rw_flags = want.rw_flags;
	sqe->__pad2[0] = want.__pad2[0];
	sqe->flags |= want.flags;
	if (s)
		q_show(r, s);
	else
		q_exit(r, 0);
	tring_submit(r);
	res = tring_res(r, 0);
	tring_total(r, 3);
	if (res < 0) {
		EXPECT_EQ(tring_res(r, 1), -ECANCELED);
		/* What is found when the request is prepared refuses all. */
		if (tring_res(r, CLONE) != -ECANCELED)
			check_gone(CHECK_OK(tring_res(r, CLONE)));
		return res;
	}
	CHECK_EQ(tring_res(r, 1), 0);
	if (s)
		shown_read(s);
	CHECK_EQ(wait_exit(tring_res(r, CLONE)), 0);
	return res;
}
