// SPDX-License-Identifier: LGPL-2.1-or-later
/* Children that wait between spawns. */
#include "kept.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "links.h"

static struct {
	struct io_uring_clone_files head;
	struct io_uring_clone_file files[3];
} std_files = {
	.head.nr = 3,
	.files = { { .source = 0, .number = 0 },
		   { .source = 1, .number = 1 },
		   { .source = 2, .number = 2 } },
};

void kept_new(struct whole *w)
{
	memset(w, 0, sizeof(*w));
	w->arg.steps = (uintptr_t)w->steps;
	w->arg.flags = IORING_SPAWN_KEEP | IORING_SPAWN_FILES;
}

void kept_more(struct whole *w, int number)
{
	kept_new(w);
	w->arg.flags = IORING_SPAWN_KEEP | IORING_SPAWN_CHILD;
	w->arg.child = number;
}

void kept_in(struct whole *w, int number)
{
	w->arg.flags |= IORING_SPAWN_CHILD;
	w->arg.child = number;
}

void kept_copy(struct whole *w, int number)
{
	w->arg.flags |= IORING_SPAWN_COPY;
	w->arg.child = number;
}

void kept_std_files(struct whole *w)
{
	w->arg.flags |= IORING_SPAWN_FILES;
	w->arg.files = (uintptr_t)&std_files;
}

int kept_make(struct tring *r, struct whole *w)
{
	int number;

	kept_new(w);
	whole_report(w);
	number = CHECK_OK(spawn_run(r, w));
	CHECK_GT(number, 0);
	return number;
}

void kept_end(struct tring *r, int number)
{
	struct whole w;

	kept_new(&w);
	w.arg.flags = 0;
	kept_in(&w, number);
	CHECK_EQ(whole_run(r, &w)->res, 0);
}

void check_kept_gone(struct tring *r, int number)
{
	struct whole w;

	kept_more(&w, number);
	EXPECT_EQ(spawn_run(r, &w), -ESRCH);
}

unsigned int kept_shown(struct tring *r)
{
	return count_of(fdinfo_of(tring_fd(r)), "SpawnChild:");
}

const char *kept_line(struct tring *r, int number)
{
	static char line[64];
	char key[32];

	snprintf(key, sizeof(key), "SpawnChild:\tnumber %d", number);
	snprintf(line, sizeof(line), "%s",
		 line_of(fdinfo_of(tring_fd(r)), key));
	return line;
}

void check_kept(struct tring *r, int number, pid_t pid, const char *state)
{
	double until = now() + tap_patience();
	const char *wanted = format("pid %d %s", pid, state);

	while (strcmp(kept_line(r, number), wanted) && now() < until)
		sleep_ms(1);
	EXPECT_STR(kept_line(r, number), wanted);
}

bool kept_runs(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	return atol(read_file(path)) > 0;
}

/* One that waits sleeps, too. */
void kept_wait_blocked(pid_t pid)
{
	double until = now() + tap_patience();

	while (!kept_runs(pid) && now() < until)
		sleep_ms(1);
	CHECK(kept_runs(pid));
	wait_blocked(pid);
}

void kept_stop(pid_t pid)
{
	int status;

	CHECK_SYS(kill(pid, SIGSTOP));
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
}

unsigned int nr_children(void)
{
	const char *at = read_file("/proc/thread-self/children");
	unsigned int nr = 0;

	while ((at = strchr(at, ' '))) {
		at++;
		nr++;
	}
	return nr;
}

void check_children(unsigned int nr)
{
	double until = now() + tap_patience();

	while (nr_children() != nr && now() < until)
		sleep_ms(1);
	EXPECT_EQ(nr_children(), nr);
}
