// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs that the library lets the kernel look for, as execvp(3) does. */
#include "launch.h"

#include <sys/stat.h>

static bool kernel_searches(void)
{
	struct spawnpol_ring *ring = ring_of(2, 0);
	struct io_uring_spawn_query query;

	CHECK_OK(spawnpol_query(spawnpol_ring_fd(ring), &query));
	spawnpol_ring_close(ring);
	return query.exec_ioprio & IORING_EXEC_SEARCH;
}

static struct spawnpol_chain *search(const char *name, const char *path)
{
	struct spawnpol_chain *chain;

	CHECK_OK(spawnpol_chain_new(&chain));
	CHECK_OK(spawnpol_chain_search(chain, name, path));
	return chain;
}

TEST(search_finds_the_program)
{
	char *argv[] = { "sh", "-c", "exit 6", NULL };
	struct spawnpol_chain *chain;

	if (!kernel_searches())
		SKIP("the kernel has no IORING_EXEC_SEARCH");
	chain = search("sh", "/nonexistent:/etc/passwd:/bin:/usr/bin");
	CHECK_OK(spawnpol_chain_argv(chain, argv));
	CHECK_EQ(run(ring_of(16, 0), chain), 6);

	/* the working directory is the child's */
	write_file(in_dir("prog"), "#!/bin/sh\nexit 8\n", 0755);
	chain = search("prog", "/bin:");
	CHECK_OK(spawnpol_chain_chdir(chain, tap_dir()));
	CHECK_EQ(run(ring_of(16, 0), chain), 8);
}

TEST(search_that_finds_nothing)
{
	if (!kernel_searches())
		SKIP("the kernel has no IORING_EXEC_SEARCH");
	CHECK_SYS(mkdir(in_dir("a"), 0755));
	write_file(in_dir("a/prog"), "no program", 0644);
	write_file(in_dir("text"), "no program", 0755);
	fails(ring_of(16, 0), search("prog", "/bin:/nonexistent"),
	      SPAWNPOL_KIND_EXEC, 1, -ENOENT);
	fails(ring_of(16, 0), search("prog", format("%s:/bin", in_dir("a"))),
	      SPAWNPOL_KIND_EXEC, 0, -EACCES);
	/* found, but no program: that ends it */
	fails(ring_of(16, 0), search("text", format("%s:/bin", tap_dir())),
	      SPAWNPOL_KIND_EXEC, 0, -ENOEXEC);
}
