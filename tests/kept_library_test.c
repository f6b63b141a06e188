// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that wait, by the library (C1, C3, C4): step by step, and by chains. */
#include "launch.h"

#include "count.h"
#include "kept.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_SUCH_CHILD = 0x7fffffff };

static struct spawnpol_chain *c;
static struct spawnpol_outcome out;

/* The chain is empty again. */
static struct spawnpol_chain *again(void)
{
	if (!c)
		CHECK_OK(spawnpol_chain_new(&c));
	CHECK_OK(spawnpol_chain_reset(c));
	return c;
}

static void program(const char *script)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	CHECK_OK(spawnpol_chain_program(again(), "/bin/sh"));
	CHECK_OK(spawnpol_chain_argv(c, argv));
}

static void chdir_to(const char *path)
{
	CHECK_OK(spawnpol_chain_chdir(again(), path));
}

static unsigned int nr_shown(struct spawnpol_ring *ring)
{
	return count_of(fdinfo_of(spawnpol_ring_fd(ring)), "SpawnChild:");
}

/* The child becomes a program that exits with this status. */
static void exits_with(struct spawnpol_ring *ring, int child, const char *script, int status)
{
	program(script);
	CHECK_EQ(spawnpol_child_run(ring, child, c, &out), 0);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
	EXPECT_EQ(wait_exit(out.pid), status);
}

TEST(C1_step_by_step)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	pid_t pid;
	int child;

	CHECK_OK(spawnpol_chain_umask(again(), 027));
	child = CHECK_OK(spawnpol_child_new(ring, c, &out));
	CHECK_GT(child, 0);
	EXPECT_EQ(out.child, child);
	pid = out.pid;
	CHECK_GT(pid, 0);
	EXPECT_EQ(nr_shown(ring), 1u);

	/* a step that fails changes nothing but what was done before it */
	chdir_to("/dev");
	CHECK_OK(spawnpol_chain_chdir(c, "/nonexistent"));
	EXPECT_EQ(spawnpol_child_run(ring, child, c, &out), -ENOENT);
	EXPECT_EQ(out.child, child);
	EXPECT_EQ(out.step, 1);
	EXPECT_STR(out.path, "/nonexistent");
	EXPECT_EQ(out.pid, pid);

	/* so does a program */
	CHECK_OK(spawnpol_chain_program(again(), "/nonexistent"));
	EXPECT_EQ(spawnpol_child_run(ring, child, c, &out), -ENOENT);
	EXPECT_EQ(out.child, child);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);

	CHECK_OK(spawnpol_chain_setsid(again()));
	EXPECT_EQ(spawnpol_child_run(ring, child, c, &out), child);
	EXPECT_EQ(out.pid, pid);
	exits_with(ring, child, "[ $(umask) = 0027 ] && [ $PWD = /dev ] && exit 5", 5);
	EXPECT_EQ(out.pid, pid);
	EXPECT_EQ(nr_shown(ring), 0u);
	check_none_stays();
	CHECK_OK(spawnpol_chain_free(c));
	spawnpol_ring_close(ring);
}

TEST(C1_errors_of_children_that_are_not_there)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int child = CHECK_OK(spawnpol_child_new(ring, NULL, &out));

	EXPECT_EQ(spawnpol_child_run(ring, NO_SUCH_CHILD, NULL, &out), -ESRCH);
	EXPECT_EQ(out.child, 0);
	EXPECT_EQ(spawnpol_child_copy(ring, NO_SUCH_CHILD, NULL, NULL), -ESRCH);
	EXPECT_EQ(spawnpol_child_run(ring, child, NULL, NULL), child);
	CHECK_OK(spawnpol_child_end(ring, child));
	EXPECT_EQ(spawnpol_child_end(ring, child), -ESRCH);
	EXPECT_EQ(spawnpol_child_run(ring, child, NULL, &out), -ESRCH);
	EXPECT_EQ(out.kind, SPAWNPOL_KIND_CLONE);
	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_CHILD);
	check_none_stays();
	spawnpol_ring_close(ring);
}

/* A chain that is not done is one that waits for the other end of a FIFO. */
TEST(C1_other_outcomes_are_there_afterwards)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct spawnpol_chain *other = shell("exit 6");
	int child, fd;

	CHECK_SYS(mkfifo(in_dir("fifo"), 0600));
	CHECK_OK(spawnpol_chain_exit_status(other, true));
	CHECK_EQ(spawnpol_submit(ring, &other, 1), 1);
	child = CHECK_OK(spawnpol_child_new(ring, NULL, NULL));

	CHECK_OK(spawnpol_chain_open(again(), 5, in_dir("fifo"), O_RDONLY, 0));
	CHECK_OK(spawnpol_chain_in_child(c, child));
	CHECK_OK(spawnpol_chain_keep(c, true));
	CHECK_EQ(spawnpol_submit(ring, &c, 1), 1);
	EXPECT_EQ(spawnpol_child_run(ring, child, NULL, &out), -EBUSY);
	EXPECT_EQ(out.child, child);
	fd = CHECK_SYS(open(in_dir("fifo"), O_WRONLY));
	EXPECT_EQ(spawnpol_child_new(ring, NULL, NULL) > child, true);

	/* three outcomes: two of the other chain, in their order, and that of the step */
	for (int i = 0, launched = 0; i < 3; i++) {
		CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
		EXPECT_EQ(out.error, 0);
		if (out.chain == c)
			EXPECT_EQ(out.child, child);
		else if (!launched++)
			EXPECT_EQ(out.kind, SPAWNPOL_KIND_EXEC);
		else
			EXPECT_EQ(WEXITSTATUS(out.status), 6);
	}
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), -ECHILD);
	CHECK_OK(spawnpol_chain_free(other));
	CHECK_OK(spawnpol_child_end(ring, child));
	close(fd);
	spawnpol_ring_close(ring);
}

TEST(C1_files_and_a_pidfd_come_with_the_program)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	struct io_uring_clone_file file = { .number = 1 };
	int child = CHECK_OK(spawnpol_child_new(ring, NULL, NULL)), fds[2];
	char buf[16] = "";

	CHECK_SYS(pipe2(fds, O_CLOEXEC));
	file.source = fds[1];
	program("echo out");
	CHECK_OK(spawnpol_chain_files(c, &file, 1));
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	CHECK_EQ(spawnpol_child_run(ring, child, c, &out), 0);
	CHECK_GE(out.pidfd, 0);
	close(out.pidfd);
	EXPECT_EQ(wait_exit(out.pid), 0);
	EXPECT_EQ(read(fds[0], buf, sizeof(buf)), 4);
	EXPECT_STR(buf, "out\n");
	spawnpol_ring_close(ring);
}

static unsigned int nr_open(void)
{
	return count_entries("/proc/self/fd");
}

/* It has the chain, whose pidfd is there, but stops before it begins with it. */
TEST(C1_the_pidfd_of_a_child_that_dies_before_it_begins)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int child = CHECK_OK(spawnpol_child_new(ring, NULL, &out));
	unsigned int before = nr_open();
	const pid_t pid = out.pid;

	kept_stop(pid);
	program("exit 0");
	CHECK_OK(spawnpol_chain_pidfd(c, true));
	CHECK_OK(spawnpol_chain_in_child(c, child));
	CHECK_EQ(spawnpol_submit(ring, &c, 1), 1);
	UNTIL(nr_open() == before + 1);
	CHECK_SYS(kill(pid, SIGKILL));
	CHECK_EQ(spawnpol_collect(ring, &out, 1, 1, LONG), 1);
	EXPECT_EQ(out.error, -ESRCH);
	EXPECT_EQ(out.pidfd, -1);
	EXPECT_EQ(nr_open(), before);
	check_none_stays();
	spawnpol_ring_close(ring);
}

TEST(C3_a_launcher_that_has_changed)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int child = CHECK_OK(spawnpol_child_new(ring, NULL, NULL));
	struct rlimit limit = { 100, 100 };

	CHECK_SYS(seteuid(ORDINARY));
	EXPECT_EQ(spawnpol_child_run(ring, child, NULL, &out), -ESTALE);
	EXPECT_EQ(out.child, child);
	EXPECT_EQ(spawnpol_outcome_topic(&out), SPAWNPOL_TOPIC_CHILD);
	CHECK_SYS(seteuid(0));
	/* what is copied does not make it stale */
	CHECK_SYS(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_SYS(chdir("/dev"));
	exits_with(ring, child, "[ $(ulimit -n) = 100 ] && [ $PWD = /dev ] && exit 8", 8);
	spawnpol_ring_close(ring);
}

/* Ending it needs nothing of the launcher, but for links, which run something in it. */
TEST(C3_a_stale_child_can_be_ended)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int child = CHECK_OK(spawnpol_child_new(ring, NULL, NULL));

	CHECK_SYS(seteuid(ORDINARY));
	if (!spawnpol_ring_uses_spawn(ring)) {
		EXPECT_EQ(spawnpol_child_end(ring, child), -ESTALE);
		CHECK_OK(spawnpol_ring_use_links(ring, false));
	}
	EXPECT_EQ(spawnpol_child_end(ring, child), 0);
	EXPECT_EQ(nr_shown(ring), 0u);
	spawnpol_ring_close(ring);
}

TEST(C4_a_template_is_copied)
{
	struct spawnpol_ring *ring = ring_of(8, 0);
	int child, copy;

	CHECK_OK(spawnpol_chain_umask(again(), 027));
	child = CHECK_OK(spawnpol_child_new(ring, c, NULL));
	copy = CHECK_OK(spawnpol_child_copy(ring, child, NULL, &out));
	CHECK_GT(copy, child);
	CHECK_GT(out.pid, 0);
	program("[ $(umask) = 0027 ] && exit 3");
	CHECK_EQ(spawnpol_child_copy(ring, child, c, &out), 0);
	EXPECT_EQ(wait_exit(out.pid), 3);
	CHECK_OK(spawnpol_child_end(ring, child));
	exits_with(ring, copy, "[ $(umask) = 0027 ] && exit 4", 4);
	check_none_stays();
	spawnpol_ring_close(ring);
}

TEST(C1_a_registered_ring_keeps_children)
{
	struct spawnpol_ring *ring;
	int child;

	CHECK_OK(spawnpol_ring_open_registered(&ring, 8, IORING_SETUP_SINGLE_ISSUER |
					       IORING_SETUP_DEFER_TASKRUN));
	child = CHECK_OK(spawnpol_child_new(ring, NULL, &out));
	EXPECT_EQ(spawnpol_child_run(ring, child, NULL, NULL), child);
	exits_with(ring, child, "exit 2", 2);
	CHECK_OK(spawnpol_child_new(ring, NULL, &out));
	spawnpol_ring_close(ring);
	check_gone(out.pid);
	check_none_stays();
}
