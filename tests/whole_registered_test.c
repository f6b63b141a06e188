// SPDX-License-Identifier: LGPL-2.1-or-later
/* Registered files that a SPAWN uses, and that change while it waits (O1, O3). */
#include "lib/child.h"
#include "lib/ring.h"
#include "lib/whole.h"

#include <pthread.h>
#include <sys/stat.h>

static struct tring r;
static struct whole w;
static char *fifo;

static void make_fifo(void)
{
	fifo = in_dir("fifo");
	CHECK_SYS(mkfifo(fifo, 0600));
}

static pid_t wait_there(void)
{
	double until = now() + tap_patience();
	pid_t pid;

	while (!(pid = whole_child(&w))) {
		CHECK_LT(now(), until);
		/* on some rings this task has to make the child, when it looks */
		tring_has(&r, WHOLE);
		sleep_ms(1);
	}
	wait_blocked(pid);
	return pid;
}

/* Returns a descriptor for who has nothing more to wait for to close. */
static int let_go(void)
{
	return CHECK_SYS(open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC));
}

static void set_registered(int fd)
{
	CHECK_EQ(io_uring_register_files_update(&r.uring, 0, &fd, 1), 1);
}

/* A child that waits before it makes the registered file 0 its standard output. */
static void wait_with_registered(void)
{
	struct io_uring_spawn_step *step;

	whole_init(&w, "/bin/echo");
	w.argv[1] = "x";
	whole_pidfd(&w);
	whole_wait_for(&w, fifo);
	step = whole_step(&w, IORING_CHILD_DUP);
	step->flags = IORING_SPAWN_STEP_FIXED;
	step->off = 1;
	q_whole(&r, &w);
	tring_submit(&r);
	wait_there();
}

TEST(O1_a_registered_file_is_that_of_the_beginning)
{
	char text[8] = "";
	unsigned int i;
	int fds[2], go;

	make_fifo();
	for (i = 0; i < tring_nr_kinds; i++) {
		DIAG("%s", tring_kinds[i].name);
		tring_init(&r, tring_kinds[i].flags);
		make_pipe(fds);
		CHECK_OK(io_uring_register_files(&r.uring, &fds[1], 1));
		CHECK_SYS(close(fds[1]));
		wait_with_registered();
		set_registered(-1);
		go = let_go();
		EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 0);
		EXPECT_EQ(read(fds[0], text, sizeof(text)), 2);
		/* and nobody has it any more */
		EXPECT_EQ(read(fds[0], text, sizeof(text)), 0);
		tring_total(&r, 1);
		close(go);
		close(fds[0]);
		close(w.pidfd);
		tring_exit(&r);
	}
}

TEST(O1_a_registered_file_that_came_later_is_not_there)
{
	int go, fd = -1;

	make_fifo();
	tring_init(&r, 0);
	CHECK_OK(io_uring_register_files(&r.uring, &fd, 1));
	wait_with_registered();
	set_registered(1);
	go = let_go();
	EXPECT_EQ(tring_res(&r, WHOLE), -EBADF);
	EXPECT_EQ(whole_step_of(tring_cqe(&r, WHOLE)), 1);
	close(go);
	whole_is_gone();
}

/* They are not unregistered before the SPAWN that has one is done, and then at once. */
static void *unregister(void *arg)
{
	volatile bool *done = arg;

	CHECK_OK(io_uring_unregister_files(&r.uring));
	*done = true;
	return NULL;
}

TEST(O1_registered_files_are_unregistered_meanwhile)
{
	volatile bool done = false;
	pthread_t thread;
	char text[8];
	int fds[2], go;

	make_fifo();
	tring_init(&r, 0);
	make_pipe(fds);
	CHECK_OK(io_uring_register_files(&r.uring, &fds[1], 1));
	CHECK_SYS(close(fds[1]));
	wait_with_registered();
	CHECK_EQ(pthread_create(&thread, NULL, unregister, (void *)&done), 0);
	sleep_ms(20);
	EXPECT(!done);
	go = let_go();
	EXPECT_EQ(wait_exit(CHECK_OK(tring_res(&r, WHOLE))), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	EXPECT_EQ(read(fds[0], text, sizeof(text)), 2);
	EXPECT_EQ(read(fds[0], text, sizeof(text)), 0);
	close(go);
}
