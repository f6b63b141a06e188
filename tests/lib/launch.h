/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the library share. */
#ifndef SPAWNPOL_TESTS_LAUNCH_H
#define SPAWNPOL_TESTS_LAUNCH_H

#include "tap.h"

#include <spawnpol.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "child.h"

#define LONG (1000 * tap_patience()) /* milliseconds nothing should take */

/* Wait for what nobody tells. */
#define UNTIL(condition)						\
	do {								\
		double limit_ = now() + 20 * tap_patience();		\
									\
		while (!(condition)) {					\
			CHECK(now() < limit_);				\
			sleep_ms(1);					\
		}							\
	} while (0)

static inline struct spawnpol_ring *ring_of(unsigned int entries,
					    unsigned int flags)
{
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open(&ring, entries, flags));
	/* library_links_test.sh */
	if (getenv("TEST_LINKS"))
		CHECK_OK(spawnpol_ring_use_links(ring, true));
	return ring;
}

static inline struct spawnpol_chain *chain_of(const char *program)
{
	struct spawnpol_chain *chain;

	CHECK_OK(spawnpol_chain_new(&chain));
	CHECK_OK(spawnpol_chain_program(chain, program));
	return chain;
}

/*
 * There is no zombie and no program. Waits, because a child that failed can
 * still be on its way out when its outcome has come.
 */
static inline void check_none_stays(void)
{
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

/* /bin/sh -c script */
static inline struct spawnpol_chain *shell(const char *script)
{
	struct spawnpol_chain *chain = chain_of("/bin/sh");
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	CHECK_OK(spawnpol_chain_argv(chain, argv));
	return chain;
}

static inline struct spawnpol_outcome launch_on(struct spawnpol_ring *ring,
					     struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out;
	char text[256];

	CHECK_EQ(spawnpol_submit(ring, &chain, 1), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	CHECK_EQ(out.chain, chain);
	spawnpol_outcome_text(&out, text, sizeof(text));
	DIAG("%s", text);
	return out;
}

/* Launch it, wait for its end: the exit status. Frees both. */
static inline int run(struct spawnpol_ring *ring, struct spawnpol_chain *chain)
{
	struct spawnpol_outcome out = launch_on(ring, chain);

	CHECK_EQ(out.error, 0);
	CHECK_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
	return wait_exit(out.pid);
}

/* It must fail so, and leave nothing behind. Frees both. */
static inline void fails(struct spawnpol_ring *ring,
			 struct spawnpol_chain *chain, enum spawnpol_kind kind,
			 int step, int error)
{
	struct spawnpol_outcome out = launch_on(ring, chain);

	CHECK_EQ(out.error, error);
	CHECK_EQ(out.kind, kind);
	CHECK_EQ(out.step, step);
	CHECK_EQ(out.pidfd, -1);
	check_none_stays();
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

#endif
