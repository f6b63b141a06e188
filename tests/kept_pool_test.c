// SPDX-License-Identifier: LGPL-2.1-or-later
/* C5: pools of the library: children made ahead, taken, refilled, and given up. */
#include "launch.h"

#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct spawnpol_ring *ring;
static struct spawnpol_pool *pool;
static struct spawnpol_chain *c;
static struct spawnpol_outcome out;

static struct spawnpol_chain *umask_of(unsigned int mask)
{
	struct spawnpol_chain *prefix;

	CHECK_OK(spawnpol_chain_new(&prefix));
	CHECK_OK(spawnpol_chain_umask(prefix, mask));
	return prefix;
}

static void begin(unsigned int flags, unsigned int nr,
		  const struct spawnpol_pool_opts *opts)
{
	ring = ring_of(16, flags);
	CHECK_OK(spawnpol_ring_use_links(ring, false));
	CHECK_OK(spawnpol_pool_new(&pool, ring, umask_of(027), nr, opts));
	CHECK_OK(spawnpol_chain_new(&c));
}

static void end(void)
{
	CHECK_OK(spawnpol_chain_free(c));
	spawnpol_pool_close(pool);
	spawnpol_ring_close(ring);
	check_none_stays();
}

static struct spawnpol_pool_stats stats(void)
{
	struct spawnpol_pool_stats s;

	spawnpol_pool_stats(pool, &s);
	return s;
}

static unsigned int nr_shown(const char *what)
{
	return count_of(fdinfo_of(spawnpol_ring_fd(ring)), what);
}

static struct spawnpol_chain *script(const char *text)
{
	char *argv[] = { "sh", "-c", (char *)text, NULL };

	CHECK_OK(spawnpol_chain_reset(c));
	CHECK_OK(spawnpol_chain_pool(c, pool));
	CHECK_OK(spawnpol_chain_program(c, "/bin/sh"));
	CHECK_OK(spawnpol_chain_argv(c, argv));
	return c;
}

/* The prefix is done, however the child came to be. */
static void launch(void)
{
	out = launch_on(ring, script("[ $(umask) = 0027 ] && exit 3"));
	CHECK_EQ(out.error, 0);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	EXPECT_EQ(out.step, 1);
	EXPECT_EQ(wait_exit(out.pid), 3);
}

/* Launches so far: with a child that was there, and without. */
static void expect(uint64_t hits, uint64_t misses)
{
	EXPECT_EQ(stats().hits, hits);
	EXPECT_EQ(stats().misses, misses);
}

TEST(C5_children_are_taken_and_made_again)
{
	static const unsigned int flags[] = {
		0, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};

	for (unsigned int i = 0; i < 2; i++) {
		begin(flags[i], 3, NULL);
		launch();
		expect(0, 1);
		CHECK_GE(spawnpol_pool_fill(pool), 0);
		CHECK_EQ(spawnpol_pool_wait(pool), 3);
		EXPECT_EQ(nr_shown("waiting"), 3u);
		for (unsigned int n = 1; n <= 5; n++) {
			launch();
			expect(n, 1);
			CHECK_EQ(spawnpol_pool_wait(pool), 3);
		}
		/* it is full, and stays at that */
		EXPECT_EQ(spawnpol_pool_fill(pool), 0);
		EXPECT_EQ(stats().made, 8u);
		EXPECT_EQ(nr_shown("waiting"), 3u);
		end();
	}
}

/* The library looks for what has been made before it says that there is none. */
TEST(C5_nobody_has_to_collect_what_the_pool_makes)
{
	begin(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 1, NULL);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	UNTIL(nr_shown("waiting") == 1);
	launch();
	expect(1, 0);
	/* nor is it an outcome */
	EXPECT_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), -ECHILD);
	end();
}

/* A child that it knows of does not keep it from looking, if it needs another one. */
TEST(C5_several_launches_find_what_the_pool_has_made)
{
	struct spawnpol_chain *chains[2];
	struct pollfd readable = { .events = POLLIN };

	begin(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 2, NULL);
	readable.fd = spawnpol_ring_fd(ring);
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	CHECK_EQ(spawnpol_pool_wait(pool), 2);
	launch();
	CHECK_EQ(stats().waiting, 1u);
	CHECK_EQ(stats().making, 1u);
	CHECK_EQ(poll(&readable, 1, LONG), 1);
	chains[0] = script("exit 3");
	CHECK_OK(spawnpol_chain_new(&chains[1]));
	CHECK_OK(spawnpol_chain_pool(chains[1], pool));
	CHECK_OK(spawnpol_chain_program(chains[1], "/bin/true"));
	CHECK_EQ(spawnpol_submit(ring, chains, 2), 2);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		EXPECT_EQ(wait_exit(out.pid), out.chain == c ? 3 : 0);
	}
	expect(3, 0);
	CHECK_OK(spawnpol_chain_free(chains[1]));
	end();
}

/* Also if outcomes have come before: these are left to who polls the ring. */
TEST(C5_who_submits_takes_no_outcome)
{
	struct pollfd readable = { .events = POLLIN };
	const char *fifo = in_dir("fifo");
	struct spawnpol_chain *plain;
	int fd;

	begin(0, 1, NULL);
	readable.fd = spawnpol_ring_fd(ring);
	CHECK_SYS(mkfifo(fifo, 0600));
	CHECK_OK(spawnpol_chain_new(&plain));
	CHECK_OK(spawnpol_chain_program(plain, "/nonexistent"));
	CHECK_EQ(spawnpol_submit(ring, &plain, 1), 1);
	CHECK_EQ(poll(&readable, 1, LONG), 1);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	UNTIL(nr_shown("waiting") == 1);
	/* it has no outcome yet */
	script("exit 3");
	CHECK_OK(spawnpol_chain_open(c, 0, fifo, O_RDONLY, 0));
	CHECK_EQ(spawnpol_submit(ring, &c, 1), 1);
	EXPECT_EQ(stats().waiting, 0u);
	EXPECT_EQ(stats().making, 0u);
	EXPECT_EQ(poll(&readable, 1, 0), 1);
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	EXPECT_EQ(out.chain, plain);
	EXPECT_EQ(out.error, -ENOENT);
	CHECK_OK(spawnpol_chain_free(plain));
	fd = CHECK_SYS(open(fifo, O_WRONLY));
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	EXPECT_EQ(wait_exit(out.pid), 3);
	expect(1, 0);
	CHECK_SYS(close(fd));
	end();
}

TEST(C5_an_empty_pool_is_no_hindrance)
{
	struct spawnpol_chain *chains[4];

	begin(0, 2, NULL);
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	CHECK_EQ(spawnpol_pool_wait(pool), 2);
	for (int i = 0; i < 4; i++) {
		CHECK_OK(spawnpol_chain_new(&chains[i]));
		CHECK_OK(spawnpol_chain_pool(chains[i], pool));
		CHECK_OK(spawnpol_chain_program(chains[i], "/bin/true"));
	}
	CHECK_EQ(spawnpol_submit(ring, chains, 4), 4);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		CHECK_EQ(out.error, 0);
		EXPECT_EQ(wait_exit(out.pid), 0);
		CHECK_OK(spawnpol_chain_free(out.chain));
	}
	expect(2, 2);
	CHECK_EQ(spawnpol_pool_wait(pool), 2);
	EXPECT_EQ(nr_shown("SpawnChild"), 2u);
	end();
}

static void stale_pool(const struct spawnpol_pool_opts *opts, unsigned int children)
{
	begin(0, 3, opts);
	CHECK_GE(spawnpol_pool_fill(pool), 3);
	CHECK_EQ(spawnpol_pool_wait(pool), 3);
	CHECK_SYS(seteuid(ORDINARY));
	launch();
	expect(0, 1);
	EXPECT_EQ(stats().stale, children);
	/* two are asked for after each launch */
	CHECK_GT(spawnpol_pool_wait(pool), 0);
	launch();
	expect(1, 1);
	EXPECT_EQ(stats().stale, children);
	CHECK_GE(spawnpol_pool_fill(pool), 0);
	CHECK_EQ(spawnpol_pool_wait(pool), 3);
	CHECK_SYS(seteuid(0));
	/* those that are stale are not there any more */
	UNTIL(nr_shown("SpawnChild") == children);
	end();
}

TEST(C3_a_pool_after_setuid)
{
	stale_pool(NULL, 3);
}

TEST(C4_a_pool_of_copies)
{
	SPAWNPOL_OPTS(spawnpol_pool_opts, opts, .flags = SPAWNPOL_POOL_COPY);

	begin(0, 2, &opts);
	CHECK_EQ(spawnpol_pool_fill(pool), 3);
	CHECK_EQ(spawnpol_pool_wait(pool), 2);
	for (unsigned int n = 1; n <= 3; n++) {
		launch();
		expect(n, 0);
		CHECK_EQ(spawnpol_pool_wait(pool), 2);
	}
	EXPECT_EQ(nr_shown("waiting"), 3u);
	end();
	stale_pool(&opts, 4);
}

/* What is copied to a child when it is taken does not make it stale. */
TEST(C3_limits_that_change)
{
	struct rlimit limit = { 100, 100 };

	begin(0, 1, NULL);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	CHECK_EQ(spawnpol_pool_wait(pool), 1);
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	out = launch_on(ring, script("[ $(ulimit -n) = 100 ] && exit 4"));
	EXPECT_EQ(wait_exit(out.pid), 4);
	expect(1, 0);
	end();
}

TEST(C5_children_that_have_ended)
{
	SPAWNPOL_OPTS(spawnpol_pool_opts, opts, .keep_ns = 1000000);

	begin(0, 1, &opts);
	CHECK_EQ(spawnpol_pool_fill(pool), 1);
	CHECK_EQ(spawnpol_pool_wait(pool), 1);
	UNTIL(!nr_shown("SpawnChild"));
	launch();
	expect(0, 1);
	EXPECT_EQ(stats().gone, 1u);
	end();
}

TEST(C5_files_come_with_the_chain)
{
	struct io_uring_clone_file file = { .number = 1 };
	int fds[2];

	begin(0, 1, NULL);
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	file.source = fds[1];
	for (unsigned int n = 0; n < 2; n++) {
		char buf[8] = "";

		script("echo out; [ ! -e /proc/self/fd/2 ] || exit 1");
		CHECK_OK(spawnpol_chain_files(c, &file, 1));
		out = launch_on(ring, c);
		CHECK_EQ(out.error, 0);
		EXPECT_EQ(wait_exit(out.pid), 0);
		EXPECT_EQ(read(fds[0], buf, sizeof(buf)), 4);
		expect(n, 1);
		CHECK_EQ(spawnpol_pool_wait(pool), 1);
	}
	end();
}

/* A step of the prefix that fails, as it does for each chain then. */
TEST(C5_a_prefix_that_fails)
{
	struct spawnpol_chain *prefix = umask_of(0);

	ring = ring_of(16, 0);
	CHECK_OK(spawnpol_ring_use_links(ring, false));
	CHECK_OK(spawnpol_chain_new(&c));
	CHECK_OK(spawnpol_chain_chdir(prefix, "/nonexistent"));
	CHECK_OK(spawnpol_pool_new(&pool, ring, prefix, 4, NULL));
	CHECK_EQ(spawnpol_pool_fill(pool), 4);
	CHECK_EQ(spawnpol_pool_wait(pool), 0);
	EXPECT_EQ(stats().failed, 4u);
	EXPECT_EQ(stats().error, -ENOENT);
	out = launch_on(ring, script("exit 0"));
	EXPECT_EQ(out.error, -ENOENT);
	EXPECT_EQ(out.step, 1);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CHDIR);
	EXPECT_STR(out.path, "/nonexistent");
	CHECK_EQ(spawnpol_pool_wait(pool), 0);
	EXPECT_EQ(stats().failed, 6u);
	end();
}

/* The number of a step is the same with a child that has done the first ones. */
TEST(C5_a_step_that_fails_in_a_child_of_the_pool)
{
	begin(0, 1, NULL);
	for (unsigned int n = 0; n < 2; n++) {
		script("exit 0");
		CHECK_OK(spawnpol_chain_setsid(c));
		CHECK_OK(spawnpol_chain_chdir(c, "/nonexistent"));
		out = launch_on(ring, c);
		EXPECT_EQ(out.error, -ENOENT);
		EXPECT_EQ(out.step, 2);
		EXPECT_STR(out.path, "/nonexistent");
		expect(n, 1);
		CHECK_EQ(spawnpol_pool_wait(pool), 1);
	}
	end();
}

TEST(C5_links_are_misses)
{
	begin(0, 2, NULL);
	CHECK_OK(spawnpol_ring_use_links(ring, true));
	EXPECT_EQ(spawnpol_pool_fill(pool), -EOPNOTSUPP);
	launch();
	launch();
	expect(0, 2);
	EXPECT_EQ(stats().made, 0u);
	end();
}

/* The caller's own loop, in which the pool has nothing to say. */
TEST(C5_a_pool_of_a_wrapped_ring)
{
	struct io_uring_cqe *cqe;
	struct io_uring uring;
	unsigned int outcomes = 0;

	CHECK_OK(io_uring_queue_init(16, &uring, 0));
	CHECK_OK(spawnpol_ring_wrap(&ring, &uring, 7));
	CHECK_OK(spawnpol_pool_new(&pool, ring, umask_of(027), 2, NULL));
	CHECK_OK(spawnpol_chain_new(&c));
	CHECK_EQ(spawnpol_pool_fill(pool), 2);
	CHECK_EQ(io_uring_submit(&uring), 2);
	EXPECT_EQ(spawnpol_pool_wait(pool), -EOPNOTSUPP);
	while (outcomes < 3) {
		if (stats().waiting == 2) {
			script("[ $(umask) = 0027 ] && exit 3");
			CHECK_EQ(spawnpol_queue(ring, &c, 1), 1);
		}
		CHECK_GE(io_uring_submit_and_wait(&uring, 1), 0);
		while (!io_uring_peek_cqe(&uring, &cqe)) {
			if (spawnpol_handle_cqe(ring, cqe, &out) == SPAWNPOL_CQE_OUTCOME) {
				CHECK_EQ(out.error, 0);
				EXPECT_EQ(wait_exit(out.pid), 3);
				outcomes++;
			}
			io_uring_cqe_seen(&uring, cqe);
		}
	}
	expect(3, 0);
	CHECK_OK(spawnpol_chain_free(c));
	spawnpol_pool_close(pool);
	spawnpol_ring_close(ring);
	io_uring_queue_exit(&uring);
	check_none_stays();
}

TEST(C5_closed_while_children_are_made)
{
	begin(0, 8, NULL);
	CHECK_EQ(spawnpol_pool_fill(pool), 8);
	spawnpol_pool_close(pool);
	CHECK_OK(spawnpol_chain_reset(c));
	CHECK_OK(spawnpol_chain_program(c, "/bin/true"));
	out = launch_on(ring, c);
	EXPECT_EQ(wait_exit(out.pid), 0);
	/* its requests are over, and its children gone */
	UNTIL(!(spawnpol_collect(ring, &out, 1, 0, 0), nr_shown("SpawnChild")));
	pool = NULL;
	end();
}
