// SPDX-License-Identifier: LGPL-2.1-or-later
/* O3: programs that the library lets the kernel look for in open directories. */
#include "launch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST = 3 };

static const char exits_7[] = "#!/bin/sh\nexit 7\n";

/* Where chains are one request, also if TEST_LINKS is set. */
static struct spawnpol_ring *ring_with_spawn(void)
{
	struct spawnpol_ring *ring = ring_of(4, 0);

	CHECK_OK(spawnpol_ring_use_links(ring, false));
	return ring;
}

static struct spawnpol_chain *search_of(const char *name)
{
	struct spawnpol_chain *chain;

	CHECK_OK(spawnpol_chain_new(&chain));
	CHECK_OK(spawnpol_chain_search_open(chain, name, LIST));
	return chain;
}

static void make_dir(const char *name)
{
	CHECK_SYS(mkdir(in_dir(name), 0755));
}

/* Launch it: error and path of the outcome, and if it runs, its exit status. */
static void expect(struct spawnpol_ring *ring, struct spawnpol_chain *chain, int error,
		   const char *path, int status)
{
	struct spawnpol_outcome out = launch_on(ring, chain);

	EXPECT_EQ(out.error, error);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	EXPECT_EQ(out.step + 1, (int)spawnpol_chain_nr_steps(chain));
	EXPECT_STR(out.path ?: "(none)", path);
	if (!out.error)
		EXPECT_EQ(wait_exit(out.pid), status);
	else
		check_none_stays();
}

TEST(O3_the_directories_that_were_opened_are_searched)
{
	struct spawnpol_ring *ring = ring_with_spawn();
	struct spawnpol_chain *chain = search_of("prog");

	make_dir("a");
	make_dir("b");
	write_file(in_dir("b/prog"), exits_7, 0755);
	CHECK_EQ(spawnpol_ring_open_search(ring, LIST,
					   format("%s:%s:%s", in_dir("a"), in_dir("none"),
						  in_dir("b"))), 2);
	CHECK_EQ(spawnpol_ring_nr_sqes(ring, chain), 1);
	expect(ring, chain, 0, "prog", 7);
	/* a program, so that no interpreter needs the name; moved away with its directory */
	CHECK_SYS(unlink(in_dir("b/prog")));
	CHECK_SYS(symlink("/bin/true", in_dir("b/prog")));
	CHECK_SYS(rename(in_dir("b"), in_dir("c")));
	make_dir("none");
	write_file(in_dir("none/prog"), exits_7, 0755);
	expect(ring, chain, 0, "prog", 0);
	/* to see what is there now, open the list again */
	CHECK_EQ(spawnpol_ring_open_search(ring, LIST, in_dir("none")), 1);
	expect(ring, chain, 0, "prog", 7);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(O3_what_is_not_found_is_named)
{
	struct spawnpol_ring *ring = ring_with_spawn();
	struct spawnpol_chain *chain = search_of("prog");
	struct spawnpol_outcome out;
	char text[256];

	make_dir("a");
	make_dir("b");
	CHECK_OK(spawnpol_chain_setsid(chain));
	CHECK_EQ(spawnpol_ring_open_search(ring, LIST,
					   format("%s:%s", in_dir("a"), in_dir("b"))), 2);
	expect(ring, chain, -ENOENT, in_dir("b/prog"), 0);
	out = launch_on(ring, chain);
	spawnpol_outcome_text(&out, text, sizeof(text));
	EXPECT(strstr(text, in_dir("b/prog")));
	write_file(in_dir("a/prog"), exits_7, 0644);
	expect(ring, chain, -EACCES, in_dir("a/prog"), 0);
	CHECK_OK(spawnpol_chain_free(chain));
	/* no list is looked at */
	chain = search_of("/bin/true");
	expect(ring, chain, 0, "/bin/true", 0);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(O3_lists_of_the_library_that_are_refused)
{
	struct spawnpol_ring *ring = ring_with_spawn();
	struct spawnpol_chain *chain = search_of("true");

	EXPECT_EQ(spawnpol_ring_forget_search(ring, LIST), -ENXIO);
	EXPECT_EQ(spawnpol_ring_open_search(ring, IORING_SPAWN_SEARCHES, "/bin"), -EINVAL);
	EXPECT_EQ(spawnpol_ring_open_search(ring, LIST, "/bin:"), -EINVAL);
	EXPECT_EQ(spawnpol_ring_open_search(ring, LIST, in_dir("none")), -ENOENT);
	expect(ring, chain, -ENXIO, "true", 0);
	/* the system's default */
	EXPECT_GE(spawnpol_ring_open_search(ring, LIST, NULL), 1);
	expect(ring, chain, 0, "true", 0);
	EXPECT_EQ(spawnpol_ring_forget_search(ring, LIST), 0);
	expect(ring, chain, -ENXIO, "true", 0);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

/* A search by paths, or none at all, would be something else. */
TEST(O3_links_do_not_search_open_directories)
{
	struct spawnpol_ring *ring = ring_with_spawn();
	struct spawnpol_chain *chain = search_of("true");

	CHECK_GE(spawnpol_ring_open_search(ring, LIST, "/bin"), 1);
	CHECK_OK(spawnpol_ring_use_links(ring, true));
	EXPECT_EQ(spawnpol_submit(ring, &chain, 1), -EOPNOTSUPP);
	EXPECT_EQ(spawnpol_ring_nr_sqes(ring, chain), -EOPNOTSUPP);
	CHECK_OK(spawnpol_ring_use_links(ring, false));
	expect(ring, chain, 0, "true", 0);
	CHECK_OK(spawnpol_chain_close(chain, 0));
	EXPECT_EQ(spawnpol_submit(ring, &chain, 1), -EOPNOTSUPP);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

TEST(O3_a_ring_without_descriptor_opens_directories)
{
	struct spawnpol_chain *chain = search_of("true");
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open_registered(&ring, 4, 0));
	CHECK_EQ(spawnpol_ring_open_search(ring, LIST, "/bin"), 1);
	expect(ring, chain, 0, "true", 0);
	CHECK_OK(spawnpol_ring_forget_search(ring, LIST));
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}
