// SPDX-License-Identifier: LGPL-2.1-or-later
/* Spawns done twice and compared. */
#include "job.h"

#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <spawnpol.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NO_PID -77

posix_spawn_file_actions_t *actions(struct job *j)
{
	if (!j->actions) {
		j->actions = CHECK_PTR(malloc(sizeof(*j->actions)));
		CHECK_EQ(posix_spawn_file_actions_init(j->actions), 0);
	}
	return j->actions;
}

posix_spawnattr_t *attributes(struct job *j, short flags)
{
	if (!j->attr) {
		j->attr = CHECK_PTR(malloc(sizeof(*j->attr)));
		CHECK_EQ(posix_spawnattr_init(j->attr), 0);
	}
	CHECK_EQ(posix_spawnattr_setflags(j->attr, flags), 0);
	return j->attr;
}

posix_spawn_fn *libc_own(const char *name)
{
	void *libc = CHECK_PTR(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD));

	return CHECK_PTR(dlsym(libc, name));
}

void needs_search(void)
{
	struct io_uring_spawn_query query;
	struct spawnpol_ring *ring;

	CHECK_OK(spawnpol_ring_open(&ring, 2, 0));
	CHECK_OK(spawnpol_query(spawnpol_ring_fd(ring), &query));
	spawnpol_ring_close(ring);
	if (!(query.exec_ioprio & IORING_EXEC_SEARCH))
		SKIP("the kernel has no IORING_EXEC_SEARCH");
}

/* --- the filter --------------------------------------------------------------------- */

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define CALL offsetof(struct seccomp_data, nr)
#define POINTER offsetof(struct seccomp_data, instruction_pointer)
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define UNLESS(value, skip) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define IF(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip, 0)

void only_engine(void)
{
	struct sock_filter code[] = {
		LOAD(CALL),
		IF(__NR_fork, 8),
		IF(__NR_vfork, 7),
		IF(__NR_clone, 6),
		IF(__NR_execve, 5),
		UNLESS(__NR_clone3, 5),
		/* CLONE's, of the two; EXEC is a call of the child like any other */
		LOAD(POINTER),
		UNLESS(0, 2),
		LOAD(POINTER + 4),
		IF(0, 1),
		RETURN(SECCOMP_RET_ERRNO | ONLY_ENGINE),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	CHECK_SYS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  SECCOMP_FILTER_FLAG_TSYNC, &prog));
	/* it does what it is meant to */
	CHECK_SYS_ERR(syscall(SYS_vfork), ONLY_ENGINE);
	CHECK_SYS_ERR(syscall(SYS_clone3, NULL, 0), ONLY_ENGINE);
	CHECK_SYS_ERR(syscall(SYS_execve, NULL, NULL, NULL), ONLY_ENGINE);
}

/* --- reports ------------------------------------------------------------------------ */

static bool has_prefix(const char *line, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(line, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

/* Ids become words; what differs from one process to the next is left out. */
static void add_line(char *to, const char *line, pid_t child)
{
	static const char *const ids[] = { "pid ", "ppid ", "pgid ", "sid ", NULL };
	static const char *const left_out[] = {
		"Pid:", "PPid:", "Tgid:", "NStgid:", "NSpid:", "NSpgid:",
		"NSsid:", "Vm", "Rss", "HugetlbPages", "SigQ:", "voluntary_",
		"nonvoluntary_", "Cpus_allowed", "end ", "Seccomp", NULL,
	};
	const char *blank = strchr(line, ' ');
	char pipe[64];
	int id = blank ? atoi(blank) : 0;

	if (has_prefix(line, left_out))
		return;
	/* the pipe of the report is another one each time */
	if (strstr(line, " pipe:["))
		line = strcpy(pipe, format("%.*s pipe", (int)strcspn(line, " "),
					   line));
	if (has_prefix(line, ids) && (id == child || id == getpid()))
		sprintf(to, "%.*s %s\n", (int)(blank - line), line,
			id == child ? "child" : "parent");
	else
		sprintf(to, "%s\n", line);
}

static void make_comparable(struct report *r, char *text, pid_t child)
{
	char *line, *save;

	r->text[0] = '\0';
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		add_line(r->text + strlen(r->text), line, child);
}

static size_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, text + len, size - 1 - len)) > 0)
		len += got;
	text[len] = '\0';
	return len;
}

int nr_descriptors(void)
{
	int nr = 0;

	for (int fd = 0; fd < 1024; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

static int words_fd;

void keep_words(void)
{
	setenv("SPAWNPOL_DEBUG", "1", 1);
	words_fd = CHECK_SYS(memfd_create("words", MFD_CLOEXEC));
	CHECK_SYS(dup2(words_fd, STDERR_FILENO));
}

const char *words(void)
{
	static char text[8192];
	ssize_t len = CHECK_SYS(pread(words_fd, text, sizeof(text) - 1, 0));

	text[len] = '\0';
	return text;
}

/* --- one spawn ---------------------------------------------------------------------- */

/* The call itself, and what it leaves behind. */
static pid_t call(struct job *j, struct report *r, posix_spawn_fn *spawn)
{
	char number[12], *show[] = { "show", number, NULL };
	const char *file = j->file ?: helper("show");
	uint64_t mask, mask_after;
	int before = nr_descriptors();
	pid_t pid = NO_PID;

	sprintf(number, "%d", j->report);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	errno = EDOM;
	r->error = spawn(&pid, file, j->actions, j->attr,
			 j->argv ?: show, j->envp);
	r->kept_errno = errno == EDOM;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask_after, 8);
	r->kept_mask = mask == mask_after;
	r->new_descriptors = nr_descriptors() - before;
	r->wrote_pid = pid != NO_PID;
	return pid;
}

static void worker(struct job *j, struct report *r, bool lib, bool engine,
		   int to)
{
	posix_spawn_fn *spawn = j->search ? posix_spawnp : posix_spawn;
	static char text[16384];
	int fds[2];
	pid_t pid;

	if (!lib)
		spawn = libc_own(j->search ? "posix_spawnp" : "posix_spawn");
	setenv("SPAWNPOL_DEBUG", "1", 1);
	make_pipe(fds);
	CHECK_SYS(dup2(fds[1], j->report));
	close(fds[1]);
	CHECK_SYS(dup3(fds[0], 1010, O_CLOEXEC));
	close(fds[0]);
	CHECK_SYS(dup3(to, STDERR_FILENO, 0));
	if (!j->privileged)
		CHECK_SYS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	/* before it drops what that takes */
	if (j->privileged && engine)
		only_engine();
	if (j->parent)
		j->parent();
	if (!j->privileged && engine)
		only_engine();
	pid = call(j, r, spawn);
	close(j->report);
	read_all(1010, text, sizeof(text));
	make_comparable(r, text, pid);
	if (!r->error)
		CHECK_EQ(waitpid(pid, &r->status, 0), pid);
	/* nothing else to wait for */
	CHECK_SYS_ERR(waitpid(-1, NULL, __WALL), ECHILD);
}

static struct report *do_once(struct job *j, bool lib, bool engine)
{
	struct report *r = shared_memory(sizeof(*r));
	int fd = CHECK_SYS(memfd_create("stderr", 0));
	pid_t pid = CHECK_SYS(fork());

	if (!pid) {
		worker(j, r, lib, engine, fd);
		_exit(0);
	}
	CHECK_EQ(wait_exit(pid), 0);
	lseek(fd, 0, SEEK_SET);
	read_all(fd, r->words, sizeof(r->words));
	close(fd);
	return r;
}

static void compare_lines(const char *lib, const char *libc)
{
	size_t n = 0;

	while (lib[n] && lib[n] == libc[n])
		n++;
	if (!lib[n] && !libc[n])
		return;
	while (n && lib[n - 1] != '\n')
		n--;
	EXPECT_STR(format("%.*s", (int)strcspn(lib + n, "\n"), lib + n),
		   format("%.*s", (int)strcspn(libc + n, "\n"), libc + n));
}

static void compare(struct job *j, int error)
{
	EXPECT_EQ(j->libc->error, error);
	EXPECT_EQ(j->lib->error, error);
	EXPECT_EQ(j->libc->wrote_pid, !error);
	EXPECT_EQ(j->lib->wrote_pid, !error);
	EXPECT_EQ(j->lib->status, j->libc->status);
	EXPECT(j->lib->kept_errno || *j->lib->words);
	EXPECT(j->lib->kept_mask);
	EXPECT_EQ(j->lib->new_descriptors, 0);
	compare_lines(j->lib->text, j->libc->text);
	if (!error && !j->file)
		EXPECT_HAS(j->lib->text, "arg0 show");
}

static void do_both(struct job *j, bool engine)
{
	j->libc = do_once(j, false, false);
	j->lib = do_once(j, true, engine);
	EXPECT_STR(j->libc->words, "");
}

void both(struct job *j, int error)
{
	do_both(j, true);
	compare(j, error);
	EXPECT_STR(j->lib->words, "");
}

void alike(struct job *j)
{
	do_both(j, true);
	compare(j, j->libc->error);
	EXPECT_STR(j->lib->words, "");
}

void left(struct job *j, int error, const char *why)
{
	do_both(j, false);
	compare(j, error);
	CHECK_HAS(j->lib->words, "libspawnpol-posix: ");
	CHECK_HAS(j->lib->words, why);
	/* one line */
	CHECK_EQ(strchr(j->lib->words, '\n')[1], '\0');
}

const char *seen(struct job *j, const char *key)
{
	static char value[512];

	snprintf(value, sizeof(value), "%s", line_of(j->lib->text, key));
	return value;
}
