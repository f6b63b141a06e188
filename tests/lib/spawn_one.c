// SPDX-License-Identifier: LGPL-2.1-or-later
/* The shortest chain there is to spawn. */
#include "spawn_one.h"
#include "child.h"

int spawn_queued(struct tring *r, unsigned int last, int *exec)
{
	unsigned int i;
	int res;

	tring_submit(r);
	res = tring_res(r, CLONE);
	tring_total(r, last + 2);
	if (exec)
		*exec = tring_res(r, last);
	if (res < 0) {
		for (i = 0; i <= last; i++)
			EXPECT_EQ(tring_res(r, i), -ECANCELED);
	} else if (tring_res(r, last) < 0) {
		check_gone(res);
	} else {
		CHECK_EQ(wait_exit(res), 0);
	}
	return res;
}

int spawn_exit(struct tring *r, int *exec)
{
	tring_forget(r);
	q_clone(r);
	q_nop(r);
	q_exit(r, 0);
	return spawn_queued(r, 1, exec);
}

void spawn_failing(struct tring *r)
{
	q_clone(r);
	q_fail(r);
	q_exit(r, 3);
	tring_submit(r);
	tring_total(r, 3);
}

void check_no_program(struct tring *r)
{
	check_gone(CHECK_OK(tring_res(r, CLONE)));
	check_no_children();
}
