// SPDX-License-Identifier: LGPL-2.1-or-later
/* The actor copy copies files. */
#include "installed_actor.h"

#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "spawn_actors.h"

enum { MOST = SPAWN_COPY_BUFFERS, SIZE = 4096 };

static struct spawnpol_ring *ring;
static char buffers[MOST * SIZE];
static int from, to;

static int temporary(void)
{
	return CHECK_SYS(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

static void set_up(void)
{
	CHECK_OK(spawnpol_ring_open(&ring, 8, 0));
	attach_installed(ring, "copy");
	from = temporary();
	to = temporary();
}

static void fill(int fd, size_t size)
{
	char *data = malloc(size + 1);

	srandom(size);
	for (size_t i = 0; i < size; i++)
		data[i] = random();
	CHECK_EQ(pwrite(fd, data, size, 0), size);
	free(data);
}

static int copy(unsigned int nr, unsigned int size, uint64_t start)
{
	const uint64_t args[4] = { (uintptr_t)buffers, spawn_actor_pair(from, to),
				   spawn_actor_pair(size, nr), start };

	return result_of(ring, args);
}

static void check_same(uint64_t start)
{
	struct stat a, b;
	char *x, *y;

	CHECK_SYS(fstat(from, &a));
	CHECK_SYS(fstat(to, &b));
	CHECK_EQ(a.st_size, b.st_size);
	x = malloc(a.st_size + 1);
	y = malloc(a.st_size + 1);
	CHECK_EQ(pread(from, x, a.st_size, 0), a.st_size);
	CHECK_EQ(pread(to, y, a.st_size, 0), a.st_size);
	CHECK(!memcmp(x + start, y + start, a.st_size - start));
	free(x);
	free(y);
}

TEST(files_of_all_sizes)
{
	static const unsigned int depths[] = { 1, 3, MOST };
	static const size_t sizes[] = { 0, 1, 999, 1000, 1001, 64000, 123456 };

	set_up();
	for (size_t d = 0; d < sizeof(depths) / sizeof(depths[0]); d++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			DIAG("%zu bytes with %u buffers", sizes[i], depths[d]);
			CHECK_SYS(ftruncate(from, 0));
			CHECK_SYS(ftruncate(to, 0));
			fill(from, sizes[i]);
			CHECK_EQ(copy(depths[d], 1000, 0), 0);
			check_same(0);
		}
}

TEST(a_large_file)
{
	set_up();
	fill(from, 16 << 20);
	CHECK_EQ(copy(32, SIZE, 0), 0);
	check_same(0);
}

TEST(from_somewhere_on)
{
	set_up();
	fill(from, 10000);
	CHECK_EQ(copy(4, 1000, 2500), 0);
	check_same(2500);
	CHECK_EQ(pread(to, buffers, 2500, 0), 2500);
	for (int i = 0; i < 2500; i++)
		CHECK_EQ(buffers[i], 0);
}

TEST(errors_end_it)
{
	set_up();
	fill(from, 10000);
	to = CHECK_SYS(open("/dev/null", O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(copy(4, 1000, 0), -EBADF);
	to = CHECK_SYS(open("/dev/full", O_WRONLY | O_CLOEXEC));
	EXPECT_EQ(copy(4, 1000, 0), -ENOSPC);
	from = CHECK_SYS(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	EXPECT_EQ(copy(4, 1000, 0), -EISDIR);
	EXPECT_EQ(copy(0, 1000, 0), -EINVAL);
	EXPECT_EQ(copy(MOST + 1, 1000, 0), -EINVAL);
	EXPECT_EQ(copy(1, 0, 0), -EINVAL);
}

/* A write that is cut by a limit is continued, and that fails. */
TEST(a_file_that_cannot_grow)
{
	const struct rlimit limit = { 4500, 4500 };

	set_up();
	fill(from, 10000);
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	CHECK_SYS(setrlimit(RLIMIT_FSIZE, &limit));
	EXPECT_EQ(copy(1, 1000, 0), -EFBIG);
	CHECK_EQ(lseek(to, 0, SEEK_END), 4500);
}

/* Several at once, each with its own buffers. */
TEST(many_copies_at_once)
{
	enum { NR = 16 };
	struct spawnpol_actor *actors[NR];
	struct spawnpol_outcome outs[NR];
	int copies[NR];
	int done = 0;

	set_up();
	fill(from, 200000);
	for (int i = 0; i < NR; i++) {
		const uint64_t args[4] = {
			(uintptr_t)(buffers + i * 4 * SIZE),
			spawn_actor_pair(from, copies[i] = temporary()),
			spawn_actor_pair(SIZE, 4), 0,
		};

		CHECK_OK(spawnpol_actor_new(&actors[i], NULL));
		CHECK_OK(spawnpol_actor_submit(ring, actors[i], 0, args));
	}
	while (done < NR)
		done += CHECK_OK(spawnpol_collect(ring, outs + done, NR - done, 1,
						  LONG_MS));
	for (int i = 0; i < NR; i++) {
		EXPECT_EQ(outs[i].error, 0);
		to = copies[i];
		check_same(0);
		CHECK_OK(spawnpol_actor_free(actors[i]));
	}
}
