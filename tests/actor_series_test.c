// SPDX-License-Identifier: LGPL-2.1-or-later
/* The actor series puts files together, until one fails. */
#include "uring_actor.h"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "spawn_actors.h"

enum { NEXT = 2 };

static char paths[8][64], buffer[100], written[4096];
static unsigned int nr_paths;
static int to;

static void set_up(void)
{
	char dir[] = "/tmp/series-XXXXXX";

	uring_with("series", 8, 16);
	CHECK_OK(io_uring_register_files_sparse(&uring, 1));
	to = CHECK_SYS(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	CHECK(mkdtemp(dir));
	CHECK_SYS(chdir(dir));
}

/* The next file, with so many bytes of a letter. */
static void add(char letter, size_t size)
{
	char *path = paths[nr_paths++], data[1000];
	int fd;

	snprintf(path, sizeof(paths[0]), "%c", letter);
	fd = CHECK_SYS(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	memset(data, letter, size);
	CHECK_EQ(write(fd, data, size), size);
	close(fd);
}

static void add_path(const char *path)
{
	snprintf(paths[nr_paths++], sizeof(paths[0]), "%s", path);
}

static struct io_uring_sqe *put(void)
{
	const uint64_t args[4] = {
		(uintptr_t)paths, spawn_actor_pair(nr_paths, sizeof(paths[0])),
		(uintptr_t)buffer, spawn_actor_pair(sizeof(buffer), to),
	};

	return put_actor(args);
}

static void submit(void)
{
	put();
	CHECK_OK(io_uring_submit(&uring));
}

/* It has completed so, and told how many files there were before. */
static void check_aborted(int error, int done)
{
	struct told posted = next_cqe(), cqe = next_cqe();

	CHECK_EQ(posted.user_data, ACTOR);
	CHECK_EQ(posted.flags & SPAWNPOL_CQE_F_STAGED, SPAWNPOL_CQE_F_STAGED);
	CHECK_EQ(posted.res, done);
	CHECK_EQ(cqe.flags & SPAWNPOL_CQE_F_STAGED, 0);
	CHECK_EQ(cqe.res, error);
}

static void check_written(const char *letters, const size_t *sizes)
{
	char *at = written;
	ssize_t size;

	memset(written, 0, sizeof(written));
	size = CHECK_SYS(pread(to, written, sizeof(written), 0));
	for (; *letters; letters++, sizes++)
		for (size_t i = 0; i < *sizes; i++)
			CHECK_EQ(*at++, *letters);
	CHECK_EQ(at - written, size);
}

TEST(files_are_put_together)
{
	const size_t sizes[] = { 250, 0, 100, 1 };

	set_up();
	for (int i = 0; i < 4; i++)
		add('a' + i, sizes[i]);
	submit();
	CHECK_EQ(result(), 4);
	check_written("abcd", sizes);
}

TEST(no_files)
{
	set_up();
	submit();
	CHECK_EQ(result(), 0);
}

TEST(the_first_that_fails_ends_it)
{
	const size_t sizes[] = { 250 };

	set_up();
	add('a', 250);
	add_path("none");
	add('c', 1);
	submit();
	check_aborted(-ENOENT, 1);
	check_written("a", sizes);
}

TEST(a_directory_cannot_be_read)
{
	set_up();
	add_path("/");
	submit();
	check_aborted(-EISDIR, 0);
	/* and is not open any more */
	CHECK_EQ(io_uring_register_files_update(&uring, 0, (int[]) { -1 }, 1), 1);
}

TEST(what_cannot_be_written_ends_it)
{
	set_up();
	to = CHECK_SYS(open("/dev/full", O_WRONLY | O_CLOEXEC));
	add('a', 1);
	submit();
	check_aborted(-ENOSPC, 0);
}

/* A write to it sends what is ready in the socket's own ring, which is nothing. */
static int writes_nothing(void)
{
	const struct sockaddr_ll lo = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex("lo"),
	};
	struct tpacket_req ring = {
		.tp_block_size = 4096, .tp_block_nr = 1,
		.tp_frame_size = 2048, .tp_frame_nr = 2,
	};
	int fd = CHECK_SYS(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));

	CHECK_SYS(setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &ring, sizeof(ring)));
	CHECK_SYS(bind(fd, (const void *)&lo, sizeof(lo)));
	CHECK_EQ(write(fd, "a", 1), 0);
	return fd;
}

TEST(a_write_of_nothing_ends_it)
{
	set_up();
	to = writes_nothing();
	add('a', 1);
	submit();
	check_aborted(-EIO, 0);
}

static int result_of_next(void)
{
	struct io_uring_sqe *sqe;
	struct told cqe;

	put()->flags = IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&uring);
	io_uring_prep_nop(sqe);
	sqe->user_data = NEXT;
	CHECK_OK(io_uring_submit(&uring));
	do {
		cqe = next_cqe();
	} while (cqe.user_data != NEXT);
	return cqe.res;
}

TEST(its_result_decides_about_what_is_linked)
{
	set_up();
	add('a', 1);
	CHECK_EQ(result_of_next(), 0);
	add_path("none");
	CHECK_EQ(result_of_next(), -ECANCELED);
}
