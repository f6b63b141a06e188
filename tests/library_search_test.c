// SPDX-License-Identifier: LGPL-2.1-or-later
/* Programs that the library lets the kernel look for, as execvp(3) does. */
#include "launch.h"

#include <stdlib.h>
#include <string.h>
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

/* 131071 bytes, most of them directories, and one more that has the program. */
TEST(O5_search_of_as_long_a_list_as_can_be)
{
	const char *end = ":/bin";
	char *list = CHECK_PTR(calloc(1, 131073));
	struct spawnpol_ring *ring = ring_of(1, 0);
	struct spawnpol_chain *chain;
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_ring_use_links(ring, false));
	if (!spawnpol_ring_uses_spawn(ring))
		SKIP("the kernel has no IORING_OP_SPAWN");
	for (size_t i = 0; i < 131071 - strlen(end); i++)
		list[i] = i % 60 == 59 ? ':' : 'd';
	strcat(list, end);
	list[0] = '/';
	CHECK_EQ(strlen(list), 131071u);
	chain = search("true", list);
	CHECK_EQ(spawnpol_ring_nr_sqes(ring, chain), 1);
	out = launch_on(ring, chain);
	CHECK_EQ(out.error, 0);
	CHECK_STR(out.path, "/bin/true");
	CHECK_EQ(out.step + 1, (int)spawnpol_chain_nr_steps(chain));
	CHECK_EQ(wait_exit(out.pid), 0);
	CHECK_OK(spawnpol_ring_use_links(ring, true));
	CHECK_EQ(spawnpol_submit(ring, &chain, 1), -E2BIG);
	CHECK_OK(spawnpol_chain_free(chain));
	spawnpol_ring_close(ring);
}

static struct spawnpol_outcome outcome_of(const char *name, const char *path, bool links)
{
	struct spawnpol_chain *chain = search(name, path);
	struct spawnpol_ring *ring = ring_of(16, 0);
	struct spawnpol_outcome out;

	CHECK_OK(spawnpol_ring_use_links(ring, links));
	CHECK_OK(spawnpol_chain_chdir(chain, tap_dir()));
	out = launch_on(ring, chain);
	if (!out.error)
		wait_exit(out.pid);
	/* it has an outcome's path */
	spawnpol_ring_close(ring);
	return out;
}

/* One request tells the same as links, and the same path. */
static void alike(const char *name, const char *path, int step, int error, const char *of)
{
	for (int links = 0; links < 2; links++) {
		struct spawnpol_outcome out = outcome_of(name, path, links);

		DIAG("%s in %s, links %d", name, path, links);
		EXPECT_EQ(out.error, error);
		EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
		EXPECT_EQ(out.step, step);
		EXPECT_STR(out.path, of);
	}
}

TEST(O5_searches_are_alike_as_links)
{
	char *list;

	if (!kernel_searches())
		SKIP("the kernel has no IORING_EXEC_SEARCH");
	CHECK_SYS(mkdir(in_dir("a"), 0755));
	CHECK_SYS(mkdir(in_dir("b"), 0755));
	CHECK_SYS(mkdir(in_dir("b/dir"), 0755));
	write_file(in_dir("a/prog"), "no program", 0644);
	write_file(in_dir("b/prog"), "#!/bin/sh\nexit 0\n", 0755);
	write_file(in_dir("text"), "no program", 0755);
	alike("prog", "a:b:/bin", 2, 0, "b/prog");
	alike("prog", "/bin::a:a:/nowhere", 3, -EACCES, "a/prog");
	alike("dir", "b:a", 1, -EACCES, "b/dir");
	alike("prog", "/nowhere:/etc/passwd:/nowhere", 3, -ENOENT, "/nowhere/prog");
	alike("prog", "/nowhere:/etc/passwd", 2, -ENOTDIR, "/etc/passwd/prog");
	alike("text", "/bin::b", 2, -ENOEXEC, "text");
	alike("text", "", 1, -ENOEXEC, "text");
	alike("true", NULL, 1, 0, "/bin/true");
	/* too long a candidate ends it */
	list = CHECK_PTR(calloc(1, 4096));
	list[0] = 'a';
	list[1] = ':';
	memset(list + 2, '/', 4092);
	alike("prog", list, 2, -ENAMETOOLONG, format("%s/prog", list + 2));
}
