// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * posix_spawn and posix_spawnp: the program, its arguments and environment, and
 * where it is found.
 */
#include "posix/job.h"

#include <limits.h>
#include <spawnpol.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* --- arguments ---------------------------------------------------------------------- */

TEST(arguments_and_environment)
{
	struct job j = JOB, empty = JOB, null = JOB;

	setenv("SHOW_A", "not this one", 1);
	j.argv = (char *[]){ "show", "100", "", "c d", NULL };
	j.envp = (char *[]){ "SHOW_B=1", "SHOW_C=", NULL };
	both(&j, 0);
	CHECK_STR(seen(&j, "arg3"), "c d");
	CHECK_STR(seen(&j, "argc"), "4");
	CHECK_STR(seen(&j, "env"), "SHOW_B=1");
	empty.envp = (char *[]){ NULL };
	both(&empty, 0);
	CHECK_STR(seen(&empty, "env"), "");
	null.envp = NULL;
	both(&null, 0);
	CHECK_STR(seen(&null, "env"), "");
}

TEST(no_arguments)
{
	struct job j = JOB;

	j.argv = (char *[]){ NULL };
	j.report = 1;
	j.file = helper("show");
	both(&j, 0);
	CHECK_STR(seen(&j, "argc"), "1");
	CHECK_STR(seen(&j, "arg0"), "");
}

TEST(more_arguments_than_fit)
{
	struct job j = JOB;
	char *argv[70] = { "show", "100" }, *big = CHECK_PTR(malloc(130000));

	memset(big, 'x', 129999);
	big[129999] = '\0';
	for (int i = 2; i < 69; i++)
		argv[i] = big;
	j.argv = argv;
	j.file = helper("show");
	both(&j, E2BIG);
}

TEST(arguments_that_cannot_be_read)
{
	char *argv[] = { "show", NULL };
	struct job j = JOB, env = JOB;

	j.argv = (char *[]){ "show", (char *)8, NULL };
	j.file = helper("show");
	both(&j, EFAULT);
	env.envp = (char **)8;
	both(&env, EFAULT);
	/* refused before there is a child */
	CHECK_EQ(posix_spawn(NULL, (char *)8, NULL, NULL, argv, environ), EFAULT);
}

/* --- programs ----------------------------------------------------------------------- */

static void expect(const char *file, int error)
{
	struct job j = JOB;

	DIAG("%s", file);
	j.file = file;
	j.argv = (char *[]){ "program", NULL };
	both(&j, error);
}

TEST(programs_that_cannot_be_executed)
{
	int fd;

	expect("/nonexistent", ENOENT);
	expect("/nonexistent/x", ENOENT);
	expect("/etc/passwd", EACCES);
	expect("/etc", EACCES);
	expect("/etc/passwd/x", ENOTDIR);
	write_file(in_dir("text"), "no program", 0755);
	expect(in_dir("text"), ENOEXEC);
	write_file(in_dir("empty"), "", 0755);
	expect(in_dir("empty"), ENOEXEC);
	write_file(in_dir("lost"), "#!/nonexistent\n", 0755);
	expect(in_dir("lost"), ENOENT);
	CHECK_SYS(symlink("loop", in_dir("loop")));
	expect(in_dir("loop"), ELOOP);
	copy_file("/bin/true", in_dir("busy"), 0755);
	fd = CHECK_SYS(open(in_dir("busy"), O_WRONLY | O_CLOEXEC));
	expect(in_dir("busy"), ETXTBSY);
	close(fd);
	expect(in_dir("busy"), 0);
}

TEST(paths_that_no_request_can_have)
{
	char *path = CHECK_PTR(malloc(PATH_MAX + 2));
	struct job j = JOB, empty = JOB;

	memset(path, '/', PATH_MAX + 1);
	path[PATH_MAX + 1] = '\0';
	j.file = path;
	left(&j, ENAMETOOLONG, "no child (ENAMETOOLONG)");
	empty.file = "";
	both(&empty, ENOENT);
}

TEST(scripts)
{
	struct job j = JOB;

	write_file(in_dir("script"),
		   "#!/bin/sh\necho arg0 show, $1 >&9\necho 'end '\n", 0755);
	j.file = in_dir("script");
	j.report = 9;
	j.argv = (char *[]){ "script", "given", NULL };
	both(&j, 0);
	CHECK_STR(seen(&j, "arg0"), "show, given");
}

/* --- posix_spawnp ------------------------------------------------------------------- */

/* Search for a name in PATH (NULL: there is none); what ran says its path. */
static struct job search(const char *name, const char *path, int error)
{
	struct job j = JOB;

	if (path)
		CHECK_SYS(setenv("PATH", path, 1));
	else
		CHECK_SYS(unsetenv("PATH"));
	DIAG("%s in %s", name, path ?: "no PATH");
	j.search = true;
	j.report = 9;
	j.file = name;
	j.argv = (char *[]){ "name", "argument", NULL };
	both(&j, error);
	return j;
}

static void program(const char *path, const char *text, mode_t mode)
{
	char *dir = strdup(in_dir(path));

	*strrchr(dir, '/') = '\0';
	mkdir(dir, 0755);
	write_file(in_dir(path), text, mode);
}

#define SAYS(what) "#!/bin/sh\necho found " what " >&9\n"

TEST(search_with_a_slash_is_none)
{
	struct job j = JOB;

	j.search = true;
	both(&j, 0);
	CHECK_SYS(chdir(tap_dir()));
	program("a/prog", SAYS("a"), 0755);
	search("prog/x", "a", ENOENT);
	j = search("./a/prog", "/nonexistent", 0);
	CHECK_STR(seen(&j, "found"), "a");
}

TEST(search_in_directories)
{
	struct job j;
	char *dirs;

	needs_search();
	program("a/one", SAYS("one in a"), 0755);
	program("b/one", SAYS("one in b"), 0755);
	program("b/two", SAYS("two in b"), 0755);
	dirs = format("%s:%s:/nonexistent", in_dir("a"), in_dir("b"));
	j = search("one", dirs, 0);
	CHECK_STR(seen(&j, "found"), "one in a");
	j = search("two", dirs, 0);
	CHECK_STR(seen(&j, "found"), "two in b");
	search("three", dirs, ENOENT);
	search("true", NULL, 0);
	search("three", NULL, ENOENT);
}

TEST(search_passes_over_what_it_may_not_execute)
{
	struct job j;
	char *dirs;

	needs_search();
	program("a/prog", SAYS("a"), 0644);
	program("b/prog", SAYS("b"), 0755);
	dirs = format("%s:%s", in_dir("a"), in_dir("b"));
	j = search("prog", dirs, 0);
	CHECK_STR(seen(&j, "found"), "b");
	/* and says so if there was nothing else */
	search("prog", format("%s:/nonexistent:/etc/passwd", in_dir("a")),
	       EACCES);
	search("prog", "/nonexistent:/etc/passwd", ENOTDIR);
	search("prog", "/etc/passwd:/nonexistent", ENOENT);
}

TEST(search_ends_at_what_is_no_program)
{
	needs_search();
	program("a/prog", "no program", 0755);
	program("b/prog", SAYS("b"), 0755);
	search("prog", format("%s:%s", in_dir("a"), in_dir("b")), ENOEXEC);
	CHECK_SYS(mkdir(in_dir("c"), 0755));
	CHECK_SYS(symlink("prog", in_dir("c/prog")));
	search("prog", format("%s:%s", in_dir("c"), in_dir("b")), ELOOP);
}

TEST(search_in_the_working_directory)
{
	static const char *const paths[] = {
		"", ":", "/nonexistent:", ":/nonexistent", "/nonexistent::/bin",
		".", "/bin:.",
	};
	struct job j;

	needs_search();
	program("a/prog", SAYS("here"), 0755);
	CHECK_SYS(chdir(in_dir("a")));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		j = search("prog", paths[i], 0);
		CHECK_STR(seen(&j, "found"), "here");
	}
	search("prog", "/bin:/nonexistent", ENOENT);
}

TEST(search_is_the_childs)
{
	struct job j = JOB;

	needs_search();
	program("a/prog", SAYS("the parent"), 0755);
	program("b/prog", SAYS("the child"), 0755);
	CHECK_SYS(chdir(in_dir("a")));
	CHECK_SYS(setenv("PATH", "nowhere:../b:", 1));
	j.search = true;
	j.file = "prog";
	j.report = 9;
	j.argv = (char *[]){ "prog", NULL };
	CHECK_EQ(posix_spawn_file_actions_addchdir_np(actions(&j), in_dir("b")),
		 0);
	both(&j, 0);
	CHECK_STR(seen(&j, "found"), "the child");
}

/* The PATH is the caller's, not that of the environment handed on. */
TEST(search_takes_the_callers_path)
{
	struct job j = JOB;

	needs_search();
	program("a/prog", SAYS("a"), 0755);
	CHECK_SYS(setenv("PATH", in_dir("a"), 1));
	j.search = true;
	j.file = "prog";
	j.report = 9;
	j.argv = (char *[]){ "prog", NULL };
	j.envp = (char *[]){ "PATH=/nonexistent", NULL };
	both(&j, 0);
	CHECK_STR(seen(&j, "found"), "a");
}

/* Directories and links among the candidates, and names with odd bytes. */
TEST(O5_search_of_what_is_no_file)
{
	struct job j;
	char *dirs;

	needs_search();
	program("a/x", "", 0644);
	program("b/prog", SAYS("b"), 0755);
	CHECK_SYS(mkdir(in_dir("a/prog"), 0755));
	dirs = format("%s:%s", in_dir("a"), in_dir("b"));
	j = search("prog", dirs, 0);
	CHECK_STR(seen(&j, "found"), "b");
	search("prog", in_dir("a"), EACCES);
	search("prog", format("/nonexistent:%s:/nonexistent", in_dir("a")), EACCES);
	program("c/od d", SAYS("c"), 0755);
	j = search("od d", in_dir("c"), 0);
	CHECK_STR(seen(&j, "found"), "c");
	CHECK_SYS(symlink("/nonexistent", in_dir("c/lost")));
	search("lost", in_dir("c"), ENOENT);
	/* an interpreter that is not there is not found, and the search goes on */
	program("a/script", "#!/nonexistent\n", 0755);
	program("b/script", SAYS("script"), 0755);
	dirs = format("%s:%s", in_dir("a"), in_dir("b"));
	j = search("script", dirs, 0);
	CHECK_STR(seen(&j, "found"), "script");
}

/* Relative directories begin where the child is, whatever they look like. */
TEST(O5_search_in_relative_directories)
{
	static const char *const paths[] = {
		"b", "./b", "b/", "../t/b", "/nonexistent:b", "b:/nonexistent",
	};
	struct job j;

	needs_search();
	program("t/x", "", 0644);
	CHECK_SYS(chdir(in_dir("t")));
	CHECK_SYS(mkdir("b", 0755));
	write_file("b/prog", SAYS("b"), 0755);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		j = search("prog", paths[i], 0);
		CHECK_STR(seen(&j, "found"), "b");
	}
	search("prog", "nowhere", ENOENT);
	search("prog", "b/prog", ENOTDIR);
}

/*
 * A list of size bytes, of directories that are not there, that ends with one that is.
 * They have long names, as libc needs its time for each.
 */
static char *long_path(size_t size, const char *end)
{
	char *path = CHECK_PTR(malloc(size + 1));
	size_t len = strlen(end);

	for (size_t i = 0; i < size - len; i++)
		path[i] = i % 2000 == 1999 ? ':' : i % 100 ? 'd' : '/';
	if (size > len)
		path[size - len - 1] = ':';
	strcpy(path + size - len, end);
	return path;
}

/* As long as a string of a program's environment can be, and by setenv(3) a bit more. */
TEST(O5_search_in_a_path_of_any_length)
{
	static const size_t sizes[] = { 4095, 4096, 4097, 40000, 131066, 131071 };
	struct io_uring_spawn_query query;
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open(&ring, 1, 0));
	CHECK_OK(spawnpol_ring_query(ring, &query));
	spawnpol_ring_close(ring);
	if (!query.op_spawn)
		SKIP("the kernel has no IORING_OP_SPAWN");
	program("b/prog", SAYS("b"), 0755);
	program("a/prog", SAYS("a"), 0644);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* show's own environment is not this one */
		struct job long_job = JOB;

		CHECK_SYS(setenv("PATH", long_path(sizes[i], in_dir("b")), 1));
		long_job.search = true;
		long_job.report = 9;
		long_job.file = "prog";
		long_job.argv = (char *[]){ "name", "argument", NULL };
		long_job.envp = (char *[]){ NULL };
		both(&long_job, 0);
		CHECK_STR(seen(&long_job, "found"), "b");
		CHECK_SYS(setenv("PATH", long_path(sizes[i], in_dir("a")), 1));
		both(&long_job, EACCES);
		long_job.file = "nothing";
		both(&long_job, ENOENT);
	}
}

/* A candidate too long ends a search, wherever the program is. */
TEST(O5_search_of_a_candidate_too_long)
{
	char *path = CHECK_PTR(malloc(2 * PATH_MAX));

	needs_search();
	program("b/prog", SAYS("b"), 0755);
	for (int len = 4080; len < PATH_MAX; len++) {
		memset(path, '/', len);
		strcpy(path + len, format(":%s", in_dir("b")));
		search("prog", path, len + strlen("/prog") < PATH_MAX ? 0 : ENAMETOOLONG);
	}
}

TEST(searches_that_are_libcs)
{
	char *long_name = CHECK_PTR(calloc(1, 300));
	char *path = CHECK_PTR(calloc(1, PATH_MAX + 10));
	struct job j = JOB;

	needs_search();
	j.search = true;
	j.file = "";
	left(&j, ENOENT, "no name of a file");
	j.file = memset(long_name, 'n', 299);
	left(&j, ENAMETOOLONG, "no name of a file");
	j.file = "true";
	memset(path, 'p', PATH_MAX);
	strcat(path, ":/bin");
	CHECK_SYS(setenv("PATH", path, 1));
	left(&j, 0, "a very long directory in PATH");
	CHECK_SYS(setenv("PATH", long_path(131072, "/bin"), 1));
	j.envp = (char *[]){ NULL };
	left(&j, 0, "a search that cannot be a request (E2BIG)");
}
