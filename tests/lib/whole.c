// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whole spawns in one request. */
#include "whole.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "child.h"
#include "command.h"

void whole_init(struct whole *w, const char *path)
{
	memset(w, 0, sizeof(*w));
	w->argv[0] = (char *)path;
	w->arg.path = (uintptr_t)path;
	w->arg.dfd = AT_FDCWD;
	w->arg.argv = (uintptr_t)w->argv;
	w->arg.envp = (uintptr_t)environ;
	w->arg.steps = (uintptr_t)w->steps;
}

void whole_exit(struct whole *w, int status)
{
	whole_init(w, helper("exit_with"));
	w->argv[1] = format("%d", status);
}

struct io_uring_spawn_step *whole_step(struct whole *w, unsigned int cmd)
{
	struct io_uring_spawn_step *step = &w->steps[w->arg.nr_steps];

	CHECK_LT(w->arg.nr_steps, WHOLE_STEPS);
	step->cmd = cmd;
	step->user_data = w->arg.nr_steps++;
	return step;
}

struct io_uring_spawn_step *whole_command(struct whole *w, const struct command *c)
{
	struct io_uring_spawn_step *step = whole_step(w, c->sqe.len);

	step->fd = c->sqe.fd;
	step->off = c->sqe.off;
	step->addr = c->sqe.addr;
	step->addr3 = c->sqe.addr3;
	step->child_flags = c->sqe.rw_flags;
	return step;
}

struct io_uring_spawn_step *whole_fail(struct whole *w)
{
	struct io_uring_spawn_step *step = whole_step(w, IORING_CHILD_FCHDIR);

	step->fd = 987;
	return step;
}

void whole_report(struct whole *w)
{
	memset(&w->told, 0, sizeof(w->told));
	w->told.report.size = sizeof(w->told);
	w->arg.report = (uintptr_t)&w->told;
}

struct clone_args *whole_clone(struct whole *w)
{
	memset(&w->clone, 0, sizeof(w->clone));
	w->clone.exit_signal = SIGCHLD;
	w->arg.clone_args = (uintptr_t)&w->clone;
	w->arg.clone_args_size = sizeof(w->clone);
	return &w->clone;
}

void whole_pidfd(struct whole *w)
{
	if (!w->arg.clone_args)
		whole_clone(w);
	w->clone.flags |= CLONE_PIDFD;
	w->clone.pidfd = (uintptr_t)&w->pidfd;
	w->pidfd = -1;
}

pid_t whole_child(struct whole *w)
{
	int fd = *(volatile int *)&w->pidfd;
	pid_t pid;

	if (fd < 0)
		return 0;
	/* the number is told a little before the descriptor is there */
	pid = atoi(line_of(fdinfo_of(fd), "Pid"));
	return pid > 0 ? pid : 0;
}

struct io_uring_spawn_step *whole_wait_for(struct whole *w, const char *fifo)
{
	struct io_uring_spawn_step *step = whole_step(w, IORING_CHILD_OPEN);

	step->fd = AT_FDCWD;
	step->addr = (uintptr_t)fifo;
	step->off = 9;
	return step;
}

struct io_uring_sqe *q_whole(struct tring *r, struct whole *w)
{
	struct io_uring_sqe *sqe = q_alone(r, SPAWNPOL_OP_SPAWN, WHOLE);

	sqe->addr = (uintptr_t)&w->arg;
	sqe->len = sizeof(w->arg);
	return sqe;
}

const struct tring_cqe *whole_run(struct tring *r, struct whole *w)
{
	tring_forget(r);
	q_whole(r, w);
	tring_submit(r);
	return tring_cqe(r, WHOLE);
}

unsigned int whole_exits(struct tring *r, struct whole *w, int status)
{
	const struct tring_cqe *cqe = whole_run(r, w);

	EXPECT_EQ(wait_exit(CHECK_OK(cqe->res)), status);
	tring_total(r, 1);
	return whole_step_of(cqe);
}

void whole_fails(struct tring *r, struct whole *w, int error, const char *path)
{
	EXPECT_EQ(whole_run(r, w)->res, error);
	EXPECT_EQ(w->told.report.res, error);
	EXPECT_STR(w->told.report.path, path);
	tring_total(r, 1);
	whole_is_gone();
}

void whole_is_gone(void)
{
	double until = now() + tap_patience();
	pid_t pid;

	while (!(pid = waitpid(-1, NULL, WNOHANG | __WALL)) && now() < until)
		sleep_ms(1);
	CHECK_EQ(pid, -1);
	CHECK_EQ(errno, ECHILD);
}

unsigned int whole_step_of(const struct tring_cqe *cqe)
{
	unsigned int said = cqe->flags >> IORING_SPAWN_STEP_SHIFT;

	return cqe->res > 0 ? said : said - 1;
}
