// SPDX-License-Identifier: LGPL-2.1-or-later
/* A slot that is changed while chains begin (U9). */
#include "lib/child.h"
#include "lib/place.h"
#include "lib/ring.h"

#include <pthread.h>
#include <stdlib.h>

static struct tring r;
static struct tprog p;
TPROG_PRELOAD

static volatile bool changing;

static void *change_slot(void *arg)
{
	int prog = prog_returning(IORING_VERDICT_PASS);
	struct place at = { 0 };

	(void)arg;
	while (changing) {
		int link = CHECK_OK(place_by_bpf(tring_fd(&r), prog, at));

		detach_link(link);
		close(link);
	}
	close(prog);
	return NULL;
}

/* It is not empty at any moment, so that there is a policy for each chain. */
TEST(U9_a_slot_that_is_being_changed_is_not_empty)
{
	unsigned int i;
	pthread_t thread;

	tprog_start(&r, &p, 0);
	changing = true;
	CHECK_EQ(pthread_create(&thread, NULL, change_slot, NULL), 0);
	for (i = 0; i < 300; i++) {
		tring_forget(&r);
		tprog_reset(&p);
		q_clone(&r)->rw_flags = IORING_CLONE_NEED_POLICY;
		q_fail(&r);
		tring_submit(&r);
		/* if one of its policies has gone meanwhile, that ends it */
		if (tring_res(&r, 0) != -ENOLINK)
			EXPECT_EQ(tring_res(&r, 0), -ENOENT);
		CHECK_OK(tring_res(&r, CLONE));
	}
	changing = false;
	CHECK_EQ(pthread_join(thread, NULL), 0);
}
