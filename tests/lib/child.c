// SPDX-License-Identifier: LGPL-2.1-or-later
/* Processes and files, as the engine's tests see them. */
#include "child.h"

#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000,
			       .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static char *helper_dir;

const char *helper(const char *name)
{
	char *path;

	/* Once: /proc/self/exe is gone when the first thread is. */
	if (!helper_dir &&
	    asprintf(&helper_dir, "%s/tests/helpers", tap_build()) < 0)
		FAIL("out of memory");
	if (asprintf(&path, "%s/%s", helper_dir, name) < 0)
		FAIL("out of memory");
	return path;
}

void helpers_for_all(void)
{
	static const char *const names[] = { "exit_with", "show" };
	char *dir = in_dir("helpers"), *to;
	unsigned int i;

	CHECK_SYS(chmod(tap_dir(), 0711));
	if (mkdir(dir, 0755)) {
		CHECK_EQ(errno, EEXIST);
		return;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (asprintf(&to, "%s/%s", dir, names[i]) < 0)
			FAIL("out of memory");
		copy_file(helper(names[i]), to, 0755);
		free(to);
	}
	helper_dir = dir;
}

char *in_dir(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", tap_dir(), name) < 0)
		FAIL("out of memory");
	return path;
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	CHECK_GE(vasprintf(&text, fmt, args), 0);
	va_end(args);
	return text;
}

char *output_of(const char *command, int *status)
{
	static char text[65536];
	FILE *pipe = CHECK_PTR(popen(command, "re"));
	size_t len = fread(text, 1, sizeof(text) - 1, pipe);

	text[len] = '\0';
	*status = WEXITSTATUS(pclose(pipe));
	return text;
}

void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = CHECK_SYS(
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));

	CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	if (mode) /* files of the kernel's keep theirs */
		CHECK_SYS(fchmod(fd, mode));
	CHECK_SYS(close(fd));
}

const char *read_file(const char *path)
{
	static char text[16384];
	size_t len = 0;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return "";
	while ((got = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	close(fd);
	return text;
}

const char *fdinfo_of(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return read_file(path);
}

unsigned int count_of(const char *text, const char *word)
{
	unsigned int nr = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		nr++;
	}
	return nr;
}

const char *line_of(const char *text, const char *key)
{
	static char value[4][1024];
	static unsigned int turn;
	size_t len = strlen(key);
	char *to = value[turn++ % 4];
	const char *end;

	*to = '\0';
	for (; text && *text; text = strchr(text, '\n'), text += !!text) {
		if (strncmp(text, key, len) || !strchr(": \t", text[len]))
			continue;
		text += len + strspn(text + len, ": \t");
		end = strchrnul(text, '\n');
		snprintf(to, sizeof(value[0]), "%.*s", (int)(end - text), text);
		break;
	}
	return to;
}

void copy_file(const char *from, const char *to, mode_t mode)
{
	int in = CHECK_SYS(open(from, O_RDONLY | O_CLOEXEC));
	int out = CHECK_SYS(open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

	while (CHECK_SYS(sendfile(out, in, NULL, 1 << 20)) > 0)
		;
	CHECK_SYS(fchmod(out, mode));
	close(in);
	close(out);
}

unsigned int hidden_ring_maps(void)
{
	FILE *maps = CHECK_PTR(fopen("/proc/self/smaps", "re"));
	unsigned int nr = 0;
	char line[512];

	while (fgets(line, sizeof(line), maps))
		nr += !strncmp(line, "VmFlags:", 8) && strstr(line, " dc");
	fclose(maps);
	return nr;
}

int wait_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0) {
		if (errno != EINTR)
			FAIL("waitpid(%d): %s", pid, strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void check_no_children(void)
{
	pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

	if (pid >= 0)
		FAIL("there is a child: waitpid says %d", pid);
	CHECK_EQ(errno, ECHILD);
}

bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	CHECK_SYS(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return info.si_pid == pid;
}

bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

void check_gone(pid_t pid)
{
	double until = now() + tap_patience();

	while (!is_gone(pid)) {
		if (now() > until)
			FAIL("process %d is still there", pid);
		sleep_ms(1);
	}
}

static volatile sig_atomic_t nr_sigchld;

static void on_sigchld(int signo)
{
	(void)signo;
	nr_sigchld++;
}

void count_sigchld(void)
{
	/* that of a stop can come after waitpid() has told of it */
	struct sigaction action = {
		.sa_handler = on_sigchld,
		.sa_flags = SA_NOCLDSTOP,
	};

	nr_sigchld = 0;
	CHECK_SYS(sigaction(SIGCHLD, &action, NULL));
}

unsigned int sigchlds(void)
{
	return nr_sigchld;
}

void make_pipe(int fds[2])
{
	CHECK_SYS(pipe2(fds, O_CLOEXEC));
}

void *shared_memory(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static void become(unsigned int id)
{
	helpers_for_all();
	CHECK_SYS(chmod(tap_dir(), 0777));
	CHECK_SYS(setgroups(0, NULL));
	CHECK_SYS(setresgid(id, id, id));
	CHECK_SYS(setresuid(id, id, id));
}

void become_ordinary(void)
{
	become(ORDINARY);
}

void become_nobody_else(void)
{
	become(100000 + getpid());
}

/* Numbers are given out in their order: half the range away from those of today. */
pid_t unused_pid(void)
{
	const int first = 1000, range = 31000;
	pid_t pid = getpid() + range / 2;

	do {
		pid = first + (pid + 1) % range;
	} while (!is_gone(pid) || !is_gone(-pid));
	return pid;
}

struct io_uring_sqe *q_show(struct tring *r, struct shown *s)
{
	int fds[2];

	make_pipe(fds);
	s->from = fds[0];
	s->to = CHECK_SYS(dup(fds[1]));
	close(fds[1]);
	snprintf(s->number, sizeof(s->number), "%d", s->to);
	s->argv[0] = "show";
	s->argv[1] = s->number;
	s->argv[2] = NULL;
	return q_exec(r, helper("show"), s->argv);
}

void shown_read(struct shown *s)
{
	size_t len = 0;
	ssize_t got;

	close(s->to);
	while ((got = read(s->from, s->text + len, sizeof(s->text) - 1 - len)) >
	       0)
		len += got;
	s->text[len] = '\0';
	close(s->from);
	if (!strstr(s->text, "\nend "))
		FAIL("the program did not report its state: \"%s\"", s->text);
}

const char *shown(struct shown *s, const char *key)
{
	return line_of(s->text, key);
}

long shown_number(struct shown *s, const char *key)
{
	const char *value = shown(s, key);

	if (!*value)
		FAIL("the program did not report %s: \"%s\"", key, s->text);
	return strtol(value, NULL, 0);
}

struct io_uring_sqe *q_block(struct tring *r, struct blocker *b)
{
	make_pipe(b->fds);
	return q_read(r, b->fds[0], &b->byte, 1);
}

void blocker_release(struct blocker *b)
{
	CHECK_EQ(write(b->fds[1], "x", 1), 1);
}

/* The third field of /proc/PID/stat, behind the name in parentheses. */
static char state_of(pid_t pid)
{
	char path[64];
	const char *paren;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	paren = strrchr(read_file(path), ')');
	return paren && paren[1] ? paren[2] : '?';
}

void wait_blocked(pid_t pid)
{
	double until = now() + tap_patience();
	int seen = 0;
	char state;

	/*
	 * Twice in a row. On a lock it is in state D, maybe for long if who has the
	 * lock does not get a processor: that has to last.
	 */
	while (seen < 20) {
		state = state_of(pid);
		seen = state == 'S' ? seen + 10 : state == 'D' ? seen + 1 : 0;
		if (now() > until)
			FAIL("process %d does not block: state %c", pid, state);
		sleep_ms(2);
	}
}

pid_t spawn_blocked(struct tring *r, struct blocker *b)
{
	pid_t pid;

	q_clone(r);
	q_block(r, b);
	q_exit(r, 0);
	tring_submit(r);
	pid = CHECK_OK(tring_res(r, CLONE));
	wait_blocked(pid);
	return pid;
}
