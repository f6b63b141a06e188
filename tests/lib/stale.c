// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that wait, and a launcher that changes meanwhile. */
#include "stale.h"

#include "child.h"
#include "links.h"

static int make_copy(struct waiting *waiting)
{
	kept_new(&waiting->w);
	waiting->w.arg.flags = IORING_SPAWN_KEEP;
	kept_copy(&waiting->w, waiting->number);
	return CHECK_OK(spawn_run(&waiting->r, &waiting->w));
}

void waiting_make(struct waiting *waiting)
{
	tring_init(&waiting->r, 0);
	waiting->number = kept_make(&waiting->r, &waiting->w);
	waiting->copy = make_copy(waiting);
}

void waiting_end(struct waiting *waiting)
{
	tring_exit(&waiting->r);
}

static int used(struct waiting *waiting, int number)
{
	kept_more(&waiting->w, number);
	return spawn_run(&waiting->r, &waiting->w);
}

/* A program, in a copy of it. */
static int copied(struct waiting *waiting, int number)
{
	int res;

	whole_exit(&waiting->w, 7);
	kept_copy(&waiting->w, number);
	res = spawn_run(&waiting->r, &waiting->w);
	if (res > 0)
		CHECK_EQ(wait_exit(res), 7);
	return res;
}

/* By a SPAWN and by links. */
void check_stale(struct waiting *waiting)
{
	int i;

	for (i = 0; i < 2; i++) {
		by_links = !by_links;
		EXPECT_EQ(used(waiting, waiting->number), -ESTALE);
		EXPECT_EQ(copied(waiting, waiting->number), -ESTALE);
		EXPECT_EQ(used(waiting, waiting->copy), -ESTALE);
	}
	EXPECT_EQ(kept_shown(&waiting->r), 2);
}

void check_good(struct waiting *waiting)
{
	int i;

	for (i = 0; i < 2; i++) {
		by_links = !by_links;
		EXPECT_EQ(used(waiting, waiting->number), waiting->number);
		EXPECT_GT(copied(waiting, waiting->number), 0);
		EXPECT_EQ(used(waiting, waiting->copy), waiting->copy);
	}
}

static void check_program(struct waiting *waiting)
{
	whole_exit(&waiting->w, 7);
	kept_in(&waiting->w, waiting->number);
	CHECK_EQ(wait_exit(CHECK_OK(whole_run(&waiting->r, &waiting->w)->res)), 7);
}

void check_word(void (*change)(void), void (*back)(void))
{
	static struct waiting waiting;

	waiting_make(&waiting);
	check_good(&waiting);
	change();
	check_stale(&waiting);
	if (back) {
		back();
		check_good(&waiting);
		check_program(&waiting);
	} else {
		/* that is not refused */
		kept_end(&waiting.r, waiting.number);
		EXPECT_EQ(kept_shown(&waiting.r), 1);
	}
	waiting_end(&waiting);
}

void may_lack(long ret)
{
	if (ret < 0)
		SKIP("not here: %s", strerror(errno));
}
