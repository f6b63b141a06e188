// SPDX-License-Identifier: LGPL-2.1-or-later
/* Files and descriptors that requests refer to. */
#include "world.h"
#include "child.h"
#include "doomed.h"

#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CGROUP "/sys/fs/cgroup/fuzz"

static char dir[] = "/tmp/chains-XXXXXX";

/* "%" stands for the directory. Not all of them are there, but one of each list. */
static const char *const lists[WORLD_LISTS] = {
	"/nothing:%/d:%",
	"%/nope:%/w:%/text:/:%",
	"%/w:%/d",
	"/:%/w",
	"%",
	"%/d/../d:%/w:%/nope/x:%/d/.:%",
};

const char *world_list(unsigned int nr)
{
	static char made[WORLD_LISTS][192];
	const char *from = lists[nr];
	char *to = made[nr];

	if (*to)
		return to;
	for (; *from; from++) {
		if (*from == '%')
			to = stpcpy(to, dir);
		else
			*to++ = *from;
	}
	return made[nr];
}

static void keep(int fd, int number, int flags)
{
	CHECK_SYS(fd);
	CHECK_SYS(dup3(fd, number, flags));
	close(fd);
}

static void make_files(void)
{
	CHECK_PTR(mkdtemp(dir));
	CHECK_SYS(chdir(dir));
	CHECK_SYS(mkdir("d", 0755));
	CHECK_SYS(mkdir("w", 0777));
	/* as seen from build/tests/fuzz */
	copy_file(format("%s/helpers/announce", tap_build()), "good", 0755);
	copy_file("good", "d/good", 0755);
	copy_file("good", "noexec", 0644);
	write_file("text", "neither this nor that\n", 0755);
	write_file("runs", "#!./good\n", 0755);
	write_file("lost", "#!./nothing\n", 0755);
	write_file("empty", "", 0755);
	write_doomed_elf("doomed");
}

static int make_ruleset(void)
{
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK,
	};

	return syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

void world_make(void)
{
	make_files();
	keep(open("text", O_RDONLY), FD_READONLY, 0);
	keep(open(".", O_RDONLY | O_DIRECTORY), FD_DIR, 0);
	keep(open("/", O_PATH), FD_PATH, O_CLOEXEC);
	keep(open("/dev/null", O_RDWR), FD_NULL, 0);
	keep(open("/dev/zero", O_RDWR), FD_ZERO, O_CLOEXEC);
	keep(open("/proc/self/ns/uts", O_RDONLY), FD_UTS, 0);
	mkdir(CGROUP, 0755);
	keep(open(CGROUP, O_RDONLY | O_DIRECTORY), FD_CGROUP, O_CLOEXEC);
	keep(make_ruleset(), FD_RULESET, O_CLOEXEC);
	keep(open("good", O_PATH), FD_PROGRAM, 0);
}

static void clean(const char *name)
{
	if (unlinkat(FD_DIR, name, 0))
		unlinkat(FD_DIR, name, AT_REMOVEDIR);
}

static void clean_all(void)
{
	clean("w/a");
	clean("w/b");
	clean("w/c");
	clean("w/file");
	clean("nope"); /* if an open got O_CREAT */
}

void world_remove(void)
{
	static const char *const names[] = { "good",  "d/good", "noexec",
					     "text",  "runs",	"lost",
					     "empty", "doomed", "d",
					     "w" };
	unsigned int i;

	clean_all();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		clean(names[i]);
	rmdir(dir);
	rmdir(CGROUP);
}

static void reopen(int fd, int flags, int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	keep(open(path, flags | O_NONBLOCK), number, O_CLOEXEC);
}

static void make_pair(int fds[2], int first)
{
	keep(fds[0], first, 0);
	keep(fds[1], first + 1, 0);
}

void world_fresh(void)
{
	static const char some[200] = "some bytes to read\n";
	int fds[2], i;

	clean_all();
	CHECK_SYS(pipe(fds));
	make_pair(fds, FD_BLOCK_R);
	CHECK_SYS(pipe(fds));
	make_pair(fds, FD_FULL_R);
	CHECK_SYS(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	make_pair(fds, FD_SOCKET);
	keep(open("w/file", O_RDWR | O_CREAT, 0644), FD_FILE, 0);
	for (i = 0; i < 4; i++)
		reopen(FD_BLOCK_R + i, i % 2 ? O_WRONLY : O_RDONLY,
		       FD_UNBLOCK + i);
	CHECK_EQ(write(FD_FULL_W, some, sizeof(some)), (ssize_t)sizeof(some));
	CHECK_EQ(write(FD_FILE, some, sizeof(some)), (ssize_t)sizeof(some));
}

/* What comes of it does not matter. Each pipe once has and once lacks something. */
void world_unblock(void)
{
	static unsigned int turn;
	static char bytes[65536];
	unsigned int pipe = FD_UNBLOCK + turn % 2 * 2;
	long moved = write(pipe + 1, bytes, 64);

	moved += read(FD_UNBLOCK + FD_UNBLOCK + 2 - pipe, bytes, sizeof(bytes));
	moved += send(FD_SOCKET, bytes, 64, MSG_DONTWAIT | MSG_NOSIGNAL);
	moved += recv(FD_SOCKET, bytes, sizeof(bytes), MSG_DONTWAIT);
	moved += send(FD_SOCKET2, bytes, 64, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* one may send until there is no room; others wait to receive */
	if (turn % 2)
		moved += recv(FD_SOCKET2, bytes, sizeof(bytes), MSG_DONTWAIT);
	turn += !!moved;
}
